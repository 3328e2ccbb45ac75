#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tidy.sh FILE: clang-tidy over one file, with the include paths of the Makefile; CLANG: what was built, TIDY: stamps.
set -u
file=$1 dir=$(dirname "$1") stamp=$TIDY/$1.ok
mkdir -p "$(dirname "$stamp")"
rm -f "$stamp"
clang-tidy --quiet "$file" -- -std=c17 -D_GNU_SOURCE -iquote libs -iquote proto -iquote "$CLANG" -iquote "$dir" \
    -iquote "$dir/.." -I/usr/include/postgresql >"$stamp.log" 2>"$stamp.err" || { cat "$stamp.log"; exit 1; }
rm -f "$stamp.err" "$stamp.log"
touch "$stamp"
