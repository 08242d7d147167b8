"""Each rule of tests/lint/lint can fail, says where, and is silent about code that keeps it."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

LINT = pathlib.Path(__file__).parent / "lint"
TOP = LINT.parent.parent.parent


def load():
    loader = importlib.machinery.SourceFileLoader("lint", str(LINT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint", loader))
    loader.exec_module(module)
    return module


lint = load()


class Rules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)

    def findings(self, **files):
        """Findings for files given as room__name_c='text' (room/name.c)."""
        for name, text in files.items():
            path = self.top / (name.replace("__", "/")[:-2] + "." + name[-1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        names = sorted(lint.tracked(self.top))
        sources = [lint.Source(self.top, self.top / n) for n in names if n.endswith((".c", ".h"))]
        return [*lint.check_sources(sources), *lint.check_registries(self.top, names)]

    def code(self, text, name="base__x_c"):
        return self.findings(**{name: "/* What it is. */\n" + text})

    def one(self, found, start):
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(start), found[0])

    def test_good_code_passes(self):
        self.assertEqual(self.findings(
            base__x_h="/* Contract. */\n#ifndef BASE_X_H\n#define BASE_X_H\nint x(int a);\n#endif\n",
            base__x_c='/* What it is. */\n#include "base/x.h"\n\nstatic const int k = 1;\n'
                      "static const char *const names[] = { \"sprintf(\" };\n"
                      "int x(int a)\n{\n    /* sprintf(a) */\n    return a + k;\n}\n"), [])

    def test_room(self):
        self.one(self.code('#include "http/url.h"\n'), "base/x.c:2: room: base may not include http")

    def test_room_private_header(self):
        self.one(self.code('#include "scenarios/model.h"\n', "replay__x_c"), "replay/x.c:2: room: scenarios/model.h is private")

    def test_room_in_a_room(self):
        self.one(self.code('#include "scenarios/export/export.h"\n', "scenarios__x_c"),
                 "scenarios/x.c:2: room: scenarios/export/export.h is private to scenarios/export")

    def test_room_relative_include(self):
        self.one(self.code('#include "url.h"\n'), 'base/x.c:2: room: "url.h": write it from the top')

    def test_home(self):
        self.one(self.code("#include <pcap.h>\n", "har__x_c"), "har/x.c:2: home: <pcap.h>")

    def test_home_count(self):
        most = next(n for header, _, n in lint.HOMES if header == "curl/")
        users = {f"replay__a{i}_c": "/* x */\n#include <curl/curl.h>\n" for i in range(most + 1)}
        self.one(self.findings(**users), f"replay/a{most}.c:1: home: <curl/> is included by {most + 1} files")

    def test_banned(self):
        for name in ("strcpy", "sprintf", "atoi", "strtok", "rand", "localtime", "signal", "alloca", "sscanf"):
            self.one(self.code(f"void f(void)\n{{\n    {name}(0);\n}}\n"), f"base/x.c:4: banned: {name}()")

    def test_only_in_its_home(self):
        self.one(self.code("void f(void)\n{\n    strtoul(0);\n}\n"), "base/x.c:4: banned: strtoul() outside base/num")
        self.one(self.code("void f(void)\n{\n    malloc(1);\n}\n", "base__x_c"), "base/x.c:4: banned: malloc() outside base/mem")

    def test_exit_and_print(self):
        self.one(self.code("void f(void)\n{\n    exit(1);\n}\n"), "base/x.c:4: exit: exit() outside cli")
        self.one(self.code('void f(void)\n{\n    fprintf(stderr, "x");\n}\n'), "base/x.c:4: exit: prints outside cli")

    def test_function_size(self):
        body = "    x();\n" * 79
        self.one(self.code(f"void f(void)\n{{\n{body}}}\n"), "base/x.c:3: size: f has 81 lines")
        self.assertEqual(self.code(f"void f(void)\n{{\n{body[9:]}}}\n"), [])

    def test_file_size(self):
        self.one(self.code("\n" * 700), "base/x.c:1: size: 701 lines")

    def test_parameters(self):
        self.one(self.code("void f(int a, int b, int c,\n       int d, int e, int g)\n{\n}\n"), "base/x.c:4: size: f has 6 parameters")
        self.assertEqual(self.code("void f(int a, int b, int c, int d, const char *e, ...)\n{\n}\n"), [])

    def test_own_header_first(self):
        self.one(self.findings(
            base__x_h="/* Contract. */\n#ifndef BASE_X_H\n#define BASE_X_H\n#endif\n",
            base__x_c='/* x */\n#include <stdio.h>\n#include "base/x.h"\n'), "base/x.c:2: own-header:")

    def test_guard(self):
        self.one(self.findings(base__x_h="/* Contract. */\n#pragma once\n"), "base/x.h:1: guard: the guard must be BASE_X_H")

    def test_opening(self):
        self.one(self.findings(base__x_c="int x;\n"), "base/x.c:1: opening:")

    def test_typedef(self):
        self.one(self.code("typedef struct x { int a; } x;\n"), "base/x.c:2: typedef: typedef of a struct")
        self.one(self.code("struct foo_t {\n    int a;\n};\n"), "base/x.c:2: typedef: foo_t")

    def test_mutable_state(self):
        for text in ("static int n;", "static char b[4];", "static const char *p = 0;", "static int n = 1;"):
            self.one(self.code(text + "\n"), "base/x.c:2: state:")
        for text in ("static const int n = 1;", "static const char *const p[] = { 0 };", "static int f(void);"):
            self.assertEqual(self.code(text + "\n"), [])

    def test_if_inside_a_function(self):
        self.one(self.code("void f(void)\n{\n#ifdef X\n    x();\n#endif\n}\n"), "base/x.c:4: ifdef:")

    def test_registry(self):
        self.one(self.findings(docs__x_d="fetch https://" + lint.REGISTRIES[0] + "/x\n"), "docs/x.d:1: registry:")

    def test_warnings(self):
        (self.top / "Makefile").write_text("PKGS := zlib\n")
        (self.top / "x.c").write_text("/* x */\nint f(long a);\nint f(long a)\n{\n    int b;\n    return a;\n}\n")
        found = list(lint.check_warnings(self.top, [lint.Source(self.top, self.top / "x.c")]))
        self.assertTrue(any("unused" in f and "[gcc]" in f for f in found), found)
        self.assertTrue(any("[clang]" in f for f in found), found)

    test_warnings = unittest.skipUnless(
        subprocess.run(["sh", "-c", "command -v clang"], capture_output=True).returncode == 0,
        "clang is not installed")(test_warnings)


class Tree(unittest.TestCase):
    def test_the_tree_keeps_the_rules(self):
        done = subprocess.run([sys.executable, LINT, "--no-compile", TOP], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
