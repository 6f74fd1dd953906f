-- Observations as a TimescaleDB hypertable. The columns are those of the native variant.
CREATE EXTENSION IF NOT EXISTS timescaledb;
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
    PRIMARY KEY (aircraft_id, time)
);
SELECT public.create_hypertable('telemetry', public.by_range('time', interval '1 day'));

-- Chunks make themselves; the function exists so that ingest need not know the variant.
CREATE FUNCTION ensure_telemetry_partition(at timestamptz) RETURNS void
LANGUAGE sql AS 'SELECT';
