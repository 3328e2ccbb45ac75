#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM...: runs it with a directory for its sockets; it starts its clients (clients.py) by itself.
set -eu
CS_LMTP_IT_CLIENTS=$(cd "$(dirname "$0")" && pwd)/clients.py
CS_LMTP_IT_DIR=$(mktemp -d "${TMPDIR:-/tmp}/it-lmtp.XXXXXX")
export CS_LMTP_IT_CLIENTS CS_LMTP_IT_DIR
trap 'rm -rf "$CS_LMTP_IT_DIR"' EXIT
"$@"
