-- The logs that were read: how many lines and connections of each are of sessions of the history, and
-- by how many seconds its clock is ahead of the captures'.
--
--     sqlite3 -box heloscope.db < logs_read.sql
SELECT path, servers, lines, known, visits AS connections, visits_joined AS joined, stray, unclear,
       round(clock_us / 1e6, 1) AS clock_seconds,
       strftime('%Y-%m-%d %H:%M:%S', first_us / 1000000, 'unixepoch') AS first_line,
       strftime('%Y-%m-%d %H:%M:%S', last_us / 1000000, 'unixepoch') AS last_line
FROM logs
ORDER BY log_id;
