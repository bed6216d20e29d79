-- SPDX-License-Identifier: ISC
-- The views of a fleet's database, in ClickHouse's language, in the part of it that 18.16 and today's
-- versions share. They rest on the views of each table (sessions, events, diagnoses ...), which hold the
-- newest version of each row once, whichever sensors have sent it. session_id is the uid.
--
-- @DB@ is the database, @CLUSTER@ the words ON CLUSTER where there is one.

CREATE VIEW @DB@.timeline @CLUSTER@ AS
SELECT session_id, seq,
       concat(toString(toDateTime(intDiv(ts_us, 1000000), 'UTC')), '.', substring(toString(1000000 + ts_us % 1000000), 2)) AS time,
       packet, if(side = 'C', 'C -->', '<-- S') AS side, kind,
       replaceRegexpOne(concat(
           if(lengthUTF8(splitByChar('\n', ifNull(text, ''))[1]) > 160,
              concat(substringUTF8(splitByChar('\n', ifNull(text, ''))[1], 1, 160), '...'),
              splitByChar('\n', ifNull(text, ''))[1]),
           multiIf(length(splitByChar('\n', ifNull(text, ''))) < 2, '',
                   length(splitByChar('\n', ifNull(text, ''))) = 2, ' (+1 line)',
                   concat(' (+', toString(length(splitByChar('\n', ifNull(text, ''))) - 1), ' lines)')),
           multiIf(bytes IS NULL, '',
                   kind = 'gap', concat(' [', toString(ifNull(bytes, 0)), ' octets not captured]'),
                   concat(' [', toString(ifNull(bytes, 0)), ' octets]'))), '^ +', '') AS text,
       ifNull(mark, '') AS mark, ifNull(note, '') AS note
FROM @DB@.events ORDER BY session_id, seq;

CREATE VIEW @DB@.errors @CLUSTER@ AS
SELECT session_id,
       concat(toString(toDateTime(intDiv(ts_us, 1000000), 'UTC')), '.', substring(toString(1000000 + ts_us % 1000000), 2)) AS time,
       client, server, helo, command_seq, command, reply_seq, code, reply, cause, fault, certainty,
       origin_seq, origin, explanation, advice, server_says, ts_us, source
FROM @DB@.diagnoses;

CREATE VIEW @DB@.errors_503 @CLUSTER@ AS
SELECT session_id, time, client, server, helo, command_seq, command, reply_seq, reply, cause, fault, certainty,
       origin_seq, origin, explanation, advice, server_says, ts_us, source
FROM @DB@.errors WHERE code = 503;

CREATE VIEW @DB@.client_names @CLUSTER@ AS
SELECT client, concat(names[1].2, multiIf(length(names) < 2, '', length(names) = 2, ' and 1 other',
                                          concat(' and ', toString(length(names) - 1), ' others'))) AS client_name
FROM (SELECT client, arraySort(groupArray(tuple(-toInt64(number), said))) AS names
      FROM (SELECT client, assumeNotNull(helo) AS said, count() AS number FROM @DB@.diagnoses
            WHERE helo IS NOT NULL GROUP BY client, said)
      GROUP BY client);

CREATE VIEW @DB@.client_programs @CLUSTER@ AS
SELECT client, concat(names[1].2, multiIf(length(names) < 2, '', length(names) = 2, ' and 1 other',
                                          concat(' and ', toString(length(names) - 1), ' others'))) AS client_program
FROM (SELECT client, arraySort(groupArray(tuple(-toInt64(number), said))) AS names
      FROM (SELECT client, assumeNotNull(client_software) AS said, count() AS number FROM @DB@.diagnoses
            WHERE client_software IS NOT NULL GROUP BY client, said)
      GROUP BY client);

CREATE VIEW @DB@.server_programs @CLUSTER@ AS
SELECT server, port, concat(names[1].2, multiIf(length(names) < 2, '', length(names) = 2, ' and 1 other',
                                                concat(' and ', toString(length(names) - 1), ' others'))) AS server_program
FROM (SELECT server, port, arraySort(groupArray(tuple(-toInt64(number), said))) AS names
      FROM (SELECT server, port, assumeNotNull(server_software) AS said, count() AS number FROM @DB@.diagnoses
            WHERE server_software IS NOT NULL GROUP BY server, port, said)
      GROUP BY server, port);

CREATE VIEW @DB@.errors_by_cause @CLUSTER@ AS
SELECT cause, errors, errors_503, errors_other, sessions, clients, servers, first_seen, last_seen, title
FROM (SELECT cause, sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503, sumIf(1 + repeats, code != 503) AS errors_other,
             uniqExact(session_id) AS sessions, uniqExact(client) AS clients, uniqExact(server) AS servers,
             toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')) AS first_seen,
             toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')) AS last_seen
      FROM @DB@.diagnoses GROUP BY cause) AS l
ANY LEFT JOIN (SELECT cause, title FROM @DB@.causes) AS r USING cause
ORDER BY errors DESC, cause;

