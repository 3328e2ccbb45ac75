#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh SERVICE...: builds localhost/countersign-SERVICE:dev for each, without any registry, and tries it.
#   TAG=1.2.0      another tag       BASE=...   start from this image instead of making one
# The base image is made once, from the packages of this machine's own apt sources.
set -eu
cd "$(dirname "$0")/.."
TAG=${TAG:-dev}
MADE_BASE=docker.io/library/debian:bookworm-slim
WORK=build/images
mkdir -p "$WORK"

for program in podman runc mmdebstrap; do
	command -v "$program" >/dev/null || { echo "build.sh: $program is missing (docker/packages, lines image)"; exit 1; }
done

# podman's own defaults ask for more open files and processes than a confined machine lets root give, and
# for a cgroup layout and a journal that it may not have.
if [ -z "${CONTAINERS_CONF:-}" ]; then
	CONTAINERS_CONF=$PWD/$WORK/containers.conf
	export CONTAINERS_CONF
	files=$(ulimit -H -n)
	cat >"$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=32768:32768"]
[network]
network_backend = "netavark"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
fi

apt_sources() {
	for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		[ -s "$file" ] && { echo "$file"; return; }
	done
	echo "build.sh: no apt sources found" >&2
	exit 1
}

if [ -z "${BASE:-}" ] && ! podman image exists "$MADE_BASE"; then
	sources=$(apt_sources)
	echo "making $MADE_BASE from $sources"
	mmdebstrap --quiet --variant=minbase --include=ca-certificates \
	    --aptopt='Apt::Install-Recommends "false"' \
	    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	    bookworm "$WORK/base.tar" "$sources"
	podman import --quiet --change 'CMD ["bash"]' "$WORK/base.tar" "$MADE_BASE"
	rm -f "$WORK/base.tar"
fi

version=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
for service in "$@"; do
	image=localhost/countersign-$service:$TAG
	echo "building $image"
	podman build --quiet --pull=never --network=host --layers -f docker/Dockerfile \
	    ${BASE:+--build-arg BASE="$BASE"} --build-arg SERVICE="$service" \
	    --build-arg VERSION="$version" --build-arg REVISION="$revision" -t "$image" . >"$WORK/$service.id" \
	    2>"$WORK/$service.log" || { tail -30 "$WORK/$service.log"; echo "FAILED: $image"; exit 1; }
	docker/try.sh "$image"
done
