-- Which events stand behind which cause: how often each command or reply was its origin, opened
-- what was in the way, was a further refusal, and so on.
--
--     sqlite3 -box heloscope.db < evidence_by_role.sql
SELECT v.cause, v.role, coalesce(e.verb, CAST(e.code AS TEXT), e.kind) AS event,
       count(*) AS findings, count(DISTINCT v.session_id) AS sessions
FROM evidence v
JOIN single_events e ON e.id = (v.session_id << 24 | v.seq)
GROUP BY v.cause, v.role, event
ORDER BY v.cause, v.role, findings DESC, event;
