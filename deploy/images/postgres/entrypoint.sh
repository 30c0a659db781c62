#!/bin/sh
# The first start makes the cluster and runs /docker-entrypoint-initdb.d/*.sql; then PostgreSQL itself.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  new=$PGDATA.new
  rm -rf "$new"
  words=$(mktemp)
  printf '%s' "$POSTGRES_PASSWORD" > "$words"
  initdb --auth scram-sha-256 --encoding UTF8 --locale C --username postgres --pwfile "$words" --pgdata "$new" >/dev/null
  rm "$words"
  echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"
  export PGPASSWORD="$POSTGRES_PASSWORD" PGHOST=/tmp PGUSER=postgres
  pg_ctl --silent --wait --pgdata "$new" --log /dev/null -o "-c listen_addresses= -k /tmp" start
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -e "$file" ] || psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --file "$file"
  done
  pg_ctl --silent --wait --pgdata "$new" stop
  mv "$new" "$PGDATA"
fi
exec "$@" -D "$PGDATA" -c "listen_addresses=*" -c "unix_socket_directories=/tmp"
