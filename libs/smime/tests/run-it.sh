#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM: asks it about many addresses, and compares.
exec /usr/bin/python3 -B "$(dirname "$0")/differential.py" "$@"
