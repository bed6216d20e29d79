-- Errors that have one origin: how many refusals each first mistake cost.
--
--     sqlite3 -box heloscope.db < cascades.sql
SELECT d.session_id, d.origin_seq, l.line AS origin, d.cause, sum(1 + d.repeats) AS errors,
       min(d.reply_seq) AS first_refusal, max(d.reply_seq) AS last_refusal
FROM diagnoses d
LEFT JOIN single_lines l ON l.id = (d.session_id << 24 | d.origin_seq)
WHERE d.origin_seq IS NOT NULL
GROUP BY d.session_id, d.origin_seq, d.cause
HAVING sum(1 + d.repeats) > 1
ORDER BY errors DESC, d.session_id;
