-- What the history was made from, what could not be read or was dropped, what a mirror sent twice, and
-- fragments that overlap.
--
--     sqlite3 -box heloscope.db < captures_read.sql
SELECT c.capture_id, c.source, c.kind,
       strftime('%Y-%m-%d %H:%M:%S', c.started_us / 1000000, 'unixepoch') AS began,
       strftime('%Y-%m-%d %H:%M:%S', c.ended_us / 1000000, 'unixepoch') AS ended,
       c.packets, c.bytes, c.dropped, c.duplicates, c.overlaps,
       count(s.session_id) AS sessions,
       coalesce(sum(s.errors_503), 0) AS errors, c.problem
FROM captures c
LEFT JOIN sessions s ON s.capture_id = c.capture_id
GROUP BY c.capture_id
ORDER BY c.capture_id;
