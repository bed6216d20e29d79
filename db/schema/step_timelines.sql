-- SPDX-License-Identifier: ISC
-- The events of a session in which nothing was wrong are one row: most sessions are such, and rows are
-- what writing costs.
CREATE TABLE timelines (
    session_id INTEGER PRIMARY KEY, -- the session; its events are numbered from 1, and none is missing
    events     TEXT NOT NULL        -- JSON, an array for each event; the view events tells what its places hold
) STRICT;

-- The events of all other sessions, and of those that were written as they went on, are a row each, found
-- by one integer: session_id << 24 | seq. Read both as the view `events`.
ALTER TABLE event_rows RENAME TO single_events;
