-- What each finding of one session rests on, event by event with its role; :session is its number.
--
--     sqlite3 -box heloscope.db -cmd '.parameter set :session 7' < session_evidence.sql
SELECT reply_seq AS refusal, code, cause, role, seq, text
FROM evidence
WHERE session_id = :session
ORDER BY reply_seq, seq;
