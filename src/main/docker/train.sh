#!/usr/bin/env bash
# Makes the cache of the start-up: starts a PostgreSQL, and the service on it, uses that a little, and stops both.
#   train.sh <folder of quarkus-run.jar> <folder for the cache, app.aot>
# Needs java, curl, and PostgreSQL 15 or later as Debian and Ubuntu lay it out; not to be run as root.
set -euo pipefail

app=$1
out=$2
mkdir -p "$out"
work=$(mktemp -d)
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
port=${TRAINING_PORT:-15430}

service=
stop() {
  if [ -n "$service" ]; then kill "$service" 2>/dev/null || true; fi
  "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop EXIT

"$bin/initdb" -D "$work/data" -U postgres -E UTF8 --no-sync --auth=trust >/dev/null
"$bin/pg_ctl" -D "$work/data" -w -l "$work/postgresql.log" \
  -o "-p $port -k $work -c listen_addresses=127.0.0.1" start >/dev/null

export TRUNKLINE_DATABASE_URL=jdbc:postgresql://127.0.0.1:$port/postgres
export TRUNKLINE_DATABASE_OWNER_USERNAME=postgres TRUNKLINE_DATABASE_OWNER_PASSWORD=training
export TRUNKLINE_DATABASE_PASSWORD=training
export QUARKUS_HTTP_PORT=18180 QUARKUS_MANAGEMENT_PORT=18181 QUARKUS_LOG_CONSOLE_JSON_ENABLED=true

# As users start it: with the schema there, and without the owner.
java -jar "$app/quarkus-run.jar" migrate
unset TRUNKLINE_DATABASE_OWNER_USERNAME TRUNKLINE_DATABASE_OWNER_PASSWORD

cd "$app"
java -XX:Flags="$app/jvm.flags" -XX:AOTCacheOutput="$out/app.aot" -jar "$app/quarkus-run.jar" &
service=$!

api=http://127.0.0.1:18180
for _ in $(seq 120); do
  if curl -fs -o /dev/null http://127.0.0.1:18181/q/health/ready; then break; fi
  sleep 0.5
done
json='Content-Type: application/vnd.kafka.json.v2+json'
control='Content-Type: application/vnd.kafka.v2+json'
curl -fsS -o /dev/null -H 'Content-Type: application/json' -d '{"topic_name":"training","partitions_count":3}' $api/admin/topics
consumer=$api/consumers/training/instances/$(curl -fsS -H "$control" \
  -d '{"name":"one","format":"json","auto.offset.reset":"earliest"}' $api/consumers/training | sed 's/.*"instance_id":"\([^"]*\)".*/\1/')
curl -fsS -o /dev/null -H "$control" -d '{"topics":["training"]}' "$consumer/subscription"
for i in $(seq 200); do
  curl -fsS -o /dev/null -H "$json" -d "{\"records\":[{\"key\":\"$i\",\"value\":{\"n\":$i}},{\"value\":\"text\"}]}" $api/topics/training
  if [ $((i % 10)) = 0 ]; then
    curl -fsS -o /dev/null -H 'Accept: application/vnd.kafka.json.v2+json' "$consumer/records?timeout=200"
    curl -fsS -o /dev/null "$api/topics/training/partitions/0/records?offset=0"
    curl -fsS -o /dev/null http://127.0.0.1:18181/metrics
    curl -fsS -o /dev/null http://127.0.0.1:18181/q/health/ready
  fi
done
curl -fsS -o /dev/null -X POST "$consumer/offsets"
curl -fsS -o /dev/null -X DELETE "$consumer"

# The JVM writes the cache at its end.
kill "$service"
wait "$service" || true
service=
test -s "$out/app.aot"
ls -l "$out/app.aot"
