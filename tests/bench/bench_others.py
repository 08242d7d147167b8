"""Beside what a user would pick instead: CPU per request of the whole process on the same work.

    get        a keep-alive GET with a token header, 64 at a time: reprise, wrk, h2load, k6, oha, Locust
    scenario   login with a JSON token, four GETs with it, one of them a page, one POST with the field of its
               form, cookies, checks: reprise (native, curl), bare loops over epoll and libcurl, k6, Locust

Parts can be named on the command line. Tools are taken from PATH, or from the files that the variables K6, OHA
and LOCUST name; those that are not there are left out, none is needed. SECONDS is how long each runs;
Locust, which is slow to start, four times as long.
"""
import csv
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench_engines as common

BUILD, CONNECTIONS = common.BUILD, common.CONNECTIONS
RUNS = int(os.environ.get("RUNS", "3"))
SECONDS = int(os.environ.get("SECONDS", "5"))
REQUESTS = int(os.environ.get("REQUESTS", "60000"))
TOKEN = "0123456789abcdef0123456789abcdef"
PAGE = "<html><body><form method=post action=/order><input type=hidden name=csrf value=f00dbabe></form></body></html>"

ANSWERS = """default_type application/json;
    location = /t {{ add_header X-Token {token}; return 200 "hello, a small answer"; }}
    location = /login {{ add_header Set-Cookie "sid={token}; Path=/; HttpOnly"; return 200 '{{"user":7,"token":"{token}"}}'; }}
    location = /page {{ default_type text/html; return 200 "{page}"; }}
    location = /order {{ return 201 '{{"order":17}}'; }}
    location / {{ return 200 '{{"items":[{{"id":1,"name":"pen"}},{{"id":2,"name":"ink"}}]}}'; }}
"""

SCENARIO = """
reprise: 1
name: visit
target: http://127.0.0.1:1
tasks:
  - name: visit
    steps:
      - request: POST /login
        form: { user: ellen, password: education }
        extract: { token: { json: $.token } }
        expect: { status: 200 }
      - request: GET /items
        headers: { Authorization: "Bearer ${token}" }
        expect: { body: pen }
      - request: GET /cart
        headers: { Authorization: "Bearer ${token}" }
        expect: { status: 200 }
      - request: GET /page
        headers: { Authorization: "Bearer ${token}" }
        extract: { csrf: { html: "input[name=csrf]" } }
      - request: GET /me
        headers: { Authorization: "Bearer ${token}" }
        expect: { status: 200 }
      - request: POST /order
        headers: { Authorization: "Bearer ${token}" }
        form: { csrf: "${csrf}", what: pen }
        expect: { status: 201 }
"""

# What the bare loops send: the same requests, their values known.
PLAIN = [("POST", "/login", "user=ellen&password=education"), ("GET", "/items", ""), ("GET", "/cart", ""),
         ("GET", "/page", ""), ("GET", "/me", ""), ("POST", "/order", "csrf=f00dbabe&what=pen")]

LOCUST_GET = """
from locust import FastHttpUser, task
class User(FastHttpUser):
    token = "0123456789abcdef0123456789abcdef"
    @task
    def get(self):
        r = self.client.get("/t", headers={"Authorization": "Bearer " + self.token})
        self.token = r.headers["X-Token"]
"""

LOCUST_SCENARIO = """
import re
from locust import FastHttpUser, task
class User(FastHttpUser):
    @task
    def visit(self):
        r = self.client.post("/login", data={"user": "ellen", "password": "education"})
        auth = {"Authorization": "Bearer " + r.json()["token"]}
        with self.client.get("/items", headers=auth, catch_response=True) as r:
            if "pen" not in r.text:
                r.failure("no pen")
        self.client.get("/cart", headers=auth)
        csrf = re.search(r"name=csrf value=(\\w+)", self.client.get("/page", headers=auth).text).group(1)
        self.client.get("/me", headers=auth)
        with self.client.post("/order", data={"csrf": csrf, "what": "pen"}, headers=auth, catch_response=True) as r:
            if r.status_code != 201:
                r.failure("not made")
"""

