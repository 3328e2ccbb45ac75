#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tidy.sh FILE: clang-tidy over one file, with the include paths of the Makefile; CLANG: what was built, TIDY: stamps,
# NODES: of the analyzer, see check.sh.
# Prints the findings; how it came to them is in the stamp's .log.
set -u
file=$1 dir=$(dirname "$1") stamp=$TIDY/$1.ok
mkdir -p "$(dirname "$stamp")"
rm -f "$stamp"
case $file in
libs/base/err.c) hints='' ;; # defines it
libs/db/db.c) hints='' ;;    # gives it NULL, where nobody wants to know why
*) hints='-include tests/check/analyzer.h' ;;
esac
# shellcheck disable=SC2086  # words
clang-tidy --quiet "$file" -- -std=c17 -D_GNU_SOURCE $hints -iquote libs -iquote proto -iquote "$CLANG" \
    -Xclang -analyzer-config -Xclang "max-nodes=${NODES:-225000}" -iquote "$dir" -iquote "$dir/.." -I/usr/include/postgresql $(pkg-config --cflags-only-I gmime-3.0 p11-kit-1) $(pkg-config --cflags xmlsec1-openssl) >"$stamp.log" 2>&1 || {
	grep 'error:' "$stamp.log" | sed "s|^$PWD/||; s|,-warnings-as-errors||"
	exit 1
}
touch "$stamp"
