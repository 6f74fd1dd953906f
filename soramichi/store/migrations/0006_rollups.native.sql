-- One row per aircraft and second, and per aircraft and minute, always as the samples are.
--
-- A batch marks the minutes of each aircraft that it touches, in its own transaction; a refresh
-- computes marked minutes anew and removes their marks. What is still marked is computed when
-- asked for. So late samples are counted at once, and nothing is ever computed twice into a sum.

-- The samples of one aircraft in one minute, by second or whole.
CREATE FUNCTION telemetry_rollup(aircraft text, minute timestamptz, width interval)
RETURNS TABLE (
    aircraft_id text, bucket timestamptz, sample_count bigint,
    longitude_deg double precision, latitude_deg double precision, altitude_m double precision,
    altitude_min_m double precision, altitude_max_m double precision, altitude_datum text,
    ground_speed_mps double precision, ground_speed_max_mps double precision,
    battery_min_pct double precision,
    west_deg double precision, south_deg double precision,
    east_deg double precision, north_deg double precision)
LANGUAGE sql STABLE ROWS 60
BEGIN ATOMIC
    SELECT t.aircraft_id, date_bin(width, t.time, 'epoch'), count(*),
           avg(t.longitude_deg), avg(t.latitude_deg), avg(t.altitude_m),
           min(t.altitude_m), max(t.altitude_m), t.altitude_datum,
           avg(t.ground_speed_mps), max(t.ground_speed_mps), min(t.battery_pct),
           min(t.longitude_deg), min(t.latitude_deg), max(t.longitude_deg), max(t.latitude_deg)
      FROM telemetry t
     WHERE t.aircraft_id = aircraft AND t.time >= minute AND t.time < minute + interval '1 minute'
     GROUP BY 1, 2, t.altitude_datum;
END;

CREATE TABLE telemetry_1s_kept AS
    SELECT * FROM telemetry_rollup('', 'epoch', '1 second') WITH NO DATA;
ALTER TABLE telemetry_1s_kept ADD PRIMARY KEY (aircraft_id, bucket, altitude_datum);
CREATE INDEX telemetry_1s_kept_by_time ON telemetry_1s_kept USING brin (bucket);

CREATE TABLE telemetry_1min_kept AS
    SELECT * FROM telemetry_rollup('', 'epoch', '1 minute') WITH NO DATA;
ALTER TABLE telemetry_1min_kept ADD PRIMARY KEY (aircraft_id, bucket, altitude_datum);
CREATE INDEX telemetry_1min_kept_by_time ON telemetry_1min_kept (bucket);

CREATE TABLE telemetry_marks (
    aircraft_id text NOT NULL,
    minute      timestamptz NOT NULL,
    marked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (aircraft_id, minute)
);
CREATE INDEX telemetry_marks_by_age ON telemetry_marks (marked_at);
CREATE INDEX telemetry_marks_by_minute ON telemetry_marks (minute);

CREATE VIEW telemetry_1s AS
SELECT * FROM telemetry_1s_kept k
 WHERE NOT EXISTS (SELECT FROM telemetry_marks m WHERE m.aircraft_id = k.aircraft_id
                      AND m.minute = date_bin('1 minute', k.bucket, 'epoch'))
UNION ALL
SELECT r.* FROM telemetry_marks m, telemetry_rollup(m.aircraft_id, m.minute, '1 second') r;

CREATE VIEW telemetry_1min AS
SELECT * FROM telemetry_1min_kept k
 WHERE NOT EXISTS (SELECT FROM telemetry_marks m
                    WHERE m.aircraft_id = k.aircraft_id AND m.minute = k.bucket)
UNION ALL
SELECT m.aircraft_id, m.minute, r.sample_count, r.longitude_deg, r.latitude_deg, r.altitude_m,
       r.altitude_min_m, r.altitude_max_m, r.altitude_datum, r.ground_speed_mps,
       r.ground_speed_max_mps, r.battery_min_pct, r.west_deg, r.south_deg, r.east_deg, r.north_deg
  FROM telemetry_marks m, telemetry_rollup(m.aircraft_id, m.minute, '1 minute') r;

-- Called by whoever writes samples, in the same transaction and holding the aircraft's row.
CREATE FUNCTION mark_telemetry(aircraft text[], minutes timestamptz[]) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO telemetry_marks (aircraft_id, minute)
    SELECT * FROM unnest(aircraft, minutes) ON CONFLICT DO NOTHING;
END;

-- Settle at most `most` marks older than `age`, and return how many. The rows of the aircraft are
-- locked first, in the order in which ingest locks them: whoever writes samples has committed or
-- waits, and each statement below sees all of it.
CREATE FUNCTION refresh_telemetry(age interval, most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = soramichi, pg_temp AS $$
DECLARE
    craft text[];
    minutes timestamptz[];
BEGIN
    SELECT array_agg(m.aircraft_id), array_agg(m.minute) INTO craft, minutes
      FROM (SELECT * FROM telemetry_marks WHERE marked_at <= now() - age
             ORDER BY marked_at LIMIT most) m;
    IF craft IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM FROM aircraft a WHERE a.aircraft_id = ANY (craft)
      ORDER BY a.aircraft_id FOR NO KEY UPDATE;
    DELETE FROM telemetry_marks m USING unnest(craft, minutes) d (a, t)
     WHERE m.aircraft_id = d.a AND m.minute = d.t;
    DELETE FROM telemetry_1s_kept k USING unnest(craft, minutes) d (a, t)
     WHERE k.aircraft_id = d.a AND k.bucket >= d.t AND k.bucket < d.t + interval '1 minute';
    DELETE FROM telemetry_1min_kept k USING unnest(craft, minutes) d (a, t)
     WHERE k.aircraft_id = d.a AND k.bucket = d.t;
    INSERT INTO telemetry_1s_kept
    SELECT r.* FROM unnest(craft, minutes) d (a, t), telemetry_rollup(d.a, d.t, '1 second') r;
    INSERT INTO telemetry_1min_kept
    SELECT r.* FROM unnest(craft, minutes) d (a, t), telemetry_rollup(d.a, d.t, '1 minute') r;
    RETURN cardinality(craft);
END $$;

-- The samples in a box (edges inside) and in [since, until). The minutes of each aircraft know
-- their own box, so only those that touch it are looked into, one by one through the primary key:
-- OFFSET 0 keeps the planner from reading the whole window instead, of which it knows too little.
CREATE FUNCTION telemetry_within(
    west double precision, south double precision, east double precision, north double precision,
    since timestamptz, until timestamptz)
RETURNS SETOF telemetry LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT t.* FROM telemetry_1min m, LATERAL (
           SELECT s.* FROM telemetry s
            WHERE s.aircraft_id = m.aircraft_id AND s.altitude_datum = m.altitude_datum
              AND s.time >= greatest(m.bucket, since)
              AND s.time < least(m.bucket + interval '1 minute', until)
              AND s.longitude_deg BETWEEN west AND east AND s.latitude_deg BETWEEN south AND north
           OFFSET 0) t
     WHERE m.bucket > since - interval '1 minute' AND m.bucket < until
       AND m.west_deg <= east AND m.east_deg >= west
       AND m.south_deg <= north AND m.north_deg >= south;
END;
