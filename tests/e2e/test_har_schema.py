"""What the HAR writer writes is HAR 1.2, and our schema of it notices what is not."""
import copy
import json
import os
import subprocess

import jsonschema
from harness import TOP, TestCase

UNIT = TOP / os.environ.get("BUILD", "build") / "unit"


class HarSchema(TestCase):
    def setUp(self):
        super().setUp()
        schema = json.loads((TOP / "har/har-1.2.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        self.schema = jsonschema.Draft7Validator(schema)

    def written(self):
        """Random sessions as the round trip's unit test writes them."""
        folder = self.dir
        subprocess.run([UNIT, "har_round_trip"], env=dict(os.environ, REPRISE_KEEP_HAR=str(folder)), check=True,
                       capture_output=True)
        files = sorted(folder.glob("*.har"))
        self.assertGreater(len(files), 20)
        return [json.loads(f.read_text()) for f in files]

    def test_written_files_validate(self):
        for har in self.written():
            self.schema.validate(har)

    def test_each_required_member_is_missed(self):
        whole = max(self.written(), key=lambda h: len(h["log"]["entries"]))
        removed = 0
        for path in (["creator"], ["entries"], ["entries", 0, "timings"], ["entries", 0, "request", "headers"],
                     ["entries", 0, "response", "content", "mimeType"], ["entries", 0, "timings", "wait"]):
            har = copy.deepcopy(whole)
            at = har["log"]
            for key in path[:-1]:
                at = at[key]
            del at[path[-1]]
            self.assertFalse(self.schema.is_valid(har), path)
            removed += 1
        self.assertEqual(removed, 6)
