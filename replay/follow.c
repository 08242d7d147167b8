/* The recorded origin in texts; see follow.h. Called by request.c for each text of a request and for what
 * extracts it. Invariant: a text without the origin is neither copied nor changed. */
#include "replay/follow.h"

#include <string.h>

#include "base/buf.h"
#include "base/enc.h"

#define URL_MAX ((size_t)64 << 10)
#define TEXT_MAX ((size_t)256 << 20)

enum spelling { PLAIN, PERCENT, JSON, PATTERN, SPELLINGS };

/* A backslash in front of each of these characters. */
static void add_escaped(struct buf *out, struct slice s, const char *which)
{
    for (size_t i = 0; i < s.n; i++) {
        if (strchr(which, s.p[i])) buf_addc(out, '\\');
        buf_addc(out, s.p[i]);
    }
}

static void spell(struct buf *out, struct slice url, enum spelling how)
{
    switch (how) {
    case PLAIN: buf_add(out, url); break;
    case PERCENT: enc_percent(out, url, ENC_COMPONENT); break;
    case JSON: add_escaped(out, url, "/"); break;
    case PATTERN: add_escaped(out, url, "."); break;
    case SPELLINGS: break;
    }
}

static bool is_host_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-';
}

/* What stands behind does not make it another origin. */
static bool ends_here(struct slice rest)
{
    if (rest.n == 0) return true;
    if (is_host_char(rest.p[0]) || slice_istarts(rest, SL("%3a"))) return false;
    if (rest.p[0] == '\\') rest = slice_from(rest, 1); /* a quoted dot */
    bool more = rest.n > 1 && is_host_char(rest.p[1]);
    return !(more && (rest.p[0] == '.' || rest.p[0] == ':'));
}

static struct slice replaced(struct arena *a, struct slice text, struct slice from, struct slice to)
{
    struct buf out = BUF_INIT(TEXT_MAX);
    size_t done = 0, at = 0, hit;
    while ((hit = slice_ifind(slice_from(text, at), from)) != SLICE_NONE) {
        at += hit + from.n;
        if (!ends_here(slice_from(text, at))) continue;
        buf_add(&out, slice_sub(text, done, at - from.n));
        buf_add(&out, to);
        done = at;
    }
    if (done == 0) {
        buf_free(&out);
        return text;
    }
    buf_add(&out, slice_from(text, done));
    struct slice s = arena_dup(a, buf_slice(&out));
    buf_free(&out);
    return s;
}

struct slice follow_text(struct arena *a, const struct follow *f, struct slice text)
{
    size_t scheme = slice_chr(f->from, ':');
    if (!f->from.n || slice_ifind(text, slice_sub(f->from, 0, scheme)) == SLICE_NONE) return text;
    for (enum spelling how = PLAIN; how < SPELLINGS; how++) {
        struct buf from = BUF_INIT(URL_MAX), to = BUF_INIT(URL_MAX);
        spell(&from, f->from, how);
        spell(&to, f->to, how);
        bool same = how != PLAIN && slice_eq(buf_slice(&from), f->from);
        if (!same) text = replaced(a, text, buf_slice(&from), buf_slice(&to));
        buf_free(&from);
        buf_free(&to);
    }
    return text;
}
