/* HTTP/1 parser: the same bytes whole and in small pieces must tell the same story. */
#include <stdlib.h>

#include "base/slice.h"
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t mix_headers(uint64_t sum, const struct headers *h)
{
    for (size_t i = 0; i < h->n; i++)
        sum = sum * 31 + slice_hash(h->v[i].name) + slice_hash(h->v[i].value);
    return sum;
}

/* Adds what was told to the digest; pieces of a body count as their bytes. False when it is over. */
static bool told(struct http_parser *p, enum parse_event ev, uint64_t *sum)
{
    if (ev == PARSE_HEAD) *sum = mix_headers(*sum, &p->headers);
    for (size_t i = 0; ev == PARSE_BODY && i < p->piece.n; i++)
        *sum = *sum * 31 + (unsigned char)p->piece.p[i];
    if (ev == PARSE_BAD) *sum = *sum * 31 + slice_hash(slice_z(p->error));
    if (ev != PARSE_DONE) return ev != PARSE_BAD;
    *sum = mix_headers(*sum * 31 + p->body_bytes, &p->trailers);
    if (p->upgrade) return false;
    http_parser_next_message(p);
    return true;
}

static uint64_t run(enum parse_kind kind, struct slice text, size_t step)
{
    struct http_parser p;
    struct parse_limits limits = { .head_bytes = 300, .headers = 10, .body_bytes = 1000 };
    uint64_t sum = 0;
    bool more = true;
    http_parser_init(&p, kind, limits);
    p.borrow = step % 2; /* text outlives the run */
    for (size_t at = 0; at < text.n && more; at += step) {
        struct slice in = slice_sub(text, at, at + step);
        enum parse_event ev;
        while (more && (ev = http_parser_feed(&p, &in)) != PARSE_MORE)
            more = told(&p, ev, &sum);
    }
    if (more) sum = sum * 31 + http_parser_eof(&p);
    http_parser_free(&p);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    struct slice text = { (const char *)data + 1, size - 1 };
    enum parse_kind kind = data[0] & 1 ? PARSE_REQUEST : PARSE_RESPONSE;
    uint64_t whole = run(kind, text, text.n);
    for (size_t step = 1; step < 4; step++)
        if (run(kind, text, step) != whole) abort();
    return 0;
}
