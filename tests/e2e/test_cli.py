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

    def test_help_of_a_command(self):
        self.assertEqual(self.reprise("help", "demo").stdout, self.reprise("demo", "--help").stdout)
        self.assertIn("--serve", self.reprise("help", "demo").stdout)

    def test_help_fits_a_terminal(self):
        for command in [[], *([w] for w in self.reprise("help", "--words").stdout.split())]:
            lines = self.reprise(*command, "--help").stdout.splitlines()
            options = [i for i, line in enumerate(lines) if line.startswith("  ") and line.lstrip().startswith("-")]
            if options and not lines[options[0] - 1].endswith(":"):
                self.assertEqual(lines[options[0] - 1], "", command)
            self.assertGreater(len(lines), 3)
            self.assertEqual([line for line in lines if len(line) > 80], [], command)
        self.assertEqual([line for line in self.reprise("check", "--functions").stdout.splitlines() if len(line) > 80], [])

    def test_near_name_is_suggested(self):
        self.assertIn('did you mean "demo"?', self.reprise("dmeo", code=2).stderr)

    def test_manual_pages_name_every_option(self):
        page = self.reprise("help", "--man").stdout
        for command in self.reprise("help", "--words").stdout.split():
            self.assertIn(f"reprise\\-{command}", page)
            words = self.reprise("help", "--words", command).stdout.split()
            self.assertIn("--help", words)
            own = self.reprise("help", "--man", command).stdout.replace("\\-", "-")
            for word in words[:-1]:
                self.assertIn(word[2:], own)
            lines = [l for l in own.splitlines() if l.startswith((".", "'"))]
            self.assertEqual([l for l in lines if l.split()[0] not in (".TH", ".SH", ".SS", ".TP", ".nf", ".fi", ".BR")], [])
