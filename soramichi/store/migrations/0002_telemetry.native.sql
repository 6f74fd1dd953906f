-- Observations, partitioned by month of observation: late data finds its place,
-- and a month is dropped or archived as one table.
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
) PARTITION BY RANGE (time);
CREATE INDEX telemetry_by_time ON telemetry USING brin (time);

-- Make the month of `at` writable; calling it again, or from two sessions at once, is harmless.
CREATE FUNCTION ensure_telemetry_partition(at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = soramichi, pg_temp AS $$
DECLARE
    month timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
    partition text := 'telemetry_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass('soramichi.' || partition) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('soramichi.telemetry.partition'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF telemetry FOR VALUES FROM (%L) TO (%L)',
        partition, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
END $$;
