"""reprise run: what is sent is what the target counted, whatever ends the run."""
import hashlib
import http.server
import json
import os
import re
import resource
import signal
import socket
import threading
import time

from harness import REPRISE, TOP, Process, TestCase, archive_lines, free_port, wait_for


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


SHOP = """
reprise: 1
name: shop walk
target: https://shop.example
feeds:
  account: { file: accounts.csv, pick: unique }
on_start:
  - request: POST /login
    form: { username: "${account.username}", password: "${account.password}" }
    expect: { status: 200 }
    extract: { token: { body: "" } }
tasks:
  - name: browse
    steps:
      - request: GET /
        headers: { Authorization: "${token}" }
        expect: { body: "Hello, user" }
      - request: GET /shop/login
        extract: { csrf: { html: "//input[@name='csrf']/@value" } }
      - request: POST /shop/login
        form: { csrf: "${csrf}", username: "${account.username}", password: "${account.password}" }
        expect: { status: 303 }
      - request: GET /shop/
        expect: { body: "Welcome" }
        extract: { page_csrf: { html: "//meta[@name='csrf']/@content" } }
      - request: POST /api/login
        json: { username: "${account.username}", password: "${account.password}" }
        extract: { bearer: { json: $.token } }
      - parallel:
          - request: GET /api/items
            headers: { Authorization: "Bearer ${bearer}" }
          - request: GET /api/cart
            headers: { Authorization: "Bearer ${bearer}" }
on_stop:
  - request: POST /shop/logout
    form: { csrf: "${page_csrf}" }
    expect: { status: 303 }
"""
PER_ITERATION = 7


def accounts(n):
    return "username,password\n" + "".join(f"user{i},demo-pass-1\n" for i in range(n))


def samples(path):
    return [line for line in archive_lines(path) if line.get("type") in (None, "sample", "samples")]


