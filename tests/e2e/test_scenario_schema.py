"""The JSON Schema of scenarios, our own reader and the examples agree; `reprise check` says what it should."""
import base64
import copy
import json
import os
import subprocess

import jsonschema
import yaml
from harness import REPRISE, TOP, TestCase

UNIT = TOP / os.environ.get("BUILD", "build") / "unit"
EXAMPLES = sorted((TOP / "scenarios/examples").glob("*.yaml"))


class Loader(yaml.SafeLoader):
    """!!binary is how texts that are not UTF-8 are written; for the schema they are texts."""


Loader.add_constructor("tag:yaml.org,2002:binary",
                       lambda loader, node: base64.b64decode(loader.construct_scalar(node)).decode("latin-1"))


def check(*args):
    return subprocess.run([REPRISE, "check", *map(str, args)], capture_output=True, text=True)


class ScenarioSchema(TestCase):
    def setUp(self):
        super().setUp()
        schema = json.loads((TOP / "scenarios/scenario.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        self.schema = jsonschema.Draft7Validator(schema)

    def test_examples(self):
        self.assertGreaterEqual(len(EXAMPLES), 3)
        for path in EXAMPLES:
            self.schema.validate(yaml.safe_load(path.read_text()))
            r = check(path)
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertIn(": fine\n", r.stdout)

    def test_what_is_written_validates(self):
        subprocess.run([UNIT, "scenario_write_reads"], env=dict(os.environ, REPRISE_KEEP_YAML=str(self.dir)),
                       check=True, capture_output=True)
        files = sorted(self.dir.glob("*.yaml"))
        self.assertEqual(len(files), 100)
        for path in files:
            self.schema.validate(yaml.load(path.read_bytes().decode(), Loader))

    def mappings(self, value, path=()):
        """Every mapping of a document whose keys are ours (not the user's names)."""
        free = {"headers", "form", "vars", "set", "json", "feeds", "header"}
        if isinstance(value, dict):
            if not path or path[-1] not in free and not (path[-1] == "extract"):
                yield path
            for key, inner in value.items():
                if not (path and path[-1] == "json") and key != "json":
                    yield from self.mappings(inner, (*path, key))
        if isinstance(value, list):
            for i, inner in enumerate(value):
                yield from self.mappings(inner, (*path, i))

    def test_unknown_keys_are_refused_by_both(self):
        document = yaml.safe_load((TOP / "scenarios/examples/shop.yaml").read_text())
        (self.dir / "accounts.csv").write_text("username,password\na,b\n")
        tried = 0
        for path in self.mappings(document):
            broken = copy.deepcopy(document)
            at = broken
            for key in path:
                at = at[key]
            at["no_such_key"] = 1
            self.assertFalse(self.schema.is_valid(broken), path)
            file = self.dir / "broken.yaml"
            file.write_text(yaml.safe_dump(broken, allow_unicode=True))
            r = check(file)
            self.assertEqual(r.returncode, 3, path)
            tried += 1
        self.assertGreater(tried, 40)


class Check(TestCase):
    def refused(self, text):
        file = self.dir / "x.yaml"
        file.write_text(text)
        r = check(file)
        self.assertEqual(r.returncode, 3, r.stdout)
        self.assertEqual(r.stdout, "")
        return r.stderr.replace(str(file), "x.yaml")

    def test_the_blog_posts_waits(self):
        self.assertIn("wait: the shortest wait (5s) is longer than the longest (1.5s)",
                      self.refused("reprise: 1\nwait: { uniform: [5000ms, 1500ms] }\n"))

    def test_line_and_caret(self):
        said = self.refused("reprise: 1\ntasks:\n  - nmae: x\n    steps: [ { request: GET / } ]\n")
        self.assertIn('x.yaml:3:5: unknown key "nmae" in a task, did you mean "name"?\n'
                      '    3 |   - nmae: x\n'
                      '      |     ^\n', said)

    def test_threshold(self):
        said = self.refused("reprise: 1\ntasks: [ { steps: [ { request: GET / } ] } ]\nthresholds: [ p(95) is fine ]\n")
        self.assertIn("x.yaml:3:15", said)

    def test_summary(self):
        file = TOP / "scenarios/examples/shop.yaml"
        r = check(file, "--host", "http://127.0.0.1:8000")
        self.assertEqual(r.returncode, 0, r.stderr)
        for line in ("  http://127.0.0.1:8000  (12 steps)\n", "  POST   /api/orders  (line ", "  buy         25.0 %"):
            self.assertIn(line, r.stdout)
        self.assertNotIn("  GET ", r.stdout)

    def test_environment(self):
        file = self.dir / "e.yaml"
        file.write_text("reprise: 1\ntasks: [ { steps: [ { request: 'GET /${env(PLACE_X)}' } ] } ]\n")
        r = check(file)
        self.assertEqual(r.returncode, 3)
        self.assertIn("give -e PLACE_X=VALUE", r.stderr)
        self.assertEqual(check(file, "-e", "PLACE_X=home").returncode, 0)

    def test_missing_and_useless_files(self):
        self.assertIn("No such file", check(self.dir / "none.yaml").stderr)
        self.assertEqual(check(self.dir / "none.yaml").returncode, 3)
        self.assertEqual(check(self.dir).returncode, 3)
        self.assertIn("the file is empty", self.refused(""))
        (self.dir / "x.yaml").write_bytes(os.urandom(3000))
        self.assertEqual(check(self.dir / "x.yaml").returncode, 3)
        self.assertEqual(check().returncode, 2)
