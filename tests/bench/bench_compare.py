#!/usr/bin/env python3
"""How often compare is right about real runs of the demo: equal ones, and one whose answers take 5 % longer.

A round is three runs at the same time, each against a demo target of its own: A and its equal, and B, whose
target waits 5 % longer. So what else the machine does hits all three. Prints in how many rounds equal runs show
no difference, and in how many B is found to be worse.

    tests/bench/bench_compare.py [--rounds 2] [--at-once 2] [--length 30s] [--delay 20ms] [--slower 5] [--keep FOLDER]

REPRISE_BENCH=full makes 100 rounds: half an hour or so. With --keep the archives stay, and with --again FOLDER kept ones are
compared once more.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
REPRISE = BUILD / "reprise"
KINDS = ("a", "equal", "slower")


class Target:
    def __init__(self, delay_us):
        self.process = subprocess.Popen([REPRISE, "demo", "--serve", "--delay", f"{delay_us:.0f}us"],
                                        stdout=subprocess.PIPE, text=True)
        self.base = self.process.stdout.readline().strip()

    def stop(self):
        self.process.terminate()
        self.process.communicate()


def load(scenario, target, archive, seed, length):
    return subprocess.Popen([REPRISE, "run", scenario, "-H", target.base, "-u", "10", "-t", length, "--think-factor", "0",
                             "--headless", "-q", "--workers", "1", "--seed", str(seed), "--archive", archive])


def one_round(number, scenario, folder, options):
    delays = {"a": options.delay, "equal": options.delay, "slower": options.delay * (1 + options.slower / 100)}
    targets = {kind: Target(us) for kind, us in delays.items()}
    try:
        runs = [load(scenario, targets[kind], folder / f"{number}-{kind}.gz", 10 * number + i, options.length)
                for i, kind in enumerate(KINDS)]
        codes = [run.wait() for run in runs]
    finally:
        for target in targets.values():
            target.stop()
    assert codes == [0, 0, 0], codes
    return judge(number, folder)


def judge(number, folder):
    """What compare says of the equal and of the slower pair."""
    said = {}
    for kind in KINDS[1:]:
        out = folder / f"{number}-{kind}.json"
        subprocess.run([REPRISE, "compare", folder / f"{number}-a.gz", folder / f"{number}-{kind}.gz", "-q", "--json", out],
                       check=True)
        got = json.loads(out.read_text())
        assert got["comparable"], got
        said[kind] = (got["worse"], got["better"])
    return said


def rounds(folder, options):
    if options.again:
        numbers = sorted(int(p.name.split("-")[0]) for p in folder.glob("*-slower.gz"))
        return [judge(number, folder) for number in numbers]
    scenario = folder / "demo.yaml"
    subprocess.run([REPRISE, "import", TOP / "scenarios/examples/demo.har", "-o", scenario, "-q"], check=True)
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        return list(pool.map(lambda n: one_round(n, scenario, folder, options), range(options.rounds)))


def microseconds(text):
    return float(text.removesuffix("ms")) * 1000


def main():
    full = os.environ.get("REPRISE_BENCH") == "full"
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100 if full else 2)
    parser.add_argument("--at-once", type=int, default=4 if full else 2)
    parser.add_argument("--length", default="30s")
    parser.add_argument("--delay", type=microseconds, default="20ms")
    parser.add_argument("--slower", type=float, default=5)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--again", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        folder = options.again or options.keep or pathlib.Path(name)
        folder.mkdir(exist_ok=True)
        said = rounds(folder, options)
    silent = sum(s["equal"] == (False, False) for s in said)
    found = sum(s["slower"] == (True, False) for s in said)
    print(f"runs of the demo, {options.length}, median delay {options.delay / 1000:g} ms, {options.at_once} rounds at once")
    print(f"equal runs: no difference shown in {silent} of {len(said)}")
    print(f"{options.slower:g} % slower: found in {found} of {len(said)}")
    result = {"rounds": len(said), "equal_without_difference": silent, "slower_found": found}
    (BUILD / "bench_compare.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
