"""reprise import: choosing entries, listing them, and what hostile files cost (2 s, 200 MB, nothing written)."""
import gzip
import io
import json
import os
import subprocess
import threading
import time
import unittest
import zipfile

from harness import REPRISE, SANITIZED, TOP, TestCase

DEMO = TOP / "scenarios/examples/demo.har"
LIMIT_S, LIMIT_MB = 2, 200


class Choosing(TestCase):
    def urls(self, *args):
        lines = self.reprise("import", DEMO, "--list", *args).stdout.splitlines()
        return [line.split()[6] for line in lines if line.split()[0].isdigit()]

    def test_list(self):
        self.assertEqual(len(self.urls()), 24)

    def test_only_and_exclude(self):
        self.assertEqual(len(self.urls("--only", "POST")), 7)
        self.assertTrue(all("/api/" in u for u in self.urls("--only", "/api/*")))
        self.assertEqual(len(self.urls("--only", "127.0.0.1")), 24)
        self.assertEqual(self.urls("--only", "http://*/shop/shop.js"), ["http://127.0.0.1:8077/shop/shop.js"])
        rest = self.urls("--exclude", "/shop/*.css", "--exclude", "*.svg", "--exclude", "/shop/icon.*")
        self.assertFalse([u for u in rest if u.endswith((".css", ".svg"))])

    def test_between(self):
        self.assertEqual(self.urls("--between", "0s..100ms")[-1][-9:], "style.css")
        both = len(self.urls("--between", "..1s")) + len(self.urls("--between", "1s.."))
        self.assertEqual(both, 24)
        self.assertIn("FROM..TO", self.reprise("import", DEMO, "--between", "noon", code=2).stderr)

    def test_pages(self):
        har = json.loads(DEMO.read_text())
        pages = [p["id"] for p in har["log"]["pages"]]
        counted = sum(len(self.urls("--pages", p)) for p in pages)
        self.assertEqual(counted, sum(e.get("pageref") in pages for e in har["log"]["entries"]))

    def test_nothing_left(self):
        done = self.reprise("import", DEMO, "--only", "no.such.host", "-o", "x.yaml", code=3)
        self.assertIn("leave none of its 24 entries", done.stderr)
        self.assertFalse((self.dir / "x.yaml").exists())

    def test_what_was_left_out_is_counted(self):
        self.reprise("import", DEMO, "--exclude", "*.nowhere", "--exclude", "/shop/style.css", "-o", "x.yaml",
                     "--report", "r.json")
        report = json.loads((self.dir / "r.json").read_text())
        self.assertEqual(report["entries_read"], 24)
        self.assertEqual(report["dropped"]["not-chosen"], 3)

    def test_format_overrides(self):
        done = self.reprise("import", DEMO, "--format", "burp", code=3)
        self.assertIn("not well-formed XML", done.stderr)
        self.assertIn("har, har.zip, burp", self.reprise("import", DEMO, "--format", "x", code=2).stderr)

    def test_utf16_and_standard_input(self):
        text = DEMO.read_text()
        self.write("wide.har", b"\xff\xfe" + text.encode("utf-16-le"))
        self.assertEqual(len(self.reprise("import", "wide.har", "--list").stdout.splitlines()), 25)
        done = subprocess.run([REPRISE, "import", "-", "--list"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 25))

    def test_plan(self):
        done = self.reprise("import", TOP / "tests/data/plans/every.jmx", "-o", "x.yaml")
        self.assertIn("6 entries, 5 kept", done.stdout)
        done = self.reprise("import", TOP / "tests/data/plans/every.jmx", "--only", "GET", code=2)
        self.assertIn("are for recordings", done.stderr)


def entry(url, status=200, **more):
    response = {"status": status, "headers": [], "content": {"size": 2, "mimeType": "text/html", "text": "ok"}}
    if status is None:
        response = None
    elif status == 0:
        response = {"status": 0, "headers": [], "content": {"size": 0}, "_error": "net::ERR_ABORTED"}
    request = {"method": "GET", "url": url, "httpVersion": "h2", "headers": [], "queryString": [], "cookies": []}
    row = {"startedDateTime": "2026-01-01T00:00:00.000Z", "time": 5, "request": request, "response": response}
    return {k: v for k, v in {**row, **more}.items() if v is not None}


def har(*entries, creator="Test"):
    return json.dumps({"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": entries}})


