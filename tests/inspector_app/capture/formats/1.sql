-- The layout that captures had in format 1, as its program wrote it.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE frames (
    seq INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    direction TEXT NOT NULL,
    type TEXT,
    opener TEXT,
    number INTEGER,
    exchange INTEGER,
    operation TEXT,
    size_bytes INTEGER NOT NULL,
    latency_ns INTEGER,
    summary TEXT NOT NULL,
    findings INTEGER NOT NULL,
    binary INTEGER NOT NULL,
    raw BLOB NOT NULL
);

CREATE TABLE exchanges (
    id INTEGER PRIMARY KEY,
    conn INTEGER NOT NULL,
    opener TEXT NOT NULL,
    number INTEGER NOT NULL,
    mine INTEGER NOT NULL,
    kind TEXT NOT NULL,
    operation TEXT,
    opened_ns INTEGER NOT NULL,
    opened_seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    message TEXT NOT NULL,
    ended_ns INTEGER,
    ended_seq INTEGER,
    items_in INTEGER NOT NULL,
    items_out INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    last_item_ns INTEGER
);

CREATE TABLE connections (
    conn INTEGER PRIMARY KEY,
    role TEXT NOT NULL,
    address TEXT NOT NULL,
    local_peer TEXT NOT NULL,
    remote_peer TEXT,
    state TEXT NOT NULL,
    opened_ns INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,
    code INTEGER,
    reason TEXT NOT NULL,
    handshake TEXT NOT NULL
);

CREATE TABLE states (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    code INTEGER,
    reason TEXT NOT NULL,
    after_seq INTEGER NOT NULL
);

CREATE TABLE settled (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    opener TEXT NOT NULL,
    number INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    after_seq INTEGER NOT NULL
);

CREATE TABLE findings (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER NOT NULL,
    seq INTEGER,
    exchange INTEGER,
    rule TEXT NOT NULL,
    section TEXT NOT NULL,
    text TEXT NOT NULL
);

CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    conn INTEGER,
    level TEXT NOT NULL,
    text TEXT NOT NULL,
    after_seq INTEGER NOT NULL
);

CREATE TABLE operations (
    conn INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    doc TEXT NOT NULL,
    params TEXT NOT NULL,
    returns TEXT NOT NULL,
    deprecated INTEGER NOT NULL
);

CREATE TABLE seen_operations (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    PRIMARY KEY (name, kind, direction)
) WITHOUT ROWID;

CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    frames INTEGER NOT NULL,
    frames_in INTEGER NOT NULL,
    frames_out INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    exchanges INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    requests_pending INTEGER NOT NULL,
    streams INTEGER NOT NULL,
    streams_open INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    connections INTEGER NOT NULL,
    connections_open INTEGER NOT NULL,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL
);

CREATE INDEX frames_of_exchange ON frames (exchange) WHERE exchange IS NOT NULL;

CREATE INDEX exchanges_by_number ON exchanges (number, conn);

CREATE INDEX requests_pending ON exchanges (id)
    WHERE kind = 'request_response' AND outcome = 'pending';

CREATE INDEX requests_ended ON exchanges (ended_ns, id)
    WHERE kind = 'request_response' AND outcome <> 'pending';

CREATE INDEX streams_pending ON exchanges (id)
    WHERE kind <> 'request_response' AND outcome = 'pending';

CREATE INDEX streams_ended ON exchanges (ended_ns, id)
    WHERE kind <> 'request_response' AND outcome <> 'pending';

CREATE INDEX findings_of_frame ON findings (seq);

CREATE INDEX operations_of_connection ON operations (conn);

CREATE VIEW log AS SELECT
    seq,
    strftime('%Y-%m-%dT%H:%M:%S', time_ns / 1000000000, 'unixepoch')
        || printf('.%09dZ', time_ns % 1000000000) AS time,
    conn, direction, type, opener, number, exchange, operation, size_bytes,
    latency_ns / 1e6 AS latency_ms,
    findings, summary, raw
FROM frames;

CREATE VIEW calls AS SELECT
    id,
    strftime('%Y-%m-%dT%H:%M:%S', opened_ns / 1000000000, 'unixepoch')
        || printf('.%09dZ', opened_ns % 1000000000) AS opened,
    conn,
    CASE WHEN mine THEN 'out' ELSE 'in' END AS direction,
    kind, operation, outcome, code, message, state,
    (ended_ns - opened_ns) / 1e6 AS duration_ms,
    items_in, items_out, bytes_in, bytes_out, opener, number, opened_seq, ended_seq
FROM exchanges;

PRAGMA application_id = 1397508432;

PRAGMA user_version = 1;
