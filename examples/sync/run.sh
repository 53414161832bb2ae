#!/usr/bin/env bash
# 1,000 records from A to B, which hangs, is killed and stays away, while A is killed too.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# B keeps its port over its restarts: A knows it by that.
b_port=$(free_port)
export B_URL=http://127.0.0.1:$b_port/v1/queues/from-a/messages
start_b() { HTTP_PORT=$b_port ADMIN_PORT=0 relay b "$here/b.yaml"; b_http=$http b_admin=$admin; }
start_a() { HTTP_PORT=0 ADMIN_PORT=0 relay a "$here/a.yaml"; a_http=$http a_admin=$admin; }
start_b
start_a

seq 1000 | awk '{ printf "{\"body\": {\"record\": %d}}\n", $1 }' > "$work/records.ndjson"
"$forebay" send --url "http://$a_http" --queue to-b --file "$work/records.ndjson" --quiet --json > "$work/sent.json" ||
  fail "A does not take every record"

# says URL CONDITION: does the JSON there fit?
says() { curl -sf "$1" | jq -e "$2" > /dev/null; }
b_has() { says "$b_admin/v1/queues/from-a" ".messages.ready >= $1"; }
eventually 20 b_has 100 || fail "nothing comes to B"

# B hangs for longer than A waits: what it reads when it wakes up has been sent again by then.
kill -STOP "${pids[b]}"
eventually 20 says "$a_admin/v1/sinks/b" '.attempts.unanswered > 0' || fail "A does not notice that B hangs"
kill -CONT "${pids[b]}"
came_twice() {
  curl -sf "$b_admin/metrics" | sed -n 's/^forebay_deduplicated_messages_total{queue="from-a"} //p' > "$work/twice"
  [[ -s $work/twice && $(< "$work/twice") != 0 ]]
}
eventually 20 came_twice || fail "nothing came to B twice: the outage was none"
echo "B hung; $(< "$work/twice") records have come to it twice so far"

# Both are killed; A is back first and finds B away.
kill9 b
kill9 a
start_a
eventually 20 says "$a_admin/v1/queues/to-b" '.messages.retrying > 0' || fail "A does not notice that B is away"
start_b
admin=$a_admin
for state in ready retrying in_flight dead; do
  eventually 30 queue_is 0 to-b $state || fail "records stay $state at A"
done
"$python" "$here/drain.py" "$b_http" from-a > "$work/at_b.ndjson"
"$python" "$here/check.py" "$work"
