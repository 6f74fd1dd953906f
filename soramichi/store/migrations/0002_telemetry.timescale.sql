-- Observations as a TimescaleDB hypertable. The columns are those of the native variant.
CREATE TABLE telemetry (
    aircraft_id        text NOT NULL,
    time               timestamptz NOT NULL,
    flight_id          text NOT NULL,
    seq                bigint,
    latitude_deg       double precision NOT NULL,
    longitude_deg      double precision NOT NULL,
    altitude_m         double precision NOT NULL,
    altitude_datum     text NOT NULL,
    ground_speed_mps   double precision,
    track_deg          double precision,
    vertical_speed_mps double precision,
    heading_deg        double precision,
    battery_pct        double precision,
    status             text,
    accuracy_h_m       double precision,
    accuracy_v_m       double precision,
    flags              text[],
    received_at        timestamptz NOT NULL,
    stored_at          timestamptz NOT NULL,
    PRIMARY KEY (aircraft_id, time)
);
-- A day a chunk: see docs/storage.md for what other lengths cost.
SELECT create_hypertable('telemetry', by_range('time', interval '1 day'));

-- Old chunks become columns: one aircraft's samples in order of time lie together, and the smallest
-- and largest latitude and longitude of each thousand of them say where they can be skipped.
ALTER TABLE telemetry SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'aircraft_id',
    timescaledb.orderby = 'time',
    timescaledb.sparse_index = 'minmax(latitude_deg),minmax(longitude_deg)'
);
-- Two days: what an operator sends late after an outage still meets plain rows.
CALL add_columnstore_policy('telemetry', after => interval '2 days');

-- Chunks make themselves; the function exists so that ingest need not know the variant.
CREATE FUNCTION ensure_telemetry_partition(at timestamptz) RETURNS void
LANGUAGE sql BEGIN ATOMIC; END;
