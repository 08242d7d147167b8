"""What watching costs the run: CPU per request with and without 50 watchers, in windows that take turns.

    tests/bench/run bench_page.py     prints it from more windows, with the page's other figures
"""
import os
import pathlib
import re
import selectors
import socket
import statistics
import time
import unittest
from urllib.parse import urlsplit

from harness import PATIENCE_S, SANITIZED
from test_page import Page
import test_web

ROUNDS = int(os.environ.get("REPRISE_ROUNDS", "0"))  # exactly so many; 0: until the figure is good, at most 8
LIMIT = 1.02 if ROUNDS else 1.2  # in `make test` other modules run beside it


@unittest.skipIf(SANITIZED, "measures CPU")
class Watching(test_web.WebTest):
    WATCHERS, DEAF = 50, 2
    WINDOW_S = 1.5

    def connect(self, deaf):
        s = socket.socket()
        if deaf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.settimeout(PATIENCE_S)
        s.connect(("127.0.0.1", urlsplit(self.base).port))
        s.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return s

    def cpu(self):
        """Nanoseconds that each thread of the program has run."""
        return {p.parent.name: int(p.read_text().split()[0])
                for p in pathlib.Path(f"/proc/{self.pid}/task").glob("*/schedstat")}

    def memory_kb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text()).group(1))

    def window(self, socks):
        """(CPU of the worker per request in us, CPU of all other threads as a share of one core)."""
        cpu, requests, started = self.cpu(), self.target.truth()["requests"], time.monotonic()
        selector = selectors.DefaultSelector()
        for s in socks:
            selector.register(s, selectors.EVENT_READ)
        while (left := started + self.WINDOW_S - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                self.got[key.fileobj] = self.got.get(key.fileobj, 0) + len(key.fileobj.recv(65536))
        selector.close()
        used = sorted(v - cpu.get(t, 0) for t, v in self.cpu().items())
        requests = self.target.truth()["requests"] - requests
        return used[-1] / requests / 1e3, sum(used[:-1]) / 1e9 / (time.monotonic() - started)

    def watched(self):
        socks = [self.connect(False) for _ in range(self.WATCHERS - self.DEAF)]
        result = self.window(socks)
        for s in socks:
            self.assertGreater(self.got.get(s, 0), 500, "a watcher was left without news")
            s.close()
        return result

    def ratio(self, alone, watched):
        """Of the medians; or of the least, since other work of the machine only adds to either."""
        return min(statistics.median(watched) / statistics.median(alone), min(watched) / min(alone))

    def test_fifty_watchers_two_of_them_deaf(self):
        self.write("busy.yaml", f"reprise: 1\nname: busy\ntarget: {self.target.base}\ntasks:\n  - name: a\n    steps:\n"
                   "      - request: GET /api/none\n")
        page = self.started(Page(self.dir, "busy.yaml", "--no-archive", "--workers", "1"))
        self.base, self.pid, self.got = page.base, page.child.pid, {}
        self.start(users=8)
        alone, watched, rest, rss = [], [], [], self.memory_kb()
        deaf = [self.connect(True) for _ in range(self.DEAF)]  # they stay, and never read
        while len(alone) < (ROUNDS or 8):
            alone.append(self.window([])[0])
            per_request, others = self.watched()
            watched.append(per_request)
            rest.append(others)
            if not ROUNDS and len(alone) >= 3 and self.ratio(alone, watched) < LIMIT:
                break
        for s in deaf:
            s.close()
        print(f"CPU per request: {statistics.median(alone):.2f} us alone, {statistics.median(watched):.2f} us with "
              f"{self.WATCHERS} watchers (medians of {len(alone)} pairs of windows), "
              f"{100 * statistics.median(w / a - 1 for w, a in zip(watched, alone)):+.1f} % (median of the pairs); "
              f"least {min(alone):.2f} and {min(watched):.2f} us; page and collector {100 * statistics.median(rest):.1f} % of a core")
        self.assertLess(self.ratio(alone, watched), LIMIT)
        self.assertLess(self.memory_kb() - rss, 8192, "kB more")
        self.assertLess(min(rest), 0.05)
