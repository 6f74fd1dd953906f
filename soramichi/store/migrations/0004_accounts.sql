-- What was rejected, with its bytes, so that it can be put back after a fix. The
-- same bytes on the same topic are one row however often they come.
CREATE TABLE quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic         text NOT NULL,
    original      bytea NOT NULL,
    original_hash bytea NOT NULL GENERATED ALWAYS AS (sha256(original)) STORED,
    reason        text NOT NULL,
    field         text,
    detail        text NOT NULL DEFAULT '',
    operator_id   text,
    aircraft_id   text,
    flight_label  text,
    seq           bigint,
    received_at   timestamptz NOT NULL,
    settled_at    timestamptz,
    settled_as    text,
    UNIQUE (topic, original_hash)
);
CREATE INDEX quarantine_by_aircraft ON quarantine (aircraft_id, flight_label);

-- Every sample received and where it ended, counted in the transaction that settles it, so the
-- books agree after any crash: received = stored + duplicate + quarantined. `received` is counted
-- when a payload is decoded, the others where a sample ends. One row per worker, so that workers
-- never wait for each other here.
CREATE TABLE ingest_accounts (
    operator_id text NOT NULL,
    worker      text NOT NULL,
    received    bigint NOT NULL DEFAULT 0,
    stored      bigint NOT NULL DEFAULT 0,
    duplicate   bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (operator_id, worker)
);
