-- Zones as they were read, and candidate corridors. `definition` is ED-318 JSON
-- (geozones) or GeoJSON with our properties (corridors); the other columns are for finding.
CREATE TABLE geozones (
    source      text NOT NULL,
    identifier  text NOT NULL,
    name_ja     text NOT NULL,
    name_en     text NOT NULL,
    zone_type   text NOT NULL,
    west_deg    double precision NOT NULL,
    south_deg   double precision NOT NULL,
    east_deg    double precision NOT NULL,
    north_deg   double precision NOT NULL,
    valid_from  timestamptz,
    valid_until timestamptz,
    definition  jsonb NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, identifier)
);

CREATE TABLE corridors (
    corridor_id text PRIMARY KEY,
    name_ja     text NOT NULL,
    name_en     text NOT NULL,
    operator_id text REFERENCES operators,
    departs_at  timestamptz,
    arrives_at  timestamptz,
    definition  jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
