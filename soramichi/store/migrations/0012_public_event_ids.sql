-- What the public calls an event. Its number counts the events of everybody: gaps between the
-- published ones would tell how many there were of what is not published.
CREATE TABLE public_event_key (key bytea NOT NULL);
INSERT INTO public_event_key
SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

CREATE FUNCTION public_event_id(event bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = soramichi, pg_temp AS $$
    SELECT encode(substr(sha256(key || int8send(event)), 1, 8), 'hex') FROM public_event_key
$$;
