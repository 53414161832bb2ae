"""Runs docs/http.md: every `sh` block, in order, in one shell, against a relay with the page's first config, and compares
what comes out with the `json` or `http` block behind it. And holds its table of refusals to openapi.yaml and to the tests.

Compared are members, their order aside, and values; of what differs from run to run (ids, times, counts that move) only the
kind. "…" stands for any text.
"""
import json
import pathlib
import re
import subprocess
import sys

import yaml

import source_tables
from running_relay import Relay

MOVING = {"position", "bytes", "oldest_age_seconds", "drain_seconds", "utilization", "remaining", "delivered", "line", "in_flight"}
KINDS = [re.compile(r"[0-9A-HJKMNP-TV-Z]{26}$"), re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z$"), re.compile(r"/v1/messages/\w{26}$")]
MARK = "---- example %d ends ----"


def blocks(text):
    """(language, content, line) of each fenced block."""
    fence = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
    return [(found[1], found[2], text[: found.start()].count("\n") + 1) for found in fence.finditer(text)]


def differences(expected, got, where="", name=""):
    if isinstance(expected, dict) and isinstance(got, dict):
        for member in sorted(set(expected) ^ set(got)):
            yield f"{where}/{member} is in one of them only"
        for member in set(expected) & set(got):
            yield from differences(expected[member], got[member], f"{where}/{member}", member)
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            yield f"{where} has {len(got)} items, not {len(expected)}"
        for at, pair in enumerate(zip(expected, got)):
            yield from differences(*pair, f"{where}/{at}", name)
    elif not same(expected, got, name):
        yield f"{where} is {json.dumps(got)}, not {json.dumps(expected)}"


def same(expected, got, name):
    if name in MOVING:
        return (isinstance(got, (int, float)) or got is None) and not isinstance(expected, str)
    if isinstance(expected, str) and isinstance(got, str):
        return expected in ("…", got) or name == "lease_id" or any(kind.match(expected) and kind.match(got) for kind in KINDS)
    return expected == got and isinstance(expected, bool) == isinstance(got, bool)


def compare(language, expected, got):
    if language == "json":
        yield from differences(json.loads(expected), json.loads(got))
        return
    (head, body), (got_head, got_body) = expected.split("\n\n", 1), got.replace("\r\n", "\n").split("\n\n", 1)
    status, *headers = head.split("\n")
    got_status, *got_headers = got_head.split("\n")
    if status != got_status:
        yield f"{got_status}, not {status}"
    got_headers = dict(line.split(": ", 1) for line in got_headers)
    for name, value in (line.split(": ", 1) for line in headers):
        yield from differences(value, got_headers.get(name), name)
    yield from differences(json.loads(body), json.loads(got_body))


def run_examples(found, relay, ports):
    """What each sh block printed, by the line it stands at."""
    script = "set -euo pipefail\n"
    for language, content, line in found:
        if language != "sh":
            continue
        for example, real in ports.items():
            content = content.replace(f"localhost:{example}", f"localhost:{real}")
        script += f"{content}\necho; echo '{MARK % line}'\n"
    done = subprocess.run(["bash", "-c", script], cwd=relay.path, capture_output=True, text=True, timeout=120)
    parts = re.split(r"\n?---- example (\d+) ends ----\n", done.stdout)
    printed = {int(line): part for part, line in zip(parts[::2], parts[1::2])}
    return printed, f"the shell ended with {done.returncode}: {done.stderr[-500:]}" if done.returncode else ""


def check_examples(found):
    config = next(content for language, content, _ in found if language == "yaml")
    gateway = subprocess.Popen([Relay.binary(), "gateway", "--listen", "127.0.0.1:0", "--limit", "none"],
                               stdout=subprocess.PIPE, text=True)
    try:
        address = gateway.stdout.readline().split()[-1]
        doors = "doors: [{type: http, listen: \"127.0.0.1:0\"}, {type: admin, listen: \"127.0.0.1:0\"}]\n"
        with Relay(doors + config.replace("127.0.0.1:7080", address)) as relay:
            ports = {"7070": relay.ports["http"][0], "7071": relay.ports["admin"][0]}
            printed, broken = run_examples(found, relay, ports)
    finally:
        gateway.kill()
        gateway.wait()
    if broken:
        yield broken
    compared = 0
    for (language, _, line), (after, expected, _) in zip(found, found[1:]):
        if language == "sh" and after in ("json", "http") and line in printed:
            compared += 1
            yield from (f"line {line}: {what}" for what in compare(after, expected, printed[line].strip()))
    print(f"{len(printed)} examples were run, {compared} answers compared")
    if compared < 15:
        yield "hardly anything was compared"


def check_table(text, openapi):
    """Every kind of problem that openapi.yaml knows has a row, every row a kind, and the tests named are there."""
    rows = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \| .* \| (.*) \|$", text, re.M)
    tests = source_tables.test_names()
    for status, word, shown in rows:
        named = re.findall(r"`(\w+\.\w+)`", shown)
        if not named:
            yield f"{status} {word}: no test is named"
        yield from (f"{status} {word}: there is no test {name}" for name in named if name not in tests)
    for name in re.findall(r"\b([A-Z]\w+\.\w+)", "\n".join(line for line in openapi.splitlines() if "_" in line and ";" in line)):
        if name not in tests:
            yield f"openapi.yaml: there is no test {name}"
    documented = set(problems(yaml.safe_load(openapi)))
    for status, word in sorted(documented ^ {(status, word) for status, word, _ in rows}):
        yield f"{status} {word} is in one of openapi.yaml and the table of http.md only"


def problems(document):
    """(status, kind) of all responses."""
    responses = list(document["x-every-route"].items())
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                responses += operation["responses"].items()
    for status, response in responses:
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].split("/")[-1]]
        yield from ((status, word) for word in response.get("x-problems", []))


def main(path):
    page = pathlib.Path(path)
    text = page.read_text()
    wrong = list(check_table(text, (page.parent / "openapi.yaml").read_text())) + list(check_examples(blocks(text)))
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


main(sys.argv[1])