class Report(TestCase):
    def report(self, text, *args):
        self.write("in.har", text)
        self.text = self.reprise("import", "in.har", "-o", "out.yaml", "--report", "r.json", *args).stdout
        return json.loads((self.dir / "r.json").read_text())

    def test_each_loss_has_advice(self):
        upload = entry("http://h.test/up")
        upload["request"].update(method="POST", bodySize=9)
        gone = entry("http://h.test/gone")
        gone["response"]["content"] = {"size": 99, "mimeType": "text/html"}
        report = self.report(har(
            entry("http://h.test/"), upload, gone, entry("http://h.test/0", 0), entry("about:blank"),
            entry("http://h.test/c", _fromCache="memory"), entry("http://h.test/w", _fetchedViaServiceWorker=True),
            entry("wss://h.test/ws", 101), entry("http://www.google-analytics.com/collect"),
            entry("https://fonts.test/x.woff2"), entry("", 200), {},
            entry("http://h.test/x", startedDateTime=""), creator="WebInspector"))
        dropped = {"no-answer": 1, "not-http": 1, "cached": 1, "service-worker": 1, "third-party": 1, "websocket": 1,
                   "static-of-other-host": 1, "no-url": 1, "malformed": 1}
        self.assertEqual(report["dropped"], dropped)
        self.assertEqual(report["entries_read"], report["entries_kept"] + sum(dropped.values()))
        losses = report["losses"]
        self.assertEqual({x["dropped"]: x["count"] for x in losses if "dropped" in x}, dropped)
        self.assertEqual([x["warning"] for x in losses if "warning" in x], report["warnings"])
        self.assertEqual([x for x in losses if not x["advice"]], [])
        self.assertTrue(all(isinstance(w, str) for w in report["warnings"]))
        for part in ("request body is not", "response body is not", "no start time", "no cookie and no Authorization"):
            self.assertTrue([w for w in report["warnings"] if part in w], part)
        self.assertIn("--keep-third-party", self.text)
        self.assertIn("Allow to generate HAR with sensitive data", " ".join(self.text.split()))

    def test_beacons(self):
        text = har(entry("http://app.sentry.io/"), entry("https://o1.ingest.sentry.io/api/1/envelope/"),
                   entry("https://stats.g.doubleclick.net/j/collect"))
        report = self.report(text)
        self.assertEqual((report["entries_kept"], report["dropped"]), (2, {"third-party": 1}))
        self.assertEqual(self.report(text, "--keep-third-party")["entries_kept"], 3)

    def test_requests_without_answers(self):
        report = self.report(har(entry("http://h.test/a", None), entry("http://h.test/b", None),
                                 entry("http://h.test/failed", 0)))
        self.assertEqual((report["entries_kept"], report["dropped"]), (2, {"no-answer": 1}))
        self.assertIn("holds requests only: tokens cannot be found", self.text)
        self.assertNotIn("expect", (self.dir / "out.yaml").read_text())
        failed = self.write("failed.har", har(entry("http://h.test/", 0)))
        done = self.reprise("import", failed, "-o", "x.yaml", code=3)
        self.assertIn("no request in it can be replayed: 1 no-answer (", done.stderr)

    def test_report_on_standard_output(self):
        for name in ("json", "-"):
            done = self.reprise("import", DEMO, "-o", "out.yaml", "--report", name)
            self.assertEqual(json.loads(done.stdout)["entries_kept"], 24)
            self.assertIn("24 entries", done.stderr)
        self.assertIn("-o FILE", self.reprise("import", DEMO, "--report", "json", code=2).stderr)

    def test_where_secrets_go(self):
        self.reprise("import", DEMO, "-o", "/dev/null", "-q")
        self.assertFalse(os.path.exists("/dev/null.secrets.csv"))
        self.assertEqual(os.listdir(self.dir), [])
        done = self.reprise("import", DEMO, "-o", "-", "-q")
        self.assertIn("file: demo.secrets.csv", done.stdout)
        self.assertEqual(os.listdir(self.dir), ["demo.secrets.csv"])
        (self.dir / "sub.d").mkdir()
        self.reprise("import", DEMO, "-o", "sub.d/plan", "-q")
        self.assertEqual(sorted(os.listdir(self.dir / "sub.d")), ["plan", "plan.secrets.csv"])


