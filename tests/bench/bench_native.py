"""What the native engine costs, each pair in one run against one nginx on another core.

    http     reprise over epoll and io_uring, with and without archive, against wrk; what a bare loop takes
    https    the same over TLS, against wrk
    h2       HTTP/2 over clear text, 6 users with 10 requests at once, against h2load
    rest     memory of users at rest, each with an open connection, clear text and TLS
    budget   user-space instructions per request (callgrind)

Parts can be named on the command line. Medians of RUNS rounds; CPU is what the kernel accounts to the
process, user and system together.
"""
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
import budget

RUNS, BUILD = common.RUNS, common.BUILD
REQUESTS = int(os.environ.get("REQUESTS", "250000"))  # about what wrk does in its 3 s
CONNECTIONS = 64
REST_USERS = int(os.environ.get("REST_USERS", "18000"))
TOKEN = "Authorization: Bearer 0123456789abcdef0123456789abcdef"

LISTEN = """listen 127.0.0.1:{tls} ssl backlog=16384; listen 127.0.0.1:{h2} http2;
    ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
"""

PARALLEL = """
reprise: 1
name: h2
target: http://127.0.0.1:1
vars: {{ token: 0123456789abcdef0123456789abcdef }}
tasks:
  - name: ten
    steps:
      - parallel:
{steps}
"""
ONE = """          - request: GET /t
            headers: { Accept: "*/*", Authorization: "Bearer ${token}" }
"""

REST = """
reprise: 1
name: rest
target: http://127.0.0.1:1
wait: { constant: 1h }
tasks:
  - name: once
    steps:
      - request: GET /t
"""


class Server(common.Nginx):
    def __init__(self, folder, core):
        self.tls, self.h2 = common.free_port(), common.free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        super().__init__(folder, core, LISTEN.format(dir=folder, tls=self.tls, h2=self.h2) + common.ANSWER)


