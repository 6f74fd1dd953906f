-- What the public may see, decided here and nowhere else: a symposium publishes
-- operators, aircraft, single flights or corridors for as long as it lasts. What was received
-- outside every such period stays private.
CREATE TABLE symposiums (
    symposium_id  text PRIMARY KEY CHECK (symposium_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    name_ja       text NOT NULL,
    name_en       text NOT NULL,
    place_ja      text NOT NULL DEFAULT '',
    place_en      text NOT NULL DEFAULT '',
    longitude_deg double precision CHECK (longitude_deg BETWEEN -180 AND 180),
    latitude_deg  double precision CHECK (latitude_deg BETWEEN -90 AND 90),
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,  -- 'infinity' for a standing exhibition; not included
    CHECK (starts_at < ends_at)
);

CREATE TABLE publications (
    symposium_id text NOT NULL REFERENCES symposiums ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('operator', 'aircraft', 'flight', 'corridor')),
    subject_id   text NOT NULL,
    PRIMARY KEY (symposium_id, kind, subject_id)
);
CREATE INDEX publications_by_subject ON publications (kind, subject_id);

-- An operator may ask that the public sees its aircraft late, or only to the nearest grid point.
ALTER TABLE operators
    ADD public_delay_s double precision NOT NULL DEFAULT 0
        CHECK (public_delay_s BETWEEN 0 AND 86400),
    ADD public_grid_deg double precision NOT NULL DEFAULT 0
        CHECK (public_grid_deg BETWEEN 0 AND 1);

-- When samples of this flight had to be received to be public, up to now.
CREATE FUNCTION public_periods(operator text, aircraft text, flight text) RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = soramichi, pg_temp AS $$
    SELECT coalesce(range_agg(tstzrange(s.starts_at, s.ends_at)), '{}')
           * tstzmultirange(tstzrange('-infinity', now() - make_interval(secs =>
               (SELECT public_delay_s FROM operators WHERE operator_id = operator)), '[]'))
      FROM publications p JOIN symposiums s USING (symposium_id)
     WHERE (p.kind, p.subject_id) IN
           (('operator', operator), ('aircraft', aircraft), ('flight', flight))
$$;
