-- Recipients that servers refuse, the most frequent first.
--
--     sqlite3 -box heloscope.db < refused_recipients.sql
SELECT r.address, r.code, count(*) AS refusals, count(DISTINCT s.client_addr) AS clients,
       max((SELECT e.text FROM events e
            WHERE e.session_id = r.session_id AND e.seq = r.reply_seq)) AS for_instance
FROM recipients r
JOIN sessions s ON s.session_id = r.session_id
WHERE r.code >= 400
GROUP BY r.address, r.code
ORDER BY refusals DESC, r.address;
