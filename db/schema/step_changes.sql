-- SPDX-License-Identifier: ISC
-- The order in which sessions were last written, one row a session: whenever a session is stored,
-- grows, or is replaced by a fuller record, it gets a new and higher number. Numbers are never used
-- twice. Triggers keep it, so that no writer can forget to.
CREATE TABLE changes (
    change     INTEGER PRIMARY KEY AUTOINCREMENT, -- ascends in the order of committing
    session_id INTEGER NOT NULL UNIQUE            -- the session that was written
) STRICT;

-- How far those who fetch from this history have come: `heloscope export --cursor NAME`, `heloscope
-- ship`. They still need every session whose change is higher than their row's.
CREATE TABLE cursors (
    name       TEXT PRIMARY KEY,          -- who fetches
    change     INTEGER NOT NULL,          -- the last change that was fetched
    epoch      INTEGER NOT NULL,          -- microseconds since 1970 when it began; added to a change it is a version
    updated_us INTEGER NOT NULL           -- when it last moved
) STRICT, WITHOUT ROWID;

CREATE TRIGGER session_added AFTER INSERT ON sessions BEGIN
    DELETE FROM changes WHERE session_id = new.session_id;
    INSERT INTO changes (session_id) VALUES (new.session_id);
END;

CREATE TRIGGER session_written AFTER UPDATE ON sessions BEGIN
    DELETE FROM changes WHERE session_id = new.session_id;
    INSERT INTO changes (session_id) VALUES (new.session_id);
END;

CREATE TRIGGER session_removed AFTER DELETE ON sessions BEGIN
    DELETE FROM changes WHERE session_id = old.session_id;
END;

INSERT INTO changes (session_id) SELECT session_id FROM sessions NOT INDEXED ORDER BY session_id;
