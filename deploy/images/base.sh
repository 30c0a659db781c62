#!/usr/bin/env bash
# A base image from Debian's own packages, for machines that reach a Debian mirror and no image registry.
# Its CPython is Debian's, which is built with profile-guided optimisation. Prints the image's name.
set -euo pipefail

SUITE=bookworm
IMAGE=halcyon-base:$SUITE
docker image inspect "$IMAGE" >/dev/null 2>&1 && { echo "$IMAGE"; exit 0; }

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $SUITE" | head -n 1)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$SUITE" "$tree" "$mirror" >&2
rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/var/log/* \
  "$tree"/usr/share/{doc,info,locale,man}/*
tar --create --numeric-owner --directory "$tree" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' . |
  docker import --change 'CMD ["python3"]' - "$IMAGE" >&2
echo "$IMAGE"
