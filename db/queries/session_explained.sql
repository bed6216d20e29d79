-- What went wrong in one session: each refusal, its origin, the events that belong to it, and what
-- is to be done; :session is its number.
--
--     sqlite3 -line heloscope.db -cmd '.parameter set :session 7' < session_explained.sql
SELECT d.reply_seq AS refusal, d.code, d.cause, d.fault, d.certainty, d.origin_seq AS origin,
       (SELECT group_concat('#' || r.seq || ' ' || r.role, ', ')
        FROM related_events r
        WHERE r.session_id = d.session_id AND r.reply_seq = d.reply_seq) AS related,
       d.explanation, d.advice, c.rule
FROM diagnoses d
LEFT JOIN causes c ON c.cause = d.cause
WHERE d.session_id = :session
ORDER BY d.reply_seq;
