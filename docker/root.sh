#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# root.sh DIR: fills DIR with the libraries and data of the `run` packages and of all that they depend on.
# apt resolves them against an empty system, so that libc6 and the like come too; programs are left out, the
# linker's loader aside.  Runs inside the build of an image.
set -eu

root=$1
debs=/tmp/debs
wanted=$(awk '$1 == "run" {print $2}' "$(dirname "$0")/packages")

mkdir -p "$debs/partial" "$root"
: >/tmp/nothing-installed
apt-get update -q
# shellcheck disable=SC2086  # a list of names
apt-get -q -y --no-install-recommends --download-only -o Dir::State::status=/tmp/nothing-installed \
    -o Dir::Cache::archives="$debs" install base-files netbase tzdata $wanted

# What scanners and a bill of materials read: one record a package, as dpkg keeps it.
record="$root/var/lib/dpkg/status.d"
mkdir -p "$record"
for deb in "$debs"/*.deb; do
	name=$(dpkg-deb -f "$deb" Package)
	case $name in
	# Programs, what they need alone, and what configures packages.
	debconf | dpkg | perl-base | openssl | mawk | gcc-12-base | tar | adduser | passwd) continue ;;
	esac
	dpkg-deb -x "$deb" "$root"
	dpkg-deb -f "$deb" >"$record/$name"
done

rm -rf "$root/bin" "$root/sbin" "$root/usr/bin" "$root/usr/sbin" "$root/usr/share/man" \
    "$root/usr/share/locale" "$root/usr/share/lintian" "$root/usr/share/bug" "$root/etc/init.d" \
    "$root/etc/update-motd.d" "$root"/usr/lib/*/gconv
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root" -perm /6000 -type f -exec chmod a-s {} +

# No maintainer script ran: what those of ca-certificates and base-passwd would have made.
mkdir -p "$root/etc/ssl/certs" "$root/tmp"
chmod 1777 "$root/tmp"
find "$root/usr/share/ca-certificates/mozilla" -name '*.crt' | LC_ALL=C sort | xargs cat \
    >"$root/etc/ssl/certs/ca-certificates.crt"
echo 'root:x:0:0:root:/:/nonexistent
nonroot:x:65532:65532::/nonexistent:/nonexistent' >"$root/etc/passwd"
echo 'root:x:0:
nonroot:x:65532:' >"$root/etc/group"
