"""Who was there heard everything in order, who came late what was said then, and the whisper reached one alone."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import checks

work = pathlib.Path(sys.argv[1])
verdict = checks.Verdict()
lines = [(who, f"line {number}") for number in range(1, 11) for who in ("ann", "bob")] + [("ann", "hello Carol")]


def heard(who):
    events = [json.loads(line) for line in (work / f"{who}.log").read_text().splitlines() if line.startswith("{")]
    verdict.expect(all(event["event"] == "message" and event["id"] for event in events), f"{who} got {events}")
    return [tuple(json.loads(event["data"]).values()) for event in events]


for who in ("ann", "bob"):
    verdict.expect(heard(who) == lines, f"{who} heard {heard(who)}")
verdict.expect(heard("carol") == lines[-1:], f"carol heard {heard('carol')}")
history = [line["body"] for line in checks.lines(work / "history.ndjson")]
verdict.exactly_once(lines, [tuple(body.values()) for body in history], "history")

bodies = {who: [one["body"] for one in json.loads((work / f"inbox-{who}.json").read_text())["messages"]]
          for who in ("ann", "bob")}
verdict.expect(bodies == {"ann": ["psst"], "bob": []}, f"the inboxes are {bodies}")
verdict.end("both heard 21 lines in order, the late one her own; the history has all; the whisper reached Ann alone")
