#!/bin/sh
# Runs once, when the primary's data folder is made: lets the read replica follow it.
set -eu

psql --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$(cat "$REPLICATION_PASSWORD_FILE")" <<'SQL'
CREATE ROLE replication WITH REPLICATION LOGIN PASSWORD :'password';
SELECT pg_create_physical_replication_slot('replica', true);
-- A replica that stays away longer than this much log must be made anew; the primary goes on.
ALTER SYSTEM SET max_slot_wal_keep_size = '10GB';
SQL
echo "host replication replication all scram-sha-256" >> "$PGDATA/pg_hba.conf"
