#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the program given as arguments with CS_DATABASE_URL of a PostgreSQL cluster of its own.
set -eu
bin=${PG_BIN:-/usr/lib/postgresql/15/bin}
dir=$(mktemp -d)
as=""
if [ "$(id -u)" = 0 ]; then
	chown postgres "$dir"
	as="runuser -u postgres --"
fi
stop() {
	$as "$bin/pg_ctl" -D "$dir/data" -m immediate -s stop || true
	rm -rf "$dir"
}
trap stop EXIT INT TERM
cd "$dir"
$as "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --no-locale --no-sync >/dev/null
$as "$bin/pg_ctl" -D "$dir/data" -s -w -l "$dir/log" \
	-o "-k $dir -c listen_addresses= -c fsync=off" start
cd "$OLDPWD"
CS_DATABASE_URL="postgresql://postgres@/postgres?host=$dir" "$@"
