-- How much is encrypted, and with what: sessions by TLS version and by the name asked for.
--
--     sqlite3 -box heloscope.db < encryption.sql
SELECT coalesce(tls_version, 'none') AS tls, coalesce(tls_sni, '') AS name_asked_for, server_port,
       count(*) AS sessions, count(DISTINCT client_addr) AS clients
FROM sessions
GROUP BY 1, 2, server_port
ORDER BY sessions DESC, 1, 2, server_port;
