-- SPDX-License-Identifier: ISC
-- The views of a heloscope history: what people and reports read. They hold nothing, so every
-- program that brings a history forward drops them and makes them anew from this file.
--
-- Where a view needs one event it asks for its key, session_id << 24 | seq; where it needs the
-- events of a session it asks for the range of keys. Both are searches in the table itself. NOT
-- INDEXED lets sessions come in the order of session_id and not of their uid.

-- The events with their session and number; in_tls: 1 for those that came inside TLS, decrypted. Those of
-- single_events are brought into the form of timelines first, since a union of both would be put together
-- from all sessions before one is looked for.
CREATE VIEW events AS
SELECT s.session_id,
       coalesce(json_extract(e.value, '$[10]'), e.key + 1) AS seq,
       s.started_us + json_extract(e.value, '$[0]') AS ts_us,
       json_extract(e.value, '$[1]') AS packet,
       iif(json_extract(e.value, '$[2]') & 1, 'S', 'C') AS side,
       rtrim(substr('open    greetingcommand reply   auth    data    chunk   tls     gap     close   ',
                    1 + (json_extract(e.value, '$[2]') >> 1) * 8, 8)) AS kind,
       iif(json_type(e.value, '$[5]') = 'text', json_extract(e.value, '$[5]'), NULL) AS verb,
       iif(json_type(e.value, '$[5]') = 'integer', json_extract(e.value, '$[5]'), NULL) AS code,
       json_extract(e.value, '$[7]') AS enhanced,
       json_extract(e.value, '$[3]') AS text,
       json_extract(e.value, '$[8]') AS bytes,
       json_extract(e.value, '$[6]') AS answers,
       json_extract(e.value, '$[4]') AS saw,
       json_extract(e.value, '$[9]') AS note,
       coalesce(json_extract(e.value, '$[9]') LIKE 'in TLS%', 0) AS in_tls
FROM sessions s NOT INDEXED
JOIN json_each(coalesce((SELECT t.events FROM timelines t WHERE t.session_id = s.session_id),
                        (SELECT json_group_array(json_array(
                                    r.ts_us - s.started_us, r.packet,
                                    instr('open    greetingcommand reply   auth    data    chunk   tls     gap     close   ', r.kind) / 8 * 2 + (r.side = 'S'),
                                    r.text, r.saw, coalesce(r.verb, r.code), r.answers, r.enhanced, r.bytes, r.note, r.id & 16777215))
                         FROM single_events r
                         WHERE r.id BETWEEN (s.session_id << 24) AND (s.session_id << 24 | 16777215)))) e;

-- All events of all sessions, told apart by session_id << 24 | seq. Those of one session are found in
-- `events`: here all are looked through.
CREATE VIEW event_rows AS
SELECT session_id << 24 | seq AS id, ts_us, packet, side, kind, verb, code, enhanced, text, bytes,
       answers, saw, note
FROM events;

-- An event in one line: the first line of its text, cut where it gets long, how many more there
-- are, and the size of what has no text.
CREATE VIEW event_lines AS
SELECT session_id << 24 | seq AS id, session_id, seq, ts_us, packet, side, kind, note,
       ltrim(coalesce(substr(line, 1, 160) || CASE WHEN length(line) > 160 THEN '...' ELSE '' END
                      || CASE more WHEN 0 THEN '' WHEN 1 THEN ' (+1 line)'
                                   ELSE ' (+' || more || ' lines)' END, '')
             || CASE WHEN bytes IS NULL THEN ''
                     WHEN kind = 'gap' THEN ' [' || bytes || ' octets not captured]'
                     ELSE ' [' || bytes || ' octets]' END) AS line
FROM (SELECT session_id, seq, ts_us, packet, side, kind, note, bytes,
             substr(text, 1, instr(text || char(10), char(10)) - 1) AS line,
             length(text) - length(replace(text, char(10), '')) AS more
      FROM events);