class Run(TestCase):
    def setUp(self):
        super().setUp()
        self.target = self.demo()
        self.write("shop.yaml", SHOP)
        self.write("accounts.csv", accounts(50))

    def run_shop(self, *args, code=0, **kwargs):
        done = self.reprise("run", "shop.yaml", "-H", self.target.base, "--headless", "--json-file", "out.json",
                            "--archive", "out.jsonl.gz", *args, code=code, **kwargs)
        return done, json.loads((self.dir / "out.json").read_text())

    def check_truth(self, out, users, iterations):
        truth = self.target.truth()
        sent = users * 2 + iterations * PER_ITERATION
        self.assertEqual(out["requests"], sent)
        self.assertEqual(truth["requests"], sent)
        self.assertEqual(out["failures"], 0)
        self.assertEqual(truth["refused"], 0)
        self.assertEqual(truth["failed_logins"], 0)

    def test_truth_native(self):
        _, out = self.run_shop("-u", 50, "--loops", 2)
        self.check_truth(out, 50, 100)

    def test_truth_curl(self):
        _, out = self.run_shop("-u", 20, "--loops", 2, "--engine", "curl")
        self.check_truth(out, 20, 40)

    def test_iterations_are_shared(self):
        _, out = self.run_shop("-u", 5, "-i", 33, "--workers", 3)
        self.check_truth(out, 5, 33)

    def test_processes_share_users_and_iterations(self):
        _, out = self.run_shop("-u", 10, "-i", 33, "--processes", 3)
        self.check_truth(out, 10, 33)
        parts = sorted(self.dir.glob("out.*of3.jsonl.gz"))
        self.assertEqual(len(parts), 3)
        self.reprise("report", *parts, "--json", "merged.json")
        merged = json.loads((self.dir / "merged.json").read_text())
        self.assertEqual(merged["requests"], out["requests"])

    def test_run_time_and_rate(self):
        _, out = self.run_shop("--rate", "40/s", "--max-users", 30, "-t", "2s", "--arrival", "constant")
        self.assertEqual(out["failures"], 0)
        self.assertEqual(out["dropped_starts"], 0)
        bodies = [s for s in out["steps"] if s["name"] == "/api/cart"]
        self.assertEqual(bodies[0]["requests"], 80)

    def test_files_are_private(self):
        self.run_shop("-u", 1, "--loops", 1, "--csv", "out", "-q")
        for name in ("out.json", "out.jsonl.gz", "out_stats.csv", "out_stats_history.csv", "out_failures.csv"):
            self.assertEqual((self.dir / name).stat().st_mode & 0o077, 0, name)

    def test_quiet_prints_nothing(self):
        done, _ = self.run_shop("-u", 1, "--loops", 1, "-q")
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_quiet_names_what_failed(self):
        self.write("bad.yaml", "reprise: 1\nname: b\ntasks:\n- name: t\n  steps:\n  - request: GET /status/503\n")
        for more in ((), ("--processes", 2)):
            done = self.reprise("run", "bad.yaml", "-H", "http://127.0.0.1:1", "-u", 3, "--loops", 1, "--no-archive",
                                "-q", *more, code=1)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr, "reprise run: 3 of 3 requests failed, most often GET /status/503: "
                                          "Connection refused\n")
        done = self.reprise("run", "bad.yaml", "-H", self.target.base, "--loops", 1, "--no-archive", "-q", "--threshold",
                            "failed < 1%", code=99)
        self.assertIn("reprise run: threshold not met: failed < 1%\n", done.stderr)

    def test_thresholds_say_what_was_measured_in_their_unit(self):
        self.write("bad.yaml", "reprise: 1\nname: b\ntasks:\n- name: t\n  steps:\n  - request: GET /status/503\n")
        done = self.reprise("run", "bad.yaml", "-H", self.target.base, "--loops", 1, "--no-archive", "--threshold",
                            "failed < 1%", "--junit", "o.xml", "--json-file", "o.json", "--html", "o.html", code=99)
        self.assertIn("FAILED  failed < 1%  (100%)\n", done.stdout)
        self.assertIn('message="measured 100%"', (self.dir / "o.xml").read_text())
        rule = {"rule": "failed < 1%", "ok": False, "value": 1, "measured": "100%"}
        self.assertEqual(json.loads((self.dir / "o.json").read_text())["thresholds"], [rule])
        self.assertIn('"measured": "100%"', (self.dir / "o.html").read_text())

    def test_progress_of_processes(self):
        self.write("ok.yaml", "reprise: 1\nname: ok\nwait: 50ms\ntasks:\n- name: t\n  steps:\n"
                              "  - request: GET /status/200\n")
        done = self.reprise("run", "ok.yaml", "-H", self.target.base, "-u", 4, "--run-time", "6s", "--processes", 2,
                            "--no-archive", "--json-file", "out.json")
        out = json.loads((self.dir / "out.json").read_text())
        line = re.search(r"^00:05  4 users  \d+ req/s  (\d+) requests  0 failed$", done.stdout, re.M)
        self.assertTrue(line, done.stdout)
        self.assertGreater(int(line[1]), 0)
        self.assertLess(int(line[1]), out["requests"])

    def test_feed_that_runs_out(self):
        self.write("accounts.csv", accounts(3))
        self.write("shop.yaml", SHOP.replace("pick: unique", "pick: unique, at_end: fail"))
        done = self.reprise("run", "shop.yaml", "-H", self.target.base, "-u", 5, "--loops", 1, "--no-archive", code=3)
        self.assertIn("accounts.csv has 3 rows", done.stderr)

    def test_users_of_a_run_shorter_than_a_second(self):
        _, out = self.run_shop("-u", 2, "--loops", 1, "--workers", 1, "-q")  # with two, one user may end before the other begins
        self.assertEqual(out["users"], 2)

    def test_html_masks_secrets_of_the_scenario(self):
        self.write("shop.yaml", SHOP + "vars: { api_token: hunter2hunter2 }\n")
        self.run_shop("-u", 1, "--loops", 1, "-q", "--html", "out.html")
        text = (self.dir / "out.html").read_text()
        self.assertIn("api_token", text)
        self.assertNotIn("hunter2", text)

    def test_thresholds(self):
        done, out = self.run_shop("-u", 2, "--loops", 1, "--threshold", "p(95) < 1us", "--threshold", "failed < 1%",
                                  code=99)
        self.assertEqual([t["ok"] for t in out["thresholds"]], [False, True])
        self.reprise("run", "shop.yaml", "-H", self.target.base, "--threshold", "nonsense", code=2)
        self.assertEqual(self.target.truth()["requests"], out["requests"])

    def test_failures_set_the_exit_code(self):
        self.write("bad.yaml", "reprise: 1\nname: b\ntasks:\n- name: t\n  steps:\n  - request: GET /status/503\n")
        common = ("run", "bad.yaml", "-H", self.target.base, "--loops", 1, "--no-archive")
        self.assertIn("503", self.reprise(*common, code=1).stdout)
        self.reprise(*common, "--exit-code-on-error", 0, code=0)
        self.reprise(*common, "--exit-code-on-error", 7, code=7)


