/* Writes request lines: for the plan's compiler (request.c) when they are known, else for each request (send.c) and
 * each redirect that a step follows (redirect.c). */
#include "replay/line.h"

static void add_encoded(struct buf *out, struct slice target)
{
    size_t plain = 0;
    for (size_t i = 0; i < target.n; i++) {
        unsigned char ch = (unsigned char)target.p[i];
        if (ch > ' ' && ch < 127) continue;
        buf_add(out, slice_sub(target, plain, i));
        buf_addf(out, "%%%02X", ch);
        plain = i + 1;
    }
    buf_add(out, slice_from(target, plain));
}

void request_line_add(struct buf *out, const struct request_line *l)
{
    buf_add(out, l->method);
    buf_addc(out, ' ');
    buf_add(out, l->prefix);
    if (!slice_starts(l->target, SL("/"))) buf_addc(out, '/');
    add_encoded(out, l->target);
    buf_add(out, SL(" HTTP/1.1\r\n"));
    if (!l->host.n) return;
    buf_add(out, SL("Host: "));
    buf_add(out, l->host);
    buf_add(out, SL("\r\n"));
}
