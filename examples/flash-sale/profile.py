"""Orders of a flash sale as a batch: its release, then an order a line, each with the time at which it should be due.

usage: profile.py OPENS FROM TO SECONDS: unix time, orders a second at first and in the end, how long
"""
import datetime
import json
import sys


def text(when):
    return datetime.datetime.fromtimestamp(when, datetime.timezone.utc).isoformat()


opens, first, last, seconds = map(float, sys.argv[1:])
print(json.dumps({"release": {"from": text(opens), "to": text(opens + seconds), "rate": f"{first:.0f}/s->{last:.0f}/s"}}))
# The n-th order is due when the integral of the rate reaches n: first·t + (last − first)·t² / (2·seconds) = n.
slope = (last - first) / seconds
for n in range(int((first + last) / 2 * seconds)):
    after = n / first if slope == 0 else ((first**2 + 2 * slope * n) ** 0.5 - first) / slope
    print(json.dumps({"body": {"order": n, "due": opens + after}}))
