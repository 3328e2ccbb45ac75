#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the program given as arguments with a SoftHSM of its own: token "countersign", PIN 1234, in CS_TOKEN_DIR,
# an Ed25519 key in it that nobody uses, and a module that misbehaves as the file CS_FAULT_FILE says.
set -eu
here=$(dirname "$0")
CS_TOKEN_DIR=$(mktemp -d)
trap 'rm -rf "$CS_TOKEN_DIR"' EXIT INT TERM
mkdir "$CS_TOKEN_DIR/tokens"
echo "directories.tokendir = $CS_TOKEN_DIR/tokens" >"$CS_TOKEN_DIR/softhsm2.conf"
SOFTHSM2_CONF=$CS_TOKEN_DIR/softhsm2.conf
CS_TOKEN_MODULE=/usr/lib/softhsm/libsofthsm2.so
CS_FAULTY_MODULE=$CS_TOKEN_DIR/faulty.so
CS_FAULT_FILE=$CS_TOKEN_DIR/fault
export CS_TOKEN_DIR SOFTHSM2_CONF CS_TOKEN_MODULE CS_FAULTY_MODULE CS_FAULT_FILE
softhsm2-util --init-token --free --label countersign --so-pin 5678 --pin 1234 >/dev/null
pkcs11-tool --module "$CS_TOKEN_MODULE" --token-label countersign --login --pin 1234 --keypairgen \
	--key-type EC:edwards25519 --label stranger --id 77 >/dev/null 2>&1
${CC:-cc} -shared -fPIC -I/usr/include/p11-kit-1 -o "$CS_FAULTY_MODULE" "$here/faulty_module.c"
(umask 077 && echo 1234 >"$CS_TOKEN_DIR/pin" && echo 4321 >"$CS_TOKEN_DIR/wrong-pin")
"$@"
