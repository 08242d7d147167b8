"""Time that can be believed: what reprise reports, held against a server that knows how long it let each request wait.

    closed    100 users, answers delayed by 1 to 200 ms, one stall of 2 s
    open      1,000 starts a second against the same, two stalls: each start that they delayed shows it
    busy      open, at a rate that keeps the one worker at about 80 % of its core
    starts    20,000 a second for 30 s against answers at once: their number, their distances
    poisson   the same with exponential distances, by Kolmogorov and Smirnov

Percentiles must be within 1 % + 100 us of the truth: the closed model's service time of what the server logged, the open
model's response time of (the server's answer - the intended start). The closed model hides the stall, as wrk's does
(wrk's own line is printed where it is installed); the open one shows it, as wrk2's does. The open model's rate grows
through a warm-up of RAMP seconds, and its stalls are no longer than the 4,096 connections last that a server's system
keeps for it: what is beyond would measure lost SYNs. SECONDS (30) is the length of a part; parts may be named. Client and server have a core of their own each; the exit code is 1 if a figure is beyond its limit.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "e2e"))
import latency  # noqa: E402

BUILD = latency.BUILD
SECONDS = float(os.environ.get("SECONDS", "30"))
RAMP = 5
BUSY, NEAR, PROBES = 0.8, 0.04, 10  # share of the worker's core, how near, runs to find its rate
ACCEPTED = 3500  # connections that wait through a stall
CORES = sorted(os.sched_getaffinity(0))
CLIENT, SERVER = {CORES[0]}, {CORES[-1]}


def pinned(cores):
    return lambda: os.sched_setaffinity(0, cores)


class Part:
    """One run: .summary, .rows, .asked, .stalls; figures and verdicts go into .out."""

    def __init__(self, name, folder, stalls=(), max_ms=200):
        """stalls: (at, for) in seconds"""
        self.name, self.folder, self.stalls_ms = name, folder, [(int(a * 1000), int(f * 1000)) for a, f in stalls]
        self.delays = (1, max_ms) if max_ms else (0, 0)
        self.out = {"part": name, "ok": True}

    def server(self):
        return latency.Delay(self.folder / "delays", 1, *self.delays, self.stalls_ms, preexec_fn=pinned(SERVER))

    def reprise(self, server, *args):
        scenario, summary = self.folder / "s.yaml", self.folder / "s.json"
        scenario.write_text(latency.SCENARIO)
        done = subprocess.run([BUILD / "reprise", "run", scenario, "-H", server.base, "--headless", "-q", "--seed", "7",
                               "--workers", "1", "--json-file", summary, "--archive", self.folder / "s.jsonl.gz", *args],
                              preexec_fn=pinned(CLIENT), capture_output=True, text=True)
        if done.returncode not in (0, 1):
            sys.exit(f"{self.name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        found = json.loads(summary.read_text())
        for f in found["failure_kinds"]:
            self.check(f"{f['count']} requests failed: {f['message']}", False)
        return found

    def run(self, *args):
        server = self.server()
        self.summary = self.reprise(server, *args)
        self.asked, self.stalls = server.ended()
        archived = latency.counted(self.folder / "s.jsonl.gz")
        self.rows = [r for r in archived if (r.user, r.iteration) in self.asked]
        self.out["requests"] = len(archived)
        self.out["worker_cpu"] = latency.worker_cpu(self.folder / "s.jsonl.gz")
        self.check("every request is archived, and known to the server",
                   len(self.rows) == len(archived) == self.summary["requests"] > 0)
        self.check(f"the generator was the limit: {self.summary['generator']['limited_why']}", not self.summary["generator_limited"])

    def check(self, what, ok):
        self.out["ok"] = self.out["ok"] and ok
        if not ok:
            print(f"  BEYOND: {what}")

    def head(self):
        print(f"\n{self.name}: {self.out['requests']} requests, worker at {100 * self.out['worker_cpu']:.0f} % of a core")
        print(f"  {'':44}" + "".join(f"{f'p{p:g}':>10}" for p in latency.PERCENTILES) + "   ms")

    def line(self, what, key, values):
        self.out[key] = values
        print(f"  {what:44}" + "".join(f"{values[f'p{p:g}']:10.3f}" for p in latency.PERCENTILES))

    def compare(self, what, seen, truth):
        error = {p: seen[p] - truth[p] for p in truth}
        self.line(f"{what}: difference (limit 1 % + 0.1 ms)", "difference", error)
        for p, ms in error.items():
            self.check(f"{what}, {p}: {ms:+.3f} ms", abs(ms) <= 0.01 * truth[p] + 0.1)


def server_log(part):
    return [part.asked[r.user, r.iteration][1] for r in part.rows]


def closed(folder):
    part = Part("closed model", folder, [(SECONDS / 2, 2)])
    part.run("-u", "100", "-t", f"{SECONDS}s")
    part.head()
    log = latency.percentiles(server_log(part))
    part.line("the server's log", "server", log)
    part.line("reprise, service time", "service", latency.reported(part.summary, "service"))
    part.line("reprise, response time", "response", latency.reported(part.summary, "response"))
    part.compare("service time", part.out["service"], log)
    wrk(part)
    return part


def wrk(part):
    if not shutil.which("wrk"):
        return
    server = part.server()
    done = subprocess.run(["wrk", "-t1", "-c100", f"-d{SECONDS:g}s", "--latency", server.base + "/"], capture_output=True,
                          text=True, preexec_fn=pinned(CLIENT))
    server.stop()
    found = re.findall(r"^\s+(50|75|90|99)%\s+([\d.]+)(us|ms|s)$", done.stdout, re.M)
    scale = {"us": 1e-3, "ms": 1, "s": 1e3}
    part.out["wrk"] = {f"p{p}": float(v) * scale[unit] for p, v, unit in found}
    print("  wrk, the same load (closed, too)            " +
          "".join(f"{part.out['wrk'].get(f'p{p:g}', float('nan')):10.3f}" for p in latency.PERCENTILES))


def ramped(rate, seconds):
    return ("--rate", f"{rate / 10:g}/s", "--stage", f"{RAMP}s:{rate:g}", "--stage", f"{seconds:g}s:{rate:g}",
            "--warm-up", f"{RAMP}s", "-t", f"{RAMP + seconds:g}s", "--max-users", "100000")


def open_model(name, folder, rate):
    stall = min(2, ACCEPTED / rate)
    part = Part(name, folder, [(RAMP + SECONDS / 3, stall), (RAMP + 2 * SECONDS / 3, stall)])
    part.run(*ramped(rate, SECONDS))
    part.head()
    truth = latency.percentiles(sum(part.asked[r.user, r.iteration]) - r.intended for r in part.rows)
    part.line("the truth: the answer - the intended start", "truth", truth)
    part.line("the server's log (knows nothing of its stall)", "server", latency.percentiles(server_log(part)))
    part.line("reprise, service time", "service", latency.reported(part.summary, "service"))
    part.line("reprise, response time", "response", latency.reported(part.summary, "response"))
    part.compare("response time", part.out["response"], truth)
    delayed = [(r, end) for begin, end in part.stalls for r in part.rows if begin < r.intended < end]
    shown = sum(r.end >= end for r, end in delayed)
    part.out["delayed"], part.out["shown"] = len(delayed), shown
    print(f"  starts during a stall: {len(delayed)}; those whose response time reaches its end: {shown}")
    part.check("each delayed start shows it", shown == len(delayed) > 0)
    part.check("no start was dropped", part.summary["dropped_starts"] == 0)
    return part


def busy_rate(folder):
    """The rate that keeps the worker busy for BUSY of the time. A request costs less the more there are, so each run only
    takes half of what is missing to it."""
    rate, probe = 10000, Part("probe", folder)
    for _ in range(PROBES):
        server = probe.server()
        probe.reprise(server, *ramped(rate, 4))
        server.stop()
        cpu = latency.worker_cpu(folder / "s.jsonl.gz")
        print(f"  probe: {rate:g}/s, worker at {100 * cpu:.0f} %")
        if abs(cpu - BUSY) < NEAR:
            break
        rate = round(rate * (1 + BUSY / cpu) / 2 if cpu < BUSY else rate * BUSY / cpu, -2)
    return rate


def busy(folder):
    rate = busy_rate(folder)
    part = open_model(f"open model, busy, {rate:g}/s", folder, rate)
    part.out["rate"] = rate
    return part


def starts(folder, kind):
    rate = 20000
    part = Part(f"{kind} arrival, {rate}/s", folder, max_ms=0)
    part.run("--rate", f"{rate}/s", "--arrival", kind, "-t", f"{SECONDS}s", "--max-users", "20000")
    part.head()
    rows = sorted(part.rows, key=lambda r: r.intended)
    late = latency.percentiles(r.start - r.intended for r in rows)
    error = latency.percentiles(abs((b.start - a.start) - (b.intended - a.intended)) for a, b in zip(rows, rows[1:]))
    part.line("send - intended start", "late", late)
    part.line("error of the distance to the next start", "distance_error", error)
    part.check("distances' error p99 under 1 ms", error["p99"] < 1)
    part.check("worker under 80 % of its core", part.out["worker_cpu"] < 0.8)
    part.check("no start was dropped", part.summary["dropped_starts"] == 0)
    if kind == "constant":
        part.out["starts"], want = len(rows), round(rate * SECONDS)
        print(f"  starts: {len(rows)}, wanted {want}")
        part.check("the number of starts", len(rows) == want)
    else:
        d, p = latency.kolmogorov([r.intended for r in rows], rate)
        part.out["ks"] = {"d": d, "p": p}
        print(f"  Kolmogorov-Smirnov against the exponential distribution: D = {d:.5f}, p = {p:.3f} (limit 0.01)")
        part.check("exponential distances", p > 0.01)
    return part


PARTS = {
    "closed": closed,
    "open": lambda folder: open_model("open model, 1000/s", folder, 1000),
    "busy": busy,
    "starts": lambda folder: starts(folder, "constant"),
    "poisson": lambda folder: starts(folder, "poisson"),
}


def main(names):
    results = []
    for name in names or PARTS:
        with tempfile.TemporaryDirectory(prefix="reprise-bench-") as folder:
            results.append(PARTS[name](pathlib.Path(folder)).out)
    (BUILD / "bench-truth.json").write_text(json.dumps(results, indent=2) + "\n")
    print("\nall within their limits" if all(r["ok"] for r in results) else "\nsome figures are beyond their limits")
    return 0 if all(r["ok"] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
