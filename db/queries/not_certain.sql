-- Errors whose origin the capture does not settle, and what it lacks.
--
--     sqlite3 -box heloscope.db < not_certain.sql
SELECT d.session_id, d.reply_seq, d.code, d.cause, d.certainty, d.explanation, s.bytes_missing,
       s.midstream, s.one_sided
FROM diagnoses d
JOIN sessions s ON s.session_id = d.session_id
WHERE d.certainty <> 'certain'
ORDER BY d.id;
