"""The command line's front door: help, version, wrong names."""
from harness import TestCase


class Cli(TestCase):
    def test_no_command_is_a_usage_error(self):
        done = self.reprise(code=2)
        self.assertIn("usage: reprise COMMAND", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_help_goes_to_standard_output(self):
        for word in ("--help", "-h", "help"):
            done = self.reprise(word)
            self.assertIn("usage: reprise COMMAND", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_version(self):
        self.assertRegex(self.reprise("--version").stdout, r"^reprise \d+\.\d+\.\d+\n$")

    def test_unknown_command(self):
        done = self.reprise("frobnicate", code=2)
        self.assertIn('no command named "frobnicate"', done.stderr)
        self.assertNotIn("did you mean", done.stderr)
        self.assertIn('no command named "x"', self.reprise("help", "x", code=2).stderr)
