"""Latencies and starts are what a clock outside of reprise says: short, and tolerant of a busy machine where a busy
machine may be seen. tests/bench/bench_truth.py is the long and strict one."""
import json
import signal
import time

import latency
from harness import TestCase


class Latency(TestCase):
    def run_load(self, stalls, *args):
        """(summary, rows, the server's log, its stalls)"""
        server = self.started(latency.Delay(self.dir / "delays", stalls=stalls))
        self.write("s.yaml", latency.SCENARIO)
        self.reprise("run", "s.yaml", "-H", server.base, "--headless", "--json-file", "s.json", "--archive",
                     "s.jsonl.gz", "--seed", 7, "--workers", 1, *args)
        asked, stalled = server.ended()
        return json.loads((self.dir / "s.json").read_text()), latency.rows(self.dir / "s.jsonl.gz"), asked, stalled

    def test_closed_model_against_the_servers_log(self):
        summary, rows, asked, _ = self.run_load([], "-u", 40, "-t", "2s")
        self.assertGreater(len(rows), 400)
        self.assertEqual(len(rows), summary["requests"])
        held = [asked[r.user, r.iteration][1] for r in rows]
        for r, ns in zip(rows, held):  # never less than the server took, whatever else the machine does
            self.assertGreater(r.end - r.start, ns - 2_000)
        extra = sorted(r.end - r.start - ns for r, ns in zip(rows, held))
        self.assertLess(latency.percentile(extra, 50), 5_000_000)
        seen, want = latency.reported(summary, "service"), latency.percentiles(held)
        for p in ("p50", "p90", "p99"):
            self.assertAlmostEqual(seen[p], want[p], delta=0.01 * want[p] + 10, msg=p)

    def test_a_stall_is_in_every_start_that_it_delayed(self):
        rate, stall_ms = 300, 700
        summary, rows, asked, stalls = self.run_load([(1000, stall_ms)], "--rate", f"{rate}/s", "-t", "2s")
        self.assertEqual(len(rows), 2 * rate)
        (begin, end), = stalls
        delayed = [r for r in rows if begin < r.intended < end]
        self.assertGreater(len(delayed), rate * stall_ms / 1000 - 3)
        for r in delayed:
            self.assertGreater(r.end - r.intended, end - r.intended, (r.user, r.iteration))
        # The server's own log knows nothing of it: what waited in the kernel was not read yet.
        unseen = [r for r in delayed if asked[r.user, r.iteration][1] < r.end - r.intended - 50_000_000]
        self.assertGreater(len(unseen), len(delayed) // 2)
        truth = latency.percentiles(sum(asked[r.user, r.iteration]) - r.intended for r in rows)
        seen = latency.reported(summary, "response")
        for p in latency.PERCENTILES:
            self.assertAlmostEqual(seen[f"p{p:g}"], truth[f"p{p:g}"], delta=0.01 * truth[f"p{p:g}"] + 20, msg=p)


class WarmUp(TestCase):
    """The first requests are slow; the warm-up leaves them out of everything but the archive."""

    def setUp(self):
        super().setUp()
        self.server = self.started(latency.Delay(self.dir / "delays", min_ms=1, max_ms=5, stalls=[(100, 600)]))
        self.write("s.yaml", latency.SCENARIO + "load: { warm_up: 1s }\n")

    def run_warm(self, *args, **kwargs):
        return self.reprise("run", "s.yaml", "-H", self.server.base, "--headless", "--rate", "100/s", "-t", "2s",
                            "--threshold", "p(99) < 300ms", "--json-file", "s.json", "--archive", "s.jsonl.gz", *args,
                            **kwargs)

    def test_everybody_agrees(self):
        done = self.run_warm("--html", "s.html", "--csv", "s", "--markdown", "s.md")
        summary = json.loads((self.dir / "s.json").read_text())
        self.assertEqual((summary["requests"], summary["warm_up_requests"], summary["warm_up_s"]), (100, 100, 1))
        self.assertLess(summary["response_time_ms"]["max"], 300)
        self.assertAlmostEqual(summary["rps"], 100, delta=15)
        self.assertIn("Warm-up: the first 1s and their 100 requests are not counted\n", done.stdout)
        self.assertIn("warm-up, 1s with 100 requests", (self.dir / "s.md").read_text())
        rows = latency.rows(self.dir / "s.jsonl.gz")
        self.assertEqual(len(rows), 200)
        self.assertGreater(max(r.end - r.intended for r in rows), 400_000_000)
        self.assertEqual(len(latency.counted(self.dir / "s.jsonl.gz")), 100)
        report = self.reprise("report", "s.jsonl.gz", "--json", "r.json", "--csv", "r", "--jtl", "r.jtl")
        again = json.loads((self.dir / "r.json").read_text())
        for key in ("requests", "warm_up_requests", "warm_up_s", "rps", "response_time_ms", "service_time_ms", "steps",
                    "thresholds"):
            self.assertEqual(again[key], summary[key], key)
        self.assertIn("their 100 requests are not counted", report.stdout)
        self.assertEqual((self.dir / "r_stats.csv").read_text(), (self.dir / "s_stats.csv").read_text())
        self.assertEqual(len((self.dir / "r.jtl").read_text().splitlines()), 101)
        self.reprise("verify", "s.jsonl.gz")

    def test_the_option_wins(self):
        self.run_warm("--warm-up", 0, code=99)
        self.assertEqual(json.loads((self.dir / "s.json").read_text())["requests"], 200)

    def test_processes_and_a_warm_up_without_end(self):
        self.run_warm("--processes", 2)
        summary = json.loads((self.dir / "s.json").read_text())
        self.assertEqual((summary["requests"], summary["warm_up_requests"]), (100, 100))
        self.assertIn("the warm-up is as long as the run", self.run_warm("--warm-up", "2s", code=2).stderr)


class Starts(TestCase):
    def starts(self, kind, *args):
        server = self.started(latency.Delay(self.dir / "delays", min_ms=0, max_ms=0))
        self.write("s.yaml", latency.SCENARIO)
        self.reprise("run", "s.yaml", "-H", server.base, "--headless", "--archive", "s.jsonl.gz", "--seed", 7,
                     "--rate", "1000/s", "--arrival", kind, "-t", "2s", *args)
        rows = latency.rows(self.dir / "s.jsonl.gz")
        self.assertEqual(len(server.ended()[0]), len(rows))
        return sorted(r.intended for r in rows)

    def test_constant_arrival(self):
        for workers in (1, 2):
            starts = self.starts("constant", "--workers", workers)
            self.assertEqual(len(starts), 2000)
            for a, b in zip(starts, starts[1:]):
                self.assertAlmostEqual(b - a, 1_000_000, delta=2_000)

    def test_a_generator_that_cannot_keep_up_says_so(self):
        """Held up by SIGSTOP most of the time, which a fast machine and a slow one are alike."""
        server = self.started(latency.Delay(self.dir / "delays", min_ms=0, max_ms=0))
        self.write("s.yaml", latency.SCENARIO)
        with open(self.dir / "out.txt", "w") as out:
            run = self.start_reprise("run", "s.yaml", "-H", server.base, "--headless", "--rate", "2000/s", "-t", "4s",
                                     "--max-users", "50", "--workers", "1", "--no-archive", "--json-file", "s.json",
                                     stdout=out)
            while run.child.poll() is None:
                run.send(signal.SIGSTOP)
                time.sleep(0.3)
                run.send(signal.SIGCONT)
                time.sleep(0.1)
        self.assertEqual(run.wait(), 0)
        summary = json.loads((self.dir / "s.json").read_text())
        said = (self.dir / "out.txt").read_text()
        self.assertIn("\nGENERATOR LIMITED: ", said)
        self.assertRegex(said, r"[1-9]\d* late starts \(at most \d+ ms\), [1-9]\d* dropped\n")
        self.assertTrue(summary["generator_limited"])
        self.assertEqual(summary["requests"] + summary["cancelled"] + summary["dropped_starts"], 8000)

    def test_poisson_arrival(self):
        starts = self.starts("poisson")
        self.assertAlmostEqual(len(starts), 2000, delta=4 * 2000 ** 0.5)
        d, p = latency.kolmogorov(starts, 1000)
        self.assertGreater(p, 0.01, (d, p))
        begin = starts[0]
        again = self.starts("poisson")
        self.assertEqual([s - begin for s in starts], [s - again[0] for s in again])  # the same seed
