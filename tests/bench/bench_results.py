#!/usr/bin/env python3
"""What results cost and how right compare is: build/bench/archive and build/bench/compare, shorter than by hand.

REPRISE_BENCH=full runs ten minutes at 20,000/s and 100 repetitions, the figures of docs/notes.
"""
import json
import os
import pathlib
import re
import subprocess

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
TOP = pathlib.Path(__file__).resolve().parent.parent.parent
FULL = os.environ.get("REPRISE_BENCH") == "full"


def run(name, *args):
    done = subprocess.run([BUILD / "bench" / name, *args], cwd=TOP, capture_output=True, text=True, check=True)
    print(done.stdout, end="")
    return done.stdout


archive = run("archive", "600" if FULL else "60", "20000")
compare = run("compare", "100" if FULL else "10")
found = {
    "bytes_per_sample": float(re.search(r"([\d.]+) bytes per sample", archive)[1]),
    "archiving_us": float(re.search(r"archiving adds ([\d.]+) us", archive)[1]),
    "equal_without_difference": re.search(r"shown in (\d+ of \d+)", compare)[1],
    "slower_found": re.search(r"found in (\d+ of \d+)", compare)[1],
}
(BUILD / "bench_results.json").write_text(json.dumps(found, indent=2) + "\n")
