"""Tokens: each mechanic recorded by a real Chromium, replayed for 20 users, judged by the server's own count;
the labelled recordings of tests/data/correlate; and what import does with credentials."""
import contextlib
import csv
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import frameworks
from walk import Walk, page

from harness import Process, TOP, TestCase, browser_packages, get_json, http

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
USERS = 20


def doors():
    source = (TOP / "tests" / "servers" / "tokens.py").read_text()
    return re.findall(r'^@door\("([a-z0-9-]+)"\)', source, re.M)


class Tokens(Process):
    def __init__(self):
        super().__init__(["python3", TOP / "tests" / "servers" / "tokens.py"])
        self.base = self.child.stdout.readline().strip()

    def truth(self):
        return get_json(self.base + "/truth")


@contextlib.contextmanager
def served(answers):
    """A server of {path: (status, type, body, headers)}; its base URL."""
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body, headers = answers[self.path]
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": len(body), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class RecordedByChromium(TestCase):
    def users_csv(self):
        lines = ["username,password"] + [f"user{i},pw-user{i}" for i in range(1, USERS + 1)]
        return self.write("users.csv", "\n".join(lines) + "\n")

    def record(self, server):
        modules = browser_packages()
        record = TOP / "tests" / "servers" / "record_tokens.js"
        subprocess.run(["node", str(record), server.base, str(self.dir), *doors()], check=True, timeout=280,
                       env=dict(os.environ, NODE_PATH=str(modules), CHROMIUM=CHROMIUM))

    def test_every_mechanic_for_20_users(self):
        server = self.started(Tokens())
        self.record(server)
        http("GET", server.base + "/forget")
        feed = self.users_csv()
        for door in doors():
            self.reprise("import", f"{door}.har", "-o", f"{door}.yaml", "--feed", feed, "-q")
            done = self.reprise("run", f"{door}.yaml", "-H", server.base, "-u", USERS, "--loops", 1, "--headless",
                                "--no-archive", "--think-factor", 0, code=None)
            with self.subTest(door):
                self.assertEqual(server.truth()[door], {"logins": USERS, "failed_logins": 0, "done": USERS,
                                                        "refused": 0, "users": USERS}, done.stdout[-1500:])
                self.assertEqual(done.returncode, 0)


class Labelled(TestCase):
    def bench(self):
        spec = importlib.util.spec_from_file_location("bench_correlation", TOP / "tests" / "bench" / "bench_correlation.py")
        bench = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(bench)
        return bench

    def test_recall_and_precision(self):
        bench = self.bench()
        rows = bench.judge(self.dir)
        self.assertGreaterEqual(len(rows), 20)
        for name, _, _, missing, false in rows + bench.judge_frameworks(self.dir):
            with self.subTest(name):
                self.assertEqual((missing, false), ([], []))

    def test_other_random_values(self):
        bench = self.bench()
        for seed in range(5):
            for name, _, _, missing, false in bench.judge(self.dir, seed):
                with self.subTest(name, seed=seed):
                    self.assertEqual((missing, false), ([], []))

    def test_two_recordings_of_one_walk(self):
        bench = self.bench()
        first, second = frameworks.make(1), frameworks.make(2)
        for name in ("rails", "webforms", "laravel", "drupal", "keycloak", "graphql", "couch"):
            a, b = self.write("a.har", json.dumps(first[name].har())), self.write("b.har", json.dumps(second[name].har()))
            with self.subTest(name):
                walk = first[name]
                _, _, _, missing, false = bench.judged(name, [a, b], walk.wanted, walk.client, walk.optional, self.dir)
                self.assertEqual((missing, false), ([], []))
                self.assertEqual(json.loads((self.dir / "report.json").read_text())["warnings"], [])

    def test_a_second_recording_settles_doubt(self):
        for seat in (12, 31):
            w = Walk(seat)
            w.get("/room", page("Room", f"<i data-seat={seat}></i><i data-row=5></i>"), cookies={"sid": w.text(20)})
            w.form("/take", {"chair": str(seat), "row": "5", "note": f"by {seat + 40}"})
            self.write(f"{seat}.har", json.dumps(w.har()))
        self.reprise("import", "12.har", "-o", "one.yaml", "-q")
        self.assertIn('chair: "12"', (self.dir / "one.yaml").read_text())
        self.reprise("import", "12.har", "31.har", "-o", "two.yaml", "--report", "r.json", "-q")
        report = json.loads((self.dir / "r.json").read_text())
        self.assertEqual([t["uses"] for t in report["tokens"]], [["#1 form chair"]])
        self.assertIn('row: "5"', (self.dir / "two.yaml").read_text())
        self.assertIn("#1 form note differs between the recordings", report["warnings"][0])


