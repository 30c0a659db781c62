#!/usr/bin/env bash
# Build the images from this checkout: halcyon (all services), and NATS and PostgreSQL from the wheels.
#   BASE_IMAGE  what they stand on (default: the public slim Python image)
#   TAG         their tag (default: dev)
# A proxy's certificate (PIP_CERT), if pip needs one here, is lent to the build as a secret and never kept.
set -euo pipefail
cd "$(dirname "$0")/../.."

tag=${TAG:-dev}
options=(--network "${BUILD_NETWORK:-default}")
[ -n "${BASE_IMAGE:-}" ] && options+=(--build-arg "BASE_IMAGE=$BASE_IMAGE")
[ -n "${PIP_CERT:-}" ] && options+=(--secret "id=ca,src=$PIP_CERT")
docker=$(command -v /usr/bin/docker || command -v docker)

for name in "${@:-halcyon nats postgres}"; do
  for image in $name; do
    full=halcyon${image#halcyon}
    [ "$image" = halcyon ] || full=halcyon-$image
    DOCKER_BUILDKIT=1 "$docker" build --quiet "${options[@]}" \
      --file "deploy/images/$image/Dockerfile" --tag "$full:$tag" . >/dev/null
    echo "image: $full:$tag $("$docker" image inspect --format '{{.Id}} {{.Size}} bytes' "$full:$tag")"
  done
done
