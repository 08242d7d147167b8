"""The live page in a real Chromium: what a person does there, what it looks like, what it weighs."""
import csv
import gzip
import io
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import REPRISE, SANITIZED, TOP, Process, TestCase, browser_packages, get_json, http

HERE = TOP / "tests" / "e2e" / "web"
SCENARIO = """reprise: 1
name: shop
target: {target}
wait: {{ uniform: [50ms, 150ms] }}
on_start:
  - request: POST /api/login
    json: {{ username: "user${{vu}}", password: demo-pass-1 }}
    extract:
      token: {{ json: $.token }}
tasks:
  - name: browse
    weight: 3
    steps:
      - request: GET /api/items
        headers: {{ Authorization: "Bearer ${{token}}" }}
      - parallel:
          - request: GET /api/cart
            headers: {{ Authorization: "Bearer ${{token}}" }}
          - request: GET /api/items?page=2
            headers: {{ Authorization: "Bearer ${{token}}" }}
{more}
thresholds: [ "p(95) < 500ms" ]
"""
FAILING = """  - name: lost
    weight: 1
    steps:
      - request: GET /api/none
        headers: { Authorization: "Bearer ${token}" }
        expect: { status: 200 }
"""


def setUpModule():
    browser_packages()


class Page(Process):
    """`reprise run` with its page on a port from the kernel; .base is its address."""

    def __init__(self, folder, *args, env=None):
        super().__init__([REPRISE, "run", *args, "-q", "-P", "0"], cwd=folder, env={**os.environ, **(env or {})})
        line = self.child.stdout.readline().strip()
        self.link = line.removeprefix("The page: ")
        self.base = self.link.split("?")[0].rstrip("/")
        if "://" not in self.base:
            self.stop()
            raise AssertionError(f"the page's first line is {line!r}")


class PageCase(TestCase):
    """A demo target, a scenario for it, and Node to drive a browser."""

    def setUp(self):
        super().setUp()
        self.target = self.demo()
        self.files = self.dir / "files"
        self.files.mkdir()

    def scenario(self, more=""):
        return self.write("shop.yaml", SCENARIO.format(target=self.target.base, more=more))

    def page(self, *args):
        return self.started(Page(self.dir, *args))

    def node(self, script, *args, env=None):
        command = ["node", HERE / script, *args]
        done = subprocess.run([str(c) for c in command], cwd=HERE, capture_output=True, text=True, timeout=240,
                              env=dict(os.environ, **(env or {})))
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[:1500])
        return done.stdout

    def walk(self, scene, page, file=""):
        return self.node("walk.mjs", scene, page.base, self.target.base, self.files, file)


class PageTest(PageCase):
    def test_a_run_from_the_form_with_another_client_watching(self):
        self.walk("run", self.page(self.scenario()))

    def test_stages_from_the_form(self):
        self.walk("stages", self.page(self.scenario()))

    def test_every_file_is_saved_and_can_be_read(self):
        page = self.page(self.scenario())
        self.walk("downloads", page)
        files = {n.rsplit("Z", 1)[1]: (self.files / n).read_bytes()
                 for n in json.loads((self.files / "names.json").read_text())}
        self.assertEqual(sorted(files), sorted(["_stats.csv", "_stats_history.csv", "_failures.csv", "_exceptions.csv",
                                                ".html", ".json", ".jtl", ".jsonl.gz"]))
        rows = {n: list(csv.reader(io.StringIO(b.decode()))) for n, b in files.items() if n.endswith((".csv", ".jtl"))}
        total = int(rows["_stats.csv"][-1][2])
        self.assertEqual(rows["_stats.csv"][-1][1], "Aggregated")
        self.assertGreater(total, 20)
        self.assertEqual(len(rows[".jtl"]) - 1, total)
        self.assertEqual(json.loads(files[".json"])["requests"], total)
        samples = [json.loads(line) for line in gzip.decompress(files[".jsonl.gz"]).splitlines()]
        self.assertTrue(samples)
        self.assertIn(b"<html", files[".html"])
        archive = self.write("saved.jsonl.gz", files[".jsonl.gz"])
        self.reprise("verify", archive)

    def test_a_recording_is_uploaded_and_run(self):
        page = self.page()
        self.walk("upload", page, TOP / "scenarios" / "examples" / "demo.har")
        truth = self.target.truth()
        self.assertEqual((truth["failed_logins"], truth["refused"]), (0, 0))
        self.assertGreaterEqual(truth["logins"], 4)

    def test_what_is_no_recording_is_refused(self):
        self.walk("refused", self.page(self.scenario()))

    def test_another_machine_is_agreed_to_first(self):
        self.walk("confirm", self.page(self.scenario()))

    def test_lost_connection(self):
        page = self.page(self.scenario())
        node = subprocess.Popen(["node", HERE / "walk.mjs", "lost", page.base, self.target.base, self.files], cwd=HERE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(node.stdout.readline().strip(), "up")
        page.stop()
        out, err = node.communicate(timeout=60)
        self.assertEqual(node.returncode, 0, out + err)

    def test_answers_that_come_late_or_never(self):
        self.walk("late", self.page(self.scenario()))

    @unittest.skipIf(SANITIZED, "measures speed")
    def test_ten_thousand_rows(self):
        steps = "\n".join(f"      - request: GET /item/{i}" for i in range(10000))
        self.write("many.yaml", f"reprise: 1\nname: many\ntarget: {self.target.base}\ntasks:\n  - name: all\n    steps:\n{steps}\n")
        print(self.walk("many", self.page("many.yaml", "--no-archive")).strip())

    def test_looks_weight_and_access_for_all(self):
        page = self.page(self.scenario(FAILING))
        keep = os.environ.get("REPRISE_SCREENSHOTS", "")
        out = self.node("look.mjs", page.base, *([keep] if keep else []),
                        env={"SLOW_MACHINE": "1"} if SANITIZED else None)
        print(out.strip())

    def test_a_token_opens_the_page(self):
        page = self.page(self.scenario(), "--web-token")
        status, _, body = http("GET", page.base + "/", headers={"Accept": "text/html"})
        self.assertEqual(status, 401)
        self.assertIn(b"A token is needed", body)
        self.node("token.mjs", page.base, page.link)
