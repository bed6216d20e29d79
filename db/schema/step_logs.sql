-- SPDX-License-Identifier: ISC
-- The logs of mail servers that were read beside the captures: `heloscope logs`.
CREATE TABLE logs (
    log_id        INTEGER PRIMARY KEY,  -- ascends in the order of first reading
    path          TEXT NOT NULL UNIQUE, -- the file as it was named
    servers       TEXT NOT NULL,        -- whose log it is: Postfix Exim Sendmail OpenSMTPD Haraka
    lines         INTEGER NOT NULL,     -- in the file
    known         INTEGER NOT NULL,     -- of them those that speak of a connection in a known wording
    visits        INTEGER NOT NULL,     -- connections that these are of
    visits_joined INTEGER NOT NULL,     -- of them those that are sessions of the history
    joined        INTEGER NOT NULL,     -- lines of these
    stray         INTEGER NOT NULL,     -- known lines of no session of the history
    unclear       INTEGER NOT NULL,     -- of these, lines that could be of several sessions
    clock_us      INTEGER,              -- by how much the log's clock is ahead of the captures'; NULL: not found
    first_us      INTEGER NOT NULL,     -- time of its first line, as it has it
    last_us       INTEGER NOT NULL,     -- time of its last line
    read_us       INTEGER NOT NULL      -- when it was read last
) STRICT;

-- Lines of mail servers' logs that belong to sessions, without content and credentials.
CREATE TABLE log_lines (
    session_id INTEGER NOT NULL, -- the session
    ts_us      INTEGER NOT NULL, -- when, as the log has it
    text       TEXT NOT NULL,    -- what it says
    n          INTEGER NOT NULL, -- from 1: the same line at the same time again
    log_id     INTEGER NOT NULL, -- the file
    line       INTEGER NOT NULL, -- its number in the file, or that of the journal's entry
    clock_us   INTEGER NOT NULL, -- by how much its clock is ahead of the capture's
    seq        INTEGER NOT NULL, -- the event behind which it stands, or the reply that it is about
    server     TEXT NOT NULL,    -- whose line it is: Postfix Exim Sendmail OpenSMTPD Haraka
    kind       TEXT NOT NULL,    -- connect end lost message delivery tls auth refusal disorder errors
    code       INTEGER,          -- of the reply that it names
    joined     TEXT NOT NULL,    -- by what it is known to be of the session
    alone      INTEGER NOT NULL, -- 1: it tells of trouble that no event of the session shows
    answer     INTEGER NOT NULL, -- 1: seq is the reply that it is about
    PRIMARY KEY (session_id, ts_us, text, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER log_lines_removed AFTER DELETE ON sessions BEGIN
    DELETE FROM log_lines WHERE session_id = old.session_id;
END;
