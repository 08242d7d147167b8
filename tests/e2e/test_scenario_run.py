"""The hand-written examples, run: every extractor's value is taken by a server that counts."""
from harness import TOP, TestCase

EXAMPLES = TOP / "scenarios/examples"


class Examples(TestCase):
    def run_example(self, name, target, *more):
        return self.reprise("run", EXAMPLES / name, "-H", target.base, "--headless", "--no-archive", *more)

    def test_the_shop_by_hand(self):
        target = self.demo()
        self.run_example("demo-shop.yaml", target, "-u", "8", "--loops", "3")
        truth = target.truth()
        self.assertEqual({k: truth[k] for k in ("logins", "failed_logins", "refused", "orders", "orders_read")},
                         {"logins": 8, "failed_logins": 0, "refused": 0, "orders": 24, "orders_read": 24})

    def test_the_blog_posts_server(self):
        target = self.flask()
        self.run_example("flask.yaml", target, "-u", "10", "-r", "100", "-t", "4s")
        truth = target.truth()
        self.assertEqual((truth["logins"], truth["refused"]), (10, 0))
        self.assertGreaterEqual(truth["authorised"], 10)
