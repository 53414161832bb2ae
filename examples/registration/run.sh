#!/usr/bin/env bash
# Twenty registrations, one of which is taken back, and a relay that is killed before the greetings are due.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export HTTP_PORT=0 ADMIN_PORT=0

start mail "$python" "$here/mailbox.py" "$work/mail.ndjson"
export MAIL_URL=smtp://$address
start sms "$python" "$examples/receiver.py" "$work/sms.ndjson"
export SMS_URL=http://$address/send
relay relay

# The registration service's only call; it does not wait for mail servers or gateways.
person() { printf '{"email": "user%d@example.com", "phone": "+4915100%d", "greeting": "Hello user %d"}' "$1" "$1" "$1"; }
date +%s.%N > "$work/registered"
for i in $(seq 101 119); do printf '{"delay": "4s", "body": %s}\n' "$(person "$i")"; done |
  curl -sf "$http/v1/topics/user.registered/messages:batch" -H 'Content-Type: application/x-ndjson' --data-binary @- \
    > "$work/accepted.json" || fail "the registrations are not accepted"

# One more, who leaves again before the greeting is due.
curl -sf "$http/v1/topics/user.registered/messages" -H 'Content-Type: application/json' -H 'Forebay-Delay: 4s' \
  -d "$(person 120)" > "$work/leaves.json" || fail "registration 120 is not accepted"
for id in $(jq -r '.copies[].id' "$work/leaves.json"); do
  curl -sf -X DELETE "$http/v1/messages/$id" > "$work/cancelled.json" || fail "a copy cannot be taken back"
done

kill9 relay
nothing_yet() { [[ ! -s $work/mail.ndjson && ! -s $work/sms.ndjson ]]; }
nothing_yet || fail "a greeting went out at once"
relay relay
for queue in welcome-mail welcome-sms; do
  for state in delayed ready retrying in_flight; do
    eventually 30 queue_is 0 $queue $state || fail "messages of $queue stay $state"
  done
done
"$python" "$here/check.py" "$work"
