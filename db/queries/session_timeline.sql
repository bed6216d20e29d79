-- One session from its first packet to its last; :session is its number.
--
--     sqlite3 -box heloscope.db -cmd '.parameter set :session 7' < session_timeline.sql
SELECT seq, time, packet, side, kind, text, mark, note
FROM timeline
WHERE session_id = :session
ORDER BY seq;
