-- The ten clients with the most 503s, and what they do wrong.
--
--     sqlite3 -box heloscope.db < noisiest_clients.sql
SELECT client, helo, software, errors, sessions, last_seen, causes
FROM errors_by_client
ORDER BY errors DESC, client
LIMIT 10;
