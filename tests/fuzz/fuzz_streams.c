/* The decoders behind reassembly: two directions of bytes in pieces, with holes, straight into a
 * connection (HTTP/1, HTTP/2, WebSocket, TLS). The input is a list of pieces: one byte of direction and
 * kind, one of length, the bytes. */
#include <stdlib.h>
#include <string.h>

#include "capture/sniff/keys.h"
#include "capture/sniff/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    (void)err;
    *(size_t *)arg += ex->request.url.n + ex->response.body.n;
    return true;
}

static void feed(struct sniff *s, const uint8_t *p, size_t n)
{
    struct flow f = { .id = 1, .client = p[0] & 1 ? 0 : -1, .syn = { p[0] & 1 } };
    bool fin[2] = { 0 };
    int64_t ts = 1;
    for (size_t at = 1; at + 2 <= n; ts += 1000) {
        int dir = p[at] & 1, kind = p[at] >> 1 & 7;
        size_t len = p[at + 1];
        at += 2;
        if (len > n - at) len = n - at;
        if (kind == 7) {
            conn_flow_ops.gap(s, &f, dir, len + 1);
        } else if (kind == 6) {
            if (!fin[dir]) conn_flow_ops.fin(s, &f, dir, ts);
            fin[dir] = true;
        } else if (len && !fin[dir]) {
            char *copy = malloc(len); /* so that reading past it is seen */
            memcpy(copy, p + at, len);
            conn_flow_ops.data(s, &f, dir, ts, (struct slice){ copy, len });
            free(copy);
        }
        if (kind < 6) at += len;
    }
    conn_flow_ops.close(s, &f, (enum flow_end)(p[0] >> 1 & 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n) return 0;
    size_t seen = 0;
    struct err err = { 0 };
    struct capture_report *report = calloc(1, sizeof *report);
    struct sniff s = { .report = report, .sink = { put, &seen }, .err = &err, .keys = keys_new() };
    s.body_limit = 1 << 20;
    s.memory_limit = 4 << 20;
    s.may_get_keys = data[0] & 8;
    buf_init(&s.decoded, s.body_limit);
    feed(&s, data, n);
    txn_pool_free(&s);
    keys_free(s.keys);
    buf_free(&s.decoded);
    free(report);
    return 0;
}
