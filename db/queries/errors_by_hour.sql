-- The 503s hour by hour (UTC), with the clients and sessions that had them.
--
--     sqlite3 -box heloscope.db < errors_by_hour.sql
SELECT hour, errors, sessions, clients, servers, first_seen, last_seen, causes
FROM errors_by_hour
ORDER BY hour;
