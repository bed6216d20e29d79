-- Which server software answers 503 for which cause.
--
--     sqlite3 -box heloscope.db < causes_by_server_software.sql
SELECT coalesce(server_software, 'not recognised') AS server_software, cause,
       count(*) AS errors, count(DISTINCT session_id) AS sessions,
       count(DISTINCT server_addr) AS servers, count(DISTINCT client_addr) AS clients
FROM errors_503_facts
GROUP BY 1, cause
ORDER BY 1, errors DESC, cause;
