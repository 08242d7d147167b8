#!/usr/bin/env python3
"""An application with one token mechanic behind each door: /m/NAME/.

    tests/servers/tokens.py [PORT]      prints its base URL, serves until killed

Every door has a login (user NAME, password pw-NAME), a walk that its own page takes by itself once somebody
has logged in, and an end that only the right tokens reach. GET /truth tells per door how many logged in, how
many came to the end, how many requests were refused and how many different users did it. Tokens are fresh
in every session, and where it matters in every answer.
"""
import base64
import hashlib
import html
import json
import os
import re
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

LOCK = threading.Lock()
SESSIONS = {}  # sid -> dict
TRUTH = {}  # door -> counts
DOORS = {}  # name -> {(method, pattern): function}


def token(n=24):
    return secrets.token_urlsafe(n)


def number():
    return str(100000 + secrets.randbelow(900000))


class Refused(Exception):
    pass


def check(condition):
    if not condition:
        raise Refused()


def door(name):
    def add(cls):
        DOORS[name] = {key: fn for key, fn in vars(cls).items() if callable(fn) and not key.startswith("_")}
        return cls
    return add


class Request:
    """What a door's function gets: the parts of a request and the session behind its cookie."""

    def __init__(self, handler, name, rest, body):
        self.headers, self.body, self.door, self.method = handler.headers, body, name, handler.command
        parts = urlsplit(rest)
        self.path, self.query = parts.path, dict(parse_qsl(parts.query))
        self.cookies = dict(p.strip().split("=", 1) for p in (self.headers.get("Cookie") or "").split(";") if "=" in p)
        self.s = SESSIONS.get(self.cookies.get("sid_" + name))
        self.base = "http://" + self.headers["Host"] + "/m/" + name

    def form(self):
        return {k: v[-1] for k, v in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def json(self):
        return json.loads(self.body)

    def session(self):
        check(self.s)
        return self.s

    def begin(self, user, password):
        """Logs in; the new session, and the Set-Cookie that names it."""
        if password != "pw-" + user:
            count(self.door, "failed_logins")
            raise Refused()
        sid = token(18)
        with LOCK:
            SESSIONS[sid] = self.s = {"user": user, "sid": sid}
            TRUTH[self.door]["names"].add(user)
        count(self.door, "logins")
        return {"Set-Cookie": f"sid_{self.door}={sid}; Path=/; HttpOnly"}


def count(name, what):
    with LOCK:
        TRUTH[name][what] += 1


def done(r):
    count(r.door, "done")
    return page("done", "<p>Thank you.</p>")


def page(title, body, script=""):
    js = """const send = (u, b, h, m) => fetch(u, { method: m || (b === undefined ? 'GET' : 'POST'), body: b, headers: h || {} });
const j = { 'Content-Type': 'application/json' }, end = () => { document.title = 'done'; };
const form = 'application/x-www-form-urlencoded';"""
    return 200, {"Content-Type": "text/html; charset=utf-8"}, (
        f"<!doctype html><html><head><title>{title}</title>HEAD</head><body>{body}"
        f"<script>{js}\n(async () => {{ {script} }})();</script></body></html>").replace("HEAD", "")


def answer(value, status=200, headers=None):
    return status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value)


def text(value, kind="text/plain", headers=None):
    return 200, {"Content-Type": kind, **(headers or {})}, value


def to(url, headers=None):
    return 303, {"Location": url, **(headers or {})}, ""


def login_page(extra=""):
    return page("login", f"""<form method=post action=login>{extra}<input name=username><input type=password name=password>
        <button id=go>Log in</button></form>""")


class Base:
    """Login by a form, then /app."""

    def get_(r):
        return login_page()

    def post_login(r):
        f = r.form()
        return to(r.base + "/app", r.begin(f["username"], f["password"]))


def inherit(cls):
    for key, fn in vars(Base).items():
        if not key.startswith("_") and key not in vars(cls):
            setattr(cls, key, fn)
    return cls


SUBMIT = "setTimeout(() => document.forms[0].submit(), 300);"
BY_SCRIPT = """<form onsubmit="enter(); return false"><input name=username><input type=password name=password><button id=go>Log in</button></form>
<script>const f = document.forms[0]; async function enter() { await walk(f.username.value, f.password.value); document.title = 'done'; }</script>"""


