"""How far one machine goes: what a user costs when there are a million of them.

    series     1,000 to 1,000,000 users of one process who think between requests, one connection for 100 of them
               (10,000 for a million): memory per user, CPU per request, how late requests start
    active     throughput and CPU of 10,000 users who never wait, beside 64
    connected  100,000 users with an open connection each, by --processes, against several servers

Parts can be named on the command line; tests/bench/bench_native.py has users at rest (`rest`). SECONDS is how
long each run of a series lasts. A process of ours keeps under its 20,000 descriptors, so do the servers;
source addresses 127.0.1.x get past one address's ports.
"""
import contextlib
import gzip
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
from bench_native import anonymous_kib

BUILD = common.BUILD
SECONDS = int(os.environ.get("SECONDS", "20"))
SERIES = [int(n) for n in os.environ.get("SERIES", "1000,10000,100000,1000000").split(",")]
CONNECTED = int(os.environ.get("CONNECTED", "100000"))
RATE = 2000
PER_PROCESS = 17000

SCENARIO = """
reprise: 1
name: scale
target: http://127.0.0.1:1
vars: {{ token: 0123456789abcdef0123456789abcdef }}
tasks:
  - name: token
    steps:
{think}      - request: GET /t
        headers: {{ Accept: "*/*", Authorization: "Bearer ${{token}}" }}
        extract: {{ token: {{ header: X-Token }} }}
"""


@contextlib.contextmanager
def servers(folder, core, count):
    """So many nginx, one worker each: their ports."""
    with contextlib.ExitStack() as all_of_them:
        ports = []
        for i in range(count):
            home = folder / f"server{i}"
            home.mkdir(exist_ok=True)
            ports.append(all_of_them.enter_context(common.Nginx(home, core)).port)
        yield ports


class Run:
    """A `reprise run` under way; sources are local addresses to connect from."""

    def __init__(self, folder, core, scenario, *more, sources=8):
        self.out, self.archive = folder / "out.json", folder / "out.jsonl.gz"
        self.archive.unlink(missing_ok=True)
        addresses = [a for i in range(sources) for a in ("--source-ip", f"127.0.1.{i + 1}")]
        self.child = subprocess.Popen(
            [str(BUILD / "reprise"), "run", str(folder / scenario), "--headless", "-q", "-s", "5s", "--json-file",
             str(self.out), *addresses, *map(str, more)], preexec_fn=core and common.pinned(core))

    def memory_kib(self):
        """Of the process and those that it started."""
        pid = self.child.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(anonymous_kib(p) for p in [pid, *children])

    def finish(self):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.child.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return json.loads(self.out.read_text()), (after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)


