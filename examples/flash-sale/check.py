"""Every order came once, none before its time, and nearly all soon after it: so the rate is as planned."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import checks

work = pathlib.Path(sys.argv[1])
verdict = checks.Verdict()
planned = [line["body"] for line in checks.lines(work / "orders.ndjson")[1:]]
arrivals = [{"at": line["at"], **json.loads(line["body"])} for line in checks.lines(work / "shop.ndjson")]
verdict.exactly_once([one["order"] for one in planned], [one["order"] for one in arrivals], "orders")

late = sorted(one["at"] - one["due"] for one in arrivals)
verdict.expect(late[0] >= -0.002, f"an order came {-late[0]:.3f} s before its time")
# Not a measurement: on a machine that has other things to do, the shop itself may be late to write down what comes.
verdict.expect(late[len(late) * 9 // 10] < 3, f"a tenth of the orders came {late[len(late) * 9 // 10]:.3f} s late or more")

opens = min(one["due"] for one in planned)
seconds = [sum(1 for one in arrivals if second <= one["at"] - opens < second + 1) for second in range(4)]
verdict.end(f"550 orders, by the second {seconds}, half of them within {late[len(late) // 2] * 1000:.0f} ms of their time")
