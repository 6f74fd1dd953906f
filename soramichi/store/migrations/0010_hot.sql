-- Every batch moves the ends of flights and the newest states forward. Where no indexed column
-- changes, PostgreSQL writes the new row beside the old one and touches no index (a heap-only
-- update); so what lists are ordered by is indexed by the hour, which seldom changes, and sorted
-- within it. Rows need free space beside them for that.
ALTER TABLE flights SET (fillfactor = 50),
    ADD last_observed_hour timestamptz NOT NULL
        GENERATED ALWAYS AS (date_bin('1 hour', last_observed_at, 'epoch')) STORED;
DROP INDEX flights_by_aircraft, flights_by_time;
CREATE INDEX flights_by_aircraft ON flights (aircraft_id, last_observed_hour);
CREATE INDEX flights_by_time ON flights (last_observed_hour);

ALTER TABLE latest_state SET (fillfactor = 50),
    ADD received_hour timestamptz NOT NULL
        GENERATED ALWAYS AS (date_bin('1 hour', received_at, 'epoch')) STORED;
DROP INDEX latest_state_by_reception;
CREATE INDEX latest_state_by_reception ON latest_state (received_hour);
