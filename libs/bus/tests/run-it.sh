#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the program given as arguments with a nats-server of its own.
exec python3 "$(dirname "$0")/nats-for-it.py" "$@"
