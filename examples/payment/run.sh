#!/usr/bin/env bash
# 200 payments while the order system is down and the SMS gateway is slow; see README.md.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export HTTP_PORT=0 ADMIN_PORT=0

start gateway "$forebay" gateway --listen 127.0.0.1:0 --limit 100/1s
gateway=$address
export SMS_URL=http://$gateway/send
orders=127.0.0.1:$(free_port)  # nobody is there yet
export ORDERS_URL=http://$orders/orders

relay relay
for i in $(seq 200); do
  printf '{"body": {"payment": %d, "phone": "+49151%05d"}}\n' "$i" "$i"
done > "$work/payments.ndjson"
curl -sf "$http/v1/topics/payment.done/messages:batch" -H 'Content-Type: application/x-ndjson' \
  --data-binary "@$work/payments.ndjson" > "$work/accepted.json" || fail "the payments are not accepted"
echo "200 payments are accepted, with the order system away"

kill9 relay
relay relay
start orders "$python" "$examples/receiver.py" "$work/orders.ndjson" --listen "$orders"
eventually 30 queue_is 0 orders ready || fail "the order system does not get what waited for it"
eventually 30 queue_is 0 orders retrying || fail "the order system does not get what was tried before"

# A third system wants to know, too: no change at the payment service.
curl -sf -X PUT "$admin/v1/topics/payment.done/subscriptions/points" > "$work/subscribed.json"
curl -sf "$http/v1/topics/payment.done/messages" -H 'Content-Type: application/json' \
  -d '{"payment": 201, "phone": "+4915100201"}' >> "$work/accepted.json"
curl -sf "$http/v1/queues/points/messages:lease" -d '{"max": 10, "wait": "5s"}' > "$work/points.json"

for queue in orders sms; do
  for state in ready retrying in_flight; do
    eventually 30 queue_is 0 $queue $state || fail "messages of $queue stay $state"
  done
done
curl -sf "http://$gateway/summary" > "$work/sms.json"
"$python" "$here/check.py" "$work"
