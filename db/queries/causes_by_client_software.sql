-- Which client software runs into which cause.
--
--     sqlite3 -box heloscope.db < causes_by_client_software.sql
SELECT coalesce(client_software, 'not recognised') AS client_software, cause,
       count(*) AS errors, count(DISTINCT session_id) AS sessions,
       count(DISTINCT client_addr) AS clients
FROM errors_503_facts
GROUP BY 1, cause
ORDER BY errors DESC, 1, cause;
