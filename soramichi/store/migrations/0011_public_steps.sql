-- What an operator shows coarsely becomes public at the ends of steps of 10 s only: the very moment
-- at which something can first be seen would tell its time finer than its steps do.
CREATE OR REPLACE FUNCTION public_periods(operator text, aircraft text, flight text)
RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = soramichi, pg_temp AS $$
    SELECT coalesce(range_agg(tstzrange(s.starts_at, s.ends_at)), '{}')
           * tstzmultirange((SELECT CASE WHEN o.public_grid_deg > 0
                 THEN tstzrange('-infinity', date_bin('10 seconds', c.since, 'epoch'), '[)')
                 ELSE tstzrange('-infinity', c.since, '[]') END
               FROM operators o
              CROSS JOIN LATERAL (SELECT now() - make_interval(secs => o.public_delay_s)) c (since)
              WHERE o.operator_id = operator))
      FROM publications p JOIN symposiums s USING (symposium_id)
     WHERE (p.kind, p.subject_id) IN
           (('operator', operator), ('aircraft', aircraft), ('flight', flight))
$$;
