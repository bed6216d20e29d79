-- The 503s hour by hour (UTC), with the clients and sessions that had them.
--
--     sqlite3 -box heloscope.db < errors_by_hour.sql
SELECT strftime('%Y-%m-%d %H:00', ts_us / 1000000, 'unixepoch') AS hour, count(*) AS errors,
       count(DISTINCT session_id) AS sessions, count(DISTINCT client_addr) AS clients,
       group_concat(DISTINCT cause) AS causes
FROM errors_503_facts
GROUP BY hour
ORDER BY hour;
