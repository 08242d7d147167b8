import base64, csv, datetime, hashlib, hmac, html, html.parser, itertools, json, os, random, re, string
import time, urllib.parse, uuid

import gevent
from locust import HttpUser, between, constant_pacing, task
from locust.exception import StopUser

HERE = os.path.dirname(os.path.abspath(__file__))


class Feed:
    """Rows of a CSV file, shared by all users."""

    def __init__(self, path, pick, end):
        with open(os.path.join(HERE, path), newline="", encoding="utf-8-sig") as f:
            self.rows = list(csv.DictReader(f))
        if pick == "shuffle":
            random.shuffle(self.rows)
        self.pick, self.end, self.next = pick, end, itertools.count()

    def row(self):
        if self.pick == "random":
            return random.choice(self.rows)
        n = next(self.next)
        if n >= len(self.rows) and self.end != "recycle":
            raise StopUser()
        return self.rows[n % len(self.rows)]


def json_path(value, path):
    """All matches of a JSON path: .key ['key'] [0] [*] ..key [?(@.key=='text')]."""
    steps = re.findall(r"""\.\.?[^.\[\]]+|\[\?.*?\]|\[[^\]]*\]""", path.lstrip("$"))
    found = [value]
    for step in steps:
        found = [x for f in found for x in json_step(f, step)]
    return found


def json_step(f, step):
    if step.startswith("[?"):
        m = re.match(r"\[\?\(?\s*@((?:\.[\w-]+|\[[^\]]+\])+)\s*(==|!=|>=|<=|>|<)?\s*(.*?)\s*\)?\]$", step)
        rows = f if isinstance(f, list) else list(f.values()) if isinstance(f, dict) else []
        return [r for r in rows if m and json_filter(r, *m.groups())]
    if step.startswith(".."):
        return json_deep(f, step[2:])
    key = step[1:] if step[0] == "." else step[1:-1].strip()
    if key == "*":
        return f if isinstance(f, list) else list(f.values()) if isinstance(f, dict) else []
    if isinstance(f, list) and re.fullmatch(r"-?\d+", key):
        n = int(key)
        return [f[n]] if -len(f) <= n < len(f) else []
    key = key.strip("'\"")
    return [f[key]] if isinstance(f, dict) and key in f else []


def json_deep(f, key):
    inner = list(f.values()) if isinstance(f, dict) else f if isinstance(f, list) else []
    here = [f[key]] if isinstance(f, dict) and key in f else inner if key == "*" else []
    return here + [x for i in inner for x in json_deep(i, key)]


def json_filter(row, path, op, want):
    got = json_path(row, "$" + path)
    if not op or not got:
        return bool(got)
    want = json.loads(want) if want[:1] not in "'" else want.strip("'")
    return {"==": got[0] == want, "!=": got[0] != want}.get(op) or (
        type(got[0]) == type(want) and {">": got[0] > want, "<": got[0] < want, ">=": got[0] >= want,
                                         "<=": got[0] <= want}.get(op, False))


