"""Recordings from the wild: each is imported, or refused with a sentence that names it. None crashes.

The folder is REPRISE_CORPUS, or shared/corpus beside the repository; without it the tests are skipped.
"""
import os
import pathlib
import unittest

from harness import TOP, TestCase

FOLDER = pathlib.Path(os.environ.get("REPRISE_CORPUS", TOP.parent / "shared" / "corpus"))


@unittest.skipUnless((FOLDER / "har").is_dir(), f"there is no {FOLDER}/har")
class Corpus(TestCase):
    def test_every_har_is_imported_or_refused(self):
        imported = 0
        for path in sorted((FOLDER / "har").iterdir()):
            with self.subTest(path.name):
                done = self.reprise("import", path, "-o", "s.yaml", code=None)
                self.assertIn(done.returncode, (0, 3), done.stderr[-2000:])
                if done.returncode == 3:
                    self.assertIn(path.name, done.stderr)
                imported += done.returncode == 0
        self.assertGreater(imported, 0)
