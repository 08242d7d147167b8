"""The page's HTTP API: as web/openapi.yaml says, Locust's keys, and who may ask for what."""
import contextlib
import csv
import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import unittest
from urllib.parse import urlsplit

import jsonschema
import yaml

from harness import PATIENCE_S, TOP, Process, TestCase, get_json, http, wait_for
from test_page import FAILING, Page, SCENARIO

JSON = {"Content-Type": "application/json"}


class WebTest(TestCase):
    def setUp(self):
        super().setUp()
        self.target = self.demo()

    def page(self, *args, more="", env=None):
        self.write("shop.yaml", SCENARIO.format(target=self.target.base, more=more))
        page = self.started(Page(self.dir, "shop.yaml", *args, env=env))
        self.base = page.base
        return page

    def post(self, path, value=None, headers=None):
        status, _, body = http("POST", self.base + path, json.dumps(value or {}), {**JSON, **(headers or {})})
        return status, json.loads(body)

    def state(self):
        return get_json(self.base + "/api/state")

    def start(self, **wish):
        self.assertEqual(self.post("/api/start", {"users": 5, "spawn_rate": 0, **wish}), (200, {"ok": True}))
        wait_for("some requests", lambda: (self.state()["tick"] or {"requests": 0})["requests"] > 20)

    def stop(self):
        self.post("/api/stop")
        wait_for("the end", lambda: self.state()["state"] == "stopped")


