#!/usr/bin/env python3
"""The live page's figures, from the tests that hold them: what 50 watchers cost the run (medians of pairs of windows that
take turns), first paint and weight, a frame of scrolling through 10,000 rows."""
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
TESTS = ["test_watch.Watching", "test_page.PageTest.test_looks_weight_and_access_for_all", "test_page.PageTest.test_ten_thousand_rows"]

env = dict(os.environ, REPRISE=str(BUILD / "reprise"), BUILD=str(BUILD), REPRISE_ROUNDS=os.environ.get("REPRISE_ROUNDS", "12"))
done = [subprocess.run([sys.executable, "-m", "unittest", "-v", t], cwd=TOP / "tests" / "e2e", env=env).returncode for t in TESTS]
sys.exit(int(any(done)))
