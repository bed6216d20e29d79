-- Refusals whose text names another cause than the session shows: do not go by what they say.
--
--     sqlite3 -box heloscope.db < misleading_replies.sql
SELECT d.session_id, d.reply_seq, s.server_addr AS server, s.server_software, l.line AS reply,
       d.server_says, d.cause, d.certainty
FROM diagnoses d
JOIN sessions s ON s.session_id = d.session_id
JOIN single_lines l ON l.id = (d.session_id << 24 | d.reply_seq)
WHERE d.agrees = 0
ORDER BY d.id;
