"""What the curl engine costs beside a bare libcurl loop (tests/bench/curl_loop.c): at most 1.25 of its CPU per request,
both in one run against one nginx on another core. The native engine's figures are bench_native.py's.

64 connections, keep-alive, a small answer with a token header that the scenario extracts and sends back.
Medians of RUNS rounds; CPU is what the kernel accounts to the process, user and system. What the benches share is
here, too: cores, ports, nginx, CPU of a process.
"""
import json
import os
import pathlib
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
worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error; worker_rlimit_nofile 20000;
events {{ worker_connections 19500; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600; http2_max_concurrent_streams 128;
  server {{
    listen 127.0.0.1:{port} backlog=16384;
    {more}
  }}
}}
"""
ANSWER = """location / { add_header X-Token 0123456789abcdef0123456789abcdef; return 200 "hello, a small answer"; }"""

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


class Nginx:
    """An nginx of one worker on its core, for a with block. more: what its server block has beside the port."""

    def __init__(self, folder, core, more=ANSWER):
        self.port = free_port()
        conf = folder / "nginx.conf"
        conf.write_text(NGINX.format(dir=folder, port=self.port, more=more))
        self.process = subprocess.Popen(["nginx", "-c", str(conf)], preexec_fn=pinned(core),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(f"http://127.0.0.1:{self.port}/t")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


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

    def reprise(self):
        out = self.folder / "out.json"
        cpu, _ = cpu_of([str(BUILD / "reprise"), "run", str(self.scenario), "-u", str(CONNECTIONS), "-i", str(REQUESTS),
                         "--engine", "curl", "--no-archive", "--workers", "1", "--headless", "-q", "--json-file", str(out)],
                        self.core)
        got = json.loads(out.read_text())
        assert got["requests"] == REQUESTS and got["failures"] == 0, got
        return cpu / REQUESTS * 1e6


def main():
    if not shutil.which("nginx"):
        print("bench_engines: nginx is not installed: skipped")
        return 0
    client, server_core = cores()
    bare, ours = [], []
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        folder = pathlib.Path(name)
        with Nginx(folder, server_core) as server:
            bench = Bench(folder, server.port, client)
            for _ in range(RUNS):
                bare.append(bench.bare())
                ours.append(bench.reprise())
    cpu = {"bare libcurl loop": statistics.median(bare), "reprise curl": statistics.median(ours)}
    ratio = round(cpu["reprise curl"] / cpu["bare libcurl loop"], 3)
    print(f"engines: CPU microseconds per request, {CONNECTIONS} connections, medians of {RUNS}")
    for kind, us in cpu.items():
        print(f"  {kind:<26} {us:7.2f}")
    print(f"  reprise curl / bare libcurl loop: {ratio:.2f} (at most 1.25)")
    (BUILD / "bench_engines.json").write_text(json.dumps({"cpu_us": cpu, "ratio": ratio}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
