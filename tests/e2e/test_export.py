"""reprise export: what Locust, JMeter and (under Node) the k6 script do to the demo target is what our run does."""
import pathlib
import shutil
import subprocess
import unittest

from harness import TOP, TestCase

USERS, LOOPS = 3, 2
JMETER = pathlib.Path("/usr/share/jmeter/bin/ApacheJMeter.jar")
# Debian's JMeter 2.13 meets an XStream that forbids all classes by default; this class allows them again.
PERMISSION = """package com.thoughtworks.xstream.security;
public class NoTypePermission implements TypePermission {
    public static final TypePermission NONE = new NoTypePermission();
    public boolean allows(Class type) { return true; }
}
"""
# What the exported script imports, over curl: enough of k6 to send what it would send.
K6 = r"""
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import crypto from 'node:crypto';
const jar = `cookies-${process.argv[2]}`;
export const http = {
  expectedStatuses: () => null,
  request(method, url, body, o) {
    const args = ['-sS', '-i', '-X', method, '-b', jar, '-c', jar, url];
    for (const [k, v] of Object.entries(o.headers)) args.push('-H', `${k}: ${v}`);
    if (body !== null) args.push('--data-binary', body);
    const text = execFileSync('curl', args, { encoding: 'utf8' });
    const at = text.indexOf('\r\n\r\n'), lines = text.slice(0, at).split('\r\n'), headers = {};
    for (const l of lines.slice(1)) headers[l.slice(0, l.indexOf(':')).replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())] = l.slice(l.indexOf(':') + 1).trim();
    const r = { status: Number(lines[0].split(' ')[1]), headers, body: text.slice(at + 4), url, cookies: {}, timings: { duration: 1 } };
    r.json = () => JSON.parse(r.body);
    return r;
  },
};
export default http;
export const check = (x, tests) => Object.entries(tests).every(([name, f]) => f(x) || (console.error(`FAILED ${name}`), process.exitCode = 1, false));
export const fail = (t) => { throw new Error(t); };
export const sleep = () => {};
export const parseHTML = (text) => ({ find: (css) => ({ each: (f) => {
  const name = css.match(/name=['"](\w+)['"]/)[1];
  for (const m of text.matchAll(new RegExp(`<[^>]*name="${name}"[^>]*?(?:value|content)="([^"]*)"`, 'g')))
    f(0, { nodeName: () => 'INPUT', getAttribute: () => ({ nodeValue: () => m[1] }), textContent: () => '' });
} }) });
export const encoding = {};
export const vu = { iterationInScenario: 0 };
export const exec = { vu, scenario: { iterationInTest: 0 }, test: { abort: fail } };
globalThis.open = (path) => fs.readFileSync(path, 'utf8');
globalThis.__VU = Number(process.argv[2]);
globalThis.__ENV = {};
"""
K6_MAIN = """
import run, { options } from './script.mjs';
import { vu } from './k6.mjs';
for (let i = 0; i < options.scenarios.users.iterations; i++) { vu.iterationInScenario = i; run(); }
"""


class Export(TestCase):
    def setUp(self):
        super().setUp()
        self.target = self.demo()
        self.reprise("import", TOP / "scenarios/examples/demo.har", "--pauses", "0", "-o", "demo.yaml", "-q")
        self.reprise("run", "demo.yaml", "-H", self.target.base, "-u", USERS, "--loops", LOOPS, "--headless",
                     "--no-archive", "-q")
        self.ours = self.target.truth()
        self.assertEqual(self.ours["refused"], 0)
        self.assertEqual(self.ours["orders"], USERS * LOOPS)

    def export(self, to, name):
        done = self.reprise("export", "demo.yaml", "--to", to, "-H", self.target.base, "-u", USERS, "--loops", LOOPS,
                            "-o", name)
        self.assertTrue(all(line.startswith("note: ") for line in done.stderr.splitlines()), done.stderr)

    def run_tool(self, *command):
        done = subprocess.run([str(c) for c in command], cwd=self.dir, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def check_same_truth(self):
        both = self.target.truth()
        theirs = {k: both[k] - self.ours[k] for k in both}
        self.assertEqual(theirs, self.ours)

    @unittest.skipUnless(shutil.which("locust"), "no locust (python3-locust)")
    def test_locust(self):
        self.export("locust", "locustfile.py")
        self.run_tool("locust", "-f", "locustfile.py", "--headless", "-u", USERS, "-r", USERS, "--run-time", "10s",
                      "--only-summary", "--exit-code-on-error", 1)
        self.check_same_truth()

    @unittest.skipUnless(JMETER.exists() and shutil.which("javac"), "no jmeter or no javac")
    def test_jmeter(self):
        self.export("jmx", "plan.jmx")
        (self.dir / "NoTypePermission.java").write_text(PERMISSION)
        self.run_tool("javac", "-nowarn", "-cp", "/usr/share/java/xstream.jar", "-d", "classes", "NoTypePermission.java")
        self.run_tool("java", "-cp", f"classes:{JMETER}", "-Djmeter.home=/usr/share/jmeter", "org.apache.jmeter.NewDriver",
                      "-n", "-t", "plan.jmx", "-l", "out.jtl", "-j", "jmeter.log")
        failed = [line for line in (self.dir / "out.jtl").read_text().splitlines()[1:] if ",false," in line]
        self.assertEqual(failed, [])
        self.check_same_truth()

    @unittest.skipUnless(shutil.which("node") and shutil.which("curl"), "no node or no curl")
    def test_k6_script_under_node(self):
        self.export("k6", "out.js")
        text = (self.dir / "out.js").read_text()
        names = {"'k6/http'": "http", "'k6/crypto'": "http as crypto", "'k6/encoding'": "encoding",
                 "'k6/execution'": "exec"}
        for module, name in names.items():
            text = text.replace(f"import {name.split()[-1]} from {module}", f"import {{ {name} }} from './k6.mjs'")
        text = text.replace("'k6/html'", "'./k6.mjs'").replace("from 'k6'", "from './k6.mjs'")
        (self.dir / "script.mjs").write_text(text)
        (self.dir / "k6.mjs").write_text(K6)
        (self.dir / "main.mjs").write_text(K6_MAIN)
        for user in range(1, USERS + 1):
            self.run_tool("node", "main.mjs", user)
        self.check_same_truth()

    def test_curl_and_har(self):
        self.export("curl", "requests.sh")
        self.run_tool("sh", "-n", "requests.sh")
        self.export("har", "requests.har")
        listed = self.reprise("import", "requests.har", "--list").stdout
        self.assertEqual(listed.count("http://127.0.0.1"), 24)

    def test_what_is_refused(self):
        self.assertIn("--to", self.reprise("export", "demo.yaml", code=2).stderr)
        self.assertIn("no-such", self.reprise("export", "no-such.yaml", "--to", "k6", code=3).stderr)


if __name__ == "__main__":
    unittest.main()
