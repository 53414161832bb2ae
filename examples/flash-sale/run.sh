#!/usr/bin/env bash
# 550 orders, stored before the sale opens, hit the shop from 25 to 250 a second within four seconds.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
export HTTP_PORT=0 ADMIN_PORT=0

start shop "$python" "$examples/receiver.py" "$work/shop.ndjson"
export SHOP_URL=http://$address/order
relay relay
opens=$(( $(date +%s) + 4 ))
"$python" "$here/profile.py" "$opens" 25 250 4 > "$work/orders.ndjson"
curl -sf "$http/v1/queues/sale/messages:batch" -H 'Content-Type: application/x-ndjson' -H 'Prefer: return=minimal' \
  --data-binary "@$work/orders.ndjson" > "$work/stored.json" || fail "the orders are not stored"
(( $(date +%s) < opens )) || fail "storing the orders took until the sale opened"
for state in delayed ready retrying in_flight; do
  eventually 30 queue_is 0 sale $state || fail "orders stay $state"
done
"$python" "$here/check.py" "$work"
