"""Real traffic, sniffed live and read from a file of the same run: everything is found, byte for byte."""
import base64
import collections
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import unittest

from harness import REPRISE, TOP, TestCase, answers, free_port, wait_for

CURL = shutil.which("curl")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
TCPDUMP = shutil.which("tcpdump") or shutil.which("tcpdump", path="/usr/sbin")
EXCHANGES = 200
BIG = 5 << 20


def can_sniff():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        return True
    except PermissionError:
        return False


def digest(data):
    return hashlib.sha256(data).hexdigest()


def entries(har):
    return json.loads(pathlib.Path(har).read_text())["log"]["entries"]


def body_of(part):
    text = part.get("text", "")
    return base64.b64decode(text) if part.get("encoding") == "base64" else text.encode()


def summary(har):
    """What was exchanged, as a multiset of (method, URL, status, hash sent, hash received)."""
    found = collections.Counter()
    for e in entries(har):
        sent, got = e["request"].get("postData", {}), e["response"]["content"]
        found[e["request"]["method"], e["request"]["url"], e["response"]["status"], digest(body_of(sent)),
              digest(body_of(got))] += 1
    return found


class Site:
    """nginx over a folder of files: plain HTTP/1, HTTP/2 in clear, TLS 1.2 and 1.3 with both."""

    KINDS = {  # name: (listen options, scheme, curl's options)
        "h1": ("", "http", ["--http1.1"]),
        "h2c": ("http2", "http", ["--http2-prior-knowledge"]),
        "tls12-h1": ("ssl", "https", ["--http1.1", "--tlsv1.2", "--tls-max", "1.2"]),
        "tls12-h2": ("ssl http2", "https", ["--http2", "--tlsv1.2", "--tls-max", "1.2"]),
        "tls12-cbc": ("ssl", "https", ["--http1.1", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA256"]),
        "tls12-rsa": ("ssl", "https", ["--http1.1", "--tls-max", "1.2", "--ciphers", "AES256-GCM-SHA384"]),
        "tls12-chacha": ("ssl", "https",
                         ["--http1.1", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-CHACHA20-POLY1305"]),
        "tls13-h1": ("ssl", "https", ["--http1.1", "--tlsv1.3"]),
        "tls13-h2": ("ssl http2", "https", ["--http2", "--tlsv1.3"]),
        "tls13-chacha": ("ssl", "https", ["--http1.1", "--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256"]),
        "tls13-128": ("ssl", "https", ["--http1.1", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"]),
        "tls13-retry": ("ssl", "https", ["--http1.1", "--tlsv1.3", "--curves", "X25519:P-384"]),
    }

    def __init__(self, test, folder):
        self.folder, self.ports = folder, {k: free_port() for k in self.KINDS}
        (folder / "www").mkdir()
        (folder / "up").mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        (folder / "nginx.conf").write_text(self.configuration())
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"],
                                        stderr=subprocess.DEVNULL)
        test.addCleanup(self.stop)
        for port in self.ports.values():
            wait_for("nginx", lambda: answers(port))

    def configuration(self):
        def server(kind):
            curve = "ssl_ecdh_curve P-384;" if kind == "tls13-retry" else ""
            return (f"server {{ listen 127.0.0.1:{self.ports[kind]} {self.KINDS[kind][0]};"
                    f" ssl_certificate {self.folder}/cert.pem; ssl_certificate_key {self.folder}/key.pem; {curve}"
                    " ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;"
                    " location / { root www; } location /up { root .; dav_methods PUT; } }\n")

        return ("daemon off; master_process off; pid nginx.pid; error_log error.log; user root;\n"
                "events { worker_connections 512; }\n"
                "http { access_log off; default_type application/octet-stream; types { text/plain txt; }\n"
                "gzip on; gzip_min_length 1; gzip_types text/plain; client_max_body_size 20m;\n"
                f"client_body_temp_path {self.folder}/body; keepalive_requests 100000;\n"
                + "".join(map(server, self.KINDS)) + "}\n")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def base(self, kind):
        return f"{self.KINDS[kind][1]}://127.0.0.1:{self.ports[kind]}"

    def fill(self, count, biggest):
        """Files of many sizes; half of them text that gzip can do something with."""
        rnd = random.Random(7)
        for i in range(count):
            size = [0, 1, biggest, biggest // 5][i] if i < 4 else int(rnd.random() ** 4 * 60000)
            text = i % 2 == 0
            data = (b"%08x line of text\n" % rnd.getrandbits(32)) * (size // 22 + 1) if text else rnd.randbytes(size)
            (self.folder / "www" / f"{i}.{'txt' if text else 'bin'}").write_bytes(data[:size])

    def files(self):
        return sorted((self.folder / "www").iterdir())


class Traffic:
    """Sends requests with curl and remembers what must be found."""

    def __init__(self, site, keylog):
        self.site, self.keylog, self.want = site, keylog, collections.Counter()

    def expect(self, method, url, status, sent, got):
        self.want[method, url, status, digest(sent), digest(got)] += 1

    def curl(self, kind, count):
        base, lines = self.site.base(kind), []
        uploads = self.site.folder / "upload"
        uploads.mkdir(exist_ok=True)
        for i, f in zip(range(count), self.site.files() * count):
            if i % 10 == 9:
                body = random.Random(i).randbytes(int(random.Random(i).random() ** 3 * 300000) + 1)
                (uploads / str(i)).write_bytes(body)
                url, extra = f"{base}/up/{kind}-{i}", f"upload-file = \"{uploads}/{i}\"\n"
                extra += "header = \"Expect: 100-continue\"\n" if i % 20 == 9 and "h2" not in kind else "header = \"Expect:\"\n"
                self.expect("PUT", url, 201, body, b"")
            else:
                url = f"{base}/{f.name}?n={i}"
                extra = "header = \"Accept-Encoding: gzip\"\n" if i % 3 else ""
                self.expect("GET", url, 200, b"", f.read_bytes())
            lines.append(f"url = \"{url}\"\noutput = \"/dev/null\"\n{extra}")
        # curl 7.88 cannot use an HTTP/2 connection in clear twice: there it runs once for each request.
        runs = [[line] for line in lines] if kind == "h2c" else [lines]
        parallel = ["-Z", "--parallel-max", "16"] if kind.endswith("h2") else []
        for run in runs:
            (self.site.folder / "curlrc").write_text("next\n".join(
                f"silent\ninsecure\n{self.options(kind)}{line}" for line in run))
            ran = subprocess.run([CURL, *parallel, "-S", "-K", self.site.folder / "curlrc"], timeout=120, text=True,
                                 env=dict(os.environ, SSLKEYLOGFILE=str(self.keylog)), stderr=subprocess.PIPE)
            assert ran.returncode == 0, (kind, run[-1], ran.stderr[-300:])

    def options(self, kind):
        words, lines = self.site.KINDS[kind][2], []
        for i, word in enumerate(words):
            if word.startswith("--"):
                value = words[i + 1] if i + 1 < len(words) and not words[i + 1].startswith("--") else None
                lines.append(word[2:] + (f" = \"{value}\"" if value else ""))
        return "\n".join(lines) + "\n"

    def pipelined(self, count):
        """All requests before the first answer is read, in pieces that end anywhere."""
        port, base = self.site.ports["h1"], self.site.base("h1")
        small = [f for f in self.site.files() if f.stat().st_size < 3000]
        text = b""
        for i in range(count):
            f = small[i % len(small)]
            last = "Connection: close\r\n" if i == count - 1 else ""
            text += f"GET /{f.name}?p={i} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{last}\r\n".encode()
            self.expect("GET", f"{base}/{f.name}?p={i}", 200, b"", f.read_bytes())
        with socket.create_connection(("127.0.0.1", port)) as s:
            for i in range(0, len(text), 1001):
                s.sendall(text[i:i + 1001])
            while s.recv(65536):
                pass


@unittest.skipUnless(CURL and NGINX and TCPDUMP, "needs curl, nginx and tcpdump")
@unittest.skipUnless(can_sniff(), "needs the right to capture (root or CAP_NET_RAW)")
class RoundTrip(TestCase):
    def setUp(self):
        super().setUp()
        self.folder = self.dir
        self.keylog = self.folder / "keys.log"
        self.keylog.touch()
        self.site = Site(self, self.folder)

    def start(self, command, ready, log):
        with open(log, "w") as f:
            process = subprocess.Popen(command, stdout=f, stderr=subprocess.STDOUT)
        self.addCleanup(self.end, process)
        wait_for(command[0], lambda: ready in log.read_text())
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
            process.wait()

    def filter(self):
        return " or ".join(f"port {p}" for p in self.site.ports.values())

    def sniff(self):
        """Starts both recorders, with room for all that is sent: neither has to keep up. (In --immediate-mode each packet
        takes as much of tcpdump's buffer as the longest.)"""
        self.tcpdump = self.start([TCPDUMP, "-i", "lo", "-U", "-B", "524288", "-Z", "root", "-w",
                                   str(self.folder / "t.pcap"), self.filter()], "listening", self.folder / "t.log")
        self.live = self.start([REPRISE, "capture", "-i", "lo", "--buffer", "512M", "-f", self.filter(), "-k", str(self.keylog), "-o",
                                str(self.folder / "live.har"), "--json", str(self.folder / "live.json")],
                               "capturing on", self.folder / "live.log")

    def stop(self):
        """A last request that both must have seen, and a datagram behind its answer, then the interrupt key."""
        mark = f"{self.site.base('h1')}/1.bin?the-last-one"
        subprocess.run([CURL, "-s", "-o", "/dev/null", mark], check=True)
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.sendto(b"behind-the-last-one", ("127.0.0.1", self.site.ports["h1"]))
        wait_for("tcpdump", lambda: b"behind-the-last-one" in (self.folder / "t.pcap").read_bytes()[-100000:])
        wait_for("live", lambda: b"the-last-one" in (self.folder / "live.har").read_bytes()[-100000:])
        for process in (self.tcpdump, self.live):
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(60), 0, (self.folder / "live.log").read_text())
        self.assertIn("\n0 packets dropped", (self.folder / "t.log").read_text())
        return mark

    def check(self, har, report, want):
        report = json.loads(pathlib.Path(report).read_text())
        self.assertEqual(report["kernel_drops"], 0)
        self.assertEqual(report["incomplete"], {})
        self.assertEqual(report["tls"].get("no_key"), 0)
        self.assertEqual(set(report["tls"]) - {"decrypted", "no_key"}, set(), report["tls"])
        found = summary(har)
        self.assertEqual(want - found, collections.Counter(), "not found")
        self.assertEqual(found - want, collections.Counter(), "found, but never sent")
        self.assertEqual(report["exchanges"], {"complete": sum(want.values()), "incomplete": 0})

    def read(self, name, *options):
        subprocess.run([REPRISE, "capture", "-q", "-r", str(self.folder / "t.pcap"), "-k", str(self.keylog), "-o",
                        str(self.folder / name), "--json", str(self.folder / (name + ".json")), *options], check=True)
        return self.folder / name

    def test_everything_is_found_live_and_in_the_file(self):
        self.site.fill(40, BIG)
        self.sniff()
        traffic = Traffic(self.site, self.keylog)
        for kind in Site.KINDS:
            main = kind in ("h1", "h2c", "tls12-h1", "tls12-h2", "tls13-h1", "tls13-h2")
            traffic.curl(kind, EXCHANGES if main else 20)
        traffic.pipelined(EXCHANGES)
        mark = self.stop()
        traffic.expect("GET", mark, 200, b"", (self.folder / "www/1.bin").read_bytes())
        self.check(self.folder / "live.har", self.folder / "live.json", traffic.want)
        self.check(self.read("file.har"), self.folder / "file.har.json", traffic.want)
        self.check_meta(self.folder / "file.har")

    def check_meta(self, har):
        first = {}
        for e in entries(har):
            first.setdefault(e["connection"], e)
            self.assertEqual(e["serverIPAddress"], "127.0.0.1")
            self.assertGreaterEqual(e["timings"]["wait"], 0)
        self.assertTrue(all(e["timings"]["connect"] > 0 for e in first.values()))
        secure = [e for e in first.values() if e["request"]["url"].startswith("https")]
        self.assertTrue(secure and all(e["timings"]["ssl"] > 0 for e in secure))
        self.assertEqual(os.stat(har).st_mode & 0o777, 0o600)

    def test_sources_filter_split_and_mask(self):
        self.site.fill(6, 2000)
        self.sniff()
        traffic = Traffic(self.site, self.keylog)
        traffic.curl("h1", 6)
        traffic.curl("tls13-h1", 6)
        subprocess.run([CURL, "-s", "-o", "/dev/null", "-H", "Authorization: Bearer TopSecretTopSecret", "-H",
                        "Cookie: sid=CookieSecretCookie", self.site.base("h1") + "/2.txt?token=QuerySecretQuery"],
                       check=True)
        self.stop()
        whole = self.read("whole.har")
        pcap = self.folder / "t.pcap"
        (self.folder / "t.gz").write_bytes(gzip.compress(pcap.read_bytes()))
        for source, text in (("t.gz", None), ("-", pcap.read_bytes())):
            path = source if source == "-" else self.folder / source
            subprocess.run([REPRISE, "capture", "-q", "-r", path, "-k", self.keylog, "-o", self.folder / "o.har"],
                           input=text, check=True)
            self.assertEqual(summary(self.folder / "o.har"), summary(whole), source)
        only = summary(self.read("only.har", "-f", f"port {self.site.ports['tls13-h1']}"))
        self.assertEqual(sum(only.values()), 6)
        self.assertIn("TopSecretTopSecret", whole.read_text())
        masked = self.read("masked.har", "--mask").read_text()
        for secret in ("TopSecretTopSecret", "CookieSecretCookie", "QuerySecretQuery"):
            self.assertNotIn(secret, masked)
        self.read("by.har", "--split", "connection")
        parts = sorted(self.folder.glob("by-*.har"))
        self.assertGreater(len(parts), 2)
        self.assertEqual(sum((summary(p) for p in parts), collections.Counter()), summary(whole))
        self.split_in_time(whole)

    def split_in_time(self, whole):
        """Two files whose packets alternate are one capture again."""
        data = (self.folder / "t.pcap").read_bytes()
        halves, at, turn = [data[:24], data[:24]], 24, 0
        while at < len(data):
            n = 16 + int.from_bytes(data[at + 8:at + 12], "little")
            halves[turn % 2] += data[at:at + n]
            at, turn = at + n, turn + 1
        for i, half in enumerate(halves):
            (self.folder / f"half{i}.pcap").write_bytes(half)
        subprocess.run([REPRISE, "capture", "-q", "-r", self.folder / "half0.pcap", self.folder / "half1.pcap", "-k",
                        self.keylog, "-o", self.folder / "joined.har"], check=True)
        self.assertEqual(summary(self.folder / "joined.har"), summary(whole))

    def test_a_program_gives_a_decrypted_session(self):
        self.site.fill(4, 2000)
        url = self.site.base("tls13-h2") + "/2.txt"
        har = self.folder / "p.har"
        ran = subprocess.run([REPRISE, "capture", "-i", "lo", "-o", har, "--", CURL, "-sk", url], capture_output=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout, (self.folder / "www/2.txt").read_bytes())
        found = [e for e in entries(har) if e["request"]["url"] == url]
        self.assertEqual([e["response"]["status"] for e in found], [200])
        failed = subprocess.run([REPRISE, "capture", "-q", "-i", "lo", "-o", har, "--", "sh", "-c", "exit 7"])
        self.assertEqual(failed.returncode, 7)

    def test_killed_in_the_middle_the_har_is_valid(self):
        self.site.fill(4, 2000)
        self.sniff()
        Traffic(self.site, self.keylog).curl("h1", 10)
        wait_for("entries", lambda: b"n=8" in (self.folder / "live.har").read_bytes())
        self.live.kill()
        self.live.wait()
        self.assertGreaterEqual(len(entries(self.folder / "live.har")), 9)


class Report(TestCase):
    def run_capture(self, *arguments, **options):
        return subprocess.run([REPRISE, "capture", *map(str, arguments)], capture_output=True, text=True, **options)

    def test_usage_and_bad_files(self):
        folder = self.dir
        bad = folder / "bad.pcap"
        bad.write_bytes(b"no capture at all")
        for arguments, code in ((("-r", bad), 3), (("-r", folder / "missing"), 3), ((), 2), (("-r", bad, "-i", "lo"), 2),
                                (("-r", bad, "--", "true"), 2), (("-i", "no-such-if", "-o", folder / "x.har"), 2)):
            ran = self.run_capture(*arguments, "-o", folder / "x.har") if "-o" not in arguments else \
                self.run_capture(*arguments)
            if "no permission" not in ran.stderr:
                self.assertEqual(ran.returncode, code, (arguments, ran.stderr))
            self.assertTrue(ran.stderr)

    def test_a_bad_filter_is_told_before_anything_is_written(self):
        out = self.dir / "kept.har"
        out.write_text("what was there")
        seed = next((TOP / "tests/fuzz/seeds/capture").iterdir())
        ran = self.run_capture("-r", seed, "-f", "prot 80", "-o", out)
        self.assertEqual((ran.returncode, out.read_text()), (2, "what was there"))
        self.assertIn('filter "prot 80": can\'t parse filter expression', ran.stderr)
        self.assertNotIn("packets", ran.stderr)
        ran = self.run_capture("-i", "lo", "port", "80", "-o", out)
        self.assertIn('"port": a filter goes behind -f', ran.stderr)

    def test_interfaces_are_listed_and_suggested(self):
        ran = self.run_capture("-D")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        names = [line.split()[0] for line in ran.stdout.splitlines()]
        self.assertIn("lo", names)
        self.assertIn("any", names)
        self.assertRegex(ran.stdout, r"(?m)^lo +up, loopback, 127\.0\.0\.1")
        wrong = self.run_capture("-i", "lo0", "-o", self.dir / "x.har")
        if "no permission" not in wrong.stderr:
            self.assertIn("did you mean lo?", wrong.stderr)

    def test_report_of_an_empty_and_of_a_cut_capture(self):
        folder = self.dir
        head = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
        (folder / "empty.pcap").write_bytes(head)
        (folder / "cut.pcap").write_bytes(head + bytes(8) + (100).to_bytes(4, "little") * 2 + b"short")
        report = json.loads(self.run_capture("-q", "-r", folder / "empty.pcap", "-o", folder / "e.har", "--json", "-").stdout)
        for member in ("packets", "kernel_drops", "flows"):
            self.assertEqual(report[member], 0)
        self.assertEqual(report["exchanges"], {"complete": 0, "incomplete": 0})
        self.assertEqual((report["incomplete"], report["tls"]), ({}, {"decrypted": 0, "no_key": 0}))
        self.assertEqual(entries(folder / "e.har"), [])
        ran = self.run_capture("-r", folder / "cut.pcap", "-o", folder / "c.har", "--json", folder / "c.json")
        self.assertEqual(ran.returncode, 0)
        self.assertEqual(json.loads((folder / "c.json").read_text())["damaged_files"], 1)
        self.assertRegex(ran.stderr, re.compile("damaged.*cut short"))

    def test_seeds_of_the_fuzzers(self):
        for path in sorted((TOP / "tests/fuzz/seeds/capture").iterdir()):
            ran = self.run_capture("-q", "-r", path, "-o", self.dir / "s.har")
            self.assertEqual((path.name, ran.returncode, len(entries(self.dir / "s.har"))), (path.name, 0, 1))


if __name__ == "__main__":
    unittest.main()