class Elements(html.parser.HTMLParser):
    """Every element with its attributes and its text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.all, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        e = {"tag": tag, "attrs": dict((k, v or "") for k, v in attrs), "text": ""}
        self.all.append(e)
        if tag not in ("input", "meta", "link", "br", "img", "hr", "area", "base", "col", "embed", "source", "wbr"):
            self.open.append(e)

    def handle_endtag(self, tag):
        for i in range(len(self.open) - 1, -1, -1):
            if self.open[i]["tag"] == tag:
                del self.open[i:]
                break

    def handle_data(self, data):
        for e in self.open:
            e["text"] += data


def html_find(text, expr):
    """Values of what a CSS selector's, or a plain XPath's, last step matches."""
    take = None
    m = re.search(r"(?:::attr\((\S+)\)|/?@([\w-]+)|::text|/text\(\))$", expr)
    if m:
        take, expr = m.group(1) or m.group(2) or "text", expr[: m.start()]
    if expr.startswith(("/", "(")):
        expr = expr.rstrip(")").rsplit("/", 1)[-1]
        tests = [(a, "=", v) for a, v in re.findall(r"@([\w-]+)\s*=\s*['\"]([^'\"]*)", expr)]
        tests += [(a, "*=", v) for a, v in re.findall(r"contains\(\s*@([\w-]+)\s*,\s*['\"]([^'\"]*)", expr)]
    else:
        expr = re.split(r"[\s>+~]+(?![^\[]*\])", expr.strip())[-1]
        tests = re.findall(r"\[([\w-]+)([~|^$*]?=)['\"]?([^'\"\]]*)", expr)
        tests += [("id", "=", v) for v in re.findall(r"#([\w-]+)", expr.split("[")[0])]
        tests += [("class", "~=", v) for v in re.findall(r"\.([\w-]+)", expr.split("[")[0])]
    tag = re.match(r"[\w-]*", expr).group().lower()
    found = [e for e in Elements(text).all
             if (not tag or e["tag"] == tag) and all(attr_fits(e["attrs"].get(a), op, v) for a, op, v in tests)]
    if take == "text":
        return [e["text"].strip() for e in found]
    if take:
        return [e["attrs"][take] for e in found if take in e["attrs"]]
    usual = {"input": "value", "meta": "content"}
    return [e["attrs"].get(usual.get(e["tag"], ""), e["text"].strip()) for e in found]


def attr_fits(got, op, want):
    if got is None:
        return False
    return {"=": got == want, "^=": got.startswith(want), "$=": got.endswith(want), "*=": want in got,
            "~=": want in got.split(), "|=": got == want or got.startswith(want + "-")}[op]


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def digest(h, how):
    return {"hex": h.hexdigest(), "base64": base64.b64encode(h.digest()).decode(),
            "base64url": base64.urlsafe_b64encode(h.digest()).decode().rstrip("="),
            "raw": h.digest().decode("latin-1")}[how]


class Visitor(HttpUser):
    """What generated users share: variables, extraction, checks, the functions of ${…}."""

    abstract = True
    network_timeout = connection_timeout = 60.0
    feeds, loops, iteration = {}, 0, 0
    run_id, numbers = uuid.uuid4().hex[:8], itertools.count(1)

    def begin(self):
        self.number, self.v, self.memo, self.count = next(self.numbers), {}, {}, 0
        for name, (feed, per_iteration) in self.feeds.items():
            self.take_row(name, feed)

    def begin_iteration(self):
        if self.loops and self.iteration >= self.loops:
            raise StopUser()
        if self.iteration:
            for name, (feed, per_iteration) in self.feeds.items():
                if per_iteration:
                    self.take_row(name, feed)
        self.iteration += 1
        self.memo = {}

    def take_row(self, name, feed):
        for column, value in feed.row().items():
            self.v[name + "." + column] = value

    def send(self, method, url, name, checks=(), extracts=(), **args):
        args.setdefault("allow_redirects", False)
        with self.client.request(method, url, name=name, catch_response=True, **args) as r:
            for check in checks:
                why = self.failed(r, *check)
                if why:
                    return r.failure(why)
            if checks and r.status_code:
                r.success()
            for extract in extracts:
                why = self.extract(r, *extract)
                if why:
                    return r.failure(why)

    def failed(self, r, kind, name, value):
        if kind == "status":
            good = any(self.status_fits(r.status_code, s.strip()) for s in value.split("|"))
        elif kind == "time":
            good = r.elapsed.total_seconds() <= value
        elif kind == "header":
            got = r.headers.get(name)
            good = got is not None and (value is None or value in got)
        elif kind == "json":
            got = [text_of(x) for x in json_path(r.json(), name)]
            good = bool(got) and (value is None or got[0] == value)
        else:
            good = {"contains": lambda: value in r.text, "not": lambda: value not in r.text,
                    "matches": lambda: re.search(value, r.text) is not None}[kind]()
        return None if good else f"{kind} {name or ''} is not {value}" + (f" but {r.status_code}" if kind == "status" else "")

    @staticmethod
    def status_fits(status, want):
        if "-" in want:
            low, high = want.split("-")
            return int(low) <= status <= int(high)
        return str(status) == want or (want.endswith("xx") and str(status)[0] == want[0])

    def found(self, r, kind, expr, right):
        if kind == "json":
            return [text_of(x) for x in json_path(r.json(), expr) if x is not None]
        if kind == "header":
            return [v for k, v in r.raw.headers.items() if k.lower() == expr.lower()] if r.raw else []
        if kind == "cookie":
            return [c.value for c in r.cookies if c.name == expr]
        if kind in ("html", "xml"):
            return html_find(r.text, expr)
        if kind == "regex":
            return [m.group(m.lastindex and 1 or 0) for m in re.finditer(expr, r.text)]
        if kind == "between":
            return re.findall(re.escape(expr) + "(.*?)" + (re.escape(right) if right else "$"), r.text, re.S)
        if kind == "location":
            return self.location(r, expr)
        return [r.text.strip()]

    @staticmethod
    def location(r, expr):
        to = r.headers.get("Location") or r.request.url
        parts = urllib.parse.urlsplit(to)
        if not expr:
            return [to]
        if expr.startswith("/"):
            segments = [s for s in parts.path.split("/") if s]
            n = int(expr[1:])
            n = n - 1 if n > 0 else n
            return [segments[n]] if -len(segments) <= n < len(segments) else []
        return urllib.parse.parse_qs(parts.query).get(expr) or urllib.parse.parse_qs(parts.fragment).get(expr) or []

    def extract(self, r, name, kind, expr, more):
        try:
            values = self.found(r, kind, expr, more.get("right"))
            if more.get("regex"):
                values = [m.group(m.lastindex and 1 or 0) for v in values for m in [re.search(more["regex"], v)] if m]
            value = values[more.get("nth", 1) - 1]
            for how in more.get("decode", ()):
                value = self.decode(value, how)
        except (IndexError, ValueError):
            if "default" not in more:
                return None if more.get("optional") else f"{name}: {kind} {expr} is not in the answer"
            value = more["default"]
        self.v[name] = value
        return None

    @staticmethod
    def decode(value, how):
        if how == "jwt":
            value, how = value.split(".")[1], "base64"
        return {"percent": lambda: urllib.parse.unquote_plus(value), "html": lambda: html.unescape(value),
                "json": lambda: json.loads('"' + value + '"'), "hex": lambda: bytes.fromhex(value).decode(),
                "base64": lambda: base64.urlsafe_b64decode(value.replace("+", "-").replace("/", "_") + "==").decode()}[how]()

    def tagged(self, name, tag, make):
        return make() if tag is None else self.memo.setdefault((name, tag), make())

    def f_base64(self, t): return base64.b64encode(t.encode()).decode()
    def f_base64url(self, t): return base64.urlsafe_b64encode(t.encode()).decode().rstrip("=")
    def f_unbase64(self, t): return self.decode(t, "base64")
    def f_default(self, t, other): return t or other
    def f_formencode(self, t): return urllib.parse.quote_plus(t)
    def f_urlencode(self, t): return urllib.parse.quote(t, safe="-._~")
    def f_urldecode(self, t): return urllib.parse.unquote_plus(t)
    def f_hex(self, t): return t.encode().hex()
    def f_unhex(self, t): return bytes.fromhex(t).decode()
    def f_html(self, t): return html.escape(t)
    def f_json(self, t): return json.dumps(t, ensure_ascii=False)[1:-1]
    def f_lower(self, t): return t.lower()
    def f_upper(self, t): return t.upper()
    def f_trim(self, t): return t.strip()
    def f_substr(self, t, start, n=None): return t[start:] if n is None else t[start:start + n]
    def f_hmac(self, how, key, t, form="hex"): return digest(hmac.new(key.encode(), t.encode(), how), form)
    def f_md5(self, t, form="hex"): return digest(hashlib.md5(t.encode()), form)
    def f_sha1(self, t, form="hex"): return digest(hashlib.sha1(t.encode()), form)
    def f_sha256(self, t, form="hex"): return digest(hashlib.sha256(t.encode()), form)
    def f_sha256hex(self, t): return self.f_sha256(t)
    def f_sha512(self, t, form="hex"): return digest(hashlib.sha512(t.encode()), form)
    def f_pkce_challenge(self, t): return self.f_sha256(t, "base64url")
    def f_now(self, more=0): return str(int(time.time() + more))
    def f_now_ms(self, more=0): return str(int((time.time() + more) * 1000))

    def f_now_iso(self, more=0):
        when = datetime.datetime.utcfromtimestamp(time.time() + more)
        return when.isoformat(timespec="milliseconds") + "Z"

    def f_today(self, more=0): return self.f_now_iso(more)[:10]
    def f_random(self, a, b, tag=None): return self.tagged("random", tag, lambda: str(random.randint(a, b)))

    def f_randstr(self, n, tag=None):
        letters = string.ascii_letters + string.digits
        return self.tagged("randstr", tag, lambda: "".join(random.choices(letters, k=n)))

    def f_uuid(self, tag=None): return self.tagged("uuid", tag, lambda: str(uuid.uuid4()))
    def f_unique(self, t=""): return f"{t}{self.run_id}{self.number}x{self.iteration}"
    def f_vu(self): return str(self.number)
    def f_iteration(self): return str(max(self.iteration - 1, 0))

    def f_counter(self):
        self.count += 1
        return str(self.count)
