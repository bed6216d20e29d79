-- Commands out of order that the server accepted all the same: the next server may not.
--
--     sqlite3 -box heloscope.db < tolerated_violations.sql
SELECT v.rule, coalesce(s.server_software, 'not recognised') AS server_software,
       count(*) AS commands, count(DISTINCT v.session_id) AS sessions,
       count(DISTINCT s.client_addr) AS clients, min(v.session_id) AS first_session
FROM violations v
JOIN sessions s ON s.session_id = v.session_id
WHERE v.tolerated
GROUP BY v.rule, server_software
ORDER BY commands DESC, v.rule;