class Api(WebTest):
    def schema(self, path, method, status):
        """The answer's JSON Schema, OpenAPI's nullable turned into what jsonschema knows."""
        spec = yaml.safe_load((TOP / "web" / "openapi.yaml").read_text())

        def plain(x):
            if isinstance(x, list):
                return [plain(v) for v in x]
            if not isinstance(x, dict):
                return x
            x = {k: plain(v) for k, v in x.items()}
            return {"anyOf": [{"type": "null"}, {k: v for k, v in x.items() if k != "nullable"}]} if x.get("nullable") else x

        answer = spec["paths"][path][method]["responses"][str(status)]
        if "$ref" in answer:
            answer = spec["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        (kind, content), = answer["content"].items()
        return kind, {**plain(content["schema"]), "components": plain(spec["components"])}

    def check(self, path, method="get", status=200, body=None):
        got, headers, text = http(method.upper(), self.base + path, body, JSON if body else None)
        self.assertEqual(got, status, (path, text[:300]))
        kind, schema = self.schema(path.split("?")[0], method, status)
        self.assertEqual(headers["Content-Type"].split(";")[0], kind, path)
        if kind == "application/json":
            jsonschema.validate(json.loads(text), schema)
        return text

    def paths(self, method):
        spec = yaml.safe_load((TOP / "web" / "openapi.yaml").read_text())
        return [p for p, methods in spec["paths"].items() if method in methods]

    def test_every_path_of_the_description_answers_as_described(self):
        self.page(more=FAILING)
        reads = [p for p in self.paths("get") if p not in ("/api/events", "/stop", "/stats/reset")]
        needs_run = {p for p in reads if p.endswith("csv") or p in ("/stats/report", "/api/summary", "/api/jtl", "/api/archive")}
        for path in reads:
            self.check(path, status=409 if path in needs_run else 200)
        before = self.check("/metrics").decode()
        for line in ("reprise_users 0", 'reprise_state{state="ready"} 1', 'reprise_state{state="running"} 0'):
            self.assertIn(line + "\n", before)
        self.assertRegex(before, r'(?m)^reprise_info\{version="[0-9.]+",scenario=""\} 1$')
        for path in ("/api/edit", "/api/stop", "/api/reset"):
            self.check(path, "post", 409, '{"users": 3}')
        self.check("/api/plan", "post", 200, json.dumps({"host": self.target.base, "users": 3}))
        self.check("/api/plan", "post", 422, '{"thresholds": "nonsense"}')
        self.check("/api/start", "post", 422, '{"user": 3}')
        self.check("/api/start", "post", 200, '{"users": 4, "spawn_rate": 0}')
        self.check("/api/start", "post", 409, "{}")
        wait_for("a failure", lambda: (self.state()["tick"] or {"failures": 0})["failures"] > 0)
        wait_for("an iteration", lambda: get_json(self.base + "/api/trace")["requests"])
        for path in reads:
            self.check(path, status=409 if path in ("/api/jtl", "/api/archive") else 200)
        self.assertIn('reprise_state{state="ready"} 0\n', self.check("/metrics").decode())
        self.check("/api/edit", "post", 200, '{"users": 6}')
        self.check("/api/edit", "post", 422, '{"users": -1}')
        self.check("/api/again", "post", 409, "{}")
        self.check("/api/reset", "post", 200, "{}")
        self.check("/api/stop", "post", 200, "{}")
        wait_for("the end", lambda: self.state()["state"] == "stopped")
        for path in reads:
            self.check(path)
        self.check("/api/again", "post", 200, "{}")
        self.assertIsNone(self.state()["info"])

    def test_the_code_serves_nothing_that_is_not_described(self):
        routes = re.findall(r'SL\("(GET|POST)"\), SL\("([^"]+)"\)', (TOP / "web" / "route.c").read_text())
        described = {(m.upper(), p) for m in ("get", "post") for p in self.paths(m)}
        self.assertEqual(set(routes), described)

    def test_events_tell_a_run_from_start_to_end(self):
        self.page()
        with socket.create_connection(("127.0.0.1", urlsplit(self.base).port), PATIENCE_S) as s:
            s.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.start()
            self.stop()
            text, end = "", time.monotonic() + PATIENCE_S
            while '"state":"stopped"' not in text:
                text += s.recv(65536).decode()
                self.assertLess(time.monotonic(), end)
        names = re.findall(r"^event: (\w+)", text, re.M)
        states = re.findall(r'event: state\ndata: {"state":"(\w+)"', text)
        self.assertEqual(list(dict.fromkeys(states)), ["spawning", "running", "stopping", "stopped"])
        self.assertIn("tick", names)
        kind, schema = self.schema("/api/state", "get", 200)
        for tick in re.findall(r"^event: tick\ndata: (.*)$", text, re.M):
            jsonschema.validate(json.loads(tick), {**schema["components"]["schemas"]["Tick"], "components": schema["components"]})

    def test_what_a_start_says_takes_the_place_of_the_scenario(self):
        self.page("--threshold", "failed < 90%", "--rate", "5/s")
        plan = lambda **wish: json.loads(self.check("/api/plan", "post", 200, json.dumps(wish)))
        self.assertEqual(plan()["thresholds"], ["p(95) < 500ms", "failed < 90%"])
        self.assertEqual(plan(thresholds="")["thresholds"], [])
        self.assertEqual(plan(thresholds="rps > 1\np(95) < 500ms\n")["thresholds"], ["p(95) < 500ms", "rps > 1"])
        load = plan(users=0, stages="2s:6\n1m:6", loops=3, think_factor=0)["load"]
        self.assertEqual((load["model"], load["users"], load["loops"], load["think_factor"]), ("closed", 0, 3, 0))
        self.assertEqual(load["stages"], [{"duration_s": 2, "target": 6}, {"duration_s": 60, "target": 6}])
        self.assertEqual((plan()["load"]["model"], plan()["load"]["rate"], plan(users=2)["load"]["model"]), ("open", 5, "closed"))
        self.check("/api/plan", "post", 422, '{"users": 0, "stages": ""}')
        self.check("/api/plan", "post", 422, '{"stages": "2s"}')
        self.start(users=0, stages="1s:4\n1m:4", thresholds="rps > 1")
        self.assertEqual(plan(thresholds="")["thresholds"], [])
        shown = get_json(self.base + "/api/plan")
        self.assertEqual((shown["thresholds"], len(shown["load"]["stages"])), (["rps > 1"], 2), "the form begins with it next time")
        self.assertGreater(get_json(self.base + "/api/workers")["workers"][0]["connections"], 0)
        self.stop()

    def test_scripts_written_for_locust(self):
        self.page()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, body = http("POST", self.base + "/swarm", f"user_count=3&spawn_rate=3&host={self.target.base}", form)
        self.assertEqual((status, json.loads(body)), (200, {"success": True, "message": "Swarming started", "host": self.target.base}))
        stats = wait_for("requests", lambda: (s := get_json(self.base + "/stats/requests"))["stats"] and
                         s["stats"][-1]["num_requests"] > 5 and s["state"] == "running" and s)
        self.assertEqual((stats["stats"][-1]["name"], stats["user_count"]), ("Aggregated", 3))
        self.assertEqual(sum(e["num_requests"] for e in stats["stats"][:-1]), stats["stats"][-1]["num_requests"])
        http("POST", self.base + "/swarm", "user_count=5&spawn_rate=9", form)
        wait_for("five users", lambda: get_json(self.base + "/stats/requests")["user_count"] == 5)
        self.assertEqual(http("GET", self.base + "/stats/reset")[2], b"ok")
        self.assertEqual(get_json(self.base + "/tasks")["per_class"]["shop"]["tasks"], {"browse": {"ratio": 1}})
        self.assertRegex(get_json(self.base + "/logs")["master"][0], r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] \S+/INFO/reprise: started: shop")
        self.assertEqual(get_json(self.base + "/stop"), {"success": True, "message": "Test stopped"})
        wait_for("the end", lambda: get_json(self.base + "/stats/requests")["state"] == "stopped")
        rows = list(csv.reader(io.StringIO(http("GET", self.base + "/stats/requests/csv")[2].decode())))
        self.assertEqual(rows[0][:4], ["Type", "Name", "Request Count", "Failure Count"])

    def upload(self, name, text):
        status, _, body = http("POST", f"{self.base}/api/scenario?name={name}", text)
        self.assertEqual(status, 200, body[:300])
        return json.loads(body)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("tcpdump"), "needs root and tcpdump")
    def test_packets_and_scenarios_are_taken_as_uploads(self):
        self.page()
        port = urlsplit(self.target.base).port
        with open(self.dir / "log", "w") as log:
            dump = self.started(Process(["tcpdump", "-i", "lo", "-U", "-w", self.dir / "t.pcap", f"tcp port {port}"],
                                        stderr=log))
        wait_for("tcpdump", lambda: "listening" in (self.dir / "log").read_text())
        token = http("POST", self.target.base + "/login", "username=ann&password=demo-pass-1",
                     {"Content-Type": "application/x-www-form-urlencoded"})[2].decode()
        for _ in range(2):
            self.assertEqual(http("GET", self.target.base + "/", headers={"Authorization": token})[0], 200)
        http("GET", self.target.base + "/the-last-one")
        wait_for("the packets", lambda: b"the-last-one" in (self.dir / "t.pcap").read_bytes())
        dump.stop(2)
        plan = self.upload("visit.pcap", (self.dir / "t.pcap").read_bytes())
        self.assertEqual((plan["name"], plan["import"]["format"]), ("visit", "pcap"))
        self.assertTrue(any("POST /login" in t["from"] and len(t["uses"]) == 2 for t in plan["tokens"]), plan["tokens"])
        plan = self.upload("other.yaml", f"reprise: 1\nname: by-hand\ntarget: {self.target.base}\n"
                           "tasks:\n  - name: a\n    steps:\n      - request: GET /truth\n")
        self.assertEqual((plan["name"], plan["import"], plan["requests"]), ("by-hand", None, 1))
        self.start(users=2)
        status, _, body = http("POST", self.base + "/api/scenario?name=x.yaml", b"reprise: 1")
        self.assertEqual(status, 409, body)
        self.stop()

    def test_autostart_and_autoquit(self):
        page = self.page("--autostart", "--autoquit", "0", "-u", "2", "-t", "2s")
        self.assertEqual(page.wait(), 0)
        self.assertGreater(self.target.truth()["requests"], 10)

    def test_interrupt_while_running_and_while_waiting(self):
        page = self.page()
        self.start()
        self.assertEqual(page.stop(2), 130)
        self.assertTrue(list(self.dir.glob("shop-*.jsonl.gz")))
        page = self.page()
        self.assertEqual(page.stop(15), 0)


