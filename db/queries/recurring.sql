-- Problems by their signature, those that come again first: the same client, server, cause, command
-- and refusal, with what is at their origin.
--
--     sqlite3 -box heloscope.db < recurring.sql
SELECT client, server, cause, verb, reply, origin, errors, sessions, first_seen, last_seen,
       last_session
FROM recurring_problems
ORDER BY sessions DESC, errors DESC, client, server, last_session;