class Hostile(TestCase):
    """Refused with a sentence, quickly, in little memory, without a file."""

    def check(self, name, data, part):
        path = self.dir / name
        if callable(data):
            with open(path, "wb") as f:
                data(f)
        else:
            path.write_bytes(data)
        begin = time.monotonic()
        with open(self.dir / "err", "wb") as err:
            child = subprocess.Popen([REPRISE, "import", str(path), "-o", str(self.dir / "out.yaml")], stderr=err,
                                     stdout=subprocess.DEVNULL)
            timer = threading.Timer(60, child.kill)
            timer.start()
            _, status, usage = os.wait4(child.pid, 0)
            timer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        self.assertEqual(child.returncode, 3, (name, (self.dir / "err").read_text()))
        self.assertIn(part, (self.dir / "err").read_text())
        self.assertFalse((self.dir / "out.yaml").exists())
        if not SANITIZED:
            self.assertLess(usage.ru_utime + usage.ru_stime, LIMIT_S, name)
            self.assertLess(usage.ru_maxrss / 1024, LIMIT_MB, name)
            self.assertLess(seconds, 30, name)

    def test_billion_laughs(self):
        laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
        doc = f'<?xml version="1.0"?><!DOCTYPE items [<!ENTITY l0 "lol">{laughs}]><items><item>&l9;</item></items>'
        self.check("laughs.xml", doc.encode(), "entities of a DTD are not taken")
        self.check("laughs.jmx", doc.replace("items", "jmeterTestPlan").encode(), "entities of a DTD are not taken")

    def test_external_entity(self):
        doc = '<!DOCTYPE items [<!ENTITY x SYSTEM "file:///etc/passwd">]><items><item><url>&x;</url></item></items>'
        self.check("xxe.xml", doc.encode(), "entities of a DTD are not taken")

    def bomb(self, name, size):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            with z.open(name, "w", force_zip64=True) as f:
                for _ in range(size >> 20):
                    f.write(b"A" * (1 << 20))
        return out.getvalue()

    def test_zip_bomb(self):
        self.check("bomb.saz", self.bomb("raw/1_s.txt", 300 << 20), "larger than 128 MiB when unpacked")

    def test_gzip_bomb(self):
        def gor(f):  # in pieces: the memory of this process counts as the child's until it execs
            with gzip.GzipFile(fileobj=f, mode="wb") as z:
                z.write(b"1 a 5 0\nGET / HTTP/1.1\n\n\n\xf0\x9f\x90\xb5\xf0\x9f\x99\x88\n")
                for _ in range(300):
                    z.write(b"A" * (1 << 20))
        self.check("bomb.gor.gz", gor, "larger than 128 MiB when unpacked")

    def test_names_that_leave_the_archive(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr("raw/1_c.txt", "GET http://h/ HTTP/1.1\r\n\r\n")
            z.writestr("raw/../../../tmp/x_c.txt", "x")
        self.check("slip.saz", out.getvalue(), "leaves the archive")

    def test_deep_json(self):
        self.check("deep.har", b'{"log":{"version":"1.2","entries":' + b"[" * 1000000, "deep.har:1:")

    def test_deep_xml(self):
        self.check("deep.xml", b"<items>" + b"<a>" * 1000000, "nested deeper than 200 levels")

    def test_one_endless_string(self):
        """A gigabyte each, of holes: no disk is filled. What a mapped file's pages cost is in the figures."""
        starts = {"string.har": (b'{"log":{"version":"1.2","comment":"', "string.har:1:35: expected strings below 128 MiB"),
                  "string.chlsj": (b'[{"protocolVersion":"x","actualPort":1,"path":"', "expected strings below 128 MiB"),
                  "string.xml": (b"<items><item><request>", "a text longer than 24 MiB"),
                  "string.jtl": (b'<testResults><httpSample lb="', "a tag longer than 1 MiB"),
                  "string.gor": (b"1 a 5 0\nGET / HTTP/1.1\n\n\n\xf0\x9f\x90\xb5\xf0\x9f\x99\x88\n", "64 MiB at offset 0"),
                  "string.log": (b"==== 1 ====\nGET / HTTP/1.1\n", "a message log larger than 128 MiB"),
                  "string.mitm": (b"1000000000:11:client_conn;", "no whole flow at offset 0"),
                  "string.sh": (b"curl http://h/ -d '", "larger than 64 MiB"),
                  "wide.har": (b"\xff\xfe" + '{"log":{'.encode("utf-16-le"), "UTF-16, and larger than 128 MiB")}
        for name, (start, part) in starts.items():
            def holes(f):
                f.write(start)
                f.truncate(1_000_000_000)
            with self.subTest(name):
                self.check(name, holes, part)

    def test_endless_standard_input(self):
        child = subprocess.Popen([REPRISE, "import", "-", "-o", str(self.dir / "out.yaml")], stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        piece = b"x" * (1 << 20)
        with self.assertRaises(BrokenPipeError):  # it does not wait for the end
            child.stdin.write(b'{"log":{"comment":"')
            for _ in range(1000):
                child.stdin.write(piece)
        self.assertIn(b"standard input", child.stderr.read())
        child.stderr.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual((child.returncode, os.listdir(self.dir)), (3, []))
        if not SANITIZED:
            self.assertLess(usage.ru_utime + usage.ru_stime, LIMIT_S)
            self.assertLess(usage.ru_maxrss / 1024, LIMIT_MB)

    def test_packed_string(self):
        def pack(f):
            with gzip.GzipFile(fileobj=f, mode="wb", compresslevel=1) as z:
                z.write(b'{"log":{"comment":"')
                for _ in range(127):
                    z.write(b"x" * (1 << 20))
        self.check("string.har.gz", pack, "string.har.gz:1:")

    def test_wrong_encodings(self):
        text = DEMO.read_text()
        self.check("ebcdic.har", text.encode("cp037"), "ebcdic.har: ")
        self.check("utf32.har", text.encode("utf-32"), "utf32.har:")
        self.check("cut16.har", text.encode("utf-16")[:5001], "cut16.har:")
        self.check("twice.har.gz", gzip.compress(gzip.compress(text.encode())), "twice.har.gz: ")
        self.check("cut.har.gz", gzip.compress(text.encode())[:3000], "the gzip data is cut off or damaged")

    def test_truncated(self):
        text = DEMO.read_bytes()
        self.check("cut.har", text[:len(text) // 2], "cut.har:")


if __name__ == "__main__":
    unittest.main()
