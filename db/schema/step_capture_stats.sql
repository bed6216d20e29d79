-- SPDX-License-Identifier: ISC
-- What a live capture did in each minute, by interface: one row a minute, when there was anything to
-- tell.
CREATE TABLE capture_stats (
    minute_us    INTEGER NOT NULL, -- when the minute began, by the clock on the wall, microseconds since 1970
    capture_id   INTEGER NOT NULL, -- the capture of the interface
    packets      INTEGER NOT NULL, -- packets that were read
    bytes        INTEGER NOT NULL, -- octets of them
    dropped      INTEGER NOT NULL, -- packets that were lost before they could be captured
    sessions     INTEGER NOT NULL, -- sessions that ended
    errors_503   INTEGER NOT NULL, -- 503s in these sessions
    ring_bytes   INTEGER NOT NULL, -- the most octets that were captured and waited to be read
    queue_bytes  INTEGER NOT NULL, -- the most octets that waited to be written, of all interfaces together
    print_bytes  INTEGER NOT NULL, -- the most octets that waited to be printed, so too
    PRIMARY KEY (minute_us, capture_id)
) STRICT, WITHOUT ROWID;
