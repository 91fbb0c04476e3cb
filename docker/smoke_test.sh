#!/usr/bin/env bash
# Starts the camera and the node of compose.yaml, and checks that the node finds the person in the demo's picture and that
# images go from one container to the other through shared memory. The images must have been built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

compose() { docker compose -f compose.yaml "$@"; }
in_node() { compose exec -T pose /pose_entrypoint.sh "$@"; }
end() { compose logs --no-color | tail -n 60; compose down --timeout 20; }
trap end EXIT

# Bytes over all network devices, in both directions.
traffic() { in_node awk '/:/ { sum += $2 + $10 } END { printf "%.0f", sum }' /proc/net/dev; }

compose up --detach --no-build
for attempt in $(seq 20); do
  message=$(in_node timeout 15 ros2 topic echo --once /pose/landmarks || true)
  if grep -q visibility <<<"$message"; then break; fi
  echo "no person yet, attempt $attempt of 20"
  sleep 2
done
grep -q visibility <<<"$message" || { echo 'FAILED: wanted a person on /pose/landmarks, got none'; exit 1; }
echo 'A person was found.'

before=$(traffic)
sleep 5
bytes=$(($(traffic) - before))
echo "In 5 seconds $bytes bytes went over the network; the images alone have 118 MB."
[ "$bytes" -lt 20000000 ] || { echo 'FAILED: wanted images in shared memory, they went over the network'; exit 1; }
