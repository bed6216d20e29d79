-- Trouble that only the servers' logs tell, inside TLS that was not read: each line with its session.
--
--     sqlite3 -box heloscope.db < only_in_logs.sql
SELECT l.session_id, strftime('%Y-%m-%d %H:%M:%S', (l.ts_us - l.clock_us) / 1000000, 'unixepoch') AS time,
       coalesce(s.proxied_addr, s.client_addr) AS client, s.server_addr AS server, l.server AS log_of,
       l.kind, l.code, l.text
FROM log_lines l
JOIN sessions s ON s.session_id = l.session_id
WHERE l.alone
ORDER BY l.ts_us - l.clock_us, l.log_id, l.line;
