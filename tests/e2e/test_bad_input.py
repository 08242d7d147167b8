"""Bad input: each kind gets a message that names the thing, the right exit code, and leaves nothing half-written."""
import json
import os
import resource
import signal
import socket
import subprocess

from harness import TestCase, archive_lines, free_port, wait_for

HAR = {"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": []}}
SCENARIO = """reprise: 1
name: bad
target: {target}
tasks:
  - name: t
    steps:
      - request: GET /
"""


class BadRecording(TestCase):
    def refused(self, text, *wanted):
        path = self.write("in.har", text)
        done = self.reprise("import", path, "-o", "out.yaml", code=3)
        for w in wanted:
            self.assertIn(w, done.stderr)
        self.assertIn("in.har", done.stderr)
        self.assertEqual(os.listdir(self.dir), ["in.har"])
        self.assertLess(len(done.stderr.splitlines()), 6, done.stderr)

    def test_missing_file(self):
        done = self.reprise("import", "none.har", "-o", "out.yaml", code=3)
        self.assertIn("none.har: No such file or directory", done.stderr)
        self.assertEqual(os.listdir(self.dir), [])

    def test_a_folder(self):
        self.assertIn("Is a directory", self.reprise("import", self.dir, "-o", "out.yaml", code=3).stderr)

    def test_empty_file(self):
        self.refused("", "empty")

    def test_garbage(self):
        self.refused(bytes(range(256)) * 64)
        self.refused(b"\x7fELF" + b"\0" * 5000)

    def test_cut_in_the_middle(self):
        self.refused(json.dumps(HAR)[:-10], "in.har:1:")

    def test_other_json(self):
        self.refused("[1, 2, 3]")
        self.refused('{"log": 5}')

    def test_no_entries(self):
        self.refused(json.dumps(HAR), "no ")

    def test_wrong_version(self):
        old = {"log": dict(HAR["log"], version="2.0")}
        self.refused(json.dumps(old), "2.0")

    def test_two_gigabytes(self):
        path = self.dir / "big.har"
        with open(path, "wb") as f:
            f.truncate(2_200_000_000)
        done = self.reprise("import", path, "-o", "out.yaml", code=3)
        self.assertIn("big.har", done.stderr)
        self.assertEqual(os.listdir(self.dir), ["big.har"])

    def test_output_cannot_be_written(self):
        har = {"log": dict(HAR["log"], entries=[entry("http://127.0.0.1/")])}
        path = self.write("in.har", json.dumps(har))
        done = self.reprise("import", path, "-o", "no/such/folder/s.yaml", code=4)
        self.assertIn("no/such/folder/s.yaml", done.stderr)


def entry(url):
    request = {"method": "GET", "url": url, "httpVersion": "HTTP/1.1", "headers": [], "queryString": [], "cookies": [],
               "headersSize": -1, "bodySize": 0}
    response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [], "cookies": [],
                "content": {"size": 2, "mimeType": "text/plain", "text": "ok"}, "redirectURL": "", "headersSize": -1,
                "bodySize": 2}
    return {"startedDateTime": "2026-01-01T00:00:00.000Z", "time": 5, "request": request, "response": response,
            "cache": {}, "timings": {"send": 0, "wait": 5, "receive": 0}}


class BadScenario(TestCase):
    def refused(self, text, *wanted):
        path = self.write("s.yaml", text)
        done = self.reprise("run", path, "--headless", "-u", 1, "--loops", 1, code=3)
        for w in wanted:
            self.assertIn(w, done.stderr)
        self.assertEqual(os.listdir(self.dir), ["s.yaml"])

    def test_missing_file(self):
        self.assertIn("none.yaml: No such file or directory",
                      self.reprise("run", "none.yaml", "--headless", code=3).stderr)

    def test_empty_and_garbage(self):
        self.refused("", "s.yaml")
        self.refused(bytes(range(256)), "s.yaml")

    def test_unknown_key(self):
        self.refused(SCENARIO.format(target="http://127.0.0.1") + "treshholds: []\n", "s.yaml:8:1", "thresholds")

    def test_wrong_version(self):
        self.refused(SCENARIO.format(target="http://127.0.0.1").replace("reprise: 1", "reprise: 9"), "s.yaml:1:", "9")

    def test_waits_the_wrong_way_round(self):
        self.refused(SCENARIO.format(target="http://127.0.0.1") + "wait: { uniform: [5s, 1.5s] }\n", "s.yaml:8:", "5s", "1.5s")

    def test_missing_feed(self):
        feed = "feeds:\n  account: { file: none.csv, pick: unique }\n"
        self.refused(SCENARIO.format(target="http://127.0.0.1") + feed, "none.csv")


