"""What capturing costs: files against other tools on the same file, and a live run without losses.

    file    EXCHANGES keep-alive exchanges on lo, recorded by tcpdump in this run; whole-process CPU and peak
            memory of `reprise capture -r` with a HAR, tcpflow, tshark and tcpdump. Wanted: 30 times faster than
            tshark, faster than tcpflow, under 100 MB.
    live    RATE small exchanges a second on lo for SECONDS. Wanted: none lost by reprise or by the kernel.

Needs nginx, h2load (nghttp2-client), tcpdump and the right to capture; what else is missing is left out.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
REPRISE = str(BUILD / "reprise")
EXCHANGES = int(os.environ.get("EXCHANGES", "300000"))
RATE, SECONDS, CONNECTIONS = 20000, int(os.environ.get("SECONDS", "10")), 50
RUNS = int(os.environ.get("RUNS", "3"))

NGINX = """daemon off; master_process off; pid {dir}/pid; error_log {dir}/error; events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; server {{ listen 127.0.0.1:{port} backlog=4096;
location = /status {{ stub_status; }}
location / {{ default_type text/plain; return 200 "hello, a small answer of sixty-four bytes, no more and no less\\n"; }} }} }}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, check, seconds=60):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def cost(command, folder):
    """(CPU seconds, peak MB) of a process; the best of RUNS, because the machine has other work."""
    best = (1e9, 0)
    for _ in range(RUNS):
        child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, command
        best = min(best, (used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
    return best


class Bench:
    def __init__(self, folder):
        self.folder, self.port, self.children = folder, free_port(), []
        (folder / "nginx.conf").write_text(NGINX.format(dir=folder, port=self.port))
        self.start(["nginx", "-p", folder, "-c", folder / "nginx.conf"], lambda: answers(self.port))

    def start(self, command, ready, log=None):
        out = open(log, "w") if log else subprocess.DEVNULL
        child = subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.STDOUT)
        self.children.append(child)
        until(command[0], ready)
        return child

    def stop(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()

    def load(self, *how):
        done = subprocess.run(["h2load", "--h1", "-c", str(CONNECTIONS), "-t", "1", *how,
                               f"http://127.0.0.1:{self.port}/a/path?with=a&query=string"],
                              capture_output=True, text=True, check=True)
        return int(re.search(r"(\d+) succeeded", done.stdout).group(1))

    def record(self):
        """A capture of EXCHANGES exchanges."""
        pcap, log = self.folder / "big.pcap", self.folder / "tcpdump.log"
        tcpdump = self.start(["tcpdump", "-i", "lo", "-B", "262144", "-Z", "root", "-w", pcap, f"port {self.port}"],
                             lambda: log.exists() and "listening" in log.read_text(), log)
        self.load("-n", str(EXCHANGES))
        sizes = [0]
        until("tcpdump", lambda: sizes.append(pcap.stat().st_size) or (time.sleep(0.3), sizes[-1] == sizes[-2] > 0)[1])
        tcpdump.send_signal(signal.SIGINT)
        tcpdump.wait()
        return pcap, int(re.search(r"(\d+) packets dropped", log.read_text()).group(1))

    def files(self):
        pcap, dropped = self.record()
        report, scratch = self.folder / "report.json", self.folder / "tcpflow"
        scratch.mkdir()
        tools = {
            "reprise": [REPRISE, "capture", "-q", "-r", pcap, "-o", self.folder / "out.har", "--json", report],
            "tcpdump": ["tcpdump", "-r", pcap, "-w", "/dev/null"],
            "tcpflow": ["tcpflow", "-r", pcap, "-o", scratch],
            "tshark": ["tshark", "-r", pcap, "-Y", "http.request", "-T", "fields", "-e", "http.request.uri"],
        }
        got = {name: cost(list(map(str, c)), self.folder) for name, c in tools.items() if shutil.which(c[0])}
        found = json.loads(report.read_text())
        print(f"{found['exchanges']['complete']} of {EXCHANGES} exchanges in {pcap.stat().st_size >> 20} MB "
              f"({dropped} packets lost by tcpdump); CPU seconds and peak MB, best of {RUNS}")
        for name, (cpu, peak) in got.items():
            print(f"  {name:<9} {cpu:7.2f} s {peak:7.1f} MB   {cpu / got['reprise'][0]:6.1f} x reprise")
        return {"exchanges": found["exchanges"], "dropped": dropped, "tools": got}

    def live(self):
        report, log = self.folder / "live.json", self.folder / "live.log"
        reprise = self.start([REPRISE, "capture", "-i", "lo", "-f", f"port {self.port}", "-o", self.folder / "live.har",
                              "--json", report], lambda: log.exists() and "capturing" in log.read_text(), log)
        sent = self.load("--rps", str(RATE // CONNECTIONS), "-D", str(SECONDS))
        reprise.send_signal(signal.SIGINT)
        _, status, used = os.wait4(reprise.pid, 0)
        reprise.returncode = os.waitstatus_to_exitcode(status)
        found = json.loads(report.read_text())
        cpu = used.ru_utime + used.ru_stime
        # h2load counts what was answered within its time; requests in flight at the end are seen as well.
        lost = max(sent - found["exchanges"]["complete"], 0)
        print(f"live: {sent} exchanges in {SECONDS} s, {found['exchanges']['complete']} recorded, {lost} lost, "
              f"{found['kernel_drops']} packets lost by the kernel, {cpu:.2f} s CPU, {used.ru_maxrss >> 10} MB")
        return {"sent": sent, "report": found, "cpu_s": cpu, "lost": lost}


def main():
    missing = [p for p in ("nginx", "h2load", "tcpdump") if not shutil.which(p)]
    if missing:
        print(f"bench_capture: {', '.join(missing)} not installed: skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        bench = Bench(pathlib.Path(name))
        try:
            result = {"file": bench.files(), "live": bench.live()}
        finally:
            bench.stop()
    (BUILD / "bench_capture.json").write_text(json.dumps(result, indent=1))
    live = result["live"]
    return 1 if live["lost"] or live["report"]["kernel_drops"] else 0


sys.exit(main())
