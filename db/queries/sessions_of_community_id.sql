-- The sessions of a Community ID, as Zeek, Suricata and Arkime log it.
--
--     sqlite3 -box heloscope.db -cmd ".parameter set :community_id \"'1:abc='\"" \
--         < sessions_of_community_id.sql
SELECT session_id, started_us, client_addr, client_port, server_addr, server_port, outcome,
       messages, errors_503
FROM sessions
WHERE community_id = :community_id
ORDER BY started_us;