class Doors(WebTest):
    def ask(self, method, path, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        return http(method, self.base + path, b"{}" if method == "POST" else None, names)[0]

    def test_other_names_and_other_sites_are_refused(self):
        self.page()
        port = urlsplit(self.base).port
        self.assertEqual(self.ask("GET", "/", Host="evil.example"), 421)
        self.assertEqual(self.ask("GET", "/api/state", Host=f"evil.example:{port}"), 421)
        self.assertEqual(self.ask("GET", "/", Host=f"localhost:{port}"), 200)
        self.assertEqual(self.ask("GET", "/", Host=f"[::1]:{port}"), 200)
        for path in ("/api/start", "/api/stop", "/api/scenario?name=x", "/swarm"):
            self.assertEqual(self.ask("POST", path, Origin="http://evil.example"), 403, path)
            self.assertEqual(self.ask("POST", path, Origin="null"), 403, path)
            self.assertEqual(self.ask("POST", path, Sec_Fetch_Site="cross-site"), 403, path)
        for path in ("/stop", "/stats/reset"):
            self.assertEqual(self.ask("GET", path, Sec_Fetch_Site="cross-site"), 403, path)
            self.assertEqual(self.ask("GET", path, Sec_Fetch_Site="same-site"), 403, path)
        self.assertEqual(self.ask("POST", "/api/stop", Origin=self.base), 409)
        self.assertEqual(self.state()["state"], "ready")

    def test_headers_of_every_answer(self):
        self.page()
        for path in ("/", "/app.js", "/api/state", "/nothing"):
            headers = http("GET", self.base + path)[1]
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        page = http("GET", self.base + "/")[2].decode()
        self.assertNotRegex(page, r"<script(?![^>]*src=)|\son\w+=|style=|https?://")

    def test_files_are_compressed_and_kept(self):
        self.page()
        _, headers, body = http("GET", self.base + "/app.js", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(headers["Content-Encoding"], "gzip")
        plain = http("GET", self.base + "/app.js")
        self.assertIsNone(plain[1]["Content-Encoding"])
        self.assertGreater(len(plain[2]), 2 * len(body))
        self.assertEqual(http("GET", self.base + "/app.js", headers={"If-None-Match": headers["ETag"]})[0], 304)

    def test_sizes_and_methods(self):
        self.page()
        self.assertEqual(http("POST", self.base + "/api/start", b"x" * 100_000, JSON)[0], 413)
        self.assertEqual(http("PUT", self.base + "/api/start", b"{}")[0], 405)
        self.assertEqual(http("GET", self.base + "/../../etc/passwd")[0], 404)
        self.assertEqual(http("POST", self.base + "/api/scenario?name=../../x.yaml", b"")[0], 400)
        status, _, body = http("POST", self.base + "/api/scenario?name=../../x.yaml", b"reprise: [")
        self.assertEqual(status, 422, body)
        self.assertFalse((self.dir.parent.parent / "x.yaml").exists())

    def test_slow_senders_lose_their_connection(self):
        self.page()
        port, line = urlsplit(self.base).port, b"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"x" * 200
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as s:
            s.settimeout(0.1)
            for i, byte in enumerate(line):  # byte by byte, so that it is never silent
                s.send(bytes([byte]))
                with contextlib.suppress(TimeoutError):
                    self.assertEqual(s.recv(100), b"", "an answer to half a request")
                    break
            self.assertLess(i, 120)

    def test_one_address_does_not_get_all_connections(self):
        self.page()
        address = ("127.0.0.1", urlsplit(self.base).port)
        ask = lambda path: f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        with contextlib.ExitStack() as stack:
            with self.assertRaises(OSError):
                for _ in range(200):
                    s = stack.enter_context(socket.create_connection(address, PATIENCE_S))
                    s.sendall(ask("/api/events"))
                    if s.recv(100) == b"":
                        raise ConnectionResetError
            with socket.create_connection(address, PATIENCE_S, source_address=("127.0.0.2", 0)) as other:
                other.sendall(ask("/api/state"))
                self.assertIn(b"200 OK", other.recv(1000))

    def test_rates(self):
        self.page()
        got = [self.ask("POST", "/api/stop") for _ in range(60)]
        self.assertEqual(set(got), {409, 429})
        self.assertEqual(self.ask("GET", "/api/state"), 200)

    def test_token(self):
        page = self.page("--web-token")
        token = page.link.split("token=")[1]
        self.assertRegex(token, r"^[0-9a-f]{32}$")
        for headers in ({}, {"Authorization": "Bearer " + "0" * 32}, {"Cookie": f"reprise_token_{urlsplit(page.base).port}=" + token[:-1]}):
            self.assertEqual(http("GET", self.base + "/api/state", headers=headers)[0], 401)
        self.assertEqual(http("GET", self.base + "/api/state", headers={"Authorization": "Bearer " + token})[0], 200)
        status, headers, _ = http("GET", page.link)
        self.assertEqual((status, headers["Location"]), (303, "/"))
        self.assertRegex(headers["Set-Cookie"], r"^reprise_token_\d+=\w+; Path=/; HttpOnly; SameSite=Strict$")
        cookie = headers["Set-Cookie"].split(";")[0]
        self.assertEqual(http("GET", self.base + "/api/state", headers={"Cookie": cookie})[0], 200)

    def test_other_addresses_want_the_token_by_themselves(self):
        page = self.page("--web-host", "0.0.0.0")
        self.assertIn("?token=", page.link)
        self.base = f"http://127.0.0.1:{urlsplit(page.base).port}"
        self.assertEqual(http("GET", self.base + "/api/state")[0], 401)
        page = self.page("--web-host", "0.0.0.0", "--web-insecure")
        self.base = f"http://127.0.0.1:{urlsplit(page.base).port}"
        self.assertEqual(http("GET", self.base + "/api/state")[0], 200)
        self.assertEqual(self.ask("GET", "/api/state", Host="evil.example"), 421)

    def test_tls(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                        "-days", "1", "-subj", "/CN=localhost"], cwd=self.dir, check=True, capture_output=True)
        page = self.page("--tls-cert", "cert.pem", "--tls-key", "key.pem")
        self.assertTrue(page.base.startswith("https://"))
        context = ssl.create_default_context(cafile=self.dir / "cert.pem")
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", urlsplit(page.base).port), PATIENCE_S) as raw, \
                context.wrap_socket(raw) as s:
            s.sendall(b"GET /api/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertIn(b"200 OK", s.recv(65536))
        self.reprise("run", "shop.yaml", "--tls-cert", "cert.pem", "-P", 0, code=2, env={"REPRISE_HEADLESS": "0"})

    def test_uploads_leave_nothing_behind(self):
        tmp = self.dir / "tmp"
        tmp.mkdir()
        page = self.page(env={"TMPDIR": str(tmp)})
        har = (TOP / "scenarios" / "examples" / "demo.har").read_bytes()
        status, _, body = http("POST", self.base + "/api/scenario?name=demo.har", har)
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["name"], "demo")
        files = [p for p in tmp.rglob("*") if p.is_file()]
        self.assertEqual(sorted(p.name for p in files), ["scenario.secrets.csv", "scenario.yaml"])
        self.assertTrue(all(p.stat().st_mode & 0o77 == 0 and p.parent.stat().st_mode & 0o77 == 0 for p in files))
        page.stop()
        self.assertEqual(list(tmp.rglob("*")), [])
