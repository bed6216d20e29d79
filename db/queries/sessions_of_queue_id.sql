-- The session in which the mail server gave a message the queue id :queue_id: from a line of its
-- log to the packets.
--
--     sqlite3 -box heloscope.db -cmd ".parameter set :queue_id \"'4XyZ12'\"" \
--         < sessions_of_queue_id.sql
SELECT t.session_id, t.tx, s.client_addr, s.server_addr, s.helo, t.mail_from, t.recipients,
       t.bytes, t.outcome, t.message_id, s.errors_503, s.source
FROM transactions t
JOIN sessions s ON s.session_id = t.session_id
WHERE t.queue_id = :queue_id
ORDER BY t.session_id, t.tx;
