-- SPDX-License-Identifier: ISC
-- How a history is kept while it is written for months: who writes it, what is not over, what
-- happened to the recording itself.

-- The processes that write this history now. Each holds a lock on one octet of the file of locks
-- beside it (the history's name with -writers), at the place of its number: a row without its lock is
-- of a process that died, and the next one to start takes it away.
CREATE TABLE writers (
    writer_id  INTEGER PRIMARY KEY, -- the octet that is locked
    host       TEXT NOT NULL,       -- its machine or container
    pid        INTEGER NOT NULL,    -- its process there
    started_us INTEGER NOT NULL     -- when it opened the history
) STRICT;

-- Sessions that have begun and not ended, while they are written. When their writer has died their
-- outcome becomes "interrupted".
CREATE TABLE unfinished (
    session_id INTEGER PRIMARY KEY, -- the session
    writer_id  INTEGER NOT NULL     -- who writes it
) STRICT;

-- What happened to the recording itself, and what was left out by it.
CREATE TABLE incidents (
    incident_id INTEGER PRIMARY KEY, -- ascends in the order of noting
    began_us    INTEGER NOT NULL,    -- when it began, by the clock on the wall
    ended_us    INTEGER NOT NULL,    -- when it was over
    kind        TEXT NOT NULL,       -- locked full unusable moved pruned ...
    events      INTEGER NOT NULL,    -- events that are missing, of sessions in which nothing was wrong
    sessions    INTEGER NOT NULL,    -- sessions that are missing, in which nothing was wrong
    findings    INTEGER NOT NULL,    -- findings that are missing
    text        TEXT                 -- what is to be said of it
) STRICT;

-- Finds the oldest sessions.
CREATE INDEX IF NOT EXISTS sessions_by_start ON sessions (started_us);

-- Nobody writes a history while it is brought forward: who was writing these has died.
UPDATE sessions SET outcome = 'interrupted' WHERE outcome = 'open';
