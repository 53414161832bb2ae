#!/usr/bin/env bash
# 10,000 log lines, posted before the counter is there to count them, and a relay that is killed on the way.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export HTTP_PORT=0 ADMIN_PORT=0

relay relay
awk 'BEGIN { for (n = 1; n <= 10000; n++) printf "{\"body\": {\"line\": %d, \"path\": \"/page/%d\"}}\n", n, n * n % 17 }' \
  > "$work/lines.ndjson"
"$forebay" send --url "http://$http" --queue access-log --file "$work/lines.ndjson" --quiet --json > "$work/sent.json" ||
  fail "not every line is accepted"
echo "10,000 lines are accepted, and the counter is not there yet"

kill9 relay
start counter "$python" "$here/counter.py"
counter=$address
export COUNTER_URL=http://$counter/lines
relay relay
counted() { curl -sf "http://$counter/" > "$work/counted.json" && grep -q "\"lines\": $1[0-9]*," "$work/counted.json"; }
eventually 30 counted '[1-9]' || fail "nothing is counted"
kill9 relay
relay relay
for state in ready retrying in_flight; do
  eventually 30 queue_is 0 access-log $state || fail "lines stay $state"
done
curl -sf "http://$counter/" > "$work/counted.json"
"$python" "$here/check.py" "$work"