-- The same of events that a row of their own has, such as those that findings name, found by their id.
CREATE VIEW single_lines AS
SELECT id,
       ltrim(coalesce(substr(line, 1, 160) || CASE WHEN length(line) > 160 THEN '...' ELSE '' END
                      || CASE more WHEN 0 THEN '' WHEN 1 THEN ' (+1 line)'
                                   ELSE ' (+' || more || ' lines)' END, '')
             || CASE WHEN bytes IS NULL THEN ''
                     WHEN kind = 'gap' THEN ' [' || bytes || ' octets not captured]'
                     ELSE ' [' || bytes || ' octets]' END) AS line
FROM (SELECT id, kind, bytes,
             substr(text, 1, instr(text || char(10), char(10)) - 1) AS line,
             length(text) - length(replace(text, char(10), '')) AS more
      FROM single_events);

-- A session to read from top to bottom: SELECT * FROM timeline WHERE session_id = 7;
CREATE VIEW timeline AS
SELECT e.session_id,
       e.seq,
       strftime('%Y-%m-%d %H:%M:%S', e.ts_us / 1000000, 'unixepoch')
           || printf('.%06d', e.ts_us % 1000000) AS time,
       e.packet,
       CASE e.side WHEN 'C' THEN 'C -->' ELSE '<-- S' END AS side,
       e.kind,
       e.line AS text,
       rtrim(coalesce((SELECT 'ORIGIN of ' || iif(d.code, d.code, 'close') || ' at #' || min(d.reply_seq)
                              || CASE WHEN count(*) > 1 THEN ' and ' || (count(*) - 1) || ' more'
                                      ELSE '' END
                              || ' (' || d.cause || ') | '
                       FROM diagnoses d
                       WHERE d.session_id = e.session_id
                         AND d.origin_seq = e.seq), '')
             || coalesce((SELECT iif(d.code, d.code, 'close') || ' <- '
                                 || coalesce('origin #' || d.origin_seq, 'origin not captured')
                                 || ': ' || d.cause
                                 || ' (' || d.fault || ', ' || d.certainty || ') | '
                          FROM diagnoses d
                          WHERE d.session_id = e.session_id
                            AND d.reply_seq = e.seq), '')
             || coalesce((SELECT group_concat('violates: ' || v.rule
                                              || CASE v.tolerated WHEN 1 THEN ' (tolerated)'
                                                                  ELSE '' END, ' | ')
                          FROM violations v
                          WHERE v.session_id = e.session_id
                            AND v.seq = e.seq), ''), ' |') AS mark,
       coalesce(e.note, '') AS note
FROM event_lines e;

-- Every refusal of a command out of order with where it comes from, whatever its code: SELECT * FROM
-- errors; the same of the 503s alone: errors_503.
CREATE VIEW errors AS
SELECT d.session_id,
       strftime('%Y-%m-%d %H:%M:%S', r.ts_us / 1000000, 'unixepoch')
           || printf('.%06d', r.ts_us % 1000000) AS time,
       coalesce(s.proxied_addr, s.client_addr) AS client,
       s.server_addr AS server,
       s.helo,
       d.command_seq,
       (SELECT l.line FROM single_lines l
        WHERE l.id = (d.session_id << 24 | d.command_seq)) AS command,
       d.reply_seq, d.code,
       (SELECT l.line FROM single_lines l
        WHERE l.id = (d.session_id << 24 | d.reply_seq)) AS reply,
       d.cause, d.fault, d.certainty,
       d.origin_seq,
       (SELECT l.line FROM single_lines l
        WHERE l.id = (d.session_id << 24 | d.origin_seq)) AS origin,
       d.explanation, d.advice, d.server_says,
       r.ts_us,
       s.source
FROM diagnoses d
JOIN sessions s ON s.session_id = d.session_id
LEFT JOIN single_events r ON r.id = (d.session_id << 24 | d.reply_seq);

