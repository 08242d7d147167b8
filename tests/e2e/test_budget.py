"""The keep-alive GET stays within its instructions (docs/notes/native-engine.md has the table)."""
import shutil
import unittest

from harness import REPRISE, SANITIZED, TestCase
from tests.bench import budget


class Budget(TestCase):
    @unittest.skipIf(SANITIZED, "a sanitizer's instructions are not reprise's")
    @unittest.skipUnless(shutil.which("valgrind"), "needs valgrind")
    def test_instructions_per_request(self):
        self.assertLess(budget.per_request(REPRISE, self.dir), budget.MOST)
