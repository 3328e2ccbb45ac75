#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the program given as arguments with a nats-server and a PostgreSQL cluster of its own.
libs=$(dirname "$0")/../..
exec "$libs/bus/tests/run-it.sh" "$libs/db/tests/run-it.sh" "$@"
