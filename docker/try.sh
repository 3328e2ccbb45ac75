#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# try.sh IMAGE...: is this an image that we would ship?  Runs each with the restrictions of k8s/.
set -eu

run() {
	podman run --rm --network=none --read-only --cap-drop=ALL --security-opt=no-new-privileges "$@"
}

problem() {
	echo "FAILED: $image: $1"
	exit 1
}

try_executable() {
	run "$image" --help >/dev/null || problem "--help does not work"
	if run --entrypoint /bin/sh "$image" -c true >/dev/null 2>&1; then
		problem "it has a shell"
	fi
	user=$(podman image inspect --format '{{.Config.User}}' "$image")
	[ "$user" = 65532:65532 ] || problem "it runs as $user"
}

# Settings are complained about, all at once, before anything is connected to; test mode is not to be had.
try_settings() {
	if text=$(run -e CS_TEST_MODE=1 "$image" --check-settings 2>&1); then
		problem "it accepts no settings at all"
	fi
	case $text in *"CS_NATS_URL: is not set"*) ;; *) problem "no word of CS_NATS_URL" ;; esac
	case $text in *"CS_TEST_MODE: refused"*) ;; *) problem "it permits CS_TEST_MODE" ;; esac
}

for image in "$@"; do
	try_executable
	case $image in */countersign-csctl:*) ;; *) try_settings ;; esac
	size=$(podman image inspect --format '{{.Size}}' "$image")
	echo "$image: $((size / 1000000)) MB, tried"
done
