"""Hears a topic live and prints each event, one JSON object a line: {"event", "id", "data"}.

usage: listen.py HOST:PORT TOPIC; says "listening on TOPIC" once the stream is open
"""
import json
import sys
import urllib.request

with urllib.request.urlopen(f"http://{sys.argv[1]}/v1/topics/{sys.argv[2]}/stream", timeout=60) as stream:
    print(f"listening on {sys.argv[2]}", flush=True)
    event = {"event": "message", "id": "", "data": []}
    for line in stream:
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            event["data"].append(value)
        elif name in ("event", "id"):
            event[name] = value
        elif not name and not value and event["data"]:  # an empty line ends an event; ": …" is a comment
            print(json.dumps({**event, "data": "\n".join(event["data"])}), flush=True)
            event = {"event": "message", "id": "", "data": []}
