"""A HAR of requests that a test really made: what a browser's recorder would have written."""
import datetime
import json
import time

from harness import http


class Recorder:
    """call() makes a request and keeps it; save() writes the HAR."""

    def __init__(self, base):
        self.base, self.entries = base, []

    def call(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        started, clock = time.time(), time.monotonic()
        status, answered, text = http(method, self.base + path, body, headers)
        took = (time.monotonic() - clock) * 1000
        self.entries.append(self.entry(started, took, (method, path, body, headers), (status, answered, text)))
        return text.decode()

    def entry(self, started, took, request, response):
        method, path, body, headers = request
        status, answered, text = response
        when = datetime.datetime.fromtimestamp(started, datetime.timezone.utc).isoformat(timespec="milliseconds")
        sent = {"method": method, "url": self.base + path, "httpVersion": "HTTP/1.1", "cookies": [],
                "headers": pairs(headers), "queryString": [], "headersSize": -1, "bodySize": len(body or "")}
        if body is not None:
            sent["postData"] = {"mimeType": headers.get("Content-Type", "text/plain"), "text": body}
        got = {"status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
               "headers": pairs(answered), "redirectURL": answered.get("Location", ""), "headersSize": -1,
               "bodySize": len(text), "content": {"size": len(text), "text": text.decode(),
                                                  "mimeType": answered.get("Content-Type", "text/plain")}}
        return {"startedDateTime": when, "time": took, "request": sent, "response": got, "cache": {},
                "timings": {"send": 0, "wait": took, "receive": 0}}

    def save(self, path):
        log = {"version": "1.2", "creator": {"name": "reprise tests", "version": "1"}, "entries": self.entries}
        path.write_text(json.dumps({"log": log}))
        return path


def pairs(headers):
    return [{"name": k, "value": v} for k, v in headers.items()]
