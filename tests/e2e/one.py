"""Runs one test module for tests/run: `one.py MODULE.py RESULT.json`."""
import importlib.util
import json
import pathlib
import sys
import unittest


class Result(unittest.TextTestResult):
    """Counts what passed as well; a failing subtest fails its test once."""

    def __init__(self, *args):
        super().__init__(*args)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def load(path):
    sys.path.insert(0, str(path.parent.parent.parent))
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = found
    spec.loader.exec_module(found)
    return unittest.defaultTestLoader.loadTestsFromModule(found)


def main(path, result_path):
    tests = load(pathlib.Path(path))
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result).run(tests)
    bad = result.failures + result.errors + [(t, "") for t in result.unexpectedSuccesses]
    with open(result_path, "w") as f:
        json.dump({"passed": result.passed, "failed": sorted({str(t) for t, _ in bad}),
                   "skipped": [(str(t), why) for t, why in result.skipped]}, f)


main(*sys.argv[1:])
