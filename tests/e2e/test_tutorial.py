"""docs/tutorial.md, step by step: the blog post's Flask server, a visit recorded in Chromium, the page, the CSV."""
import csv
import json
import os

from harness import TOP
import test_page

HERE, Page = test_page.HERE, test_page.Page

KEEP = os.environ.get("REPRISE_SCREENSHOTS", "")


def setUpModule():
    test_page.setUpModule()


class Tutorial(test_page.PageCase):
    def setUp(self):
        super().setUp()
        self.flask_server = self.flask()
        self.har = self.dir / "hello.har"
        self.env = {"SHOTS": KEEP} if KEEP else {}
        self.node("tutorial.mjs", "record", self.flask_server.base, self.har, env=self.env)

    def test_from_the_recording_in_the_browser_to_the_csv(self):
        before = self.flask_server.truth()
        page = self.started(Page(self.dir))
        self.node("tutorial.mjs", "load", page.base, self.flask_server.base, self.har, self.files, env=self.env)
        truth = self.flask_server.truth()
        logins = truth["logins"] - before["logins"]
        self.assertGreaterEqual(logins, 20)
        self.assertEqual(truth["tokens_used"] - before["tokens_used"], logins, "each login's own token was used")
        self.assertEqual(truth["refused"], before["refused"])
        rows = list(csv.DictReader((self.files / "stats.csv").read_text().splitlines()))
        counted = {r["Name"]: int(r["Request Count"]) for r in rows}
        self.assertEqual(counted["/login"], logins)
        self.assertEqual(sum(int(r["Failure Count"]) for r in rows), 0)
        self.assertEqual(counted["/"] + counted["/profile"], truth["authorised"] - before["authorised"])

    def test_the_commands_of_the_tutorial(self):
        done = self.reprise("import", "hello.har", "-o", "hello.yaml", "--report", "report.json")
        self.assertIn("token", done.stdout)
        tokens = json.loads((self.dir / "report.json").read_text())["tokens"]
        self.assertTrue(any("Authorization" in use for t in tokens for use in t["uses"]), tokens)
        before = self.flask_server.truth()
        self.reprise("run", "hello.yaml", "-H", self.flask_server.base, "-u", 10, "-r", 5, "--loops", 2, "--headless",
                     "--csv", "hello", "--json-file", "hello.json")
        truth, result = self.flask_server.truth(), json.loads((self.dir / "hello.json").read_text())
        self.assertEqual((result["failures"], truth["refused"]), (0, before["refused"]))
        self.assertEqual(truth["logins"] - before["logins"], truth["tokens_used"] - before["tokens_used"])
        header = (self.dir / "hello_stats.csv").read_text().splitlines()[0]
        self.assertTrue(header.startswith("Type,Name,Request Count,Failure Count,Median Response Time"))

    def test_the_text_shows_what_is_there(self):
        text = (TOP / "docs" / "tutorial.md").read_text()
        for line in text.splitlines():
            if line.startswith("!["):
                self.assertTrue((TOP / "docs" / line.split("(")[1].split(")")[0]).exists(), line)
        self.assertTrue(HERE.exists())