@door("text-token")
class TextToken:
    def get_(r):
        return page("login", BY_SCRIPT + """<script>async function walk(u, p) {
            const t = await (await fetch('login', { method: 'POST', body: new URLSearchParams({ username: u, password: p }) })).text();
            await fetch('open', { headers: { Authorization: t } }); await fetch('end', { method: 'POST', headers: { Authorization: t } }); }</script>""")

    def post_login(r):
        f = r.form()
        r.begin(f["username"], f["password"])
        return text(r.s["sid"])

    def get_open(r):
        check(r.headers.get("Authorization") in SESSIONS)
        return answer({"open": True})

    def post_end(r):
        check(r.headers.get("Authorization") in SESSIONS)
        return done(r)


@door("json-nested")
class JsonNested:
    def get_(r):
        return page("login", BY_SCRIPT + """<script>async function walk(username, password) {
            const a = await (await fetch('login', { method: 'POST', headers: j, body: JSON.stringify({ username, password }) })).json();
            await fetch('end', { method: 'POST', headers: { ...j, 'X-Session-Key': a.data.auth.token.value }, body: '{"ok":true}' }); }</script>""")

    def post_login(r):
        b = r.json()
        r.begin(b["username"], b["password"])
        return answer({"status": "ok", "data": {"user": {"name": b["username"]}, "auth": {
            "expires": 3600, "token": {"kind": "opaque", "value": r.s["sid"]}}}})

    def post_end(r):
        check(r.headers.get("X-Session-Key") in SESSIONS)
        return done(r)


@door("hidden-field")
@inherit
class HiddenField:
    def get_app(r):
        r.session()["csrf"] = token()
        return page("app", f"""<form method=post action=end><input type=hidden name=csrf_token value="{r.s['csrf']}">
            <input type=hidden name=view value=list><input name=title value="A title"></form>""", SUBMIT)

    def post_end(r):
        check(r.form()["csrf_token"] == r.session()["csrf"])
        return done(r)


@door("meta-tag")
@inherit
class MetaTag:
    def get_app(r):
        r.session()["csrf"] = token(40)
        return page("app", f"""<meta name="csrf-token" content="{r.s['csrf']}">""",
                    "await send('end', '{}', { ...j, 'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content }); end();")

    def post_end(r):
        check(r.headers.get("X-CSRF-Token") == r.session()["csrf"])
        return done(r)


@door("double-submit")
@inherit
class DoubleSubmit:
    def get_app(r):
        r.session()["xsrf"] = value = token(20) + "=/+" + token(6)
        status, headers, body = page("app", "", """const c = document.cookie.split('; ').find(c => c.startsWith('XSRF-TOKEN=')).slice(11);
            await send('end', '{}', { ...j, 'X-XSRF-TOKEN': decodeURIComponent(c) }); end();""")
        return status, {**headers, "Set-Cookie": f"XSRF-TOKEN={quote(value, safe='')}; Path=/"}, body

    def post_end(r):
        check(r.headers.get("X-XSRF-TOKEN") == r.session()["xsrf"] == unquote(r.cookies["XSRF-TOKEN"]))
        return done(r)


def next_nonce(r):
    r.s["nonce"] = token(16)
    return {"X-Nonce": r.s["nonce"]}


@door("header-nonce")
@inherit
class HeaderNonce:
    def get_app(r):
        r.session()
        return page("app", "", """let n = (await send('start')).headers.get('X-Nonce');
            for (const s of ['one', 'two', 'three']) n = (await send(s, '{}', { ...j, 'X-Nonce': n })).headers.get('X-Nonce');
            await send('end', '{}', { ...j, 'X-Nonce': n }); end();""")

    def get_start(r):
        r.session()
        return answer({}, headers=next_nonce(r))

    def _step(r):
        check(r.headers.get("X-Nonce") == r.session()["nonce"])
        return answer({}, headers=next_nonce(r))

    post_one = post_two = post_three = _step

    def post_end(r):
        check(r.headers.get("X-Nonce") == r.session()["nonce"])
        return done(r)


