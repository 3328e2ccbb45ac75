#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM...: runs it with a mail relay and a hostile web server on loopback.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/it-http.XXXXXX")
pids=
stop() {
	for p in $pids; do kill "$p" 2>/dev/null || :; done
	for p in $pids; do wait "$p" 2>/dev/null || :; done
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

# certificate NAME: a self-signed one for localhost and our web site
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$1" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:web.customer.example" \
		-keyout "$dir/$1.key" -out "$dir/$1.pem" 2>/dev/null
}
# start PROGRAM: it writes its settings in one line as soon as it can be spoken to
start() {
	mkfifo "$dir/$1.ready"
	/usr/bin/python3 "$here/$1.py" "$dir" >"$dir/$1.ready" &
	pids="$pids $!"
	read -r settings <"$dir/$1.ready"
	export $settings
}
certificate server
certificate stranger
printf 'countersign\n' >"$dir/user"
printf 'p"a\\ss w0rd\n' >"$dir/password"
printf 'wrong\n' >"$dir/wrong"
export CS_HTTP_IT_DIR="$dir"
start relay
start hostile_server
"$@"
