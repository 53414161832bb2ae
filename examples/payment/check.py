"""Both systems heard of every payment, the gateway never more than it takes, the third of the last one only."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import checks

work = pathlib.Path(sys.argv[1])
verdict = checks.Verdict()

# At least once: what was in flight at the kill may come again, with the same id.
arrivals = {line["headers"]["Idempotency-Key"]: json.loads(line["body"])["payment"]
            for line in checks.lines(work / "orders.ndjson")}
verdict.exactly_once(range(1, 202), arrivals.values(), "orders")

sms = json.loads((work / "sms.json").read_text())
verdict.expect(sms["unique_ids"] == 201, f"the gateway took {sms}")
verdict.expect(sms["refused"] == 0, f"the gateway refused {sms['refused']}")

points = json.loads((work / "points.json").read_text())["messages"]
verdict.expect([one["body"]["payment"] for one in points] == [201], f"points: {points}")
verdict.end("201 payments reached orders and SMS, none lost; the gateway refused none")
