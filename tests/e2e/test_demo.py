"""The demo target: three doors with fresh tokens, and a truth that can be believed."""
import json
import re
import signal
import socket
import time
from urllib.parse import urlencode

from harness import Demo, TestCase, http

PASSWORD = "demo-pass-1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class DemoTarget(TestCase):
    def setUp(self):
        super().setUp()
        self.target = self.demo()

    def call(self, method, path, body=None, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return http(method, self.target.base + path, body, headers)

    def text_login(self, name="ann", password=PASSWORD):
        return self.call("POST", "/login", urlencode({"username": name, "password": password}), **FORM)

    def sign_in_by_form(self):
        _, headers, page = self.call("GET", "/shop/login")
        sid = re.search(r"sid=(\w+)", headers["Set-Cookie"]).group(1)
        csrf = re.search(rb'name="csrf" value="(\w+)"', page).group(1).decode()
        form = urlencode({"csrf": csrf, "username": "bob", "password": PASSWORD})
        status, headers, _ = self.call("POST", "/shop/login", form, Cookie=f"sid={sid}", **FORM)
        self.assertEqual((status, headers["Location"]), (303, "/shop/"))
        return "sid=" + re.search(r"sid=(\w+)", headers["Set-Cookie"]).group(1)

    def bearer(self):
        answer = self.call("POST", "/api/login", json.dumps({"username": "c", "password": PASSWORD}))
        return {"Authorization": "Bearer " + json.loads(answer[2])["token"]}

    def test_text_login(self):
        status, _, token = self.text_login()
        self.assertEqual(status, 200)
        self.assertRegex(token, rb"^[0-9a-f]{48}$")
        self.assertEqual(self.call("GET", "/", Authorization=token.decode())[2], b"Hello, ann!\n")
        self.assertNotEqual(self.text_login()[2], token)
        self.assertEqual(self.call("GET", "/")[0], 401)
        self.assertEqual(self.call("GET", "/", Authorization="x" + token.decode())[0], 401)
        self.assertEqual(self.text_login(password="wrong")[0], 401)
        truth = self.target.truth()
        self.assertEqual([truth[k] for k in ("logins", "failed_logins", "authorised", "refused", "requests")],
                         [2, 1, 1, 3, 6])

    def test_form_login(self):
        self.assertEqual(self.call("GET", "/shop/")[1]["Location"], "/shop/login")
        cookie = self.sign_in_by_form()
        page = self.call("GET", "/shop/", Cookie=cookie)[2].decode()
        self.assertIn("Welcome, bob", page)
        csrf = re.search(r'name="csrf" content="(\w+)"', page).group(1)
        self.assertEqual(self.call("POST", "/api/token", "", Cookie=cookie, X_CSRF_Token="old")[0], 403)
        status, _, body = self.call("POST", "/api/token", "", Cookie=cookie, X_CSRF_Token=csrf)
        token = json.loads(body)["token"]
        self.assertEqual(self.call("GET", "/api/cart", Authorization="Bearer " + token)[0], 200)
        out = self.call("POST", "/shop/logout", urlencode({"csrf": csrf}), Cookie=cookie, **FORM)
        self.assertEqual(out[0], 303)
        self.assertIn("Max-Age=0", out[1]["Set-Cookie"])
        self.assertEqual(self.call("GET", "/api/cart", Authorization="Bearer " + token)[0], 401)

    def test_form_login_wants_its_csrf_value(self):
        form = urlencode({"csrf": "0", "username": "bob", "password": PASSWORD})
        self.assertEqual(self.call("POST", "/shop/login", form, **FORM)[0], 403)
        self.assertEqual(self.target.truth()["failed_logins"], 1)

    def test_order(self):
        who = self.bearer()
        items = json.loads(self.call("GET", "/api/items", **who)[2])["items"]
        self.assertEqual([i["id"] for i in items], list(range(1, 13)))
        self.assertEqual(self.call("POST", "/api/orders", "{}", **who)[0], 409)
        line = json.dumps({"item": items[6]["id"], "quantity": 2})
        cart = json.loads(self.call("POST", "/api/cart", line, **who)[2])
        self.assertEqual((cart["count"], cart["total_cents"]), (2, 2 * items[6]["price_cents"]))
        status, headers, body = self.call("POST", "/api/orders", "{}", **who)
        order = json.loads(body)
        self.assertEqual((status, headers["Location"]), (201, "/api/orders/" + order["id"]))
        self.assertEqual(self.call("GET", headers["Location"], **self.bearer())[0], 404)
        self.assertEqual(json.loads(self.call("GET", headers["Location"], **who)[2])["status"], "open")
        paid = self.call("POST", headers["Location"] + "/pay", "{}", **who)
        self.assertEqual(json.loads(paid[2])["status"], "paid")
        self.assertEqual(self.call("POST", headers["Location"] + "/pay", "{}", **who)[0], 409)
        truth = self.target.truth()
        self.assertEqual([truth[k] for k in ("orders", "orders_read", "paid", "missing", "tokens_used")],
                         [1, 1, 1, 1, 2])

    def test_odd_requests(self):
        self.assertEqual(self.call("GET", "/nowhere")[0], 404)
        self.assertEqual(self.call("DELETE", "/login")[0], 404)
        self.assertEqual(self.call("GET", "/status/503")[0], 503)
        self.assertEqual(self.call("GET", "/status/99999999999999999999")[0], 404)
        self.assertEqual(self.call("POST", "/login", b"\0\xff%=&&=%zz")[0], 401)
        self.assertEqual(self.call("POST", "/api/cart", "[" * 5000, **self.bearer())[0], 422)
        self.assertEqual(self.call("POST", "/login", "x" * 100_000)[0], 413)

    def test_ends_with_what_it_counted(self):
        self.text_login()
        self.target.send(signal.SIGTERM)
        self.assertEqual(json.loads(self.target.child.stdout.read())["logins"], 1)
        self.assertEqual(self.target.wait(), 0)


class Delay(TestCase):
    def test_answers_take_their_time(self):
        target = self.started(Demo("--delay", "40ms"))
        begin = time.monotonic()
        for _ in range(10):
            self.assertEqual(http("GET", target.base + "/status/204")[0], 204)
        self.assertGreater(time.monotonic() - begin, 0.2)

    def test_it_ends_while_answers_wait(self):
        target = self.started(Demo("--delay", "1h"))
        with socket.create_connection(("127.0.0.1", int(target.base.rsplit(":", 1)[1]))) as s:
            s.sendall(b"GET /status/204 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
            self.assertIn(b"100", s.recv(100))
            s.sendall(b"x")
            target.send(signal.SIGTERM)
            self.assertEqual(target.wait(), 0)


class DemoCommand(TestCase):
    def test_port_in_use(self):
        port = self.demo().base.rsplit(":", 1)[1]
        done = self.reprise("demo", "--serve", "--port", port, code=4)
        self.assertIn(f"cannot listen on 127.0.0.1:{port}: Address already in use", done.stderr)

    def test_the_folder_is_made(self):
        self.reprise("demo", "--folder", "new", "-u", 1, "-t", "1s")
        self.reprise("verify", "new/visit.jsonl.gz")
        self.write("file", "")
        self.assertIn("file", self.reprise("demo", "--folder", "file", "-u", 1, "-t", "1s", code=4).stderr)

    def test_wrong_use(self):
        self.assertIn("65535", self.reprise("demo", "--serve", "--port", "65536", code=2).stderr)
        self.assertIn("no operands", self.reprise("demo", "x", code=2).stderr)
