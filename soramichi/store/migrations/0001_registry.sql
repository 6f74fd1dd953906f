-- Who flies what. Aircraft and operators register themselves with their first
-- sample; names and classes are filled in when somebody knows them.
CREATE TABLE operators (
    operator_id text PRIMARY KEY CHECK (operator_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    name_ja     text NOT NULL,
    name_en     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- aircraft_id is unique on the whole platform, like a registration mark: the
-- first operator to use it owns it, and nobody else can write under it.
CREATE TABLE aircraft (
    aircraft_id    text PRIMARY KEY CHECK (aircraft_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    operator_id    text NOT NULL REFERENCES operators,
    name_ja        text NOT NULL,
    name_en        text NOT NULL,
    aircraft_class text NOT NULL DEFAULT 'unknown'
        CHECK (aircraft_class IN ('drone', 'evtol', 'helicopter', 'unknown')),
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX aircraft_by_operator ON aircraft (operator_id);
