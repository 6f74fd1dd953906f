-- One flight of one aircraft as it was observed. `label` is the flight the
-- publisher named in its samples, NULL when it named none and the flight was told
-- from the pauses between observations. `seq_stored` holds the sequence numbers
-- stored; a number neither there nor in quarantine is missing.
CREATE TABLE flights (
    flight_id         text PRIMARY KEY,
    aircraft_id       text NOT NULL REFERENCES aircraft,
    label             text,
    first_observed_at timestamptz NOT NULL,
    last_observed_at  timestamptz NOT NULL,
    first_received_at timestamptz,
    last_received_at  timestamptz,
    sample_count      bigint NOT NULL DEFAULT 0,
    seq_stored        int8multirange NOT NULL DEFAULT '{}',
    origin_ja         text,
    origin_en         text,
    destination_ja    text,
    destination_en    text,
    UNIQUE (aircraft_id, label)
);
CREATE INDEX flights_by_aircraft ON flights (aircraft_id, last_observed_at);
CREATE INDEX flights_by_time ON flights (last_observed_at DESC, flight_id);

-- The newest observation of each aircraft; never moves backwards in observation time.
CREATE TABLE latest_state (LIKE telemetry, PRIMARY KEY (aircraft_id));
ALTER TABLE latest_state DROP COLUMN stored_at;
CREATE INDEX latest_state_by_reception ON latest_state (received_at);

CREATE TABLE flight_events (
    event_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN (
        'takeoff', 'landing', 'geozone_entered', 'geozone_exited', 'corridor_deviation',
        'corridor_never_entered', 'link_lost', 'link_recovered', 'battery_low', 'emergency')),
    aircraft_id     text NOT NULL REFERENCES aircraft,
    flight_id       text REFERENCES flights,
    observed_at     timestamptz NOT NULL,
    longitude_deg   double precision,
    latitude_deg    double precision,
    altitude_m      double precision,
    altitude_datum  text,
    severity        text NOT NULL CHECK (severity IN ('info', 'caution', 'warning', 'critical')),
    evidence        jsonb NOT NULL DEFAULT '{}',
    acknowledged_by text,
    acknowledged_at timestamptz,
    -- An event is raised once, however often its samples arrive.
    UNIQUE NULLS NOT DISTINCT (aircraft_id, kind, observed_at, evidence)
);
CREATE INDEX flight_events_by_time ON flight_events (observed_at DESC);