K6_GET = """
import http from 'k6/http';
let token = '0123456789abcdef0123456789abcdef';
export default function () {
  token = http.get(__ENV.BASE + '/t', { headers: { Authorization: 'Bearer ' + token } }).headers['X-Token'];
}
"""

K6_SCENARIO = """
import http from 'k6/http';
import { check } from 'k6';
export default function () {
  const base = __ENV.BASE;
  let r = http.post(base + '/login', { user: 'ellen', password: 'education' });
  const auth = { headers: { Authorization: 'Bearer ' + r.json('token') } };
  check(http.get(base + '/items', auth), { pen: (r) => r.body.includes('pen') });
  check(http.get(base + '/cart', auth), { ok: (r) => r.status === 200 });
  const csrf = http.get(base + '/page', auth).html().find('input[name=csrf]').attr('value');
  check(http.get(base + '/me', auth), { ok: (r) => r.status === 200 });
  check(http.post(base + '/order', { csrf: csrf, what: 'pen' }, auth), { made: (r) => r.status === 201 });
}
"""


def tool(name):
    """Path of a tool, from the variable of its name or PATH; None: not here."""
    return os.environ.get(name.upper()) or shutil.which(name)


class Bench:
    def __init__(self, folder, core, port):
        self.folder, self.core, self.base = folder, core, f"http://127.0.0.1:{port}"
        for name, text in (("get.yaml", common.SCENARIO.format(port=port)), ("scenario.yaml", SCENARIO), ("get.py", LOCUST_GET),
                           ("scenario.py", LOCUST_SCENARIO), ("get.js", K6_GET), ("scenario.js", K6_SCENARIO)):
            (folder / name).write_text(text)

    def reprise(self, what, *more):
        out, per_iteration = self.folder / "out.json", 1 if what == "get" else len(PLAIN)
        cpu, _ = common.cpu_of([str(BUILD / "reprise"), "run", str(self.folder / f"{what}.yaml"), "-H", self.base, "-u",
                                str(CONNECTIONS), "-i", str(REQUESTS // per_iteration), "--workers", "1", "--headless", "-q",
                                "--no-archive", "--json-file", str(out), *more], self.core)
        got = json.loads(out.read_text())
        assert got["failures"] == 0 and got["requests"] == REQUESTS // per_iteration * per_iteration, got
        return cpu / got["requests"] * 1e6

    def loop(self, program):
        steps = [word for step in PLAIN for word in step]
        cpu, out = common.cpu_of([str(BUILD / "bench" / program), self.base, str(CONNECTIONS), str(REQUESTS), *steps], self.core)
        assert json.loads(out)["failures"] == 0, out
        return cpu / REQUESTS * 1e6

    def wrk(self):
        cpu, out = common.cpu_of([tool("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-H", f"Authorization: Bearer {TOKEN}",
                                  self.base + "/t"], self.core)
        return cpu / int(re.search(r"(\d+) requests in", out).group(1)) * 1e6

    def h2load(self):
        cpu, _ = common.cpu_of([tool("h2load"), "--h1", "-t1", f"-c{CONNECTIONS}", f"-n{REQUESTS}", "-H",
                                f"Authorization: Bearer {TOKEN}", self.base + "/t"], self.core)
        return cpu / REQUESTS * 1e6

    def oha(self):
        cpu, _ = common.cpu_of([tool("oha"), "--no-tui", "-n", str(REQUESTS), "-c", str(CONNECTIONS), "-H",
                                f"Authorization: Bearer {TOKEN}", self.base + "/t"], self.core)
        return cpu / REQUESTS * 1e6

    def k6(self, what):
        out = self.folder / "k6.json"
        cpu, _ = common.cpu_of([tool("k6"), "run", "-q", "--no-usage-report", "--vus", str(CONNECTIONS), "--duration", f"{SECONDS}s",
                                "-e", f"BASE={self.base}", "--summary-export", str(out), str(self.folder / f"{what}.js")], self.core)
        return cpu / json.loads(out.read_text())["metrics"]["http_reqs"]["count"] * 1e6

    def locust(self, path, what):
        prefix = self.folder / "locust"
        cpu, _ = common.cpu_of([path, "-f", str(self.folder / f"{what}.py"), "--headless", "--only-summary", "--csv", str(prefix),
                                "-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "-t", f"{4 * SECONDS}s", "-H", self.base],
                               self.core)
        with open(f"{prefix}_stats.csv", newline="") as f:
            total = list(csv.DictReader(f))[-1]
        assert total["Failure Count"] == "0", total
        return cpu / int(total["Request Count"]) * 1e6

    def locusts(self, what):
        """Debian's and the one that LOCUST names, where they are."""
        found = {"locust (system)": shutil.which("locust"), "locust (LOCUST)": os.environ.get("LOCUST")}
        return {name: lambda path=path: self.locust(path, what) for name, path in found.items() if path}

    def present(self, *names):
        return [n for n in names if tool(n)]


def medians(kinds):
    """Slow tools run once, with the first round."""
    got = {}
    for i in range(RUNS):
        for name, fn in kinds.items():
            if i == 0 or not name.startswith(("k6", "locust")):
                got.setdefault(name, []).append(fn())
    return {name: statistics.median(v) for name, v in got.items()}


def show(title, cpu):
    first = next(iter(cpu.values()))
    print(f"{title}: CPU microseconds per request of the whole process, {CONNECTIONS} at a time")
    for name, us in cpu.items():
        print(f"  {name:<22} {us:8.2f}  {us / first:6.2f} times reprise")
    return {name: round(us, 2) for name, us in cpu.items()}


def get(bench):
    kinds = {"reprise": lambda: bench.reprise("get")}
    for name in bench.present("wrk", "h2load", "oha"):
        kinds[name] = getattr(bench, name)
    if tool("k6"):
        kinds["k6"] = lambda: bench.k6("get")
    return {"cpu_us": show("get", medians(kinds | bench.locusts("get")))}


def scenario(bench):
    kinds = {"reprise native": lambda: bench.reprise("scenario"),
             "reprise curl": lambda: bench.reprise("scenario", "--engine", "curl"),
             "bare epoll loop": lambda: bench.loop("epoll_loop"), "bare libcurl loop": lambda: bench.loop("curl_loop")}
    if tool("k6"):
        kinds["k6"] = lambda: bench.k6("scenario")
    cpu = medians(kinds | bench.locusts("scenario"))
    result = {"cpu_us": show("scenario", cpu), "ratios": {}}
    own = [cpu[name] - cpu["bare epoll loop"] for name in ("reprise native", "reprise curl")]
    ratio = result["ratios"]["native / curl, above the bare loop"] = round(own[0] / max(own[1], 0.01), 3)
    print(f"  above the bare epoll loop: native {own[0]:.2f}, curl {own[1]:.2f}: {ratio:.2f} (at most 0.25)")
    for name in (n for n in cpu if n.startswith("locust")):
        result["ratios"][f"native / {name}"] = round(cpu["reprise native"] / cpu[name], 4)
        print(f"  native / {name}: {cpu['reprise native'] / cpu[name]:.3f} (at most 0.1)")
    return result


def main():
    if not shutil.which("nginx"):
        print("bench_others: nginx is not installed: skipped")
        return 0
    client, server_core = common.cores()
    parts, result = {"get": get, "scenario": scenario}, {}
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as name:
        os.chmod(name, 0o755)
        folder = pathlib.Path(name)
        with common.Nginx(folder, server_core, ANSWERS.format(token=TOKEN, page=PAGE)) as server:
            bench = Bench(folder, client, server.port)
            for part in sys.argv[1:] or parts:
                result[part] = parts[part](bench)
    (BUILD / "bench_others.json").write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
