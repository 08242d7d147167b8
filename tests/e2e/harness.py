"""What the end-to-end tests share: the binary, servers on ports from the kernel, temporary folders.

Everything a test starts is ended by its process id when the test ends. Nothing here sleeps to wait: a
server is up when it says so or answers.
"""
import fcntl
import gzip
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
REPRISE = os.environ.get("REPRISE", str(TOP / "build" / "reprise"))
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's python3-flask lives there
SANITIZED = any(s in REPRISE for s in ("/asan/", "/tsan/"))
PATIENCE_S = 30


def free_port():
    """A port that nobody listens on now. For servers that cannot take 0 themselves."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, check):
    end = time.monotonic() + PATIENCE_S
    while not (found := check()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: nothing after {PATIENCE_S} s")
        time.sleep(0.01)
    return found


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def http(method, url, body=None, headers=None):
    """(status, headers, body) whatever the status; redirects are not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with opener.open(request, timeout=PATIENCE_S) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


def get_json(url):
    status, _, body = http("GET", url)
    assert status == 200, (url, status, body)
    return json.loads(body)


def archive_lines(path):
    """The records of an archive: one JSON value a line."""
    with gzip.open(path, "rt", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def browser_packages():
    """node_modules with what tests/e2e/web/package-lock.json names (Playwright, without a browser of its own): installed
    once, by one module at a time."""
    web = TOP / "tests" / "e2e" / "web"
    modules, lock = web / "node_modules", web / "package-lock.json"
    done = modules / ".package-lock.json"
    with open(lock) as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            env, bundle = dict(os.environ), "/etc/ssl/certs/ca-certificates.crt"
            if os.path.exists(bundle):
                env.setdefault("NODE_EXTRA_CA_CERTS", bundle)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=web, env=env, check=True,
                           stdout=subprocess.DEVNULL, timeout=240)
            done.touch()
    return modules


class Process:
    """A child in a session of its own; stop() ends it and returns its exit code."""

    def __init__(self, command, stdout=subprocess.PIPE, stderr=None, cwd=None, env=None, preexec_fn=None):
        self.child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=stdout,
                                      stderr=stderr, cwd=cwd, env=env, text=True, start_new_session=True,
                                      preexec_fn=preexec_fn)

    def send(self, signum):
        self.child.send_signal(signum)

    def wait(self, seconds=PATIENCE_S):
        return self.child.wait(seconds)

    def stop(self, signum=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(signum)
        try:
            code = self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            code = self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()
        return code


class Demo(Process):
    """`reprise demo --serve`: .base is its address, truth() what it counted."""

    def __init__(self, *options):
        super().__init__([REPRISE, "demo", "--serve", "--port", "0", *options])
        self.base = self.child.stdout.readline().strip()
        if not self.base.startswith("http://127.0.0.1:"):
            self.stop()
            raise AssertionError(f"the demo target's first line is {self.base!r}")

    def truth(self):
        return get_json(self.base + "/truth")


class FlaskSeed(Process):
    """The blog post's server, the real Flask."""

    def __init__(self):
        server = TOP / "tests" / "servers" / "flask_seed.py"
        super().__init__([SYSTEM_PYTHON, server])
        self.base = self.child.stdout.readline().strip()

    def truth(self):
        return get_json(self.base + "/truth")


class Nginx(Process):
    """nginx with a body of our own for the server block; 4 bytes of text at / when none is given."""

    def __init__(self, folder, server_block="location / { return 200 'fine'; }", workers=1, tls=False):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.base = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        conf = self.folder / "nginx.conf"
        conf.write_text(f"""daemon off; worker_processes {workers}; pid {folder}/nginx.pid;
            error_log {folder}/error.log; events {{ worker_connections 4096; }}
            http {{ access_log {folder}/access.log; keepalive_requests 1000000;
              client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
              uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
              server {{ listen 127.0.0.1:{self.port} {'ssl' if tls else ''} backlog=4096; {server_block} }} }}""")
        nginx = "/usr/sbin/nginx"
        super().__init__([nginx, "-c", conf, "-p", self.folder], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
        wait_for("nginx", lambda: answers(self.port) or self.child.poll() is not None)

    def requests(self):
        return (self.folder / "access.log").read_text().splitlines()


class TestCase(unittest.TestCase):
    """A test with a temporary folder (self.dir) in which the binary runs."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="reprise-e2e-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def started(self, process):
        self.addCleanup(process.stop)
        return process

    def demo(self):
        return self.started(Demo())

    def flask(self):
        return self.started(FlaskSeed())

    def nginx(self, *args, **kwargs):
        folder = tempfile.TemporaryDirectory(prefix="reprise-nginx-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        return self.started(Nginx(folder.name, *args, **kwargs))

    def reprise(self, *args, code=0, timeout=120, env=None, **kwargs):
        """Runs the binary in self.dir; checks the exit code unless it is None."""
        done = subprocess.run([REPRISE, *map(str, args)], cwd=self.dir, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=timeout,
                              env={**os.environ, "REPRISE_HEADLESS": "1", **(env or {})}, **kwargs)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        return done

    def start_reprise(self, *args, **kwargs):
        return self.started(Process([REPRISE, *args], stderr=subprocess.STDOUT, cwd=self.dir, **kwargs))

    def wait_for_bytes(self, path, n):
        wait_for(path, lambda: path.exists() and path.stat().st_size >= n)

    def write(self, name, text):
        path = self.dir / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path