CREATE VIEW @DB@.errors_by_client @CLUSTER@ AS
SELECT client, errors, errors_503, errors_other, sessions, first_seen, last_seen, helo,
       client_program AS software, causes
FROM (SELECT client, errors, errors_503, errors_other, sessions, first_seen, last_seen, client_name AS helo, causes
      FROM (SELECT client, sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503, sumIf(1 + repeats, code != 503) AS errors_other,
                   uniqExact(session_id) AS sessions,
                   toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')) AS first_seen,
                   toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')) AS last_seen,
                   arrayStringConcat(arraySort(groupUniqArray(cause)), ',') AS causes
            FROM @DB@.diagnoses GROUP BY client) AS l
      ANY LEFT JOIN (SELECT client, client_name FROM @DB@.client_names) AS r USING client) AS l
ANY LEFT JOIN (SELECT client, client_program FROM @DB@.client_programs) AS r USING client
ORDER BY errors DESC, client;

CREATE VIEW @DB@.errors_by_server @CLUSTER@ AS
SELECT server, port, errors, errors_503, errors_other, sessions, clients, first_seen, last_seen,
       server_program AS software, causes
FROM (SELECT server, port, sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503, sumIf(1 + repeats, code != 503) AS errors_other,
             uniqExact(session_id) AS sessions, uniqExact(client) AS clients,
             toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')) AS first_seen,
             toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')) AS last_seen,
             arrayStringConcat(arraySort(groupUniqArray(cause)), ',') AS causes
      FROM @DB@.diagnoses GROUP BY server, port) AS l
ANY LEFT JOIN (SELECT server, port, server_program FROM @DB@.server_programs) AS r USING server, port
ORDER BY errors DESC, server, port;

CREATE VIEW @DB@.errors_by_software @CLUSTER@ AS
SELECT ifNull(server_software, 'not recognised') AS software, sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503,
       sumIf(1 + repeats, code != 503) AS errors_other, uniqExact(session_id) AS sessions, uniqExact(client) AS clients,
       uniqExact(server) AS servers,
       toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')) AS first_seen,
       toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')) AS last_seen,
       arrayStringConcat(arraySort(groupUniqArray(cause)), ',') AS causes
FROM @DB@.diagnoses GROUP BY software ORDER BY errors DESC, software;

CREATE VIEW @DB@.errors_by_client_software @CLUSTER@ AS
SELECT ifNull(client_software, 'not recognised') AS software, sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503,
       sumIf(1 + repeats, code != 503) AS errors_other, uniqExact(session_id) AS sessions, uniqExact(client) AS clients,
       uniqExact(server) AS servers,
       toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')) AS first_seen,
       toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')) AS last_seen,
       arrayStringConcat(arraySort(groupUniqArray(cause)), ',') AS causes
FROM @DB@.diagnoses GROUP BY software ORDER BY errors DESC, software;

CREATE VIEW @DB@.errors_by_day @CLUSTER@ AS
SELECT substring(toString(toDateTime(intDiv(ts_us, 1000000), 'UTC')), 1, 10) AS day,
       sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503,
       sumIf(1 + repeats, code != 503) AS errors_other, uniqExact(session_id) AS sessions, uniqExact(client) AS clients,
       uniqExact(server) AS servers,
       substring(toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')), 12) AS first_seen,
       substring(toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')), 12) AS last_seen,
       arrayStringConcat(arraySort(groupUniqArray(cause)), ',') AS causes
FROM @DB@.diagnoses GROUP BY day ORDER BY day DESC;

CREATE VIEW @DB@.errors_by_hour @CLUSTER@ AS
SELECT concat(substring(toString(toDateTime(intDiv(ts_us, 1000000), 'UTC')), 1, 13), ':00') AS hour,
       sum(1 + repeats) AS errors, sumIf(1 + repeats, code = 503) AS errors_503,
       sumIf(1 + repeats, code != 503) AS errors_other, uniqExact(session_id) AS sessions, uniqExact(client) AS clients,
       uniqExact(server) AS servers,
       substring(toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')), 12) AS first_seen,
       substring(toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')), 12) AS last_seen,
       arrayStringConcat(arraySort(groupUniqArray(cause)), ',') AS causes
FROM @DB@.diagnoses GROUP BY hour ORDER BY hour DESC;

CREATE VIEW @DB@.recurring_problems @CLUSTER@ AS
SELECT client, server, cause, verb, status AS reply, origin_status AS origin, sum(1 + repeats) AS errors,
       uniqExact(session_id) AS sessions,
       toString(toDateTime(intDiv(min(ts_us), 1000000), 'UTC')) AS first_seen,
       toString(toDateTime(intDiv(max(ts_us), 1000000), 'UTC')) AS last_seen,
       max(session_id) AS last_session
FROM @DB@.diagnoses GROUP BY client, server, cause, verb, status, origin_status
ORDER BY sessions DESC, errors DESC, client, server, last_session;
