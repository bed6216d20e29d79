-- Recipients that servers refuse, the most frequent first.
--
--     sqlite3 -box heloscope.db < refused_recipients.sql
SELECT r.address, r.code, count(*) AS refusals, count(DISTINCT s.client_addr) AS clients,
       max(e.text) AS for_instance
FROM recipients r
JOIN sessions s ON s.session_id = r.session_id
LEFT JOIN event_rows e ON e.id = (r.session_id << 24 | r.reply_seq)
WHERE r.code >= 400
GROUP BY r.address, r.code
ORDER BY refusals DESC, r.address;
