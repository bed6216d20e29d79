-- Problems that come again: the same client, server, cause and command, with the refusal at their
-- origin.
--
--     sqlite3 -box heloscope.db < recurring.sql
SELECT client, server, cause, command, origin, count(*) AS errors,
       count(DISTINCT session_id) AS sessions, min(time) AS first_seen, max(time) AS last_seen
FROM (SELECT e.client, e.server, e.cause, e.session_id, e.time,
             (SELECT c.verb FROM event_rows c
              WHERE c.id = (e.session_id << 24 | e.command_seq)) AS command,
             (SELECT coalesce(o.verb, o.code || coalesce(' ' || o.enhanced, ''), o.kind)
              FROM event_rows o WHERE o.id = (e.session_id << 24 | e.origin_seq)) AS origin
      FROM errors_503 e)
GROUP BY client, server, cause, command, origin
ORDER BY sessions DESC, errors DESC, client;