class Timeline(TestCase):
    HAR = TOP / "scenarios" / "examples" / "demo.har"

    def test_copies_of_a_recorded_visit(self):
        target = self.demo()
        self.reprise("run", self.HAR, "--timeline", "-H", target.base, "--speed", 4, "--copies", 5, "--copy-shift",
                     "200ms", "--json-file", "out.json", "--archive", "out.jsonl.gz")
        out, truth = json.loads((self.dir / "out.json").read_text()), target.truth()
        self.assertEqual(out["failures"], 0)
        self.assertEqual(out["requests"], truth["requests"])
        self.assertEqual([truth[k] for k in ("logins", "refused", "orders", "paid")], [5, 0, 5, 5])
        # 5.2 s at four times the speed, and four shifts.
        self.assertGreater(out["duration_s"], 1.9)

    def test_needs_a_recording(self):
        self.write("s.yaml", SHOP)
        self.reprise("run", "s.yaml", "--timeline", "-H", "http://127.0.0.1:1", code=3)
        self.reprise("run", self.HAR, "--timeline", "--speed", 0, "-H", "http://127.0.0.1:1", code=2)


class Endings(TestCase):
    """A target that answers when it likes."""

    def setUp(self):
        super().setUp()
        self.server = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.addCleanup(self.server.close)
        self.port = self.server.getsockname()[1]
        self.got, self.clients, self.answer_all = [], [], threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()
        self.write("s.yaml", "reprise: 1\nname: s\ntasks:\n- name: t\n  steps:\n  - request: GET /slow\n"
                             "  - request: GET /next\non_stop:\n- request: GET /bye\n")

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        data = b""
        try:
            while piece := client.recv(65536):
                data += piece
                while b"\r\n\r\n" in data:
                    head, data = data.split(b"\r\n\r\n", 1)
                    self.got.append(head.split(b" ")[1].decode())
                    if b"/slow" in head:
                        self.answer_all.wait(30)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass

    def start(self, *args):
        child = Process([REPRISE, "run", "s.yaml", "-H", f"http://127.0.0.1:{self.port}", "-u", "4", "--headless",
                         "--json-file", "out.json", "--archive", "out.jsonl.gz", *args], cwd=self.dir)
        self.addCleanup(child.stop)
        wait_for("4 requests", lambda: self.got.count("/slow") == 4)
        return child

    def out(self):
        return json.loads((self.dir / "out.json").read_text())

    def test_interrupt_lets_users_finish(self):
        child = self.start("-s", "30s")
        child.send(signal.SIGINT)
        time.sleep(0.3)  # the answer must come after the signal
        self.answer_all.set()
        self.assertEqual(child.wait(), 130)
        self.assertEqual(sorted(self.got), ["/bye"] * 4 + ["/slow"] * 4)
        self.assertEqual((self.out()["requests"], self.out()["failures"], self.out()["cancelled"]), (8, 0, 0))
        self.assertTrue(self.out()["interrupted"])

    def test_stop_timeout(self):
        child = self.start("-s", "200ms")
        child.send(signal.SIGTERM)
        self.assertEqual(child.wait(), 130)
        self.assertEqual((self.out()["requests"], self.out()["cancelled"]), (0, 4))

    def test_second_interrupt_stops_at_once(self):
        child = self.start("-s", "1h")
        child.send(signal.SIGINT)
        time.sleep(0.2)
        child.send(signal.SIGINT)
        self.assertEqual(child.wait(), 130)
        self.assertEqual(self.out()["cancelled"], 4)
        self.assertTrue(archive_lines(self.dir / "out.jsonl.gz"))

    def has_rows(self):
        try:
            return any(isinstance(line, list) for line in archive_lines(self.dir / "out.jsonl.gz"))
        except (OSError, EOFError):  # not there, or just being written
            return False

    def test_killed_leaves_a_readable_archive(self):
        self.answer_all.set()
        child = Process([REPRISE, "run", "s.yaml", "-H", f"http://127.0.0.1:{self.port}", "-u", "4", "--headless",
                         "--archive", "out.jsonl.gz", "-t", "1h"], cwd=self.dir)
        self.addCleanup(child.stop)
        wait_for("rows in the archive", self.has_rows)
        child.stop(signal.SIGKILL)
        done = self.reprise("report", "out.jsonl.gz", code=None)
        self.assertIn("/slow", done.stdout)

    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        self.answer_all.set()
        done = self.reprise("run", "s.yaml", "-H", f"http://127.0.0.1:{self.port}", "--loops", 5, "--archive",
                            "/dev/full", code=4)
        self.assertIn("/dev/full", done.stderr)