class Credentials(TestCase):
    HAR = TOP / "tests" / "data" / "correlate" / "hidden-field.har"

    def test_no_secret_stays_in_the_scenario(self):
        self.reprise("import", self.HAR, "-o", "s.yaml", "--report", "r.json", "-q")
        text = (self.dir / "s.yaml").read_text()
        self.assertNotIn("pw-recorded", text)
        self.assertIn("${account.password}", text)
        secrets = self.dir / "s.secrets.csv"
        self.assertEqual(list(csv.reader(secrets.open())), [["username", "password"], ["recorded", "pw-recorded"]])
        self.assertEqual(secrets.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("pw-recorded", (self.dir / "r.json").read_text())

    def test_feed_columns_by_name(self):
        self.write("people.csv", "pass,note,login\nx1,a,u1\nx2,b,u2\n")
        self.reprise("import", self.HAR, "-o", "s.yaml", "--feed", "people.csv", "-q")
        text = (self.dir / "s.yaml").read_text()
        self.assertIn("${account.login}", text)
        self.assertIn("${account.pass}", text)
        self.assertFalse((self.dir / "s.secrets.csv").exists())

    def test_feed_columns_by_recorded_value(self):
        self.write("people.csv", "a,b\npw-recorded,recorded\n")
        self.reprise("import", self.HAR, "-o", "s.yaml", "--feed", "people.csv", "-q")
        text = (self.dir / "s.yaml").read_text()
        self.assertIn('username: "${account.b}"', text)
        self.assertIn('password: "${account.a}"', text)

    def test_unique(self):
        self.reprise("import", self.HAR, "-o", "s.yaml", "--unique", "A title", "--unique", "Nowhere", "--report", "r.json", "-q")
        self.assertIn("""${unique("A title")}""", (self.dir / "s.yaml").read_text().replace('\\"', '"'))
        warnings = json.loads((self.dir / "r.json").read_text())["warnings"]
        self.assertTrue(any("Nowhere" in w for w in warnings), warnings)

    def test_report_has_what_scripts_read(self):
        self.reprise("import", self.HAR, "-o", "s.yaml", "--report", "r.json", "-q")
        report = json.loads((self.dir / "r.json").read_text())
        self.assertEqual([report["format"], report["entries_read"], report["entries_kept"], report["dropped"]],
                         ["har", 4, 4, {}])
        self.assertEqual(report["hosts"], {"shop.example": 4})
        token = report["tokens"][0]
        self.assertEqual([token["name"], token["from"], token["extract"], token["uses"]],
                         ["csrf_token", "#2 GET /m/hidden-field/app", "html //input[@name='csrf_token']/@value",
                          ["#3 form csrf_token"]])


class Try(TestCase):
    HAR = TOP / "tests" / "data" / "correlate" / "hidden-field.har"

    def test_a_walk_that_holds_and_one_that_does_not(self):
        server = self.started(Tokens())
        self.reprise("import", self.HAR, "-o", "s.yaml", "-q")
        good = self.reprise("try", "s.yaml", "-H", server.base)
        self.assertIn("4 of 4 steps held", good.stdout)
        text = (self.dir / "s.yaml").read_text()
        self.assertIn('"${csrf_token}"', text)
        self.write("bad.yaml", text.replace('"${csrf_token}"', "7dEvqo3GKP64z9dXQ0bt2RD71ynHelTh3"))
        bad = self.reprise("try", "bad.yaml", "-H", server.base, "--fix", "fixed.yaml", code=1)
        self.assertIn("still as recorded: form csrf_token", bad.stdout)
        self.assertNotIn("7dEvqo3GKP64z9dXQ0bt2RD71ynHelTh3", bad.stdout)
        self.assertIn("extract //input[@name='csrf_token']/@value", bad.stdout)
        fixed = self.reprise("try", "fixed.yaml", "-H", server.base)
        self.assertIn("4 of 4 steps held", fixed.stdout)

    def test_stale_headers_take_the_variables_that_are_there(self):
        server = self.demo()
        self.reprise("import", TOP / "scenarios" / "examples" / "demo.har", "-o", "s.yaml", "-q")
        text = (self.dir / "s.yaml").read_text()
        for live, stale in (("Bearer ${token}", "Bearer 8f3a91c7be024d6f8f3a91c7be024d60"),
                            ("X-CSRF-Token: ${csrf}", "X-CSRF-Token: 8f3a91c7be024d6f8f3a91c7be024d61")):
            self.write("bad.yaml", text.replace(live, stale))
            self.reprise("try", "bad.yaml", "-H", server.base, "--fix", "fixed.yaml", code=1)
            self.assertIn(live, (self.dir / "fixed.yaml").read_text())
            self.assertIn("24 of 24 steps held", self.reprise("try", "fixed.yaml", "-H", server.base).stdout)

    def walked(self, variant):
        """Three recorded steps tried against a server that answers as variant says: (text, JSON rows)"""
        w = Walk(1)
        w.get("/", page("Notes", '<form action="/save"><input name="title"><input name="token"></form>'))
        w.json("/save", {"title": "x"}, {"ok": True, "note": {"id": 7, "tags": ["a"]}})
        w.get("/old", "", status=302, location="/notes/4711")
        self.write("w.har", json.dumps(w.har()))
        self.reprise("import", "w.har", "-o", "w.yaml", "-q")
        text = (self.dir / "w.yaml").read_text()
        head, rest = text.split("    steps:\n")
        grouped = "    steps:\n      - group: visit\n        steps:\n" + "\n".join("    " + line for line in rest.splitlines())
        self.write("w.yaml", head + grouped + "\n")
        answers = {"/": (200, "text/html", page("Notes", '<form><input name="title"><input name="token"></form>'), {}),
                   "/save": (200, "application/json", '{"ok":true,"note":{"id":9,"tags":[]}}', {}),
                   "/old": (302, "text/html", "", {"Location": "/notes/12"}), **variant}
        with served(answers) as base:
            code = 0 if not variant else 1
            done = self.reprise("try", "w.yaml", "-H", base, "--json", "w.json", code=code)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        return done.stdout, json.loads((self.dir / "w.json").read_text())["steps"]

    def test_the_same_structure_holds(self):
        text, rows = self.walked({})
        self.assertIn("3 of 3 steps held", text)
        self.assertEqual([(r["group"], r["held"], r["differences"]) for r in rows], [("visit", True, [])] * 3)

    def test_a_login_page_in_disguise(self):
        login = '<title>Sign in</title><input name="user"><input type="password" name="pw">'
        text, rows = self.walked({"/": (200, "text/html", login, {})})
        self.assertIn("this is a login page", text)
        self.assertEqual([r["held"] for r in rows], [False, True, True])

    def test_an_error_in_json_and_missing_keys(self):
        text, rows = self.walked({"/save": (200, "application/json", '{"ok":false,"error":"no"}', {})})
        self.assertIn("the answer says", text)
        self.assertIn("$.note.tags", text)
        self.assertEqual([r["held"] for r in rows], [True, False, True])

    def test_another_type_and_another_redirect(self):
        text, rows = self.walked({"/save": (200, "text/html", page("Notes", "x"), {}), "/old": (302, "text/html", "", {"Location": "/login?next=/old"})})
        self.assertIn("type text/html, recorded application/json", text)
        self.assertIn("location /login, recorded /notes/*", text)
        self.assertEqual([r["held"] for r in rows], [True, False, False])


if __name__ == "__main__":
    unittest.main()
