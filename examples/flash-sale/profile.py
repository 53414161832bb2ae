"""Orders of a flash sale as NDJSON envelopes: none before the opening, then a rate that climbs evenly.

usage: profile.py OPENS FROM TO SECONDS: unix time, orders a second at first and in the end, how long
"""
import json
import sys

opens, first, last, seconds = map(float, sys.argv[1:])
# The n-th order is due when the integral of the rate reaches n: first·t + (last − first)·t² / (2·seconds) = n.
slope = (last - first) / seconds
for n in range(int((first + last) / 2 * seconds)):
    after = n / first if slope == 0 else ((first**2 + 2 * slope * n) ** 0.5 - first) / slope
    due = round(opens + after, 3)
    print(json.dumps({"body": {"order": n, "due": due}, "not_before": due}))
