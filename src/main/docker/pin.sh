#!/usr/bin/env bash
# Pins the base images of the Dockerfiles: gives each the digest that its tag has now, or a new one if it has one already.
#   src/main/docker/pin.sh [Dockerfile ...]
# Needs docker with buildx, and the network. Try the images and commit the change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

[ $# -gt 0 ] || set -- Dockerfile.jvm Dockerfile.native
for file; do
  sed -nE 's/^ARG (BUILD|RUNTIME)_IMAGE=([^@]+).*/\2/p' "$file" | while read -r tag; do
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$tag")
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]]
    sed -i -E "s|^(ARG [A-Z]+_IMAGE=)${tag//./\\.}(@.*)?$|\\1$tag@$digest|" "$file"
    echo "$file: $tag@$digest"
  done
done
