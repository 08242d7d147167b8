/* The JSON writer: commas, line breaks and escapes, into a bounded buffer that is checked once.
 *
 * Called by reports, the archive, HAR and the web API. Nothing but finite numbers and valid UTF-8 leaves
 * it. Values at depth 0 follow each other without a comma (JSON lines: the caller adds the line feed). */
#include "base/json.h"

#include <math.h>

#include "base/enc.h"

static void line_break(struct jsonw *w)
{
    if (!w->indent) return;
    buf_addc(w->out, '\n');
    for (unsigned i = 0; i < w->indent * w->depth; i++)
        buf_addc(w->out, ' ');
}

/* What stands before a key, or before a value that has none. */
static void begin(struct jsonw *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0) return;
    if (w->comma) buf_addc(w->out, ',');
    line_break(w);
}

static void open_level(struct jsonw *w, char c)
{
    begin(w);
    buf_addc(w->out, c);
    w->depth++;
    w->comma = false;
}

static void close_level(struct jsonw *w, char c)
{
    w->depth--;
    if (w->comma) line_break(w);
    buf_addc(w->out, c);
    w->comma = true;
}

void jsonw_object(struct jsonw *w)
{
    open_level(w, '{');
}

void jsonw_object_end(struct jsonw *w)
{
    close_level(w, '}');
}

void jsonw_array(struct jsonw *w)
{
    open_level(w, '[');
}

void jsonw_array_end(struct jsonw *w)
{
    close_level(w, ']');
}

static void add_string(struct jsonw *w, struct slice s)
{
    buf_addc(w->out, '"');
    enc_json(w->out, s);
    buf_addc(w->out, '"');
}

void jsonw_key_s(struct jsonw *w, struct slice key)
{
    begin(w);
    add_string(w, key);
    buf_add(w->out, w->indent ? SL(": ") : SL(":"));
    w->after_key = true;
}

void jsonw_key(struct jsonw *w, const char *key)
{
    jsonw_key_s(w, slice_z(key));
}

void jsonw_raw(struct jsonw *w, struct slice json)
{
    begin(w);
    buf_add(w->out, json);
    w->comma = true;
}

void jsonw_str(struct jsonw *w, struct slice s)
{
    begin(w);
    add_string(w, s);
    w->comma = true;
}

void jsonw_z(struct jsonw *w, const char *z)
{
    jsonw_str(w, slice_z(z));
}

void jsonw_u64(struct jsonw *w, uint64_t v)
{
    begin(w);
    buf_addu(w->out, v);
    w->comma = true;
}

void jsonw_i64(struct jsonw *w, int64_t v)
{
    begin(w);
    if (v < 0) buf_addc(w->out, '-');
    buf_addu(w->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    w->comma = true;
}

/* v * 10^decimals as a whole number, without printf: fast, and the same in every locale. */
static void add_fixed(struct buf *out, uint64_t v, int decimals)
{
    uint64_t unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    buf_addu(out, v / unit);
    uint64_t rest = v % unit;
    if (rest) buf_addc(out, '.');
    while (rest) {
        unit /= 10;
        buf_addc(out, (char)('0' + rest / unit));
        rest %= unit;
    }
}

void jsonw_f64(struct jsonw *w, double v, int decimals)
{
    static const double pow10[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
    if (!isfinite(v)) return jsonw_null(w);
    if (decimals > 9) decimals = 9;
    if (decimals < 0) decimals = 0;
    double scaled = round(fabs(v) * pow10[decimals]);
    begin(w);
    if (v < 0 && scaled > 0) buf_addc(w->out, '-');
    if (scaled < 1e18)
        add_fixed(w->out, (uint64_t)scaled, decimals);
    else
        buf_addf(w->out, "%.0f", fabs(v));
    w->comma = true;
}

void jsonw_bool(struct jsonw *w, bool v)
{
    jsonw_raw(w, v ? SL("true") : SL("false"));
}

void jsonw_null(struct jsonw *w)
{
    jsonw_raw(w, SL("null"));
}

/* ---- members ---- */

void jsonw_put_object(struct jsonw *w, const char *key)
{
    jsonw_key(w, key);
    jsonw_object(w);
}

void jsonw_put_array(struct jsonw *w, const char *key)
{
    jsonw_key(w, key);
    jsonw_array(w);
}

void jsonw_put_str(struct jsonw *w, const char *key, struct slice s)
{
    jsonw_key(w, key);
    jsonw_str(w, s);
}

void jsonw_put_z(struct jsonw *w, const char *key, const char *z)
{
    jsonw_key(w, key);
    jsonw_z(w, z);
}

void jsonw_put_u64(struct jsonw *w, const char *key, uint64_t v)
{
    jsonw_key(w, key);
    jsonw_u64(w, v);
}

void jsonw_put_i64(struct jsonw *w, const char *key, int64_t v)
{
    jsonw_key(w, key);
    jsonw_i64(w, v);
}

void jsonw_put_f64(struct jsonw *w, const char *key, double v, int decimals)
{
    jsonw_key(w, key);
    jsonw_f64(w, v, decimals);
}

void jsonw_put_bool(struct jsonw *w, const char *key, bool v)
{
    jsonw_key(w, key);
    jsonw_bool(w, v);
}

void jsonw_put_names(struct jsonw *w, const char *key, const char *const *names, size_t n)
{
    jsonw_put_array(w, key);
    for (size_t i = 0; i < n; i++)
        jsonw_z(w, names[i]);
    jsonw_array_end(w);
}
