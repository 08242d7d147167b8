#!/usr/bin/env python3
"""What results cost and how right compare is.

    tests/bench/bench_results.py [--seconds 60] [--rate 20000]

Made-up samples at RATE a second for SECONDS seconds through recorders, collector and archive (build/bench/archive, on
a virtual clock): bytes per sample, CPU, memory, speed of verify and report. Then real runs against nginx at that rate,
with and without archive in turns: what archiving adds to the CPU of a request, and the real archive's size, memory and
speeds. Then build/bench/compare. REPRISE_BENCH=full: ten minutes at 20,000/s and 100 repetitions.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bench_engines as common

BUILD = pathlib.Path(os.environ.get("BUILD", common.BUILD)).resolve()
FULL = os.environ.get("REPRISE_BENCH") == "full"
ROUNDS, ROUND_SECONDS = 5, 5


def made_up(name, *args):
    done = subprocess.run([BUILD / "bench" / name, *map(str, args)], cwd=common.TOP, capture_output=True, text=True,
                          check=True)
    print(done.stdout, end="")
    return done.stdout


class Real:
    """Runs at a constant rate against one nginx, as a user makes them."""

    def __init__(self, folder, port, core, rate):
        self.folder, self.core, self.rate = folder, core, rate
        self.archive = folder / "real.jsonl.gz"
        self.scenario = folder / "real.yaml"
        self.scenario.write_text(common.SCENARIO.format(port=port))

    def run(self, seconds, *options):
        """(CPU microseconds per request, the run's summary)."""
        out = self.folder / "out.json"
        cpu, _ = common.cpu_of([str(BUILD / "reprise"), "run", str(self.scenario), "--rate", f"{self.rate}/s", "-t",
                                f"{seconds}s", "--workers", "1", "--headless", "-q", "--exit-code-on-error", "0",
                                "--json-file", str(out), *options], self.core)
        got = json.loads(out.read_text())
        if got["failures"] or got["requests"] < 0.98 * seconds * self.rate:
            print(f"  (this machine is too busy: {got['requests']} requests, {got['failures']} failures)")
        return cpu / got["requests"] * 1e6, got

    def in_turns(self):
        bare, full = [], []
        for _ in range(ROUNDS):
            bare.append(self.run(ROUND_SECONDS, "--no-archive")[0])
            full.append(self.run(ROUND_SECONDS, "--archive", str(self.archive))[0])
        return statistics.median(bare), statistics.median(full)

    def timed(self, what, *command):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        subprocess.run([BUILD / "reprise", *command], check=True, stdout=subprocess.DEVNULL)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"  {what:<26} {wall:.2f} s, {cpu:.2f} s of CPU, {self.archive.stat().st_size / wall / 1e6:.0f} MB/s of archive")


def real(seconds, rate, archiving_us):
    client, server_core = common.cores()
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        folder = pathlib.Path(name)
        with common.Nginx(folder, server_core) as server:
            runs = Real(folder, server.port, client, rate)
            bare, full = runs.in_turns()
            _, got = runs.run(seconds, "--archive", str(runs.archive))
        size = runs.archive.stat().st_size
        adds, made = (full - bare) / bare, archiving_us / bare
        print(f"real runs against nginx at {rate}/s, medians of {ROUNDS} turns of {ROUND_SECONDS} s")
        print(f"  without archive            {bare:.2f} us of CPU per request")
        print(f"  with archive               {full:.2f} us: archiving adds {100 * adds:.1f} %, at most 8 %")
        print(f"  made-up rows would add     {archiving_us:.2f} us: {100 * made:.1f} %, at most 8 %")
        print(f"  {seconds} s: {got['requests']} requests, {size / 1e6:.1f} MB, {size / got['requests']:.2f} bytes per sample, "
              f"memory at most {got['generator']['memory_max_bytes'] / 1e6:.0f} MB")
        runs.timed("verify", "verify", runs.archive)
        runs.timed("report", "report", runs.archive)
        runs.timed("report --status 2xx (rows)", "report", "--status", "2xx", runs.archive)
    return {"real_bytes_per_sample": round(size / got["requests"], 2), "archiving_adds_percent": round(100 * adds, 1),
            "made_up_adds_percent": round(100 * made, 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=600 if FULL else 60)
    parser.add_argument("--rate", type=int, default=20000)
    options = parser.parse_args()
    archive = made_up("archive", options.seconds, options.rate)
    archiving_us = float(re.search(r"archiving adds ([\d.]+) us", archive)[1])
    found = {"bytes_per_sample": float(re.search(r"([\d.]+) bytes per sample", archive)[1]), "archiving_us": archiving_us}
    if shutil.which("nginx"):
        found |= real(options.seconds, options.rate, archiving_us)
    else:
        print("bench_results: nginx is not installed: no real runs")
    compare = made_up("compare", 100 if FULL else 10)
    found["equal_without_difference"] = re.search(r"shown in (\d+ of \d+)", compare)[1]
    found["slower_found"] = re.search(r"found in (\d+ of \d+)", compare)[1]
    (BUILD / "bench_results.json").write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
