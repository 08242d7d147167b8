"""What reprise reports is what the servers counted: a recorded visit, replayed as 50 users."""
import json
from urllib.parse import urlencode

from harness import TOP, TestCase, archive_lines
from recording import Recorder

DEMO_HAR = TOP / "scenarios" / "examples" / "demo.har"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
USERS = 50


class Truth(TestCase):
    def replay(self, har, base, *more, engine="native", code=0):
        """Imports, replays USERS users once each; the summary."""
        self.reprise("import", har, "-o", "s.yaml")
        self.reprise("run", "s.yaml", "-H", base, "-u", USERS, "--loops", 1, "--headless", "--engine", engine,
                     "--think-factor", "0.1", "--json-file", "s.json", "--archive", "s.jsonl.gz", *more, code=code)
        return json.loads((self.dir / "s.json").read_text())

    def archived(self):
        return [l for l in archive_lines(self.dir / "s.jsonl.gz") if isinstance(l, list)]

    def check_demo(self, engine):
        target = self.demo()
        summary = self.replay(DEMO_HAR, target.base, engine=engine)
        truth = target.truth()
        for what in ("logins", "tokens_used", "orders", "orders_read", "paid", "logouts"):
            self.assertEqual(truth[what], USERS, (what, truth))
        for what in ("refused", "failed_logins", "missing"):
            self.assertEqual(truth[what], 0, (what, truth))
        self.assertEqual(summary["failures"], 0)
        self.assertEqual(summary["requests"], truth["requests"])
        self.assertEqual(len(self.archived()), truth["requests"])

    def test_demo_shop_native(self):
        self.check_demo("native")

    def test_demo_shop_curl(self):
        self.check_demo("curl")

    def test_many_loops(self):
        target = self.demo()
        self.reprise("import", DEMO_HAR, "-o", "s.yaml")
        self.reprise("run", "s.yaml", "-H", target.base, "-u", 10, "--loops", 3, "--headless", "--think-factor", 0,
                     "--json-file", "s.json", "--archive", "s.jsonl.gz")
        truth = target.truth()
        self.assertEqual((truth["orders"], truth["paid"], truth["refused"], truth["missing"]), (30, 30, 0, 0), truth)
        self.assertEqual(len(self.archived()), truth["requests"])

    def blog_visit(self, base):
        r = Recorder(base)
        token = r.call("POST", "/login", urlencode({"username": "ellen_key", "password": "education"}), FORM)
        r.call("GET", "/", headers={"Authorization": token})
        r.call("GET", "/profile", headers={"Authorization": token})
        return r.save(self.dir / "blog.har")

    def test_the_blogs_server(self):
        recorded, target = self.flask(), self.flask()
        summary = self.replay(self.blog_visit(recorded.base), target.base)
        truth = target.truth()
        self.assertEqual(truth, {"logins": USERS, "tokens_used": USERS, "refused": 0, "failed_logins": 0,
                                 "authorised": 2 * USERS, "requests": 3 * USERS})
        self.assertEqual((summary["requests"], summary["failures"]), (3 * USERS, 0))
        self.assertEqual(len(self.archived()), 3 * USERS)

    def test_nothing_is_sent_to_the_recorded_host(self):
        recorded, target = self.flask(), self.flask()
        har = self.blog_visit(recorded.base)
        before = recorded.truth()
        self.replay(har, target.base)
        self.assertEqual(recorded.truth(), before)

    def test_a_wrong_password_is_seen(self):
        recorded, target = self.flask(), self.flask()
        har = self.blog_visit(recorded.base)
        text = har.read_text().replace("password=education", "password=wrong")
        har.write_text(text)
        summary = self.replay(har, target.base, code=1)
        self.assertEqual(target.truth()["failed_logins"], USERS)
        self.assertGreaterEqual(summary["failures"], USERS)


class WholeWay(TestCase):
    def test_demo(self):
        done = self.reprise("demo", "-t", "3s", "-u", USERS, "--folder", self.dir, timeout=180)
        self.assertIn("$ reprise import", done.stdout)
        self.assertIn("$ reprise run", done.stdout)
        archive = self.dir / "visit.jsonl.gz"
        self.assertIn(f"archive   {archive}", done.stdout)
        sent = json.loads((self.dir / "summary.json").read_text())
        rows = [l for l in archive_lines(archive) if isinstance(l, list)]
        self.assertEqual(len(rows), sent["requests"])
        self.assertGreater(len(rows), USERS)
        self.assertEqual(sent["failures"], 0)
        self.assertIn(f"logins    {USERS:8}   with {USERS} different tokens\n  refused          0\n", done.stdout)
        for step in sent["steps"]:  # on_stop too: nothing is answered before it was meant to be asked
            self.assertGreaterEqual(step["response_time_ms"]["max"], step["service_time_ms"]["min"], step)