def cpu_seconds(pid):
    """(user, system) of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(t) / os.sysconf("SC_CLK_TCK") for t in fields[11:13]]


def samples(archive):
    """(seconds since the start when it ended, milliseconds that it was sent late) of each request."""
    with gzip.open(archive, "rt") as f:
        lines = [json.loads(l) for l in f]
    columns = next(l["columns"] for l in lines if isinstance(l, dict) and "columns" in l)
    end, late, at, found = columns.index("end_us"), columns.index("late_us"), 0, []
    for l in lines:
        if isinstance(l, dict):
            at = l.get("base_us", at)
            continue
        at += l[end]
        found.append((at / 1e6, l[late] / 1000))
    return found


def one_of_series(folder, core, port, users):
    """Spawned in the first quarter; what a request costs and how late it starts is seen in the second half."""
    (folder / "series.yaml").write_text(SCENARIO.format(think=f"      - think: {{ exponential: {users / RATE}s }}\n"))
    run = Run(folder, core, "series.yaml", "-H", f"http://127.0.0.1:{port}", "-u", users, "-r", max(users * 4 // SECONDS, 1),
              "-t", f"{SECONDS}s", "--workers", 1, "--max-connections", max(users // 100, 8), "--archive", folder / "out.jsonl.gz")
    began, marks = time.monotonic(), []
    for at in (SECONDS / 2, SECONDS - 1):
        time.sleep(began + at - time.monotonic())
        marks.append(cpu_seconds(run.child.pid))
    kib = run.memory_kib()
    got, _ = run.finish()
    seen = [late for end, late in samples(run.archive) if SECONDS / 2 <= end < SECONDS - 1]
    user, system = ((b - a) / max(len(seen), 1) * 1e6 for a, b in zip(*marks))
    late = sorted(seen) or [0]
    return {"users": got["users"], "requests": got["requests"], "failures": got["failures"], "kib": kib,
            "user_us": round(user, 1), "system_us": round(system, 1), "late_p50_ms": late[len(late) // 2],
            "late_p99_ms": late[len(late) * 99 // 100]}


def series(folder, client, server_core):
    print(f"series: users of one process who think between requests, {RATE} requests/s, one connection for 100 users, {SECONDS} s each")
    print("     users  requests failed   KiB/user  user us/request  kernel us/request  late p50/p99 ms")
    rows = []
    with servers(folder, server_core, 1) as ports:
        base = one_of_series(folder, client, ports[0], 100)["kib"]
        for users in SERIES:
            row = one_of_series(folder, client, ports[0], users)
            row["kib_per_user"] = round((row["kib"] - base) / users, 2)
            rows.append(row)
            print(f"{row['users']:>10} {row['requests']:>9} {row['failures']:>6} {row['kib_per_user']:>10} {row['user_us']:>16}"
                  f" {row['system_us']:>18} {row['late_p50_ms']:>10} / {row['late_p99_ms']}", flush=True)
    cpu = [row["user_us"] + row["system_us"] for row in rows]
    print(f"  {rows[-1]['users']} users: {rows[-1]['kib_per_user']} KiB per user (at most 1), requests start "
          f"{rows[-1]['late_p99_ms']} ms late at p99; CPU per request, dearest to cheapest row: {max(cpu) / max(min(cpu), 0.1):.2f}")
    return rows


def wrk_rate(core, port, connections):
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", "-d6s", f"http://127.0.0.1:{port}/t"], capture_output=True, text=True,
                         preexec_fn=common.pinned(core)).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def bare_rate(core, port, connections):
    _, out = common.cpu_of([str(BUILD / "bench" / "epoll_loop"), f"http://127.0.0.1:{port}", str(connections), "500000", "GET",
                            "/t", ""], core)
    got = json.loads(out)
    return got["requests"] / got["seconds"]


def active(folder, client, server_core):
    """All in one run, medians: the same server, keep-alive. What kernel and server lose by so many connections shows in the
    bare loop, which only sends and receives."""
    (folder / "active.yaml").write_text(SCENARIO.format(think=""))
    failures = 0

    def reprise_rate(core, port, users):
        nonlocal failures
        run = Run(folder, core, "active.yaml", "-H", f"http://127.0.0.1:{port}", "-u", users, "-r", 2500, "-t", "9s",
                  "--workers", 1, "--no-archive", "--warm-up", "5s")
        result, _ = run.finish()
        failures += result["failures"]
        return result["rps"]

    kinds = {"reprise": reprise_rate, "bare epoll loop": bare_rate} | ({"wrk": wrk_rate} if shutil.which("wrk") else {})
    rates = {(kind, n): [] for kind in kinds for n in (64, 10000)}
    with servers(folder, server_core, 1) as ports:
        for _ in range(3):
            for kind, n in rates:
                rates[kind, n].append(kinds[kind](client, ports[0], n))
    result = {"failures": failures}
    for kind in kinds:
        few, many = (statistics.median(rates[kind, n]) for n in (64, 10000))
        result[kind] = {"few": few, "many": many, "ratio": round(many / few, 3)}
        limit = " (at least 0.85)" if kind == "reprise" else ""
        print(f"active: {kind:<16} {few:8.0f} requests/s with 64 users, {many:8.0f} with 10,000: {many / few:.2f}{limit}")
    return result


def connected(folder, client, server_core):
    processes = -(-CONNECTED // PER_PROCESS)
    with servers(folder, server_core, processes) as ports:
        steps = "".join(f"  - name: s{p}\n    steps: [ {{ request: GET http://127.0.0.1:{p}/t }} ]\n" for p in ports)
        (folder / "connected.yaml").write_text(
            f"reprise: 1\nname: connected\ntarget: http://127.0.0.1:{ports[0]}\nwait: {{ constant: 1h }}\ntasks:\n{steps}")
        seconds = CONNECTED // 2500 + 20
        run = Run(folder, None, "connected.yaml", "-u", CONNECTED, "-r", 2500, "-t", f"{seconds}s", "--processes", processes,
                  "--workers", 1, "--no-archive", "--all-hosts", "--io", "epoll")
        most = 0
        while run.child.poll() is None:
            most = max(most, established(ports))
            time.sleep(1)
        got, _ = run.finish()
    print(f"connected: {most} connections open at once by {processes} processes, {got['users']} users, "
          f"{got['requests'] - got['failures']} answered, {got['failures']} failed (wanted {CONNECTED})")
    return {"open": most, "users": got["users"], "answered": got["requests"] - got["failures"], "failures": got["failures"]}


def established(ports):
    """Client ends of open connections to the ports, as the kernel counts them."""
    wanted, n = {f":{p:04X}" for p in ports}, 0
    with open("/proc/net/tcp") as f:
        for line in f:
            fields = line.split(None, 4)
            n += fields[3] == "01" and fields[2][-5:] in wanted
    return n


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    parts = {"series": series, "active": active, "connected": connected}
    client, server_core = common.cores()
    result = {}
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        os.chmod(name, 0o755)
        for part in sys.argv[1:] or parts:
            result[part] = parts[part](pathlib.Path(name), client, server_core)
    (BUILD / "bench_scale.json").write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
