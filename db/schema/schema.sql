-- SPDX-License-Identifier: ISC
-- The tables of a heloscope history, version 1. The views that people read are in views.sql.
--
-- Times are integer microseconds since 1970 (*_us). An absent value is NULL: "not sent" and "not
-- seen" are never written as 0 or ''. Within a session events are numbered from 1 (seq); whatever
-- speaks of an event names it by session_id and that number.
--
-- The comments inside the parentheses stay with the table: `.schema` shows them.

CREATE TABLE captures (
    capture_id INTEGER PRIMARY KEY,        -- ascends in the order of first reading
    source     TEXT NOT NULL,              -- the file as it was named, "-", or the interface
    kind       TEXT NOT NULL CHECK (kind IN ('file', 'live')), -- what source names
    started_us INTEGER NOT NULL,           -- of the first packet; 0 when there was none
    ended_us   INTEGER NOT NULL DEFAULT 0, -- of the last packet so far
    packets    INTEGER NOT NULL DEFAULT 0, -- read so far
    bytes      INTEGER NOT NULL DEFAULT 0, -- octets of packets as captured
    dropped    INTEGER NOT NULL DEFAULT 0, -- packets lost before they could be captured, where that is known
    duplicates INTEGER NOT NULL DEFAULT 0, -- TCP packets that a mirror sent a second time
    overlaps   INTEGER NOT NULL DEFAULT 0, -- IP fragments that overlap others and are no copies of them
    problem    TEXT,                       -- what could not be read
    UNIQUE (source, started_us)            -- reading the same file again keeps its row
) STRICT;

-- One TCP connection that carried SMTP or LMTP.
CREATE TABLE sessions (
    session_id      INTEGER PRIMARY KEY,  -- ascends in the order of first writing
    capture_id      INTEGER NOT NULL REFERENCES captures, -- the capture that it was read from
    source          TEXT NOT NULL,        -- file or interface of its first packet
    uid             TEXT NOT NULL UNIQUE, -- the same in every analysis of the same packets
    community_id    TEXT,                 -- joins with Zeek, Suricata, Arkime
    client_addr     TEXT NOT NULL,        -- IPv4 or IPv6
    client_port     INTEGER NOT NULL,     -- TCP
    server_addr     TEXT NOT NULL,        -- IPv4 or IPv6
    server_port     INTEGER NOT NULL,     -- TCP
    vlan            INTEGER,              -- outermost 802.1Q id
    tunnel          TEXT,                 -- outermost tunnel: VXLAN, GRE, ERSPAN, GTP-U ...
    tunnel_id       INTEGER,              -- its network, key, session, label; NULL: it has none
    proxied_addr    TEXT,                 -- the real client, named by a load balancer (PROXY)
    proxied_port    INTEGER,              -- TCP, named with it
    started_us      INTEGER NOT NULL,     -- of the first packet
    ended_us        INTEGER NOT NULL,     -- of the last packet so far
    protocol        TEXT,                 -- SMTP, LMTP, SMTPS (TLS first, on 465); else what it was: HTTP ...
    helo            TEXT,                 -- name in the last HELO, EHLO or LHLO
    server_name     TEXT,                 -- name in the greeting
    server_software TEXT,                 -- the product, where it was recognised
    server_evidence TEXT,                 -- the text that it was recognised by
    client_software TEXT,                 -- the product, where it was recognised
    client_evidence TEXT,                 -- the text or mark that it was recognised by
    tls_version     TEXT,                 -- NULL: no handshake was seen
    tls_sni         TEXT,                 -- the server name that the client asked for
    tls_records     INTEGER NOT NULL,     -- of both sides, from the handshake on
    auth_mechanism  TEXT,                 -- of the last AUTH
    auth_outcome    TEXT,                 -- of that AUTH
    commands        INTEGER NOT NULL,     -- sent by the client
    replies         INTEGER NOT NULL,     -- of the server, the greeting among them
    messages        INTEGER NOT NULL,     -- accepted by the server
    violations      INTEGER NOT NULL,     -- commands out of order, answered with an error or not
    errors_503      INTEGER NOT NULL,     -- replies 503
    packets         INTEGER NOT NULL,     -- of both sides
    bytes_client    INTEGER NOT NULL,     -- TCP payload sent by the client
    bytes_server    INTEGER NOT NULL,     -- TCP payload sent by the server
    bytes_missing   INTEGER NOT NULL,     -- octets that the capture does not hold
    retransmitted   INTEGER NOT NULL,     -- octets that came again
    midstream       INTEGER NOT NULL,     -- 1: begun before the capture
    one_sided       INTEGER NOT NULL,     -- 1: only one direction was captured
    outcome         TEXT NOT NULL         -- "open" while it goes on
) STRICT;

