-- SPDX-License-Identifier: ISC
-- How the connection of a session is known again in another capture: by its endpoints, the sequence
-- numbers with which its octets begin, and the time. A part of a connection lies inside the whole.
CREATE TABLE connections (
    session_id INTEGER PRIMARY KEY, -- the session
    place      INTEGER NOT NULL,    -- when it began, in units of 2^30 microseconds << 32 | a hash of its endpoints
    seq_client INTEGER,             -- sequence number of the client's first octet
    seq_server INTEGER              -- and of the server's
) STRICT;

-- Finds the sessions with the same endpoints at about the same time.
CREATE INDEX connections_by_place ON connections (place);

-- The captures that a session goes through after its first (sessions.capture_id).
CREATE TABLE session_captures (
    session_id INTEGER NOT NULL, -- the session
    capture_id INTEGER NOT NULL, -- a further capture
    PRIMARY KEY (session_id, capture_id)
) STRICT, WITHOUT ROWID;

-- Where a capture file lay when it was read, to read it again with the one that goes on.
CREATE TABLE capture_files (
    capture_id INTEGER PRIMARY KEY, -- the capture
    path       TEXT NOT NULL        -- its absolute path
) STRICT;
