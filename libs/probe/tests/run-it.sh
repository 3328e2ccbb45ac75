#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM...: runs it beside a private internet on loopback (tests/stack): a signed root, customers' zones
# in every state of DNSSEC, a web server, and what answers on port 443 (alpn_server.py).  From the top of the tree; ports 53 and 80 need root.
set -eu
python=${PYTHON:-/usr/bin/python3}
dir=$(mktemp -d "${TMPDIR:-/tmp}/it-probe.XXXXXX")
stack() {
	"$python" tests/stack/stack.py "$@"
}
stack up --fast --dir "$dir" >"$dir.log" 2>&1 || {
	cat "$dir.log" >&2
	rm -rf "$dir" "$dir.log"
	exit 1
}
trap 'stack down --dir "$dir" || exit 1; rm -f "$dir.log"' EXIT
trap 'exit 1' INT TERM
stack exec --dir "$dir" -- "$python" libs/probe/tests/alpn_server.py "$@"
