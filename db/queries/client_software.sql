-- Which client software causes 503s, with the first and the last of them.
--
--     sqlite3 -box heloscope.db < client_software.sql
SELECT software, errors, sessions, clients, servers, first_seen, last_seen, causes
FROM errors_by_client_software
ORDER BY errors DESC, software;
