"""What a run leaves behind: archives that strangers can read, reports that other tools take."""
import csv
import gzip
import hashlib
import http.server as http_server
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as xml

from harness import REPRISE, SANITIZED, SYSTEM_PYTHON, TOP, Process, TestCase, answers, free_port, http, wait_for
from test_page import Page

MANY = bool(os.environ.get("REPRISE_MANY"))  # `REPRISE_MANY=1 tests/run results`: 50 kills, 1,000 changed bytes
FLIPS = 1000 if MANY else 25
KILLS = 50 if MANY else 3 if SANITIZED else 8

SCENARIO = """
reprise: 1
name: two pages
target: https://shop.example
vars: { password: "hunter2hunter2" }
tasks:
  - name: walk
    steps:
      - group: pages
        steps:
          - request: GET /
            name: home
            expect: { status: 401 }
      - request: GET /missing
"""

# Of each element of JUnit's XML: the attributes that it must have, those that it may have, its children.
JENKINS = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "time", "timestamp", "hostname"}, {"testcase"}),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "error", "failure"}),
    "failure": (set(), {"type", "message"}, set()),
}


def code_blocks(text):
    """The indented blocks of a Markdown file, without their indent."""
    block = []
    for line in text.splitlines() + ["end"]:
        if line.startswith("    ") or (not line and block):
            block.append(line[4:])
        elif block:
            yield "\n".join(block).strip() + "\n"
            block = []


