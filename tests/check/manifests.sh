#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# manifests.sh BINARIES: everything below k8s/ renders, and what it renders keeps our rules (manifests.py).
set -u
cd "$(dirname "$0")/../.."
binaries=$(readlink -f "${1:?the directory of the executables}")
rendered=$(mktemp)
trap 'rm -f "$rendered"' EXIT
status=0
for overlay in k8s/base k8s/overlays/*; do
	if kubectl kustomize "$overlay" >"$rendered"; then
		/usr/bin/python3 -B tests/check/manifests.py "$overlay" "$rendered" "$binaries" || status=1
	else
		echo "$overlay: does not render"
		status=1
	fi
done
/usr/bin/python3 -B tests/check/test_manifests.py "$binaries" || status=1
exit $status
