-- Zones as they were read, and candidate corridors, in GeoJSON with our properties; the other
-- columns are for finding. A zone without a box could be anywhere. `definition` has every volume,
-- which is what is judged; `outline` is one feature around them all, which is what is drawn.
CREATE TABLE geozones (
    source      text NOT NULL,
    identifier  text NOT NULL,
    name_ja     text NOT NULL,
    name_en     text NOT NULL,
    zone_type   text NOT NULL,
    west_deg    double precision,
    south_deg   double precision,
    east_deg    double precision,
    north_deg   double precision,
    valid_from  timestamptz,
    valid_until timestamptz,
    definition  jsonb NOT NULL,
    outline     jsonb NOT NULL,
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
