"""CPU per request of the whole process, each pair in one run against one nginx on another core.

    bare libcurl loop   tests/bench/curl_loop.c
    reprise, curl       the same work through --engine curl: at most 1.25 of the bare loop
    wrk                 where it is installed
    reprise, native     the default engine, histograms on, no archive
    reprise, archive    the same with the full archive

64 connections, keep-alive, a small answer with a token header that the scenario extracts and sends back.
Medians of RUNS rounds; CPU is what the kernel accounts to the process, user and system.
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
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
RUNS = int(os.environ.get("RUNS", "5"))
REQUESTS = int(os.environ.get("REQUESTS", "100000"))
CONNECTIONS = 64

NGINX = """
worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ add_header X-Token 0123456789abcdef0123456789abcdef; return 200 "hello, a small answer"; }}
  }}
}}
"""

SCENARIO = """
reprise: 1
name: bench
target: http://127.0.0.1:{port}
vars: {{ token: 0123456789abcdef0123456789abcdef }}
tasks:
  - name: token
    steps:
      - request: GET /t
        headers: {{ Accept: "*/*", Authorization: "Bearer ${{token}}" }}
        extract: {{ token: {{ header: X-Token }} }}
"""


def cores():
    """(client, server): two different cores where there are two."""
    have = sorted(os.sched_getaffinity(0))
    return {have[0]}, {have[-1]}


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(core):
    return lambda: os.sched_setaffinity(0, core)


def wait_for(url):
    end = time.monotonic() + 10
    while True:
        try:
            return urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def start_nginx(folder, core):
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(dir=folder, port=port))
    server = subprocess.Popen(["nginx", "-c", str(conf)], preexec_fn=pinned(core),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/t")
    return server, port


def cpu_of(command, core):
    """(CPU seconds of the process, its output)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, preexec_fn=pinned(core), capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stdout


class Bench:
    def __init__(self, folder, port, core):
        self.folder, self.core = folder, core
        self.url = f"http://127.0.0.1:{port}/t"
        self.scenario = folder / "bench.yaml"
        self.scenario.write_text(SCENARIO.format(port=port))

    def bare(self):
        command = [str(BUILD / "bench/curl_loop"), self.url, str(CONNECTIONS), str(REQUESTS)]
        cpu, out = cpu_of(command, self.core)
        assert json.loads(out)["failures"] == 0, out
        return cpu / REQUESTS * 1e6

    def reprise(self, *more):
        out = self.folder / "out.json"
        cpu, _ = cpu_of([str(BUILD / "reprise"), "run", str(self.scenario), "-u", str(CONNECTIONS), "-i",
                         str(REQUESTS), "--workers", "1", "--headless", "-q", "--json-file", str(out), *more],
                        self.core)
        got = json.loads(out.read_text())
        assert got["requests"] == REQUESTS and got["failures"] == 0, got
        return cpu / REQUESTS * 1e6

    def archived(self):
        archive = self.folder / "bench.jsonl.gz"
        archive.unlink(missing_ok=True)
        return self.reprise("--archive", str(archive))

    def wrk(self):
        cpu, out = cpu_of(["wrk", "-t1", f"-c{CONNECTIONS}", "-d3", "-H",
                           "Authorization: Bearer 0123456789abcdef0123456789abcdef", self.url], self.core)
        return cpu / int(re.search(r"(\d+) requests in", out).group(1)) * 1e6


def rounds(bench):
    kinds = {"bare libcurl loop": bench.bare, "reprise curl": lambda: bench.reprise("--engine", "curl", "--no-archive"),
             "reprise native": lambda: bench.reprise("--no-archive"), "reprise native + archive": bench.archived}
    if shutil.which("wrk"):
        kinds["wrk"] = bench.wrk
    got = {name: [] for name in kinds}
    for _ in range(RUNS):
        for name, fn in kinds.items():
            got[name].append(fn())
    return {name: statistics.median(v) for name, v in got.items()}


def main():
    if not shutil.which("nginx"):
        print("bench_engines: nginx is not installed: skipped")
        return 0
    client, server_core = cores()
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        folder = pathlib.Path(name)
        server, port = start_nginx(folder, server_core)
        try:
            cpu = rounds(Bench(folder, port, client))
        finally:
            server.terminate()
            server.wait()
    pairs = [("reprise curl", "bare libcurl loop", 1.25)]
    if "wrk" in cpu:
        pairs += [("reprise native", "wrk", 0.95), ("reprise native + archive", "wrk", 1.0)]
    print(f"CPU microseconds per request, {CONNECTIONS} connections, medians of {RUNS}")
    for kind, us in cpu.items():
        print(f"  {kind:<26} {us:7.2f}")
    ratios = {}
    for a, b, most in pairs:
        ratios[f"{a} / {b}"] = round(cpu[a] / cpu[b], 3)
        print(f"  {a} / {b}: {cpu[a] / cpu[b]:.2f} (at most {most})")
    (BUILD / "bench_engines.json").write_text(json.dumps({"cpu_us": cpu, "ratios": ratios}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
