"""Every record is at B, once, though some were sent to it twice."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import checks

work = pathlib.Path(sys.argv[1])
verdict = checks.Verdict()
records = [line["body"]["record"] for line in checks.lines(work / "records.ndjson")]
verdict.exactly_once(records, [message["body"]["record"] for message in checks.lines(work / "at_b.ndjson")], "records")
twice = float((work / "twice").read_text())
verdict.end(f"1,000 records are at B, none lost, none doubled, though {twice:.0f} and more were sent to it twice")
