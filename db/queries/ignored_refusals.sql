-- Who goes on after a refusal that it had received: clients whose 503s begin with an earlier reply
-- of the server and not with a command of their own.
--
--     sqlite3 -box heloscope.db < ignored_refusals.sql
SELECT s.client_addr AS client, max(s.helo) AS helo, count(*) AS errors,
       count(DISTINCT d.session_id) AS sessions, o.code AS refusal, max(o.text) AS for_instance,
       group_concat(DISTINCT d.cause) AS causes
FROM diagnoses d
JOIN sessions s ON s.session_id = d.session_id
JOIN single_events o ON o.id = (d.session_id << 24 | d.origin_seq)
JOIN single_events c ON c.id = (d.session_id << 24 | d.command_seq)
WHERE d.fault = 'client' AND o.side = 'S' AND c.saw >= d.origin_seq
GROUP BY s.client_addr, o.code
ORDER BY errors DESC, client;