@door("code-flow")
class CodeFlow:
    """Redirects, state, PKCE; the code lives once."""
    codes = {}

    def get_(r):
        return page("start", "", """const b = a => btoa(String.fromCharCode(...new Uint8Array(a))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
            const v = b(crypto.getRandomValues(new Uint8Array(32))), s = b(crypto.getRandomValues(new Uint8Array(12)));
            sessionStorage.v = v; sessionStorage.s = s;
            const c = b(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(v)));
            location = 'authorize?' + new URLSearchParams({ response_type: 'code', client_id: 'web', state: s, code_challenge: c,
                code_challenge_method: 'S256', redirect_uri: new URL('callback', location).href });""")

    def get_authorize(r):
        flow = token(16)
        SESSIONS[flow] = dict(r.query)
        return to(f"{r.base}/signin/{flow}")

    def get_signin_X(r, flow):
        check(flow in SESSIONS)
        return page("login", f"""<form method=post><input name=username><input type=password name=password><button id=go>Log in</button></form>""")

    def post_signin_X(r, flow):
        asked = SESSIONS.pop(flow, None)
        check(asked)
        f = r.form()
        r.begin(f["username"], f["password"])
        code = token(20)
        CodeFlow.codes[code] = (asked["code_challenge"], r.s["sid"])
        return to(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    def get_callback(r):
        check(r.query["code"] in CodeFlow.codes)
        return page("callback", "", """const q = new URLSearchParams(location.search); if (q.get('state') !== sessionStorage.s) throw 1;
            const a = await (await send('token', new URLSearchParams({ grant_type: 'authorization_code', code: q.get('code'), code_verifier: sessionStorage.v }))).json();
            await send('end', '{}', { ...j, Authorization: 'Bearer ' + a.access_token }); end();""")

    def post_token(r):
        f = r.form()
        challenge, sid = CodeFlow.codes.pop(f["code"], (None, None))
        made = base64.urlsafe_b64encode(hashlib.sha256(f["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        check(challenge == made)
        return answer({"token_type": "Bearer", "access_token": sid, "expires_in": 300})

    def post_end(r):
        check((r.headers.get("Authorization") or "").removeprefix("Bearer ") in SESSIONS)
        return done(r)


@door("id-in-path")
@inherit
class IdInPath:
    def get_app(r):
        r.session()
        return page("app", "", """const o = await (await send('orders', JSON.stringify({ item: 'tea', amount: 2 }), j)).json();
            await send('orders/' + o.id); await send('orders/' + o.id + '/items/' + o.first.id, '{}', j, 'PUT'); await send('orders/' + o.id + '/end', '{}', j); end();""")

    def post_orders(r):
        r.session().update(order=number(), first=number())
        return answer({"id": int(r.s["order"]), "first": {"id": int(r.s["first"])}}, 201)

    def get_orders_X(r, order):
        check(order == r.session()["order"])
        return answer({"id": int(order), "state": "new"})

    def put_orders_X_items_X(r, order, item):
        check(order == r.session()["order"] and item == r.s["first"])
        return answer({})

    def post_orders_X_end(r, order):
        check(order == r.session()["order"])
        return done(r)


@door("id-in-script")
@inherit
class IdInScript:
    def get_app(r):
        r.session()["key"] = token(12)
        return page("app", f"""<script>var App = App || {{}}; App.config = {{"debug":false,"locale":"en","recordKey":"{r.s['key']}","limit":20}};</script>""",
                    "await send('end', new URLSearchParams({ record: App.config.recordKey, action: 'save' })); end();")

    def post_end(r):
        check(r.form()["record"] == r.session()["key"])
        return done(r)


@door("base64-json")
@inherit
class Base64Json:
    def get_app(r):
        r.session()
        return page("app", "", """const a = await (await send('cursor')).json();
            const c = btoa(JSON.stringify({ after: a.cursor, page: 2 })); await send('list?filter=' + encodeURIComponent(c));
            await send('end', new URLSearchParams({ state: btoa(JSON.stringify({ v: 1, cursor: a.cursor })) })); end();""")

    def get_cursor(r):
        r.session()["cursor"] = token(15)
        return answer({"cursor": r.s["cursor"], "items": []})

    def get_list(r):
        check(json.loads(base64.b64decode(r.query["filter"]))["after"] == r.session()["cursor"])
        return answer([])

    def post_end(r):
        check(json.loads(base64.b64decode(r.form()["state"]))["cursor"] == r.session()["cursor"])
        return done(r)


@door("graphql")
@inherit
class GraphQL:
    def get_app(r):
        r.session()
        return page("app", "", """const q = (query, variables) => send('graphql', JSON.stringify({ operationName: null, query, variables }), j).then(r => r.json());
            const a = await q('mutation add($title: String!) { add(title: $title) { id rev } }', { title: 'A note' });
            await q('mutation close($id: ID!, $rev: Int!) { close(id: $id, rev: $rev) { ok } }', { id: a.data.add.id, rev: a.data.add.rev }); end();""")

    def post_graphql(r):
        b = r.json()
        if "add" in b["query"]:
            r.session().update(id=base64.b64encode(b"Note:" + number().encode()).decode(), rev=secrets.randbelow(900000) + 1000)
            return answer({"data": {"add": {"id": r.s["id"], "rev": r.s["rev"]}}})
        check(b["variables"]["id"] == r.session()["id"] and b["variables"]["rev"] == r.s["rev"])
        count(r.door, "done")
        return answer({"data": {"close": {"ok": True}}})


@door("array-sibling")
@inherit
class ArraySibling:
    """The element's place changes, its name does not."""

    def get_app(r):
        r.session()
        return page("app", "", """const l = await (await send('rooms')).json(); const b = l.rooms.find(x => x.name === 'blue');
            await send('rooms/' + b.key + '/end', '{}', j); end();""")

    def get_rooms(r):
        names = ["red", "green", "blue", "grey"]
        secrets.SystemRandom().shuffle(names)
        r.session()["rooms"] = {n: token(10) for n in names}
        return answer({"rooms": [{"key": r.s["rooms"][n], "name": n, "seats": 4} for n in names]})

    def post_rooms_X_end(r, key):
        check(key == r.session()["rooms"]["blue"])
        return done(r)


@door("multipart")
@inherit
class Multipart:
    def get_app(r):
        r.session()["up"] = token(20)
        return page("app", f"""<form method=post action=end enctype="multipart/form-data"><input type=hidden name=upload_token value="{r.s['up']}">
            <input name=caption value="A file &amp; more"><textarea name=text>two\nlines</textarea></form>""", SUBMIT)

    def post_end(r):
        check(b'name="upload_token"\r\n\r\n' + r.session()["up"].encode() + b"\r\n" in r.body)
        check(b"A file & more" in r.body)
        return done(r)


def b64(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@door("jwt-claim")
class JwtClaim:
    def get_(r):
        return page("login", BY_SCRIPT + """<script>async function walk(username, password) {
            const a = await (await fetch('login', { method: 'POST', headers: j, body: JSON.stringify({ username, password }) })).json();
            const c = JSON.parse(atob(a.jwt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
            await fetch('accounts/' + c.account_id + '/end', { method: 'POST', headers: { Authorization: 'Bearer ' + a.jwt } }); }</script>""")

    def post_login(r):
        b = r.json()
        r.begin(b["username"], b["password"])
        r.s["account"] = "acc-" + secrets.token_hex(8)
        r.s["jwt"] = ".".join([b64({"alg": "HS256", "typ": "JWT"}), b64({"sub": b["username"], "account_id": r.s["account"],
                               "sid": r.s["sid"]}), b64(secrets.token_bytes(32))])
        return answer({"jwt": r.s["jwt"]})

    def post_accounts_X_end(r, account):
        jwt = (r.headers.get("Authorization") or "").removeprefix("Bearer ")
        check(any(s.get("jwt") == jwt and s["account"] == account for s in list(SESSIONS.values())))
        return done(r)


@door("viewstate")
@inherit
class ViewState:
    """20 KB, with every character that base64 has."""

    def get_app(r):
        r.session()["vs"] = base64.b64encode(secrets.token_bytes(15000)).decode()
        return page("app", f"""<form method=post action=end id=aspnetForm><input type=hidden name=__VIEWSTATE id=__VIEWSTATE value="{r.s['vs']}">
            <input type=hidden name=__EVENTTARGET value=""><input name="ctl00$name" value=x></form>""", SUBMIT)

    def post_end(r):
        check(r.form()["__VIEWSTATE"] == r.session()["vs"])
        return done(r)


@door("location-id")
@inherit
class LocationId:
    def get_app(r):
        r.session()
        return page("app", "<form method=post action=notes><input name=title value='A note'></form>", SUBMIT)

    def post_notes(r):
        r.session()["note"] = number()
        return to(f"notes/{r.s['note']}/edit?saved=1")

    def get_notes_X_edit(r, note):
        check(note == r.session()["note"])
        return page("edit", f"<form method=post action='../{note}'><input name=title value='A note'><input type=hidden name=version value={int(note) % 97 + 3}></form>", SUBMIT)

    def post_notes_X(r, note):
        check(note == r.session()["note"] and r.form()["version"] == str(int(note) % 97 + 3))
        return done(r)


@door("data-attribute")
@inherit
class DataAttribute:
    def get_app(r):
        r.session()["key"] = token(14)
        return page("app", f"""<div id=cart data-cart-key="{r.s['key']}" data-lines="3">Cart</div>""",
                    "await send('cart?key=' + document.querySelector('#cart').dataset.cartKey, '{}', j, 'PUT'); end();")

    def put_cart(r):
        check(r.query["key"] == r.session()["key"])
        return done(r)


@door("xml-answer")
@inherit
class XmlAnswer:
    def get_app(r):
        r.session()
        return page("app", "", """const d = new DOMParser().parseFromString(await (await send('ticket')).text(), 'text/xml');
            const t = d.getElementsByTagName('t:ticket')[0].textContent;
            await send('end', '<order xmlns="urn:o"><ticket>' + t.replace(/&/g, '&amp;') + '</ticket><n>2</n></order>', { 'Content-Type': 'text/xml' }); end();""")

    def get_ticket(r):
        r.session()["ticket"] = token(10) + "&" + token(6)
        return text(f"""<?xml version="1.0"?><t:answer xmlns:t="urn:t"><t:kind>single</t:kind><t:ticket>{html.escape(r.s['ticket'])}</t:ticket></t:answer>""", "text/xml")

    def post_end(r):
        sent = html.unescape(re.search(rb"<ticket>(.*?)</ticket>", r.body).group(1).decode())
        check(sent == r.session()["ticket"])
        return done(r)


@door("action-token")
@inherit
class ActionToken:
    """The token is in the form's address, and the field's name is one too."""

    def get_app(r):
        r.session().update(key=token(12), field=secrets.token_hex(16))
        return page("app", f"""<a href="help">help</a><form method=post action="save?ticket={r.s['key']}&amp;v=2"><input type=hidden name="{r.s['field']}" value=1></form>""", SUBMIT)

    def post_save(r):
        check(r.query["ticket"] == r.session()["key"] and r.form().get(r.s["field"]) == "1")
        return done(r)


@door("json-escapes")
@inherit
class JsonEscapes:
    """The answer escapes what the request writes plain, and the other way round."""

    def get_app(r):
        r.session()
        return page("app", "", """const a = await (await send('quote')).json();
            await send('end?sig=' + encodeURIComponent(a.sig), JSON.stringify({ sig: a.sig, note: 'x' }), j); end();""")

    def get_quote(r):
        r.session()["sig"] = token(9) + "/+<" + token(9) + '"&='
        body = json.dumps({"sig": r.s["sig"]}).replace("/", "\\/").replace("<", "\\u003c").replace("&", "\\u0026")
        return text(body, "application/json")

    def post_end(r):
        check(r.query["sig"] == r.session()["sig"] == r.json()["sig"])
        return done(r)


@door("hop-chain")
@inherit
class HopChain:
    """Three redirects, each with a fresh ticket, one relative."""

    def get_app(r):
        r.session()["a"] = token(12)
        return page("app", "", "location = 'start';")

    def get_start(r):
        r.session()["b"] = token(12)
        return to(f"hop/{r.s['b']}")

    def get_hop_X(r, b):
        check(b == r.session().pop("b"))
        r.s["c"] = token(12)
        return to(f"../landing?ticket={r.s['c']}&from=hop")

    def get_landing(r):
        check(r.query["ticket"] == r.session()["c"])
        return page("landing", "<form method=post action=end></form>", "await send('end', new URLSearchParams({ t: new URLSearchParams(location.search).get('ticket') })); end();")

    def post_end(r):
        check(r.form()["t"] == r.session()["c"])
        return done(r)


@door("coincidences")
@inherit
class Coincidences:
    """Nothing here is a token: words, small numbers, dates, languages and versions that happen to match."""

    def get_app(r):
        r.session()
        return page("app", """<html lang=en-US><meta name=generator content="shop 4.12.7"><meta name=theme-color content="#336699">
            <form method=post action=search><input type=hidden name=view value=list><input type=hidden name=limit value=20><input name=q value=tea>
            <select name=sort><option value=1 selected>new</option><option value=2>old</option></select></form>
            <a href="items/12">Tea, 250 g</a> <a href="items/13?page=2">Coffee</a> <span class=date>2026-11-23</span>
            <script>var settings = {"lang":"en-US","currency":"EUR","perPage":20,"page":2,"version":"4.12.7","theme":"light","total":1280};</script>""",
                    """await send('items/12'); await send('items?page=2&limit=20&sort=name'); await send('items?lang=en-US&currency=EUR');
            await send('cart', JSON.stringify({ item: 12, amount: 2, currency: 'EUR', color: '#336699' }), j);
            await send('report?from=2026-11-23&to=2026-11-24&total=1280'); await send('search', new URLSearchParams({ view: 'list', limit: 20, q: 'tea', sort: 1 }));
            await send('end', JSON.stringify({ version: '4.12.7', theme: 'light', status: 'open' }), j); end();""")

    def get_items_X(r, item):
        return answer({"item": int(item), "name": "Tea", "price": 4.20, "stock": 12, "status": "open", "tags": ["tea", "green"]})

    def get_items(r):
        return answer({"page": int(r.query.get("page", 1)), "limit": 20, "items": [{"item": 12, "name": "Tea"}, {"item": 13, "name": "Coffee"}]})

    def post_cart(r):
        return answer({"amount": 2, "currency": "EUR", "lines": 1, "total": 840, "date": "2026-11-24"})

    def get_report(r):
        return answer({"from": r.query["from"], "to": r.query["to"], "rows": []})

    def post_search(r):
        return answer({"view": "list", "hits": 2})

    def post_end(r):
        r.session()
        return done(r)


def find(name, method, path):
    for key, fn in DOORS[name].items():
        verb, _, rest = key.partition("_")
        if verb != method.lower():
            continue
        pattern = "/".join("([^/]+)" if p == "X" else re.escape(p) for p in rest.split("_"))
        if m := re.fullmatch("/" + pattern, path):
            return fn, [unquote(g) for g in m.groups()]
    return None, ()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, headers, body):
        raw = body.encode()
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/truth":
            with LOCK:
                shown = {n: {**{k: v for k, v in t.items() if k != "names"}, "users": len(t["names"])} for n, t in TRUTH.items()}
            return self.reply(*answer(shown))
        if self.path == "/forget":
            start()
            return self.reply(*answer({}))
        m = re.match(r"/m/([a-z0-9-]+)(/[^?]*)(\?.*)?$", self.path)
        fn, args = find(m[1], self.command, m[2]) if m and m[1] in DOORS else (None, ())
        if not fn:
            return self.reply(404, {"Content-Type": "text/plain"}, "nothing here\n")
        try:
            self.reply(*fn(Request(self, m[1], m[2] + (m[3] or ""), body), *args))
        except (Refused, KeyError, ValueError, AttributeError):
            count(m[1], "refused")
            self.reply(403, {"Content-Type": "text/plain"}, "refused\n")

    do_GET = do_POST = do_PUT = serve


def start():
    with LOCK:
        SESSIONS.clear()
        for name in DOORS:
            TRUTH[name] = {"logins": 0, "failed_logins": 0, "done": 0, "refused": 0, "names": set()}


if __name__ == "__main__":
    start()
    ThreadingHTTPServer.request_queue_size = 256
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