-- Read it as the view `events`, which adds session_id and seq. The two are one integer here: a
-- table's own key costs no second index, and the events of a session lie side by side.
CREATE TABLE event_rows (
    id       INTEGER PRIMARY KEY, -- session_id << 24 | seq
    ts_us    INTEGER NOT NULL,    -- of the packet that held its first octet
    packet   INTEGER NOT NULL,    -- that packet's number in its file, as Wireshark counts
    side     TEXT NOT NULL,       -- C client, S server
    kind     TEXT NOT NULL,       -- open greeting command reply auth data chunk tls gap close
    verb     TEXT,                -- of commands, in capitals; NULL for what is none
    code     INTEGER,             -- of replies
    enhanced TEXT,                -- enhanced status code of a reply, "5.5.1"
    text     TEXT,                -- as sent, without line end; lines of a reply joined by LF
    bytes    INTEGER,             -- octets of data, chunk, gap; length of an overlong line
    answers  INTEGER,             -- seq of the event that a reply answers
    saw      INTEGER,             -- seq of the peer's last event that the sender had received
    note     TEXT                 -- "pipelined, bare LF": what else is worth saying of it
) STRICT;

-- Commands out of order, by the rule that they break.
CREATE TABLE violations (
    session_id INTEGER NOT NULL REFERENCES sessions, -- whose command it is
    seq        INTEGER NOT NULL,                     -- the command
    rule       TEXT NOT NULL,                        -- name in the table of rules
    tolerated  INTEGER NOT NULL,                     -- 1: the server accepted the command all the same
    PRIMARY KEY (session_id, seq, rule)
) STRICT, WITHOUT ROWID;

-- Where a 503 (or another refusal of a command out of order) comes from.
CREATE TABLE diagnoses (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,    -- ascends in the order of storing, never reused
    session_id  INTEGER NOT NULL REFERENCES sessions, -- whose reply it is
    reply_seq   INTEGER NOT NULL,                     -- the refusal, or the close event
    command_seq INTEGER,                              -- the event that it answers
    origin_seq  INTEGER,                              -- where the sequence went wrong
    code        INTEGER NOT NULL,                     -- of the refusal; 0: of the close event
    cause       TEXT NOT NULL REFERENCES causes,      -- name in the dictionary
    fault       TEXT NOT NULL,                        -- client pipelining server middlebox policy unknown
    certainty   TEXT NOT NULL,                        -- certain likely unknown
    server_says TEXT,                                 -- the cause that the reply's text claims
    agrees      INTEGER,                              -- 1: the session shows the same; 0: it does not
    explanation TEXT,                                 -- what happened, in a sentence or two
    advice      TEXT,                                 -- what is to be done
    UNIQUE (session_id, reply_seq)
) STRICT;

-- Finds what points at an event, for the marks of the timeline.
CREATE INDEX diagnoses_by_origin ON diagnoses (session_id, origin_seq, reply_seq);

-- Further events that belong to a diagnosis.
CREATE TABLE related_events (
    session_id INTEGER NOT NULL REFERENCES sessions, -- whose events these are
    reply_seq  INTEGER NOT NULL,                     -- names the diagnosis
    seq        INTEGER NOT NULL,                     -- the event
    role       TEXT NOT NULL,                        -- opened refusal cascade group offer gap
    PRIMARY KEY (session_id, reply_seq, seq, role)
) STRICT, WITHOUT ROWID;

-- One mail transaction: from MAIL to its end, however it ended.
CREATE TABLE transactions (
    session_id INTEGER NOT NULL REFERENCES sessions, -- in which it was
    tx         INTEGER NOT NULL,                     -- from 1
    mail_seq   INTEGER,                              -- its MAIL command
    started_us INTEGER NOT NULL,                     -- of its MAIL
    ended_us   INTEGER NOT NULL,                     -- of what ended it
    mail_from  TEXT,                                 -- NULL: not seen; empty: the null sender <>
    recipients INTEGER NOT NULL,                     -- named by the client
    accepted   INTEGER NOT NULL,                     -- of them by the server
    bytes      INTEGER NOT NULL,                     -- size of the message as sent
    outcome    TEXT NOT NULL,                        -- accepted refused reset abandoned aborted unknown
    code       INTEGER,                              -- of the final reply
    queue_id   TEXT,                                 -- in the final reply; joins with the mail server's log
    message_id TEXT,                                 -- of the message's header
    PRIMARY KEY (session_id, tx)
) STRICT, WITHOUT ROWID;

-- The recipients of a transaction; of very many only the first are kept.
CREATE TABLE recipients (
    session_id INTEGER NOT NULL REFERENCES sessions, -- in which it was
    tx         INTEGER NOT NULL,                     -- its transaction
    n          INTEGER NOT NULL,                     -- from 1
    seq        INTEGER,                              -- the RCPT command
    reply_seq  INTEGER,                              -- the reply to it
    address    TEXT,                                 -- as in RCPT TO, without brackets
    code       INTEGER,                              -- NULL: no reply was seen
    PRIMARY KEY (session_id, tx, n)
) STRICT, WITHOUT ROWID;

-- The dictionary: what each cause means. `heloscope explain CAUSE` prints the same.
CREATE TABLE causes (
    cause         TEXT PRIMARY KEY, -- its name
    title         TEXT NOT NULL,    -- in a few words
    meaning       TEXT NOT NULL,    -- in a paragraph
    rule          TEXT NOT NULL,    -- RFC and section
    example       TEXT NOT NULL,    -- a short dialogue
    look_for      TEXT NOT NULL,    -- how to see it in a timeline
    client_advice TEXT NOT NULL,    -- what the client's author changes
    server_advice TEXT NOT NULL     -- what the server's administrator can do
) STRICT, WITHOUT ROWID;
