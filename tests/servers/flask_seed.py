"""The blog post's server, for real: POST /login gives a fresh random token as text, GET / wants it in
Authorization or answers 401. GET /truth tells what it counted.

`flask_seed.py [PORT]` prints its base URL as its first line and serves until it is ended.
"""
import secrets
import sys
import threading

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

app = Flask(__name__)
lock = threading.Lock()
tokens = {}
used = set()
truth = dict.fromkeys(("requests", "logins", "failed_logins", "authorised", "refused"), 0)


def count(*names):
    with lock:
        for name in names:
            truth[name] += 1


@app.post("/login")
def login():
    count("requests")
    if not request.form.get("username") or request.form.get("password") != "education":
        count("failed_logins", "refused")
        return "wrong name or password", 401
    token = secrets.token_urlsafe(32)
    with lock:
        tokens[token] = request.form["username"]
    count("logins")
    return token, 200, {"Content-Type": "text/plain; charset=utf-8"}


def authorised():
    """The user of the token, or None, counted."""
    count("requests")
    token = request.headers.get("Authorization", "")
    if token not in tokens:
        count("refused")
        return None
    with lock:
        used.add(token)
    count("authorised")
    return tokens[token]


@app.get("/")
def index():
    user = authorised()
    return (f"Hello, {user}!", 200) if user else ("no valid token", 401)


@app.get("/profile")
def profile():
    user = authorised()
    return jsonify(user=user) if user else ("no valid token", 401)


PAGE = """<!doctype html><html lang="en"><title>Hello</title>
<style>body { font: 16px system-ui, sans-serif; max-width: 24rem; margin: 4rem auto } input, button { font: inherit;
display: block; margin: .3rem 0 1rem; padding: .4rem .6rem }</style>
<h1>Sign in</h1><form><label>Name <input name="username"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form><p id="answer"></p>
<script>
document.forms[0].onsubmit = async (event) => {
  event.preventDefault();
  const token = await (await fetch("/login", { method: "POST", body: new URLSearchParams(new FormData(event.target)) })).text();
  const headers = { Authorization: token };
  const user = (await (await fetch("/profile", { headers })).json()).user;
  document.getElementById("answer").textContent = await (await fetch("/", { headers })).text();
  document.title = user;
};
</script>"""


@app.get("/hello.html")
def page():
    """What a person sees; not counted."""
    return PAGE


@app.get("/truth")
def show_truth():
    with lock:
        return jsonify(tokens_used=len(used), **truth)


def main(port=0):
    import logging
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", int(port), app, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


main(*sys.argv[1:])
