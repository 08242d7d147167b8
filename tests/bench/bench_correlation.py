#!/usr/bin/env python3
"""How well the correlator finds, and how fast: `make bench-correlation`.

Precision and recall against tests/data/correlate (a recording for each mechanic, labelled with every place
where a value of an answer must come from) and against frameworks.py (walks as well-known frameworks make them,
from their documentation), then the time and memory that a HAR of 10 and of 100 MB takes,
beside what `node -e JSON.parse` takes for the same file. The last line of each part is the figure. --quick leaves the
times out; --seeds N walks the frameworks N times with other random values, --redraw N reads each labelled recording N
times with other random values (redraw.py).
"""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import frameworks
import redraw

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
REPRISE = os.environ.get("REPRISE", str(TOP / "build" / "reprise"))
DATA = TOP / "tests" / "data" / "correlate"


def found_in(hars, folder):
    """("#2 -> #3 form csrf" of extracted tokens, names of values that the client makes)"""
    report = pathlib.Path(folder) / "report.json"
    subprocess.run([REPRISE, "import", *map(str, hars), "-o", str(pathlib.Path(folder) / "s.yaml"), "--report", str(report), "-q"],
                   check=True)
    tokens, client = set(), set()
    for t in json.loads(report.read_text())["tokens"]:
        if t["from"] == "client":
            client.add(t["name"])
        elif t["extract"] != "location":  # a hop's URL is its Location: never a judgement
            tokens |= {t["from"].split()[0] + " -> " + use for use in t["uses"]}
    return tokens, client


def either(place):
    """"#1/#2 -> #3 form csrf" as two places"""
    origins, arrow, use = place.partition(" -> ")
    return {o + arrow + use for o in origins.split("/")} if arrow else {place}


def judged(name, hars, want, client, optional, folder):
    """(name, wanted, found, missing, false); "#1/#2 -> #3 form csrf" is met by either answer"""
    tokens, made = found_in(hars, folder)
    got = tokens | {"client " + c for c in made}
    wanted = [*want, *("client " + c for c in client)]
    known = {p for place in [*wanted, *optional] for p in either(place)}
    missing = [place for place in wanted if not got & either(place)]
    return name, {*want, *client}, got, sorted(missing), sorted(got - known)


def judge(folder, seed=None):
    """The recordings of tests/data/correlate; with a seed, with other random values."""
    labels, rows = json.loads((DATA / "labels.json").read_text()), []
    for name, want in labels.items():
        har = DATA / f"{name}.har"
        if seed is not None:
            text = har.read_text()
            har = pathlib.Path(folder) / "redrawn.har"
            har.write_text(redraw.redrawn(text, f"{name} {seed}"))
        rows.append(judged(name, [har], want["tokens"], want["client"], [], folder))
    return rows


def judge_frameworks(folder, seed=1):
    rows = []
    for name, walk in frameworks.make(seed).items():
        har = pathlib.Path(folder) / f"{name}.har"
        har.write_text(json.dumps(walk.har()))
        rows.append(judged(name, [har], walk.wanted, walk.client, walk.optional, folder))
    return rows


def print_rows(title, rows):
    """True if it is good enough."""
    wanted, got = sum(len(r[1]) for r in rows), sum(len(r[2]) for r in rows)
    missing, false = sum(len(r[3]) for r in rows), sum(len(r[4]) for r in rows)
    for name, _, _, lost, extra in rows:
        for text in lost:
            print(f"missing  {name}: {text}")
        for text in extra:
            print(f"false    {name}: {text}")
    print(f"{title}: {len(rows)} recordings, {wanted} places; recall {100 * (wanted - missing) / wanted:.1f} %, "
          f"precision {100 * (got - false) / max(got, 1):.1f} %, {false} false")
    return not missing and false <= len(rows) / 20


def big_har(path, megabytes):
    """The labelled recordings again and again, each time with other tokens, until the size is reached."""
    entries, size, round_no = [], 0, 0
    source = [json.loads((DATA / f"{n}.har").read_text())["log"]["entries"] for n in json.loads((DATA / "labels.json").read_text())]
    filler = "".join(f"<p class='row'>Line {i} of a page that holds no token at all, only text.</p>\n" for i in range(300))
    with open(path, "w") as f:
        f.write('{"log":{"version":"1.2","creator":{"name":"bench","version":"1"},"entries":[')
        while size < megabytes * 1_000_000:
            for walk in source:
                for e in walk:
                    text = json.dumps(e).replace("</body>", json.dumps(filler)[1:-1] + "</body>")
                    second = len(entries) // 50
                    text = text.replace(e["startedDateTime"], f"2026-11-{1 + second // 86400:02d}T{second // 3600 % 24:02d}:"
                                        f"{second // 60 % 60:02d}:{second % 60:02d}.{len(entries) % 50 * 20:03d}Z")
                    f.write(("," if entries else "") + text)
                    entries.append(1)
                    size += len(text)
            round_no += 1
        f.write("]}}")
    return len(entries)


def measured(command):
    """(seconds, seconds of CPU, peak MB) of a child"""
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command}: status {status}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def speed(folder):
    node = shutil.which("node")
    times = []
    for megabytes in (10, 100):
        har = pathlib.Path(folder) / f"{megabytes}.har"
        entries = big_har(har, megabytes)
        seconds, cpu, peak = measured([REPRISE, "import", str(har), "-o", str(pathlib.Path(folder) / "big.yaml"), "-q"])
        line = f"import   {megabytes:4} MB, {entries:6} entries: {seconds:6.2f} s, peak {peak:6.0f} MB ({peak * 1e6 / har.stat().st_size:.2f} of the file)"
        if node:
            parse = "JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'))"
            other, other_cpu, other_peak = measured([node, "-e", parse, str(har)])
            line += f"; node JSON.parse {other:5.2f} s, {other_peak:5.0f} MB: {seconds / other:.2f} times, CPU {cpu / other_cpu:.2f} times"
        print(line)
        times.append((seconds, cpu))
        har.unlink()
    grown = [large / small for small, large in zip(*times)]
    print(f"import   10 to 100 MB: {grown[0]:.1f} times the time, {grown[1]:.1f} times the CPU")


def with_seeds(title, judge_all, folder, n):
    """Other random values, n times: what chance makes of the correlator."""
    rows = [(f"{row[0]} (seed {seed})", *row[1:]) for seed in range(1, n + 1) for row in judge_all(folder, seed)]
    return print_rows(title, rows)


def after(option):
    """The number behind an option of the command line, 0 without."""
    return int(sys.argv[sys.argv.index(option) + 1]) if option in sys.argv else 0


def main():
    seeds, redraws = after("--seeds"), after("--redraw")
    with tempfile.TemporaryDirectory() as folder:
        if seeds or redraws:
            good = not seeds or with_seeds("seeds      ", judge_frameworks, folder, seeds)
            return 0 if (not redraws or with_seeds("redrawn    ", judge, folder, redraws)) and good else 1
        good = print_rows("correlation", judge(folder))
        good = print_rows("frameworks ", judge_frameworks(folder)) and good
        if "--quick" not in sys.argv:
            speed(folder)
    return 0 if good else 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