class Results(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.runs = tempfile.TemporaryDirectory(prefix="reprise-runs-")

    @classmethod
    def tearDownClass(cls):
        cls.runs.cleanup()

    def load(self):
        """A run of two seconds with thresholds, made once: its files in self.dir."""
        made = pathlib.Path(self.runs.name) / "run"
        if not made.exists():
            mine, self.dir = self.dir, made
            made.mkdir()
            self.run_load("--json-file", "j.json", "--csv", "p", "--html", "r.html", "--junit", "j.xml",
                          "--markdown", "m.md", "--threshold", "p(95)<60s", "--threshold", "failed<1%", code=99)
            self.dir = mine
        shutil.copytree(made, self.dir, dirs_exist_ok=True)

    def run_load(self, *options, code=1, users=5, length="2s"):
        self.write("s.yaml", SCENARIO)
        return self.reprise("run", "s.yaml", "-H", self.demo().base, "-u", users, "-t", length, "-q", "--headless",
                            "--archive", "a.gz", *options, code=code)

    def summary(self, *options):
        self.reprise("report", "a.gz", "-q", "--json", "r.json", *options)
        return json.loads((self.dir / "r.json").read_text())


class Archive(Results):
    def test_the_documented_lines_of_python_read_it(self):
        self.load()
        summary = json.loads((self.dir / "j.json").read_text())
        blocks = list(code_blocks((TOP / "docs/archive-format.md").read_text()))
        three = next(b for b in blocks if b.startswith("import gzip")).split("\n\n")[0]
        self.assertEqual(len(three.strip().splitlines()), 3)
        scope, out = {}, io.StringIO()
        shutil.copy(self.dir / "a.gz", self.dir / "run.jsonl.gz")
        here = os.getcwd()
        os.chdir(self.dir)
        try:
            exec(three.replace("print(", "print_(", 1), {"print_": lambda *a: scope.update(seen=a)})
        finally:
            os.chdir(here)
        self.assertEqual(scope["seen"][0], summary["requests"] + summary["cancelled"])
        self.assertAlmostEqual(scope["seen"][2], summary["service_time_ms"]["mean"], delta=0.5)
        names = {"gzip": gzip, "json": json}
        exec(next(b for b in blocks if b.startswith("def samples")), names)
        samples = list(names["samples"](self.dir / "a.gz"))
        self.assertEqual(len(samples), summary["requests"] + summary["cancelled"])
        self.assertEqual({s["status"] for s in samples if s["outcome"] < 11}, {401, 404})
        ends = [s["end_us"] / 1e6 for s in samples]
        self.assertTrue(all(0 < e < summary["duration_s"] + 0.001 for e in ends), (min(ends), max(ends)))
        self.reprise("report", "a.gz", "-q", "--jtl", "r.jtl")
        with (self.dir / "r.jtl").open(newline="") as f:
            jtl = [(row["responseCode"], row["bytes"]) for row in csv.DictReader(f)]
        self.assertEqual(len(jtl), len(samples))
        for row, s in zip(jtl, samples):
            if s["status"]:
                self.assertEqual(row, (str(s["status"]), str(s["bytes_in"])))
        per_user = {}
        for s in samples:  # iterations of a user only grow, from 0 and one at a time
            self.assertIn(s["iteration"] - per_user.get(s["user"], 0), (0, 1), s)
            per_user[s["user"]] = s["iteration"]

    def test_lines_are_as_the_format_says(self):
        self.load()
        data = (self.dir / "a.gz").read_bytes()
        prev, offset, members, types = "0" * 64, 0, 0, set()
        while offset < len(data):
            unpack = __import__("zlib").decompressobj(31)
            text = unpack.decompress(data[offset:])
            size = len(data) - offset - len(unpack.unused_data)
            self.assertLessEqual(len(text), 1 << 20)
            lines = [json.loads(line) for line in text.decode().splitlines()]
            types |= {line["type"] for line in lines if isinstance(line, dict)}
            head = lines[0]
            if head["type"] == "member":
                self.assertEqual((head["member"], head["prev"]), (members, prev))
            else:
                self.assertEqual((head["type"], head["members"], head["prev"]), ("seal", members, prev))
            prev = hashlib.sha256(data[offset:offset + size]).hexdigest()
            members, offset = members + 1, offset + size
        documented = set(re.findall(r"`(\w+)`", (TOP / "docs/archive-format.md").read_text()))
        self.assertLessEqual(types, documented)
        self.assertLessEqual({"header", "name", "text", "samples", "step", "failure", "interval", "total", "result",
                              "manifest", "at", "seal"}, types)
        text = gzip.decompress(data).decode()
        self.assertNotIn("hunter2hunter2", text)

    def test_verify_and_recover(self):
        self.load()
        self.reprise("verify", "a.gz")
        data = (self.dir / "a.gz").read_bytes()
        rng = random.Random(1)
        for _ in range(FLIPS):
            at = rng.randrange(2, len(data))
            self.write("bad.gz", data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:])
            done = self.reprise("verify", "bad.gz", code=1)
            self.assertRegex(done.stdout, r"altered: member \d+", at)
        self.write("cut.gz", data[:len(data) // 2])
        self.assertIn("not closed", self.reprise("verify", "cut.gz", code=1).stdout)
        self.assertIn("NOT WHOLE", self.reprise("report", "cut.gz").stdout)
        self.reprise("recover", "cut.gz", "-o", "fixed.gz")
        self.assertIn("recovered", self.reprise("verify", "fixed.gz").stdout)
        self.assertIn("NOT WHOLE", self.reprise("report", "fixed.gz").stdout)
        self.reprise("recover", "fixed.gz", "-o", "again.gz")
        self.assertTrue(json.loads(self.reprise("verify", "--json", "again.gz").stdout)["recovered"])
        self.reprise("recover", "cut.gz", "-o", "cut.gz", code=2)
        self.reprise("verify", "s.yaml", code=3)
        self.reprise("verify", "nowhere.gz", code=3)
        self.assertEqual(json.loads(self.reprise("verify", "--json", "a.gz").stdout)["state"], "whole")
        several = self.reprise("verify", "nowhere.gz", "cut.gz", "s.yaml", "a.gz", code=3)
        self.assertRegex(several.stderr, "nowhere.gz: No such file.*\n.*s.yaml: not an archive")
        self.assertRegex(several.stdout, "cut.gz: not closed.*\na.gz: whole")

    def test_killed_at_any_moment_it_opens(self):
        self.write("s.yaml", SCENARIO)
        base, rng = self.demo().base, random.Random(2)
        lost = []
        for i in range(KILLS):
            archive = self.dir / f"k{i}.gz"
            run = self.start_reprise("run", "s.yaml", "-H", base, "-u", "3", "-t", "20s", "-q", "--headless",
                                     "--archive", archive)
            wait_for("the archive", lambda: archive.exists() and archive.stat().st_size > 0)
            begin = time.monotonic()
            moment = begin + rng.random() * (4 if MANY else 1.7)
            wait_for("a moment", lambda: time.monotonic() > moment)
            run.stop(signal.SIGKILL)
            alive = time.monotonic() - begin
            done = self.reprise("verify", archive, code=1)
            self.assertIn("not closed", done.stdout)
            self.reprise("report", archive, "-q", "--json", "k.json")
            counted = json.loads((self.dir / "k.json").read_text())
            lost.append(alive - counted["duration_s"])
            rows = 0
            try:
                with gzip.open(archive, "rt") as f:
                    for line in f:
                        rows += line.startswith("[")
            except EOFError:
                pass
            self.assertLessEqual(counted["requests"] + counted["cancelled"], rows)
            self.reprise("recover", archive, "-o", "fixed.gz")
            self.reprise("verify", "fixed.gz")
        if MANY:
            print(f"{KILLS} kills: at most {max(lost):.2f} s lost")
            self.assertLess(max(lost), 1.5)

    def test_full_disk(self):
        self.write("s.yaml", SCENARIO)
        done = self.reprise("run", "s.yaml", "-H", self.demo().base, "-u", 2, "-t", "2s", "-q", "--headless",
                            "--archive", "/dev/full", code=4)
        self.assertIn("/dev/full", done.stderr)
        self.assertIn("No space left", done.stderr)
        self.load()
        for what in (["report", "a.gz"], ["report", "a.gz", "-q", "--html", "-"], ["verify", "a.gz"],
                     ["compare", "a.gz", "a.gz"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([REPRISE, *what], cwd=self.dir, stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 4, what)
            self.assertIn("write standard output: No space left on device", done.stderr)
        for kind in ("html", "jtl", "hlog"):
            done = self.reprise("report", "a.gz", "-q", "--" + kind, "/dev/full", code=4)
            self.assertIn("/dev/full: No space left on device", done.stderr)

    def test_level_intervals(self):
        self.run_load("--archive-level", "intervals", "--json-file", "j.json", length="1s")
        with gzip.open(self.dir / "a.gz", "rt") as f:
            self.assertFalse([line for line in f if line.startswith("[")])
        want = json.loads((self.dir / "j.json").read_text())
        got = self.summary()
        self.assertEqual((got["requests"], got["response_time_ms"]), (want["requests"], want["response_time_ms"]))
        self.assertIn("holds no samples", self.reprise("report", "a.gz", "-q", "--jtl", "x", code=3).stderr)
        self.assertFalse((self.dir / "x").exists())

    def test_level_off_is_no_archive(self):
        self.write("s.yaml", SCENARIO)
        for more in ((), ("--processes", 2)):
            done = self.reprise("run", "s.yaml", "-H", self.demo().base, "-u", 2, "--loops", 1, "--headless",
                                "--archive-level", "off", "--archive", "off.gz", *more, code=1)
            self.assertNotIn("off.gz", done.stdout + done.stderr)
            self.assertEqual(sorted(p.name for p in self.dir.glob("*.gz")), [])

    def test_signature(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.dir / "key.pem"], check=True)
        subprocess.run(["openssl", "pkey", "-in", self.dir / "key.pem", "-pubout", "-out", self.dir / "pub.pem"],
                       check=True)
        self.run_load("--sign", "key.pem", length="1s")
        self.assertIn("signature is good", self.reprise("verify", "a.gz", "--key", "pub.pem").stdout)
        self.run_load(length="1s")
        self.assertIn("NOT signed", self.reprise("verify", "a.gz", "--key", "pub.pem", code=1).stdout)
        done = self.reprise("run", "s.yaml", "--headless", "--sign", "key.pem", "--no-archive", code=2)
        self.assertIn("no archive is kept", done.stderr)


class Reports(Results):
    def test_archive_and_run_say_the_same(self):
        self.load()
        want, got = json.loads((self.dir / "j.json").read_text()), self.summary()
        for key in want.keys() - {"archive", "generator"}:
            self.assertEqual(got[key], want[key], key)

    def test_text_is_at_most_80_columns(self):
        long = "a-name-that-goes-on-" * 7
        self.write("s.yaml", SCENARIO.replace("GET /missing", f"GET /missing\n        name: {long}"))
        self.reprise("run", "s.yaml", "-H", self.demo().base, "-u", 2, "--loops", 2, "-q", "--headless", "--archive", "a.gz",
                     "--threshold", f"{{step:{long}}} failed < 1%", code=99)
        lines = self.reprise("report", "a.gz").stdout.splitlines()
        self.assertEqual([line for line in lines if len(line) > 80 and "Archive:" not in line], [])
        self.assertEqual("".join(line.strip() for line in lines).count(long), 2)  # failure, threshold

    def test_users_of_a_run_shorter_than_a_second(self):
        # with two workers, one's users may end before the other's begin
        self.run_load("--json-file", "j.json", "--loops", "1", "--workers", "1", users=7)
        self.assertEqual(json.loads((self.dir / "j.json").read_text())["users"], 7)
        self.assertEqual(self.summary()["users"], 7)

    def test_json_is_valid_by_its_schema(self):
        self.load()
        script = ("import json,sys,jsonschema;"
                  "jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))")
        for name in ("j.json", "r.json"):
            self.summary()
            subprocess.run([SYSTEM_PYTHON, "-c", script, self.dir / name, TOP / "results/summary.schema.json"],
                           check=True)

    def test_filters(self):
        self.load()
        everything = self.summary()
        steps = {s["name"]: s["requests"] for s in everything["steps"]}
        self.assertEqual(self.summary("--step", "home")["requests"], steps["home"])
        self.assertEqual(self.summary("--group", "pages")["requests"], steps["home"])
        self.assertEqual(self.summary("--status", "404")["requests"], steps["/missing"])
        self.assertEqual(self.summary("--status", "4xx")["requests"], everything["requests"])
        for times in (("--from", "1s"), ("--to", "900ms"), ("--from", "500ms", "--to", "1500ms")):
            some = self.summary("--jtl", "some.jtl", *times)["requests"]
            self.assertTrue(0 < some < everything["requests"], times)
            self.assertEqual(some, len((self.dir / "some.jtl").read_text().splitlines()) - 1)
        for step, answers in (("home", 0), ("/missing", 1)):  # of what failed in that step
            self.reprise("report", "a.gz", "-q", "--step", step, "--html", "step.html")
            found = re.search(r'"answers":(\[.*?\]),"options"', (self.dir / "step.html").read_text())[1]
            self.assertEqual(bool(json.loads(found)), bool(answers), step)
        self.reprise("report", "a.gz", "--step", "homr", code=2)
        self.reprise("report", "a.gz", "--from", "2s", "--to", "1s", code=2)
        self.reprise("report", "a.gz", "--status", "many", code=2)

    def test_archives_are_not_overwritten_nor_counted_twice(self):
        self.load()
        before = (self.dir / "a.gz").read_bytes()
        self.reprise("report", "a.gz", "--html", "./a.gz", code=2)
        self.reprise("compare", "a.gz", "a.gz", "--json", "a.gz", code=2)
        self.reprise("report", "a.gz", "./a.gz", code=2)
        self.assertEqual((self.dir / "a.gz").read_bytes(), before)

    def test_locust_csv_headers_are_locusts(self):
        self.load()
        self.reprise("report", "a.gz", "-q", "--csv", "q")
        script = """
import io, csv, locust.stats as s
from locust.env import Environment
w = s.StatsCSVFileWriter(Environment(), s.PERCENTILES_TO_REPORT, __import__("sys").argv[1])
w.requests_csv_writer.writerow(w.requests_csv_columns)
w.stats_history_csv_writer.writerow(w.stats_history_csv_columns)
w.failures_csv_writer.writerow(w.failures_columns)
w.exceptions_csv_writer.writerow(w.exceptions_columns)
w.close_files()
"""
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        oracle = subprocess.run([SYSTEM_PYTHON, "-W", "ignore", "-c", script, "locust"], cwd=self.dir, env=env,
                                capture_output=True, text=True)
        head = {}
        if oracle.returncode == 0:
            for kind in ("stats", "stats_history", "failures", "exceptions"):
                head[kind] = (self.dir / f"locust_{kind}.csv").read_bytes()
            # Locust 2.12 has no times of failures yet; newer ones add these two columns.
            head["failures"] = head["failures"].replace(b"\r\n", b",First Seen,Last Seen\r\n")
        percent = b"50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
        known = {"stats": b"Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
                          b"Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s," + percent,
                 "failures": b"Method,Name,Error,Occurrences,First Seen,Last Seen",
                 "exceptions": b"Count,Message,Traceback,Nodes",
                 "stats_history": b"Timestamp,User Count,Type,Name,Requests/s,Failures/s," + percent +
                                  b",Total Request Count,Total Failure Count,Total Median Response Time,Total Average "
                                  b"Response Time,Total Min Response Time,Total Max Response Time,Total Average "
                                  b"Content Size"}
        for prefix in "pq":
            for kind, want in known.items():
                got = (self.dir / f"{prefix}_{kind}.csv").read_bytes()
                self.assertTrue(got.startswith(head.get(kind, want + b"\r\n")), (prefix, kind, got[:300]))
                width = want.count(b",") + 1
                for row in csv.reader(io.StringIO(got.decode(), newline="")):
                    self.assertEqual(len(row), width, (kind, row))
        rows = list(csv.DictReader((self.dir / "p_stats.csv").open(newline="")))
        self.assertEqual([r["Name"] for r in rows], ["home", "/missing", "Aggregated"])
        for kind in ("stats", "stats_history", "failures"):
            self.assertEqual((self.dir / f"p_{kind}.csv").read_bytes(), (self.dir / f"q_{kind}.csv").read_bytes(), kind)
        if not head:
            self.skipTest("python3-locust is not installed: headers compared with known ones only")

    def test_full_history_has_every_step(self):
        self.run_load("--csv", "f", "--csv-full-history")
        rows = list(csv.DictReader((self.dir / "f_stats_history.csv").open(newline="")))
        self.assertEqual({r["Name"] for r in rows}, {"home", "/missing", "Aggregated"})
        last = rows[-1]
        self.assertEqual((last["Name"], last["Type"]), ("Aggregated", ""))
        self.assertTrue(all(r["50%"] == "N/A" or int(r["50%"]) <= int(r["100%"]) for r in rows))
        totals = [int(r["Total Request Count"]) for r in rows if r["Name"] == "Aggregated"]
        self.assertEqual(totals, sorted(totals))
        self.assertTrue(abs(int(last["Timestamp"]) - time.time()) < 60)

    def test_jtl(self):
        self.load()
        want = self.summary()
        self.reprise("report", "a.gz", "-q", "--jtl", "r.jtl", "--jtl-xml", "r.xml", "--vegeta", "r.veg", "--requests",
                     "r.req")
        rows = list(csv.DictReader((self.dir / "r.jtl").open(newline="")))
        sent = want["requests"] + want["cancelled"]
        self.assertEqual(len(rows), sent)
        self.assertEqual({r["success"] for r in rows if r["responseCode"] == "404"}, {"false"})
        self.assertEqual({r["success"] for r in rows if r["responseCode"] == "401"}, {"true"})
        for row in rows:
            self.assertRegex(row["URL"], r"^http://127\.0\.0\.1:\d+" + ("/missing$" if row["label"] == "/missing" else "/$"))
        samples = xml.parse(self.dir / "r.xml").getroot().findall("httpSample")
        self.assertEqual(len(samples), sent)
        self.assertEqual([s.find("java.net.URL").text for s in samples], [r["URL"] for r in rows])
        self.assertEqual(sum(s.get("s") == "true" for s in samples), sum(r["success"] == "true" for r in rows))
        vegeta = list(csv.reader((self.dir / "r.veg").open(newline="")))
        self.assertEqual({len(r) for r in vegeta}, {12})  # as vegeta's decoder demands
        self.assertEqual([(r[1], r[7], r[9], r[10]) for r in vegeta],
                         [(r["responseCode"], r["label"], "GET", r["URL"]) for r in rows])
        self.assertEqual(len((self.dir / "r.req").read_text().splitlines()), sent + 1)

    def test_jmeter_reads_the_jtl(self):
        if not shutil.which("jmeter"):
            self.skipTest("jmeter is not installed")
        self.load()
        want = self.summary()
        self.reprise("report", "a.gz", "-q", "--jtl", "r.jtl")
        # The reader behind JMeter's Summary Report, without its window. (Debian's cannot read its own XML.)
        jars = ":".join(["/usr/share/jmeter/bin/ApacheJMeter.jar", "/usr/share/jmeter/lib/ext/*", "/usr/share/jmeter/lib/*",
                         "/usr/share/java/*"])
        (self.dir / "Read.java").write_text("""
import org.apache.jmeter.save.*; import org.apache.jmeter.reporters.*; import org.apache.jmeter.samplers.*;
import org.apache.jmeter.util.*; import org.apache.jmeter.visualizers.*; import java.io.*;
public class Read {
  static int n = 0, ok = 0;
  public static void main(String[] a) throws Exception {
    JMeterUtils.setJMeterHome("/usr/share/jmeter"); JMeterUtils.loadJMeterProperties("/usr/share/jmeter/bin/jmeter.properties");
    ResultCollector rc = new ResultCollector();
    Visualizer v = new Visualizer() { public void add(SampleResult s) { n++; if (s.isSuccessful()) ok++; } public boolean isStats() { return false; } };
    CSVSaveService.processSamples(a[0], v, rc);
    System.out.println(n + " " + ok);
  }
}
""")
        done = subprocess.run(["java", "-Djava.awt.headless=true", "-cp", jars, "Read.java", "r.jtl"], cwd=self.dir, capture_output=True,
                              text=True, timeout=120)
        if "jdk.compiler not found" in done.stderr:
            self.skipTest("no Java compiler")
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        ok = want["requests"] - want["failures"]
        self.assertEqual(done.stdout.split()[-2:], [str(want["requests"] + want["cancelled"]), str(ok)])

    def test_junit_and_markdown(self):
        self.load()
        suites = xml.parse(self.dir / "j.xml").getroot()
        self.assertEqual(suites.tag, "testsuites")
        for suite in suites:
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            self.assertEqual(int(suite.get("failures")), sum(c.find("failure") is not None for c in cases))
            self.assertRegex(suite.get("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
            self.assertTrue(all(c.get("name") and c.get("classname") and c.get("time") for c in cases))
        failed = [c.get("name") for c in suites.iter("testcase") if c.find("failure") is not None]
        self.assertEqual(failed, ["failed<1%", "GET /missing"])
        self.assertIn("| Aggregated |", (self.dir / "m.md").read_text())

    def check_junit(self, element):
        """What Jenkins' junit-10.xsd demands of the elements that we write."""
        must, may, children = JENKINS[element.tag]
        has = set(element.keys())
        self.assertLessEqual(must, has)
        self.assertLessEqual(has, must | may, element.tag)
        if "time" in element.attrib:
            self.assertRegex(element.get("time"), r"^\d{1,9}(\.\d{0,3})?$")
        for child in element:
            self.assertIn(child.tag, children, element.tag)
            self.check_junit(child)

    def test_junit_is_what_jenkins_reads(self):
        self.load()
        self.reprise("report", "a.gz", "-q", "--junit", "r.xml")
        for name in ("j.xml", "r.xml"):
            root = xml.parse(self.dir / name).getroot()
            self.assertEqual(root.tag, "testsuites")
            self.check_junit(root)
            schema = os.environ.get("REPRISE_JUNIT_XSD")  # CONTRIBUTING.md tells where there is one
            if schema:
                subprocess.run(["xmllint", "--noout", "--schema", schema, self.dir / name], check=True)

    def test_hlog(self):
        self.load()
        self.reprise("report", "a.gz", "-q", "--hlog", "r.hlog")
        lines = (self.dir / "r.hlog").read_text().splitlines()
        self.assertEqual(lines[0], "#[Histogram log format version 1.3]")
        self.assertRegex(lines[1], r"^#\[StartTime: \d+\.\d{3} \(seconds since epoch\), .*\]$")
        for line in lines[3:]:
            self.assertRegex(line, r"^(Tag=[^, ]+,)?\d+\.\d{3},\d+\.\d{3},\d+\.\d{3},HISTFAAA[A-Za-z0-9+/=]+$")

    def test_hdrhistogram_reads_our_histograms(self):
        jar = pathlib.Path("/usr/share/java/hdrhistogram.jar")
        if not jar.exists() or not shutil.which("java"):
            self.skipTest("libhdrhistogram-java is not installed")
        self.load()
        want = self.summary()
        self.reprise("report", "a.gz", "-q", "--hlog", "r.hlog")
        (self.dir / "Read.java").write_text("""
import org.HdrHistogram.*;
public class Read {
  public static void main(String[] a) throws Exception {
    HistogramLogReader r = new HistogramLogReader(a[0]); Histogram all = new Histogram(1, 3600000000L, 3);
    EncodableHistogram h;
    while ((h = r.nextIntervalHistogram()) != null) if (h.getTag() == null) all.add((Histogram) h);
    System.out.println(all.getTotalCount() + " " + all.getValueAtPercentile(50) + " " + all.getValueAtPercentile(99));
  }
}
""")
        done = subprocess.run(["java", "-cp", jar, "Read.java", "r.hlog"], cwd=self.dir, capture_output=True, text=True,
                              timeout=120)
        if "jdk.compiler not found" in done.stderr:
            self.skipTest("no Java compiler")
        self.assertEqual(done.returncode, 0, done.stderr)
        count, p50, p99 = map(int, done.stdout.split())
        self.assertEqual(count, want["requests"])
        self.assertAlmostEqual(p50 / 1000, want["response_time_ms"]["p50"], delta=0.002 + p50 / 1e6)
        self.assertAlmostEqual(p99 / 1000, want["response_time_ms"]["p99"], delta=0.002 + p99 / 1e6)

    def test_html_opens_without_network_or_errors(self):
        self.load()
        self.reprise("compare", "a.gz", "a.gz", "-q", "--html", "c.html")
        for name in ("r.html", "c.html"):
            page = (self.dir / name).read_text()
            self.assertNotRegex(page, r"(src|href)=|@import|url\(")
            self.assertLess(len(page), 200_000)
        if not shutil.which("chromium"):
            self.skipTest("chromium is not installed: not opened")
        for name, marks in (("r.html", ["<polyline", "two pages", "/missing"]), ("c.html", ["<polyline", "no difference"])):
            for scheme in ("", "--blink-settings=preferredColorScheme=0"):
                args = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.dir}/chromium",
                        "--enable-logging=stderr", "--dump-dom", *([scheme] if scheme else []),
                        (self.dir / name).as_uri()]
                done = subprocess.run(args, capture_output=True, text=True, timeout=90)
                self.assertNotIn("CONSOLE", done.stderr)
                for mark in marks:
                    self.assertIn(mark, done.stdout)

    def test_several_archives_are_one_run(self):
        self.load()
        first = self.summary()
        os.rename(self.dir / "a.gz", self.dir / "b.gz")
        self.run_load(length="1s")
        second = self.summary()
        self.assertEqual(self.reprise("report", "b.gz", "a.gz", "-q", "--json", "both.json").stderr, "")
        self.write("other.yaml", SCENARIO + "wait: 0\n")
        self.reprise("run", "other.yaml", "-H", self.demo().base, "--loops", 1, "-q", "--headless", "--archive", "c.gz", code=1)
        self.assertIn("different scenarios", self.reprise("report", "b.gz", "c.gz", "-q").stderr)
        both = json.loads((self.dir / "both.json").read_text())
        self.assertEqual(both["requests"], first["requests"] + second["requests"])
        self.assertEqual(both["response_time_ms"]["max"],
                         max(first["response_time_ms"]["max"], second["response_time_ms"]["max"]))


class Compare(Results):
    def test_rules_and_words(self):
        self.run_load(length="5.2s")
        done = self.reprise("compare", "a.gz", "a.gz", "--fail-if", "p(95) > +5%", "--json", "c.json")
        self.assertIn("no difference between A and B is shown.", done.stdout)
        result = json.loads((self.dir / "c.json").read_text())
        self.assertTrue(result["comparable"] and not result["worse"])
        self.reprise("compare", "a.gz", "a.gz", "--fail-if", "p(95) gets worse", code=2)
        self.reprise("compare", "a.gz", code=2)
        os.rename(self.dir / "a.gz", self.dir / "b.gz")
        self.run_load(users=7, length="1s")
        done = self.reprise("compare", "b.gz", "a.gz")
        self.assertIn("NOT COMPARABLE: the numbers of users differ", done.stdout)


class Receiver(http_server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


class Live(Results):
    def receiver(self):
        server = http_server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        server.got = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_otlp_influx_statsd(self):
        server = self.receiver()
        url = f"http://127.0.0.1:{server.server_port}"
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        udp.bind(("127.0.0.1", 0))
        self.run_load("--otlp", url, "--influx", url + "/api/v2/write?bucket=load", "--statsd",
                      f"127.0.0.1:{udp.getsockname()[1]}", "--json-file", "j.json")
        want = json.loads((self.dir / "j.json").read_text())
        otlp = [json.loads(body) for path, kind, body in server.got if path == "/v1/metrics"]
        metrics = {m["name"]: m for m in otlp[-1]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
        points = metrics["reprise.requests"]["sum"]["dataPoints"]
        self.assertEqual(sum(int(p["asInt"]) for p in points), want["requests"])
        for p in metrics["reprise.response.duration"]["histogram"]["dataPoints"]:
            self.assertEqual(sum(map(int, p["bucketCounts"])), int(p["count"]))
            self.assertEqual(len(p["bucketCounts"]), len(p["explicitBounds"]) + 1)
        lines = [line for path, kind, body in server.got if path.startswith("/api/v2/write")
                 for line in body.decode().splitlines()]
        whole = [int(re.search(r" requests=(\d+)i", line)[1]) for line in lines if line.startswith("reprise_run,")]
        self.assertEqual(sum(whole), want["requests"])
        udp.settimeout(1)
        total = 0
        try:
            while True:
                for line in udp.recv(65536).decode().splitlines():
                    m = re.fullmatch(r"reprise\.requests:(\d+)\|c", line)
                    total += int(m[1]) if m else 0
        except TimeoutError:
            pass
        self.assertEqual(total, want["requests"])

    def test_a_receiver_that_is_not_there(self):
        done = self.run_load("--otlp", "http://127.0.0.1:1", length="1s")
        self.assertIn("intervals were not sent", done.stderr)


class Prometheus(Results):
    """The real one, from apt, scrapes a running test."""

    def test_it_is_scraped_and_queried(self):
        if not shutil.which("prometheus"):
            self.skipTest("prometheus is not installed")
        self.write("s.yaml", SCENARIO.replace("https://shop.example", self.demo().base))
        page = self.started(Page(self.dir, "s.yaml", "--autostart", "-u", "2", "-t", "60s", "--no-archive"))
        target, port = page.base.split("//")[1], free_port()
        wait_for("requests", lambda: "reprise_requests_total" in http("GET", page.base + "/metrics")[2].decode())
        text = http("GET", page.base + "/metrics")[2]
        lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        self.assertEqual(lint.returncode, 0, lint.stderr + lint.stdout)
        self.write("prom.yml", "global: { scrape_interval: 1s }\n"
                   f"scrape_configs: [{{ job_name: reprise, static_configs: [{{ targets: ['{target}'] }}] }}]\n")
        self.started(Process(["prometheus", "--config.file", self.dir / "prom.yml", "--storage.tsdb.path",
                              self.dir / "tsdb", "--web.listen-address", f"127.0.0.1:{port}"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_for("prometheus", lambda: answers(port))

        def ask(query):
            status, _, body = http("GET", f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}")
            found = json.loads(body)["data"]["result"] if status == 200 else []
            return {tuple(sorted(r["metric"].items())): float(r["value"][1]) for r in found}

        got = wait_for("samples", lambda: ask("sum by (step) (reprise_requests_total) > 0"))
        self.assertEqual({dict(k)["step"] for k in got}, {"home", "/missing"})
        rate = 'histogram_quantile(0.95, sum by (le) (rate(reprise_response_seconds_bucket[10s])))'
        quantile = wait_for("a quantile", lambda: [v for v in ask(rate).values() if v > 0])
        self.assertLess(quantile[0], 5)
        self.assertEqual(list(ask("reprise_users").values()), [2.0])


if __name__ == "__main__":
    unittest.main()
