-- The 503s of the last hour, the latest first.
--
--     sqlite3 -box heloscope.db < errors_last_hour.sql
SELECT session_id, time, client, server, command, reply, cause, origin
FROM errors_503
WHERE ts_us >= (strftime('%s', 'now') - 3600) * 1000000
ORDER BY ts_us DESC;
