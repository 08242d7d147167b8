/* An answer's head line by line. Called from the curl engine's header callback.
 *
 * libcurl believes the last of two lengths and takes a head that was cut off for a whole one: both are
 * caught here, so that every engine gives the same outcome. Limit: the buffer's maximum. */
#include "replay/curl_head.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define MAX_HEADERS 1000

void curl_head_begin(struct curl_head *h)
{
    buf_reset(&h->text);
    h->length_seen = h->bad_length = h->ended = false;
}

/* RFC 9112 6.3: lengths that differ make the answer invalid. */
static bool is_bad_length(struct curl_head *h, struct slice line)
{
    struct slice name, value;
    uint64_t length;
    if (!slice_cut(line, ':', &name, &value) || !slice_ieq(name, SL("content-length")))
        return false;
    if (!num_u64(slice_trim(value), INT64_MAX, &length)) return true;
    bool differs = h->length_seen && h->length != length;
    h->length_seen = true;
    h->length = length;
    return differs;
}

bool curl_head_line(struct curl_head *h, struct slice line)
{
    if (slice_starts(line, SL("HTTP/"))) curl_head_begin(h);
    if (h->ended) return true; /* a trailer */
    h->ended = slice_trim(line).n == 0;
    h->bad_length = is_bad_length(h, line);
    return !h->bad_length && buf_add(&h->text, line);
}

void curl_head_read(struct curl_head *h, struct call *c)
{
    struct slice rest = buf_slice(&h->text), line, name, value;
    size_t n = 0;
    c->headers = (struct headers){ 0 };
    if (!slice_next(&rest, '\n', &line)) return;
    if (slice_cut(line, ' ', &name, &value) && slice_cut(value, ' ', &name, &value))
        c->reason = slice_trim(value);
    while (slice_next(&rest, '\n', &line) && n < MAX_HEADERS) {
        if (!slice_cut(line, ':', &name, &value)) continue;
        mem_grow(&h->v, &h->cap, n + 1, sizeof *h->v);
        h->v[n++] = (struct header){ name, slice_trim(value) };
    }
    c->headers = (struct headers){ h->v, n };
}

void curl_head_free(struct curl_head *h)
{
    buf_free(&h->text);
    free(h->v);
}

bool address_text(const struct sockaddr_storage *a, char *out, size_t size)
{
    const void *at = a->ss_family == AF_INET6
                         ? (const void *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr
                         : (const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;
    return inet_ntop(a->ss_family, at, out, (socklen_t)size) != NULL;
}
