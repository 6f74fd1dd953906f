#!/bin/sh
# Copies the primary at first start, then follows it and answers reading queries.
set -eu

if [ ! -e "$PGDATA/copied" ]; then
  PGPASSWORD="$(cat "$REPLICATION_PASSWORD_FILE")"
  export PGPASSWORD
  # An earlier copy may have been cut short; the folder itself may be a mount and stays.
  find "$PGDATA" -mindepth 1 -delete
  # At once: unhurried, the checkpoint before the copy may take minutes.
  pg_basebackup --checkpoint=fast --host="$PRIMARY_HOST" --port="$PRIMARY_PORT" --username=replication \
    --pgdata="$PGDATA" --wal-method=stream --slot=replica --write-recovery-conf
  chmod 0700 "$PGDATA"
  touch "$PGDATA/copied"
fi
exec postgres "$@"
