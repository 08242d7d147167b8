"""The recordings of tests/data/correlate with other random values: what chance makes of the correlator.

Every random text of a recording, as a server draws it (base64url, hexadecimal), becomes another one of its length, the
same wherever it stands: behind escapes of JSON and of URLs, inside base64. The challenge of PKCE (RFC 7636) is made anew
from its verifier. Numbers, and boundaries of multipart bodies, stay; plain base64 gets the letters of base64url.
"""
import base64
import hashlib
import random
import re
import string

BASE64URL = string.ascii_letters + string.digits + "-_"
PARTS = re.compile(r"\\+u[0-9a-fA-F]{4}|\\+.|%[0-9A-Fa-f]{2}|[A-Za-z0-9_-]{9,}")  # an escape, or a run


def unescaped(text):
    return [part for part in PARTS.findall(text) if part[0] not in "\\%"]


def inside(run):
    """The text that the run is base64 of, or None."""
    try:
        text = base64.urlsafe_b64decode(run + "=" * (-len(run) % 4)).decode("ascii")
    except ValueError:
        return None
    return text if text.isprintable() and encoded(text.encode()) == run else None


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def challenge(verifier):
    return encoded(hashlib.sha256(verifier.encode()).digest())


def letters_of(run):
    """What the run was drawn from, "" if it is no random text."""
    if re.fullmatch(r"(?=.*[a-f])[0-9a-f]{16,}", run):
        return string.hexdigits[:16]
    made = len(run) >= 12 and all(re.search(kind, run) for kind in ("[A-Z]", "[a-z]", "[0-9]"))
    return BASE64URL if made and "Boundary" not in run else ""


def drawn(run, draw):
    prefix, _, rest = run.rpartition("-")  # "acc-6b48f5dd20c6cb09"
    if prefix.isalpha() and letters_of(rest):
        return f"{prefix}-{drawn(rest, draw)}"
    letters = letters_of(run)
    return "".join(draw.choice(letters) for _ in run) if letters else run


def redrawn(text, seed):
    """The text of a HAR with other random values; the same for the same seed."""
    draw = random.Random(seed)
    runs = sorted(set(unescaped(text)))
    known = {}
    for verifier in runs:
        if challenge(verifier) in runs:
            known[verifier] = drawn(verifier, draw)
            known[challenge(verifier)] = challenge(known[verifier])

    def other(match):
        run = match.group()
        if run[0] in "\\%":
            return run
        if run not in known:
            held = inside(run)
            known[run] = drawn(run, draw) if held is None else encoded(PARTS.sub(other, held).encode())
        return known[run]

    return PARTS.sub(other, text)
