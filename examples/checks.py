"""What the checks of the examples share: reading what arrived, and saying what is wrong."""
import collections
import json
import sys


def lines(path):
    """The JSON objects of a file of them."""
    with open(path) as file:
        return [json.loads(line) for line in file]


class Verdict:
    """Collects what is wrong; end() prints it, and exits 0 only if nothing is."""

    def __init__(self):
        self.wrong = []

    def expect(self, holds, what):
        if not holds:
            self.wrong.append(what)

    def exactly_once(self, expected, arrived, what):
        """Every expected one arrived, none of them twice, and nothing else."""
        count = collections.Counter(arrived)
        self.expect(not set(expected) - set(count), f"{what}: {len(set(expected) - set(count))} lost")
        self.expect(not set(count) - set(expected), f"{what}: {len(set(count) - set(expected))} that nobody sent")
        doubled = [one for one, times in count.items() if times > 1]
        self.expect(not doubled, f"{what}: {len(doubled)} doubled")

    def end(self, good):
        for what in self.wrong:
            print("WRONG:", what)
        if not self.wrong:
            print(good)
        sys.exit(1 if self.wrong else 0)