-- Every 503 with where it comes from: SELECT * FROM errors_503;
CREATE VIEW errors_503 AS
SELECT d.session_id,
       strftime('%Y-%m-%d %H:%M:%S', r.ts_us / 1000000, 'unixepoch')
           || printf('.%06d', r.ts_us % 1000000) AS time,
       coalesce(s.proxied_addr, s.client_addr) AS client,
       s.server_addr AS server,
       s.helo,
       d.command_seq,
       (SELECT l.line FROM single_lines l
        WHERE l.id = (d.session_id << 24 | d.command_seq)) AS command,
       d.reply_seq,
       (SELECT l.line FROM single_lines l
        WHERE l.id = (d.session_id << 24 | d.reply_seq)) AS reply,
       d.cause, d.fault, d.certainty,
       d.origin_seq,
       (SELECT l.line FROM single_lines l
        WHERE l.id = (d.session_id << 24 | d.origin_seq)) AS origin,
       d.explanation, d.advice, d.server_says,
       r.ts_us,
       s.source
FROM diagnoses d
JOIN sessions s ON s.session_id = d.session_id
LEFT JOIN single_events r ON r.id = (d.session_id << 24 | d.reply_seq)
WHERE d.code = 503;

-- What the rankings count: 503s, and the same faults under other codes; each row so many times.
CREATE VIEW errors_facts AS
SELECT d.session_id, d.code, d.cause, d.fault, 1 + d.repeats AS times, r.ts_us,
       coalesce(s.proxied_addr, s.client_addr) AS client_addr, s.helo, s.client_software,
       s.server_addr, s.server_port, s.server_software
FROM diagnoses d
JOIN sessions s ON s.session_id = d.session_id
LEFT JOIN single_events r ON r.id = (d.session_id << 24 | d.reply_seq);

-- The same of the 503s alone.
CREATE VIEW errors_503_facts AS
SELECT session_id, cause, fault, times, ts_us, client_addr, helo, client_software, server_addr,
       server_port, server_software
FROM errors_facts
WHERE code = 503;

-- The names that a client gives itself: the commonest, and how many others there are.
CREATE VIEW client_names AS
SELECT client_addr,
       name || CASE others WHEN 0 THEN '' WHEN 1 THEN ' and 1 other' ELSE ' and ' || others || ' others'
               END AS name
FROM (SELECT client_addr, helo AS name,
             count(*) OVER (PARTITION BY client_addr) - 1 AS others,
             row_number() OVER (PARTITION BY client_addr ORDER BY count(*) DESC, helo) AS place
      FROM errors_facts
      WHERE helo IS NOT NULL
      GROUP BY client_addr, helo)
WHERE place = 1;

-- The same of a client's programs.
CREATE VIEW client_programs AS
SELECT client_addr,
       name || CASE others WHEN 0 THEN '' WHEN 1 THEN ' and 1 other' ELSE ' and ' || others || ' others'
               END AS name
FROM (SELECT client_addr, client_software AS name,
             count(*) OVER (PARTITION BY client_addr) - 1 AS others,
             row_number() OVER (PARTITION BY client_addr ORDER BY count(*) DESC, client_software) AS place
      FROM errors_facts
      WHERE client_software IS NOT NULL
      GROUP BY client_addr, client_software)
WHERE place = 1;

-- The same of a server's programs.
CREATE VIEW server_programs AS
SELECT server_addr, server_port,
       name || CASE others WHEN 0 THEN '' WHEN 1 THEN ' and 1 other' ELSE ' and ' || others || ' others'
               END AS name
FROM (SELECT server_addr, server_port, server_software AS name,
             count(*) OVER (PARTITION BY server_addr, server_port) - 1 AS others,
             row_number() OVER (PARTITION BY server_addr, server_port ORDER BY count(*) DESC, server_software) AS place
      FROM errors_facts
      WHERE server_software IS NOT NULL
      GROUP BY server_addr, server_port, server_software)
WHERE place = 1;

