#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-it.sh PROGRAM...: runs it; the provider that it needs it plays itself.
exec "$@"
