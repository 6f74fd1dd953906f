-- One row per aircraft and second, and per aircraft and minute, kept up by TimescaleDB;
-- what is not yet rolled up is computed when asked.
CREATE MATERIALIZED VIEW telemetry_1s
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT aircraft_id, public.time_bucket('1 second', time) AS bucket, count(*) AS sample_count,
       avg(longitude_deg) AS longitude_deg, avg(latitude_deg) AS latitude_deg,
       avg(altitude_m) AS altitude_m, min(altitude_m) AS altitude_min_m,
       max(altitude_m) AS altitude_max_m, altitude_datum,
       avg(ground_speed_mps) AS ground_speed_mps, max(ground_speed_mps) AS ground_speed_max_mps,
       min(battery_pct) AS battery_min_pct
FROM telemetry GROUP BY aircraft_id, bucket, altitude_datum WITH NO DATA;

CREATE MATERIALIZED VIEW telemetry_1min
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT aircraft_id, public.time_bucket('1 minute', time) AS bucket, count(*) AS sample_count,
       avg(longitude_deg) AS longitude_deg, avg(latitude_deg) AS latitude_deg,
       avg(altitude_m) AS altitude_m, min(altitude_m) AS altitude_min_m,
       max(altitude_m) AS altitude_max_m, altitude_datum,
       avg(ground_speed_mps) AS ground_speed_mps, max(ground_speed_mps) AS ground_speed_max_mps,
       min(battery_pct) AS battery_min_pct
FROM telemetry GROUP BY aircraft_id, bucket, altitude_datum WITH NO DATA;