-- The rankings: the errors by what they have in common, the most frequent first; of them errors_503
-- and errors_other, the same faults under other codes.
CREATE VIEW errors_by_cause AS
SELECT f.cause, f.errors, f.errors_503, f.errors_other, f.sessions, f.clients, f.servers,
       strftime('%Y-%m-%d %H:%M:%S', f.first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%d %H:%M:%S', f.last_us / 1000000, 'unixepoch') AS last_seen,
       c.title
FROM (SELECT cause, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other, count(DISTINCT session_id) AS sessions,
             count(DISTINCT client_addr) AS clients, count(DISTINCT server_addr) AS servers,
             min(ts_us) AS first_us, max(ts_us) AS last_us
      FROM errors_facts
      GROUP BY cause) f
LEFT JOIN causes c ON c.cause = f.cause
ORDER BY f.errors DESC, f.cause;

-- By the client's address.
CREATE VIEW errors_by_client AS
SELECT client_addr AS client, errors, errors_503, errors_other, sessions,
       strftime('%Y-%m-%d %H:%M:%S', first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%d %H:%M:%S', last_us / 1000000, 'unixepoch') AS last_seen,
       (SELECT n.name FROM client_names n WHERE n.client_addr = f.client_addr) AS helo,
       (SELECT n.name FROM client_programs n WHERE n.client_addr = f.client_addr) AS software,
       causes
FROM (SELECT client_addr, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other, count(DISTINCT session_id) AS sessions,
             min(ts_us) AS first_us, max(ts_us) AS last_us,
             group_concat(DISTINCT cause) AS causes
      FROM errors_facts
      GROUP BY client_addr) f
ORDER BY errors DESC, client_addr;

-- By the server's address and port.
CREATE VIEW errors_by_server AS
SELECT server_addr AS server, server_port AS port, errors, errors_503, errors_other, sessions, clients,
       strftime('%Y-%m-%d %H:%M:%S', first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%d %H:%M:%S', last_us / 1000000, 'unixepoch') AS last_seen,
       (SELECT n.name FROM server_programs n
        WHERE n.server_addr = f.server_addr AND n.server_port = f.server_port) AS software,
       causes
FROM (SELECT server_addr, server_port, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other,
             count(DISTINCT session_id) AS sessions, count(DISTINCT client_addr) AS clients,
             min(ts_us) AS first_us, max(ts_us) AS last_us,
             group_concat(DISTINCT cause) AS causes
      FROM errors_facts
      GROUP BY server_addr, server_port) f
ORDER BY errors DESC, server_addr, server_port;

-- By the server's software.
CREATE VIEW errors_by_software AS
SELECT software, errors, errors_503, errors_other, sessions, clients, servers,
       strftime('%Y-%m-%d %H:%M:%S', first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%d %H:%M:%S', last_us / 1000000, 'unixepoch') AS last_seen,
       causes
FROM (SELECT coalesce(server_software, 'not recognised') AS software, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other,
             count(DISTINCT session_id) AS sessions, count(DISTINCT client_addr) AS clients,
             count(DISTINCT server_addr) AS servers,
             min(ts_us) AS first_us, max(ts_us) AS last_us,
             group_concat(DISTINCT cause) AS causes
      FROM errors_facts
      GROUP BY 1)
ORDER BY errors DESC, software;

-- By day (UTC), the latest first.
CREATE VIEW errors_by_day AS
SELECT day, errors, errors_503, errors_other, sessions, clients, servers,
       strftime('%H:%M:%S', first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%H:%M:%S', last_us / 1000000, 'unixepoch') AS last_seen,
       causes
FROM (SELECT strftime('%Y-%m-%d', ts_us / 1000000, 'unixepoch') AS day, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other,
             count(DISTINCT session_id) AS sessions, count(DISTINCT client_addr) AS clients,
             count(DISTINCT server_addr) AS servers,
             min(ts_us) AS first_us, max(ts_us) AS last_us,
             group_concat(DISTINCT cause) AS causes
      FROM errors_facts
      GROUP BY 1)
ORDER BY day DESC;

-- By hour (UTC), the latest first.
CREATE VIEW errors_by_hour AS
SELECT hour, errors, errors_503, errors_other, sessions, clients, servers,
       strftime('%H:%M:%S', first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%H:%M:%S', last_us / 1000000, 'unixepoch') AS last_seen,
       causes
FROM (SELECT strftime('%Y-%m-%d %H:00', ts_us / 1000000, 'unixepoch') AS hour, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other,
             count(DISTINCT session_id) AS sessions, count(DISTINCT client_addr) AS clients,
             count(DISTINCT server_addr) AS servers,
             min(ts_us) AS first_us, max(ts_us) AS last_us,
             group_concat(DISTINCT cause) AS causes
      FROM errors_facts
      GROUP BY 1)
ORDER BY hour DESC;

-- By the client's software.
CREATE VIEW errors_by_client_software AS
SELECT software, errors, errors_503, errors_other, sessions, clients, servers,
       strftime('%Y-%m-%d %H:%M:%S', first_us / 1000000, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%d %H:%M:%S', last_us / 1000000, 'unixepoch') AS last_seen,
       causes
FROM (SELECT coalesce(client_software, 'not recognised') AS software, sum(times) AS errors, sum(times * (code = 503)) AS errors_503,
             sum(times * (code <> 503)) AS errors_other,
             count(DISTINCT session_id) AS sessions, count(DISTINCT client_addr) AS clients,
             count(DISTINCT server_addr) AS servers,
             min(ts_us) AS first_us, max(ts_us) AS last_us,
             group_concat(DISTINCT cause) AS causes
      FROM errors_facts
      GROUP BY 1)
ORDER BY errors DESC, software;

-- The errors by signature: the same client, server, cause, verb, refusal and origin are one problem.
-- Those that come again stand first. The texts of replies are left out, since they often hold an
-- address or a queue id; last_session is one to look at.
CREATE VIEW recurring_problems AS
SELECT client, server, cause, verb, reply, origin, sum(times) AS errors,
       count(DISTINCT session_id) AS sessions,
       strftime('%Y-%m-%d %H:%M:%S', min(ts_us) / 1000000, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%d %H:%M:%S', max(ts_us) / 1000000, 'unixepoch') AS last_seen,
       max(session_id) AS last_session
FROM (SELECT coalesce(s.proxied_addr, s.client_addr) AS client, s.server_addr AS server, d.cause,
             d.session_id, 1 + d.repeats AS times, r.ts_us,
             (SELECT coalesce(c.verb, c.kind) FROM single_events c
              WHERE c.id = (d.session_id << 24 | d.command_seq)) AS verb,
             coalesce(r.code || coalesce(' ' || r.enhanced, ''), r.kind) AS reply,
             (SELECT coalesce(o.verb, o.code || coalesce(' ' || o.enhanced, ''), o.kind)
              FROM single_events o WHERE o.id = (d.session_id << 24 | d.origin_seq)) AS origin
      FROM diagnoses d
      JOIN sessions s ON s.session_id = d.session_id
      LEFT JOIN single_events r ON r.id = (d.session_id << 24 | d.reply_seq))
GROUP BY client, server, cause, verb, reply, origin
ORDER BY sessions DESC, errors DESC, client, server, last_session;

-- What a finding rests on, an event a line with its role: SELECT * FROM evidence WHERE session_id = 7;
CREATE VIEW evidence AS
SELECT p.session_id, p.reply_seq, p.code, p.cause, p.role, p.seq,
       (SELECT l.line FROM single_lines l WHERE l.id = (p.session_id << 24 | p.seq)) AS text
FROM (SELECT session_id, reply_seq, code, cause, 'origin' AS role, origin_seq AS seq FROM diagnoses
      UNION ALL
      SELECT session_id, reply_seq, code, cause, 'command', command_seq FROM diagnoses
      UNION ALL
      SELECT session_id, reply_seq, code, cause, 'reply', reply_seq FROM diagnoses
      UNION ALL
      SELECT d.session_id, d.reply_seq, d.code, d.cause, r.role, r.seq
      FROM diagnoses d
      JOIN related_events r ON r.session_id = d.session_id AND r.reply_seq = d.reply_seq) p
WHERE p.seq IS NOT NULL
ORDER BY p.session_id, p.reply_seq, p.seq;
