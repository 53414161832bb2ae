"""Takes everything out of a pulled queue and prints it, one message a line.

usage: drain.py HOST:PORT QUEUE
"""
import json
import sys
import urllib.request


def call(verb, what):
    url = f"http://{sys.argv[1]}/v1/queues/{sys.argv[2]}/messages:{verb}"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(what).encode()), timeout=30) as answer:
        return json.load(answer)


while messages := call("lease", {"max": 500, "lease": "1m"})["messages"]:
    for message in messages:
        print(json.dumps(message))
    call("ack", {"lease_ids": [message["lease_id"] for message in messages]})
