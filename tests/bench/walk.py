"""A recorded walk written by hand: what frameworks.py is made with.

A Walk collects requests and answers in the form of a browser's HAR, sends its cookies back as a browser does, and
keeps the labels: every place whose value must come from an answer ("#2 -> #3 form csrf"; "#1/#2 -> …" when both
answers hold it), what may be extracted without being needed, and what the client makes.
"""
import base64
import json
import random
from urllib.parse import quote_plus, urljoin

B64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ALNUM = B64URL[:62]
HEX = "0123456789abcdef"


class Walk:
    def __init__(self, seed, origin="https://app.example"):
        self.rnd, self.origin, self.entries, self.jar = random.Random(seed), origin, [], {}
        self.wanted, self.optional, self.client = [], [], set()
        self.at = 1_795_400_000  # of the next request

    # ---- values

    def text(self, n, letters=B64URL):
        return "".join(self.rnd.choice(letters) for _ in range(n))

    def hex(self, n):
        return self.text(n, HEX)

    def uuid(self):
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def number(self, low, high):
        return str(self.rnd.randint(low, high))

    def bytes64(self, n):
        return base64.b64encode(self.rnd.randbytes(n)).decode()

    # ---- labels

    def want(self, *places):
        self.wanted += places

    def may(self, *places):
        self.optional += places

    def makes(self, *names):
        self.client |= set(names)

    # ---- requests

    def send(self, method, url, answer="", body=None, headers=(), status=200, location=None, cookies=(), mime=None, sets=()):
        """One request; url may be a path. cookies: {name: value} that the answer sets; sets: other headers of it."""
        full = urljoin(self.origin, url)
        sent = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"), *headers]
        if self.jar:
            sent.append(("Cookie", "; ".join(f"{k}={v}" for k, v in self.jar.items())))
        post = None
        if body is not None:
            kind, text = body
            sent.append(("Content-Type", kind))
            post = {"mimeType": kind, "text": text}
        if not isinstance(answer, str):
            answer, mime = json.dumps(answer, separators=(",", ":")), mime or "application/json"
        mime = mime or "text/html; charset=utf-8"
        given = [("Content-Type", mime), *sets] + ([("Location", location)] if location else [])
        given += [("Set-Cookie", f"{k}={v}; Path=/") for k, v in dict(cookies).items()]
        self.jar.update(cookies)
        self.entries.append(entry(self.at, method, full, sent, post, status, given, mime, answer, location))
        self.at += 2
        return len(self.entries) - 1

    def get(self, url, answer="", **more):
        page = more.pop("page", True)
        kind = ("Accept", "text/html,application/xhtml+xml" if page else "application/json")
        return self.send("GET", url, answer, headers=[kind, *more.pop("headers", ())], **more)

    def form(self, url, fields, answer="", **more):
        text = "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in (fields.items() if isinstance(fields, dict) else fields))
        return self.send(more.pop("method", "POST"), url, answer, body=("application/x-www-form-urlencoded", text), **more)

    def json(self, url, value, answer="", **more):
        return self.send(more.pop("method", "POST"), url, answer, body=("application/json", json.dumps(value, separators=(",", ":"))), **more)

    def multipart(self, url, fields, answer="", **more):
        mark = "----WebKitFormBoundary" + self.text(16, ALNUM)
        text = "".join(f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
        return self.send("POST", url, answer, body=("multipart/form-data; boundary=" + mark, text + f"--{mark}--\r\n"), **more)

    def har(self):
        return {"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": self.entries}}


def pairs(headers):
    return [{"name": k, "value": v} for k, v in headers]


def entry(at, method, url, sent, post, status, given, mime, text, location):
    day, rest = divmod(at, 86400)
    assert day == 20780, "one day is enough"  # 2026-11-23
    stamp = f"2026-11-23T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.000Z"
    request = {"method": method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs(sent),
               "queryString": [], "headersSize": -1, "bodySize": len(post["text"]) if post else 0}
    if post:
        request["postData"] = post
    response = {"status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs(given),
                "content": {"size": len(text), "mimeType": mime, "text": text}, "redirectURL": location or "",
                "headersSize": -1, "bodySize": len(text)}
    return {"startedDateTime": stamp, "time": 40, "request": request, "response": response, "cache": {},
            "timings": {"send": 1, "wait": 38, "receive": 1}}


def page(title, body, head=""):
    return f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title}</title>{head}</head><body><h1>{title}</h1>{body}</body></html>"


def hidden(name, value, extra=""):
    return f'<input type="hidden" name="{name}" {extra} value="{value}" />'


LOGIN = '<input name="username"><input type="password" name="password"><button>Sign in</button>'


def account():
    return {"username": "ann", "password": "s3cret-Pass"}


def listed(walks):
    """A decorator: puts the function into the list."""
    def keep(fn):
        walks.append(fn)
        return fn
    return keep
