-- One row per aircraft and second, and per aircraft and minute, kept up by TimescaleDB. What is
-- newer than the last refresh is computed when asked; what arrives late is counted by the next one.
CREATE MATERIALIZED VIEW telemetry_1s
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT t.aircraft_id, time_bucket('1 second', t.time) AS bucket, count(*) AS sample_count,
       avg(t.longitude_deg) AS longitude_deg, avg(t.latitude_deg) AS latitude_deg,
       avg(t.altitude_m) AS altitude_m, min(t.altitude_m) AS altitude_min_m,
       max(t.altitude_m) AS altitude_max_m, t.altitude_datum,
       avg(t.ground_speed_mps) AS ground_speed_mps,
       max(t.ground_speed_mps) AS ground_speed_max_mps, min(t.battery_pct) AS battery_min_pct,
       min(t.longitude_deg) AS west_deg, min(t.latitude_deg) AS south_deg,
       max(t.longitude_deg) AS east_deg, max(t.latitude_deg) AS north_deg
FROM telemetry t GROUP BY t.aircraft_id, time_bucket('1 second', t.time), t.altitude_datum
WITH NO DATA;

CREATE MATERIALIZED VIEW telemetry_1min
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT t.aircraft_id, time_bucket('1 minute', t.time) AS bucket, count(*) AS sample_count,
       avg(t.longitude_deg) AS longitude_deg, avg(t.latitude_deg) AS latitude_deg,
       avg(t.altitude_m) AS altitude_m, min(t.altitude_m) AS altitude_min_m,
       max(t.altitude_m) AS altitude_max_m, t.altitude_datum,
       avg(t.ground_speed_mps) AS ground_speed_mps,
       max(t.ground_speed_mps) AS ground_speed_max_mps, min(t.battery_pct) AS battery_min_pct,
       min(t.longitude_deg) AS west_deg, min(t.latitude_deg) AS south_deg,
       max(t.longitude_deg) AS east_deg, max(t.latitude_deg) AS north_deg
FROM telemetry t GROUP BY t.aircraft_id, time_bucket('1 minute', t.time), t.altitude_datum
WITH NO DATA;

-- From the beginning, so that samples of any age are counted; only changed ranges are computed.
SELECT add_continuous_aggregate_policy('telemetry_1s', start_offset => NULL,
    end_offset => interval '2 minutes', schedule_interval => interval '1 minute',
    buckets_per_batch => 86400);
SELECT add_continuous_aggregate_policy('telemetry_1min', start_offset => NULL,
    end_offset => interval '2 minutes', schedule_interval => interval '1 minute',
    buckets_per_batch => 86400);

-- The two functions by which the native variant is kept up; here the policies do it.
CREATE FUNCTION mark_telemetry(aircraft text[], minutes timestamptz[]) RETURNS void
LANGUAGE sql BEGIN ATOMIC; END;
CREATE FUNCTION refresh_telemetry(age interval, most integer) RETURNS integer
LANGUAGE sql RETURN 0;

-- The samples in a box (edges inside) and in [since, until); the columnstore skips what lies outside.
CREATE FUNCTION telemetry_within(
    west double precision, south double precision, east double precision, north double precision,
    since timestamptz, until timestamptz)
RETURNS SETOF telemetry LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT t.* FROM telemetry t
     WHERE t.time >= since AND t.time < until
       AND t.longitude_deg BETWEEN west AND east AND t.latitude_deg BETWEEN south AND north;
END;
