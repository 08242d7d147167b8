/* Fuzz target of base/enc: what is encoded decodes to the same, decoders take anything. */
#include <stdint.h>
#include <stdlib.h>

#include "base/enc.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct pair {
    struct buf there, back;
};

static void same(bool ok, struct pair *p, struct slice want)
{
    if (!ok || !slice_eq(buf_slice(&p->back), want)) abort();
    buf_reset(&p->there);
    buf_reset(&p->back);
}

static void round_trips(struct pair *p, struct slice in)
{
    for (int how = 0; how < 3; how++) {
        enum enc_percent as = (enum enc_percent)how;
        same(enc_percent(&p->there, in, as) &&
                 enc_unpercent(&p->back, buf_slice(&p->there), as == ENC_FORM),
             p, in);
    }
    for (int url = 0; url < 2; url++)
        same(enc_base64(&p->there, in, url) && enc_unbase64(&p->back, buf_slice(&p->there)), p, in);
    same(enc_hex(&p->there, in) && enc_unhex(&p->back, buf_slice(&p->there)), p, in);
    same(enc_html(&p->there, in) && enc_unhtml(&p->back, buf_slice(&p->there)), p, in);
    bool ok = enc_json(&p->there, in) && enc_is_utf8(buf_slice(&p->there)) &&
              json_unescape(&p->back, buf_slice(&p->there));
    if (!ok) abort();
    if (enc_is_utf8(in)) same(ok, p, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = { (const char *)data, n };
    struct pair p = { BUF_INIT(1 << 24), BUF_INIT(1 << 24) };
    struct buf out = BUF_INIT(1 << 24), small = BUF_INIT(16);
    round_trips(&p, in);
    enc_unpercent(&out, in, true);
    enc_unbase64(&out, in);
    enc_unhex(&out, in);
    enc_unhtml(&out, in);
    buf_reset(&out);
    if (enc_utf16(&out, in) && !enc_is_utf8(buf_slice(&out))) abort();
    enc_json(&small, in);
    enc_unhtml(&small, in);
    if (small.n > 16) abort();
    buf_free(&p.there);
    buf_free(&p.back);
    buf_free(&out);
    buf_free(&small);
    return 0;
}
