-- Sessions of which the capture lacks something: their findings may be weaker, and the capture
-- should be looked at before the clients are.
--
--     sqlite3 -box heloscope.db < sessions_with_gaps.sql
SELECT s.session_id, s.source, s.client_addr, s.server_addr, s.bytes_missing,
       (SELECT count(*) FROM events e
        WHERE e.session_id = s.session_id AND e.kind = 'gap') AS gaps,
       s.midstream, s.one_sided, s.errors_503
FROM sessions s
WHERE s.bytes_missing > 0 OR s.midstream OR s.one_sided
ORDER BY s.bytes_missing DESC, s.session_id;