class BadTarget(TestCase):
    def failing(self, target, *wanted, path="s.yaml"):
        """Every request fails, that is data: exit code 1, the reason in the table, one archive line each."""
        self.write(path, SCENARIO.format(target=target))
        done = self.reprise("run", path, "--headless", "-u", 2, "--loops", 1, "--archive", "s.jsonl.gz", code=1,
                            timeout=60)
        for w in wanted:
            self.assertIn(w.lower(), (done.stdout + done.stderr).lower())
        rows = [l for l in archive_lines(self.dir / "s.jsonl.gz") if isinstance(l, list)]
        self.assertEqual(len(rows), 2)

    def test_refused_port(self):
        self.failing(f"http://127.0.0.1:{free_port()}", "refused")

    def test_name_that_does_not_resolve(self):
        self.write("s.yaml", SCENARIO.format(target="http://no-such-host.invalid"))
        done = self.reprise("run", "s.yaml", "--headless", "-u", 1, "--loops", 1, code=3)
        self.assertIn("no-such-host.invalid has no address", done.stderr)
        self.assertEqual(os.listdir(self.dir), ["s.yaml"])

    def test_tls_failure(self):
        self.failing(self.nginx().base.replace("http:", "https:"), "TLS: wrong version number")

    def test_certificate_of_nobody(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem",
                        "-days", "2", "-subj", "/CN=localhost"], cwd=self.dir, check=True, capture_output=True)
        served = self.nginx(f"ssl_certificate {self.dir}/c.pem; ssl_certificate_key {self.dir}/k.pem; "
                            "location / { return 200 'x'; }", tls=True)
        self.failing(served.base, "TLS: ", "certificate")
        self.reprise("run", "s.yaml", "-H", served.base, "--insecure", "--headless", "-u", 1, "--loops", 1)

    def test_server_that_closes(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        pid = os.fork()
        if pid == 0:
            while True:
                listener.accept()[0].close()
        self.addCleanup(lambda: (os.kill(pid, signal.SIGKILL), os.waitpid(pid, 0)))
        self.failing(f"http://127.0.0.1:{listener.getsockname()[1]}", "reset")


class FullDisk(TestCase):
    def test_archive(self):
        """RLIMIT_FSIZE stands for the full disk: the write fails in the middle of the run."""
        target = self.nginx()
        self.write("s.yaml", SCENARIO.format(target=target.base))

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
        done = self.reprise("run", "s.yaml", "--headless", "-u", 4, "-t", "4s", "--archive", "s.jsonl.gz", code=4,
                            preexec_fn=small_files)
        self.assertIn("s.jsonl.gz", done.stderr)
        self.assertIn("File too large", done.stderr)


class Ended(TestCase):
    """A run that ends otherwise: what it saw is kept."""

    def start(self):
        target = self.nginx()
        self.write("s.yaml", SCENARIO.format(target=target.base) + "wait: { constant: 5ms }\n")
        self.archive = self.dir / "s.jsonl.gz"
        run = self.start_reprise("run", "s.yaml", "--headless", "-u", 2, "-t", "60s", "--archive", "s.jsonl.gz",
                                 "--json-file", "s.json")
        wait_for("requests", lambda: len(target.requests()) > 300)
        return target, run

    def rows(self):
        return [l for l in archive_lines(self.archive) if isinstance(l, list)]

    def test_kill_9(self):
        target, run = self.start()
        self.wait_for_bytes(self.archive, 2000)
        run.stop(signal.SIGKILL)
        text = subprocess.run(["zcat", self.archive], capture_output=True).stdout.decode()
        rows = [json.loads(l) for l in text.splitlines() if l.startswith("[") and l.endswith("]")]
        self.assertGreater(len(rows), 10)
        self.assertLessEqual(len(rows), len(target.requests()))
        self.assertNotEqual(self.reprise("verify", "s.jsonl.gz", code=None).returncode, 0)

    def test_sigint(self):
        target, run = self.start()
        run.send(signal.SIGINT)
        out, _ = run.child.communicate(timeout=30)
        self.assertEqual(run.child.returncode, 130, out)
        self.assertEqual(len(self.rows()), len(target.requests()))
        self.assertEqual(json.loads((self.dir / "s.json").read_text())["requests"], len(target.requests()))
        self.reprise("verify", "s.jsonl.gz")

    def test_sigint_twice(self):
        target, run = self.start()
        run.send(signal.SIGINT)
        run.send(signal.SIGINT)
        out, _ = run.child.communicate(timeout=30)
        self.assertEqual(run.child.returncode, 130, out)
        self.assertGreater(len(self.rows()), 10)
