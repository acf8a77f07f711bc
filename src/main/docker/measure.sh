#!/usr/bin/env bash
# Measures the time from the start to the first answer, and the memory (RSS) at rest and under load, of commands that start
# the service, round by round in turn.
#   measure.sh <rounds> <name> <command> [<name> <command> ...]
# Needs a database by TRUNKLINE_DATABASE_URL and the credentials, with the schema there; curl, hey.
set -euo pipefail

rounds=$1
shift
export QUARKUS_HTTP_PORT=18180 QUARKUS_MANAGEMENT_PORT=18181
api=http://127.0.0.1:18180
topic=measure-$$

service=
trap '[ -z "$service" ] || kill "$service"' EXIT

millis() { echo $(($(date +%s%N) / 1000000)); }
rss() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$service/status"; }

printf '%-12s %14s %12s %14s %12s\n' what 'first answer' 'RSS at rest' 'RSS under load' 'requests/s'
for _ in $(seq "$rounds"); do
  for ((i = 1; i <= $#; i += 2)); do
    name=${!i}
    next=$((i + 1))
    start=$(millis)
    bash -c "exec ${!next}" >/tmp/measure.log 2>&1 &
    service=$!
    until curl -fs -o /dev/null "$api/topics"; do
      kill -0 "$service"
      sleep 0.01
    done
    answered=$(($(millis) - start))
    sleep 15
    rest=$(rss)
    curl -fs -o /dev/null -H 'Content-Type: application/json' -d "{\"topic_name\":\"$topic\",\"partitions_count\":3}" \
      $api/admin/topics || true
    rate=$(hey -z 30s -c 16 -m POST -T application/vnd.kafka.json.v2+json \
      -d '{"records":[{"key":"k","value":{"name":"a record","n":12345}}]}' "$api/topics/$topic" \
      | awk '/Requests\/sec/ { printf "%d", $2 }')
    load=$(rss)
    kill "$service"
    wait "$service" || true
    service=
    printf '%-12s %11s ms %9s MB %11s MB %12s\n' "$name" "$answered" "$rest" "$load" "$rate"
  done
done
