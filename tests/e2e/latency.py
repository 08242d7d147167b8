"""Latencies held against a server that knows them: tests/servers/delay.c, the archive's rows, and the two side by side.

A request names itself (/d?u=USER&i=ITERATION), so that each row of an archive finds its line in the server's log.
All times are nanoseconds of UTC.
"""
import gzip
import json
import math
import os
import pathlib

from harness import TOP, Process

BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
SCENARIO = """reprise: 1
name: latency
tasks:
  - name: wait
    steps:
      - request: GET /d?u=${vu}&i=${iteration}
        name: /d
"""


class Delay(Process):
    """Draws each answer's delay from [min_ms, max_ms]; stalls: [(at_ms, for_ms)] after the first request."""

    def __init__(self, log, seed=1, min_ms=1, max_ms=200, stalls=(), preexec_fn=None):
        self.log = pathlib.Path(log)
        super().__init__([BUILD / "servers" / "delay", log, seed, min_ms, max_ms, *(f"{a}:{f}" for a, f in stalls)],
                         preexec_fn=preexec_fn)
        self.base = self.child.stdout.readline().strip()

    def ended(self):
        """({(user, iteration): (read, held)}, [(stall begins, stall ends)]) of what it served; users count from 0."""
        if self.stop() != 0:
            raise RuntimeError("the delay server did not end well")
        asked, stalls = {}, []
        for line in self.log.read_text().splitlines():
            what, first, second = line.split()[:3]
            if what == "stall":
                stalls.append((int(first), int(second)))
            elif what.startswith("/d?u="):
                user, iteration = what[5:].split("&i=")
                asked[int(user) - 1, int(iteration)] = int(first), int(second)
        return asked, stalls


class Row:
    """One request of an archive, in UTC nanoseconds (to the microsecond, as archives have it)."""
    __slots__ = ("user", "iteration", "intended", "start", "end")

    def __init__(self, start_ns, end_us, columns, iteration):
        self.user, self.iteration = columns[4], iteration
        self.end = start_ns + end_us * 1000
        self.start = self.end - columns[1] * 1000
        self.intended = self.start - columns[3] * 1000


def rows(path):
    """docs/archive-format.md, "Rows"."""
    found, last, end, start_ns = [], {}, 0, 0
    with gzip.open(path, "rt") as f:
        for line in f:
            r = json.loads(line)
            if isinstance(r, list):
                end += r[0]
                last[r[4]] = last.get(r[4], 0) + (r[9] if len(r) > 9 else 0)
                found.append(Row(start_ns, end, r, last[r[4]]))
            elif r["type"] == "header":
                start_ns = r["started_utc_ns"]
            elif r["type"] == "member":
                last = {}
            elif r["type"] == "samples":
                end = r["base_us"]
    return found


def of_type(path, kind):
    """The archive's lines of that type."""
    with gzip.open(path, "rt") as f:
        return [r for r in (json.loads(line) for line in f if line.startswith("{")) if r["type"] == kind]


def counted(path):
    """The rows behind the warm-up."""
    header, = of_type(path, "header")
    return [r for r in rows(path) if r.intended >= header["started_utc_ns"] + header["warm_up_ns"]]


def worker_cpu(path):
    """The busiest worker's share of its core behind the warm-up: the mean of whole seconds."""
    header, = of_type(path, "header")
    shares = [r["cpu_max"] for r in of_type(path, "interval")
              if r["from_ns"] >= header["warm_up_ns"] and r["to_ns"] - r["from_ns"] > 5e8]
    return sum(shares) / len(shares)


def percentile(values, p):
    """Of sorted values, by nearest rank, as histograms have it."""
    return values[max(0, math.ceil(p / 100 * len(values)) - 1)]


PERCENTILES = (50, 90, 99, 99.9)


def percentiles(values):
    values = sorted(values)
    return {f"p{p:g}": percentile(values, p) / 1e6 for p in PERCENTILES}


def reported(summary, what):
    """The same keys from reprise's own summary."""
    return {f"p{p:g}": summary[f"{what}_time_ms"][f"p{p:g}".replace(".", "")] for p in PERCENTILES}


def kolmogorov(starts, rate):
    """(D, the probability of one as large) of the distances between starts against the exponential distribution.

    Starts are whole microseconds, rounded down. If t is anywhere in its microsecond, the distance of two such numbers is
    at most k with the mean of the distribution over [k, k + 1]; only whole k are compared.
    """
    gaps = sorted((b - a) // 1000 for a, b in zip(starts, starts[1:]))
    n, d, lam, at = len(gaps), 0.0, rate / 1e6, 0
    while at < n:
        k = gaps[at]
        while at < n and gaps[at] == k:
            at += 1
        d = max(d, abs(at / n - (1 - (math.exp(-lam * k) - math.exp(-lam * (k + 1))) / lam)))
    x = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * d
    p = 2 * sum((-1) ** (i - 1) * math.exp(-2 * i * i * x * x) for i in range(1, 101)) if x > 0.2 else 1.0
    return d, min(1.0, max(0.0, p))
