#!/usr/bin/env bash
# Ann and Bob in the lobby, Carol who comes late, a whisper, and a history.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export HTTP_PORT=0 ADMIN_PORT=0 HISTORY=$work/history.ndjson

relay relay
join() { start "$1" "$python" -u "$here/listen.py" "$http" room.lobby; }
heard() { (( $(grep -c '"event"' "$work/$1.log") >= $2 )); }
say() { curl -sf "$http/v1/topics/room.lobby/messages" -H 'Content-Type: application/json' -d "{\"from\": \"$1\", \"text\": \"$2\"}"; }

join ann
join bob
for i in $(seq 10); do
  say ann "line $i" >> "$work/said.ndjson" || fail "Ann cannot say anything"
  say bob "line $i" >> "$work/said.ndjson" || fail "Bob cannot say anything"
done
for who in ann bob; do eventually 30 heard $who 20 || fail "$who does not hear everything"; done
join carol
say ann "hello Carol" >> "$work/said.ndjson"
for who in ann bob carol; do eventually 30 heard $who 1 || fail "$who does not hear Ann"; done
for who in ann bob; do eventually 30 heard $who 21 || fail "$who does not hear Ann"; done

# To Ann alone; she need not be there, and takes it when she looks.
curl -sf "$http/v1/queues/inbox-ann/messages" -H 'Content-Type: text/plain' -d 'psst' > "$work/whispered.json"
take() { curl -sf "$http/v1/queues/inbox-$1/messages:lease" -d "{\"max\": 10, \"wait\": \"$2\"}"; }
take ann 10s > "$work/inbox-ann.json"
take bob 0s > "$work/inbox-bob.json"

for state in ready in_flight; do eventually 30 queue_is 0 history $state || fail "the history does not get everything"; done
"$python" "$here/check.py" "$work"