class Ways(TestCase):
    """How requests get there: names, addresses, proxies. The server keeps what it was sent."""

    def setUp(self):
        super().setUp()
        self.got = []
        self.port = self.listen(socket.create_server(("127.0.0.1", 0), backlog=10))[1]
        self.write("s.yaml", "reprise: 1\nname: s\ntarget: http://recorded.example\ntasks:\n- name: t\n  steps:\n"
                             "  - request: GET /a?b\n    headers: { Referer: \"http://recorded.example/from\" }\n")

    def listen(self, server):
        self.addCleanup(server.close)
        threading.Thread(target=self.serve, args=(server,), daemon=True).start()
        return server.getsockname()

    def serve(self, server):
        while True:
            try:
                client, peer = server.accept()
            except OSError:
                return
            data = b""
            while b"\r\n\r\n" not in data:
                data += client.recv(65536)
            self.got.append((peer[0] if peer else "", data.decode()))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            client.close()

    def once(self, *args):
        self.reprise("run", "s.yaml", "--loops", 1, "--no-archive", "--headless", *args)
        self.assertEqual(len(self.got), 1)
        return self.got[0]

    def test_resolve(self):
        for engine in ("native", "curl"):
            self.got.clear()
            _, head = self.once("-H", f"http://shop.example:{self.port}", "--resolve",
                                f"shop.example:{self.port}:127.0.0.1", "--engine", engine)
            self.assertIn(f"\r\nHost: shop.example:{self.port}\r\n", head)
            self.assertIn(f"\r\nReferer: http://shop.example:{self.port}/from\r\n", head)
            self.assertTrue(head.startswith("GET /a?b HTTP/1.1\r\n"), head)

    def test_source_address(self):
        for engine in ("native", "curl"):
            self.got.clear()
            peer, _ = self.once("-H", f"http://127.0.0.1:{self.port}", "--source-ip", "127.0.0.7", "--engine", engine)
            self.assertEqual(peer, "127.0.0.7")

    def refused(self, *args, says, code=2):
        done = self.reprise("run", "s.yaml", "-H", f"http://127.0.0.1:{self.port}", "--no-archive", *args, code=code)
        self.assertIn(says, done.stderr)
        self.assertEqual(self.got, [])

    def test_source_block(self):
        for engine in ("native", "curl"):
            self.got.clear()
            self.reprise("run", "s.yaml", "-H", f"http://127.0.0.1:{self.port}", "-u", 6, "--loops", 1, "--workers", 1,
                         "--source-ip", "127.0.0.8/31,127.0.0.12", "--no-archive", "--headless", "--engine", engine)
            self.assertEqual(sorted(peer for peer, _ in self.got),
                             ["127.0.0.12"] * 2 + ["127.0.0.8"] * 2 + ["127.0.0.9"] * 2)

    def test_sources_that_are_none(self):
        self.refused("--source-ip", "shop", says="is not an address or a block")
        self.refused("--source-ip", "127.0.0.1/33", says="is not an address or a block")
        self.refused("--source-ip", "203.0.113.7", says="is no address of this machine")
        self.refused("--source-ip", "203.0.113.0/28", says="holds no address of this machine")
        self.refused("--source-ip", "10.0.0.0/8", says="more than 65,536")

    def test_resolve_that_is_none(self):
        self.refused("--resolve", "shop.example", says="HOST:PORT:ADDRESS")

    def test_ipv6(self):
        try:
            port = self.listen(socket.create_server(("::1", 0), family=socket.AF_INET6))[1]
        except OSError:
            self.skipTest("no IPv6 here")
        for engine in ("native", "curl"):
            self.got.clear()
            peer, head = self.once("-H", f"http://[::1]:{port}", "--source-ip", "::1", "--engine", engine)
            self.assertEqual(peer, "::1")
            self.assertIn(f"\r\nHost: [::1]:{port}\r\n", head)
            self.got.clear()
            self.once("-H", f"http://shop.example:{port}", "--resolve", f"shop.example:{port}:[::1]", "--engine",
                      engine)
        self.got.clear()
        self.refused("--source-ip", "::1", says="--source-ip is IPv6, but 127.0.0.1 has no such address")

    def test_unix_socket(self):
        path = str(self.dir / "shop.sock")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(10)
        self.listen(server)
        for engine in ("native", "curl"):
            self.got.clear()
            _, head = self.once("-H", "http://shop.example", "--resolve", f"shop.example:80:{path}", "--engine", engine)
            self.assertIn("\r\nHost: shop.example\r\n", head)

    def test_redirect_to_a_host_that_was_named(self):
        """Nothing but the answer names that host: it is followed there with --allow-host and not without."""
        other = self.nginx()
        target = self.nginx(f"location / {{ return 302 http://localhost:{other.port}/there; }}")
        self.write("r.yaml", "reprise: 1\nname: r\ntasks:\n- name: t\n  steps:\n  - request: GET /\n    redirects: 2\n")
        run = ("run", "r.yaml", "-H", target.base, "--loops", 1, "--no-archive")
        done = self.reprise(*run, code=1)
        self.assertIn(f"redirected to http://localhost:{other.port}, which was not named", done.stdout)
        self.reprise(*run, "--allow-host", f"localhost:{other.port}")
        self.assertEqual([r.split('"')[1] for r in other.requests() if "/there" in r], ["GET /there HTTP/1.1"])

    def test_fewer_descriptors_than_connections(self):
        """Told before the start, and no request fails for it."""
        target = self.nginx()
        steps = "".join(f"    - request: GET /{i}\n" for i in range(6))
        self.write("p.yaml", "reprise: 1\nname: p\ntasks:\n- name: t\n  steps:\n  - parallel:\n" + steps)
        for io in ("epoll", "auto"):
            done = self.reprise("run", "p.yaml", "-H", target.base, "-u", 60, "--loops", 2, "--no-archive", "--io", io,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
            self.assertIn("60 users with up to 6 connections each, but a process may have at most 100", done.stderr)
            self.assertIn("ulimit -n 560", done.stderr)
            self.assertRegex(done.stdout, r"Aggregated +720 +0\(0\.0%\)")

    def test_names_are_looked_up_again(self):
        self.reprise("run", "s.yaml", "-H", f"http://localhost:{self.port}", "--loops", 200, "--no-archive",
                     "--headless", "--dns-refresh", "1ms")
        self.assertEqual(len(self.got), 200)

    def test_proxy(self):
        _, head = self.once("-H", "http://shop.example", "--proxy", f"http://127.0.0.1:{self.port}")
        self.assertTrue(head.startswith("GET http://shop.example/a?b HTTP/1.1\r\nHost: shop.example\r\n"), head)

    def test_curl_is_said_once(self):
        base = f"http://127.0.0.1:{self.port}"
        common = ("run", "s.yaml", "-H", base, "-u", 3, "--loops", 1, "--no-archive", "--headless")
        self.assertNotIn("Engine:", self.reprise(*common).stdout)
        self.assertNotIn("Engine:", self.reprise(*common, "--engine", "curl").stdout)
        for more in ((), ("--processes", 2)):
            out = self.reprise(*common, "--proxy", base, *more).stdout
            self.assertEqual(out.count("Engine: curl, because of --proxy\n"), 1)
        self.got.clear()
        self.refused("--engine", "native", "--proxy", base, says="--engine native has no --proxy")
        self.refused("--auth", "digest", says="SCHEME:USER:PASSWORD")
        self.refused("--auth", "oauth:a:b", says="SCHEME:USER:PASSWORD")

    def test_socks(self):
        socks = socket.create_server(("127.0.0.1", 0), backlog=10)
        self.addCleanup(socks.close)
        asked = []

        def serve():  # RFC 1928: no authentication, CONNECT by name
            client, _ = socks.accept()
            client.recv(2 + client.recv(2)[1])
            client.sendall(b"\x05\x00")
            head = client.recv(5, socket.MSG_WAITALL)
            asked.append(client.recv(head[4] + 2, socket.MSG_WAITALL))
            client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(65536)
            self.got.append(("", request.decode()))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            client.close()

        threading.Thread(target=serve, daemon=True).start()
        _, head = self.once("-H", "http://shop.example", "--proxy",
                            f"socks5h://127.0.0.1:{socks.getsockname()[1]}")
        self.assertEqual(asked, [b"shop.example\x00P"])
        self.assertTrue(head.startswith("GET /a?b HTTP/1.1\r\nHost: shop.example\r\n"), head)

    def test_digest(self):
        seen = []

        class Door(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                said = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
                ha1 = md5("ellen:shop:key")
                want = md5(f"{ha1}:{said.get('nonce')}:{md5('GET:' + self.path)}")
                good = said.get("response") == want and said.get("uri") == self.path
                seen.append((self.path, good))
                self.send_response(200 if good else 401)
                if not good:
                    self.send_header("WWW-Authenticate", 'Digest realm="shop", nonce="once"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        self.reprise("run", "s.yaml", "-H", base, "--loops", 3, "--headless", "--auth", "digest:ellen:key", "--archive",
                     "a.jsonl.gz")
        self.assertEqual(seen[:2], [("/a?b", False), ("/a?b", True)])
        self.assertEqual([path for path, good in seen if good], ["/a?b"] * 3)
        self.assertNotIn("ellen", json.dumps(archive_lines(self.dir / "a.jsonl.gz")))
        self.reprise("run", "s.yaml", "-H", base, "--loops", 1, "--headless", "--auth", "digest:ellen:lock",
                     "--no-archive", code=1)

    def test_proxies_of_the_environment_are_not_asked(self):
        nowhere = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
        for engine in ("native", "curl"):
            self.got.clear()
            self.reprise("run", "s.yaml", "--loops", 1, "--no-archive", "--headless", "--engine", engine, "-H",
                         f"http://127.0.0.1:{self.port}", env=nowhere)
            self.assertEqual(len(self.got), 1)


class BadInput(TestCase):
    def refused(self, *args, code, says):
        done = self.reprise("run", *args, "--no-archive", code=code)
        self.assertIn(says, done.stderr)
        self.assertNotIn("\n\n", done.stderr)

    def test_each_is_named(self):
        self.write("ok.yaml", "reprise: 1\nname: s\ntarget: http://127.0.0.1:1\ntasks:\n- name: t\n  steps:\n"
                              "  - request: GET /\n")
        self.write("empty.yaml", "")
        self.write("garbage.yaml", bytes(range(256)) * 10)
        self.write("other.yaml", "reprise: 99\nname: s\n")
        self.write("hosts.yaml", "reprise: 1\nname: s\ntarget: http://127.0.0.1:1\ntasks:\n- name: t\n  steps:\n"
                                 "  - request: GET https://tracker.example/pixel\n")
        self.refused("missing.yaml", code=3, says="missing.yaml")
        self.refused("empty.yaml", code=3, says="empty.yaml")
        self.refused("garbage.yaml", code=3, says="garbage.yaml:1:1")
        self.refused("other.yaml", code=3, says="other.yaml:1:")
        self.refused("hosts.yaml", code=2, says="hosts.yaml:7:")
        self.refused("ok.yaml", "-H", "http://no.such.host.invalid", code=3, says="no.such.host.invalid")
        self.refused("ok.yaml", "-H", "gopher://x", code=2, says="gopher://x")
        self.refused("ok.yaml", "-u", "many", code=2, says="--users")
        self.refused("ok.yaml", "--stage", "30s", code=2, says="--stage")

    def test_refused_port(self):
        self.write("ok.yaml", "reprise: 1\nname: s\ntasks:\n- name: t\n  steps:\n  - request: GET /\n")
        done = self.reprise("run", "ok.yaml", "-H", f"http://127.0.0.1:{free_port()}", "--loops", 3, "--no-archive",
                            code=1)
        self.assertIn("refused", done.stdout)

    def test_options_that_would_do_nothing_are_refused(self):
        self.write("ok.yaml", "reprise: 1\nname: s\ntasks:\n- name: t\n  steps:\n  - request: GET /\n")
        for option, says in ((("--vus", 5), "--vus: use --users"), (("-c", 5), "-c: use --users"),
                             (("--output-http", "x"), "use --host"), (("-Z",), "unknown option -Z"),
                             (("--speed", 2), "--timeline"), (("--by-connection",), "--timeline"),
                             (("--arrival", "poisson"), "--rate"), (("--max-users", 5), "--rate"),
                             (("--rate", 0), "nothing would be started"), (("--exit-code-on-error", 256), "255"),
                             (("-u", 1 << 32), "below 4294967296")):
            self.refused("ok.yaml", "-H", "http://127.0.0.1:1", "-t", 1, *option, code=2, says=says)
        self.assertIn("Try `reprise run --help`", self.reprise("run", "ok.yaml", "-H", "a: b", env={
            "REPRISE_HEADLESS": "0", "REPRISE_WEB_PORT": "0"}, code=2).stderr)

    def test_files_that_could_not_be_written_are_told_before_the_start(self):
        self.write("ok.yaml", "reprise: 1\nname: s\ntasks:\n- name: t\n  steps:\n  - request: GET /\n")
        (self.dir / "old.json").write_text("kept")
        for option in ("--json-file", "--html", "--junit", "--markdown", "--csv"):
            done = self.reprise("run", "ok.yaml", "-H", "http://127.0.0.1:1", option, "no/such", code=4)
            self.assertIn("no/such", done.stderr)
            self.assertEqual(done.stdout, "", option)
        self.reprise("run", "ok.yaml", "-H", "http://127.0.0.1:1", "--html", ".", code=4)
        self.reprise("run", "ok.yaml", "-H", "no.such.host.invalid", "--json-file", "old.json", code=3)
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["ok.yaml", "old.json"])
        self.assertEqual((self.dir / "old.json").read_text(), "kept")

    def test_a_recording_is_no_scenario(self):
        har = self.write("a.har", '{"log": {"version": "1.2", "entries": []}}' + " " * 200)
        for command in ("run", "check", "try"):
            said = self.reprise(command, har, code=3).stderr
            self.assertIn("a.har -o scenario.yaml", said)
        self.write("wide.yaml", "reprise: 1\nname: é\ntasks: [ { name: " + "é" * 90 + ", stpes: [], b: " + "x" * 90 + " } ]")
        lines = self.reprise("check", "wide.yaml", code=3).stderr.splitlines()
        self.assertEqual(lines[1][lines[2].index("^"):][:5], "stpes")
        self.assertLessEqual(max(map(len, lines[1:])), 80)

    def test_check_refuses_what_a_run_refuses(self):
        ok = "reprise: 1\nname: s\ntarget: http://127.0.0.1:1\ntasks:\n- name: t\n  steps:\n  - request: GET /\n"
        for i, (line, at, says) in enumerate((
                ("    body_base64: '*'", "7:5", "not base64"), ("    headers: { 'A B': c }", "7:5", "cannot be sent"),
                ("    body_file: none.bin", "8:16", "no file none.bin"),
                ("thresholds: [ 'p(95) < 2s', '{step:no} avg < 1s' ]", "8:30", "no step or group"),
                ("load: { arrival: poisson }", "8:7", "wants a rate"), ("feeds: { a: { file: no.csv } }", "8:21", "no.csv"))):
            self.write(f"{i}.yaml", ok + line + "\n")
            for command in (("check",), ("run", "-i", 1, "--no-archive")):
                done = self.reprise(*command, f"{i}.yaml", code=3)
                self.assertIn(f"{i}.yaml:{at}: ", done.stderr)
                self.assertIn(says, done.stderr)
        self.write("ok.yaml", ok)
        done = self.reprise("check", "0.yaml", "ok.yaml", "1.yaml", code=3)
        self.assertIn("ok.yaml: fine", done.stdout)
        self.assertIn("1.yaml", done.stderr)
