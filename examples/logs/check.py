"""Every page has as many views as it has lines, and a request carried many of them."""
import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import checks

work = pathlib.Path(sys.argv[1])
verdict = checks.Verdict()
expected = collections.Counter(line["body"]["path"] for line in checks.lines(work / "lines.ndjson"))
counted = json.loads((work / "counted.json").read_text())
verdict.expect(counted["views"] == expected, f"the views are {counted['views']}, not {dict(expected)}")
verdict.expect(counted["requests"] <= 1000, f"{counted['requests']} requests are too many for 10,000 lines in batches of 200")
verdict.end(f"10,000 lines are counted in {counted['requests']} requests; {counted['again']} came again after the kills")