class Bench:
    def __init__(self, folder, server, core):
        self.folder, self.server, self.core = folder, server, core
        (folder / "one.yaml").write_text(common.SCENARIO.format(port=1))
        (folder / "ten.yaml").write_text(PARALLEL.format(steps=ONE * 10))
        (folder / "rest.yaml").write_text(REST)

    def run(self, scenario, port, scheme, users, requests, *more):
        """CPU microseconds per request of a whole `reprise run`."""
        out = self.folder / "out.json"
        cpu, _ = common.cpu_of(
            [str(BUILD / "reprise"), "run", str(self.folder / scenario), "-H", f"{scheme}://127.0.0.1:{port}",
             "-u", str(users), "--workers", "1", "--headless", "-q", "-k", "--json-file", str(out), *more], self.core)
        got = json.loads(out.read_text())
        assert got["requests"] == requests and got["failures"] == 0, got
        return cpu / requests * 1e6

    def one(self, port, scheme, io, *more):
        return self.run("one.yaml", port, scheme, CONNECTIONS, REQUESTS, "-i", str(REQUESTS), "--io", io, *more)

    def archived(self, port, scheme, io):
        archive = self.folder / "bench.jsonl.gz"
        archive.unlink(missing_ok=True)
        return self.one(port, scheme, io, "--archive", str(archive))

    def ten(self, io):
        requests = REQUESTS // 10 * 10
        return self.run("ten.yaml", self.server.h2, "http", 6, requests, "-i", str(requests // 10), "--h2c",
                        "--io", io, "--no-archive")

    def wrk(self, url):
        cpu, out = common.cpu_of(["wrk", "-t1", f"-c{CONNECTIONS}", "-d3", "-H", TOKEN, url], self.core)
        return cpu / int(re.search(r"(\d+) requests in", out).group(1)) * 1e6

    def bare(self, loop, *more):
        """What kernel and server leave for anybody: a loop that only sends and receives."""
        url = f"http://127.0.0.1:{self.server.port}" + ("/t" if loop == "uring_loop" else "")
        cpu, out = common.cpu_of([str(BUILD / "bench" / loop), url, str(CONNECTIONS), str(REQUESTS), *more], self.core)
        assert json.loads(out)["failures"] == 0, out
        return cpu / REQUESTS * 1e6

    def h2load(self):
        cpu, _ = common.cpu_of(["h2load", "-t1", "-c6", "-m10", f"-n{REQUESTS}", "-H", TOKEN,
                                f"http://127.0.0.1:{self.server.h2}/t"], self.core)
        return cpu / REQUESTS * 1e6


def medians(kinds):
    got = {name: [] for name in kinds}
    for _ in range(RUNS):
        for name, fn in kinds.items():
            got[name].append(fn())
    return {name: statistics.median(v) for name, v in got.items()}


def table(title, cpu, other, limits):
    print(f"{title}: CPU microseconds per request, medians of {RUNS}")
    for kind, us in cpu.items():
        ratio = f"{us / cpu[other]:6.2f} of {other}" if kind != other else ""
        limit = f" (at most {limits[kind]})" if kind in limits else ""
        print(f"  {kind:<24} {us:7.2f} {ratio}{limit}")
    return {"cpu_us": cpu, "ratios": {k: round(v / cpu[other], 3) for k, v in cpu.items() if k != other}}


def http(bench, port, scheme):
    kinds = {"epoll": lambda: bench.one(port, scheme, "epoll", "--no-archive"),
             "io_uring": lambda: bench.one(port, scheme, "io_uring", "--no-archive"),
             "epoll + archive": lambda: bench.archived(port, scheme, "epoll"),
             "wrk": lambda: bench.wrk(f"{scheme}://127.0.0.1:{port}/t")}
    limits = {"epoll": 0.95, "io_uring": 0.85 if scheme == "http" else 0.95}
    if scheme == "http":
        limits["epoll + archive"] = 1.0
        kinds["bare epoll loop"] = lambda: bench.bare("epoll_loop", "GET", "/t", "")
        kinds["bare io_uring loop"] = lambda: bench.bare("uring_loop")
    return table(scheme, medians(kinds), "wrk", limits)


def h2(bench):
    kinds = {"epoll": lambda: bench.ten("epoll"), "io_uring": lambda: bench.ten("io_uring"), "h2load": bench.h2load}
    return table("h2", medians(kinds), "h2load", {"epoll": 1.0, "io_uring": 1.0})


def anonymous_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s*(\d+)", text).group(1))


def at_rest(bench, users, port, scheme, io):
    """KiB of memory once every one of the users has its answer and waits. Slower than the handshakes that a core makes."""
    rate = 3000 if scheme == "http" else 300
    out = bench.folder / "rest.json"
    run = subprocess.Popen([str(BUILD / "reprise"), "run", str(bench.folder / "rest.yaml"), "-H",
                            f"{scheme}://127.0.0.1:{port}", "-u", str(users), "-r", str(rate), "-t", "120s", "--headless",
                            "-q", "-k", "--no-archive", "--workers", "1", "--io", io, "-s", "1s", "--json-file", str(out),
                            "--source-ip", "127.0.1.1", "--source-ip", "127.0.1.2"],
                           preexec_fn=common.pinned(bench.core))
    time.sleep(users / rate + 15)
    kib = anonymous_kib(run.pid)
    run.terminate()
    run.wait()
    got = json.loads(out.read_text())
    return kib, got["requests"] - got["failures"]


def rest(bench):
    print(f"rest: user-space memory per user, {REST_USERS} users with an open connection each")
    result = {}
    for name, port, scheme, most in (("http", bench.server.port, "http", 3), ("https", bench.server.tls, "https", 14)):
        base, _ = at_rest(bench, 1, port, scheme, "epoll")
        kib, answered = at_rest(bench, REST_USERS, port, scheme, "epoll")
        per_user = (kib - base) / max(answered, 1)
        result[name] = {"kib_per_user": round(per_user, 2), "answered": answered}
        print(f"  {name:<6} {per_user:6.2f} KiB (at most {most}), {answered} answered")
    return result


def instructions(bench):
    per_request = budget.per_request(BUILD / "reprise", bench.folder)
    print(f"budget: {per_request:.0f} user-space instructions per request (at most {budget.MOST})")
    return {"instructions": round(per_request)}


def main():
    parts = sys.argv[1:] or ["http", "https", "h2", "rest", "budget"]
    needs = {"http": "wrk", "https": "wrk", "h2": "h2load", "budget": "valgrind", "rest": "nginx"}
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    client, server_core = common.cores()
    result = {}
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        with Server(folder, server_core) as server:
            bench = Bench(folder, server, client)
            runs = {"http": lambda: http(bench, server.port, "http"), "https": lambda: http(bench, server.tls, "https"),
                    "h2": lambda: h2(bench), "rest": lambda: rest(bench), "budget": lambda: instructions(bench)}
            for part in parts:
                if shutil.which(needs[part]):
                    result[part] = runs[part]()
                else:
                    print(f"{part}: {needs[part]} is not installed: skipped")
    (BUILD / "bench_native.json").write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
