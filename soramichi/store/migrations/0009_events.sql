-- Flight events as they are told once. `subject` tells events of one kind and moment apart: the
-- zone, the corridor, the limit. `received` is when the samples were received that an event rests
-- on: it is public only where all of them are. `published_at` is when the broker had it.
DELETE FROM flight_events;
ALTER TABLE flight_events
    ADD subject text NOT NULL,
    ADD received tstzrange NOT NULL CHECK (NOT isempty(received)),
    ADD stored_at timestamptz NOT NULL DEFAULT now(),
    ADD published_at timestamptz,
    ALTER longitude_deg SET NOT NULL,
    ALTER latitude_deg SET NOT NULL,
    ALTER flight_id SET NOT NULL,
    DROP CONSTRAINT flight_events_severity_check,
    ADD CONSTRAINT flight_events_severity_check
        CHECK (severity IN ('info', 'caution', 'warning')),
    ADD CONSTRAINT flight_events_acknowledgement_check
        CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL)),
    DROP CONSTRAINT flight_events_aircraft_id_kind_observed_at_evidence_key,
    ADD CONSTRAINT flight_events_once UNIQUE (aircraft_id, kind, subject, observed_at);
DROP INDEX flight_events_by_time;
CREATE INDEX flight_events_by_time ON flight_events (observed_at DESC, event_id DESC);
CREATE INDEX flight_events_by_flight ON flight_events (flight_id, observed_at DESC, event_id DESC);
CREATE INDEX flight_events_unpublished ON flight_events (event_id) WHERE published_at IS NULL;

-- How far the watch over an aircraft has come, and all it knows of it, written together with the
-- events it told. `due_at` is when to look again even without a sample; NULL for never.
CREATE TABLE flight_watches (
    aircraft_id      text PRIMARY KEY REFERENCES aircraft,
    observed_through timestamptz NOT NULL,
    state            jsonb NOT NULL DEFAULT '{}',
    due_at           timestamptz
);
CREATE INDEX flight_watches_due ON flight_watches (due_at);

-- What an aircraft's publisher last said of its connection, and when that was heard.
CREATE TABLE link_states (
    aircraft_id text PRIMARY KEY REFERENCES aircraft,
    online      boolean NOT NULL,
    heard_at    timestamptz NOT NULL
);

-- The aircraft that is to fly a corridor; NULL: nobody's in particular. It may be one that has not
-- been heard of yet, and counts only for the operator who owns it in the end.
ALTER TABLE corridors ADD aircraft_id text CHECK (aircraft_id ~ '^[A-Za-z0-9_-]{1,64}$');
CREATE INDEX corridors_by_aircraft ON corridors (aircraft_id) WHERE aircraft_id IS NOT NULL;
