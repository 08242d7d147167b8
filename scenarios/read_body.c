/* Bodies with a shape of their own: multipart parts, and JSON that is written as YAML.
 *
 * Called through read_step.c's table. A YAML mapping under `json:` becomes JSON text; each ${…} in it is
 * wrapped in json(…), so that a value with quotes in it stays one text. */
#include <stddef.h>

#include "base/enc.h"
#include "base/num.h"
#include "scenarios/read.h"
#include "scenarios/template.h"

#define JSON_MAX_BYTES (64u << 20)

/* ---- multipart ------------------------------------------------------------------------------------ */

static bool read_file_name(struct reader *r, const struct ynode *n, void *part)
{
    struct form_part *p = part;
    p->has_file_name = true;
    return read_text(r, n, &p->file_name);
}

static bool read_base64(struct reader *r, const struct ynode *n, void *part)
{
    struct form_part *p = part;
    p->base64 = true;
    return read_plain(r, n, &p->value);
}

static const struct key part_keys[] = {
    { "name", read_text, offsetof(struct form_part, name) },
    { "value", read_text, offsetof(struct form_part, value) },
    { "base64", read_base64, 0 },
    { "file", read_text, offsetof(struct form_part, file) },
    { "file_name", read_file_name, 0 },
    { "content_type", read_text, offsetof(struct form_part, content_type) },
    READ_KEYS_END,
};

/* A list of parts, or name: value for parts that are only text. */
bool read_multipart(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    if (n->kind == YAML_SCALAR)
        return yaml_fail(&r->src, n->place, r->err, "multipart is a list of parts");
    q->parts_n = n->n;
    q->parts = arena_many(r->arena, n->n + 1, struct form_part);
    for (size_t i = 0; i < n->n; i++) {
        struct form_part *p = &q->parts[i];
        if (n->kind == YAML_LIST) {
            if (!read_map(r, n->items[i], "a part", part_keys, p)) return false;
            continue;
        }
        p->name = n->pairs[i].key;
        if (!read_text(r, n->pairs[i].value, &p->value)) return false;
    }
    return true;
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

/* A text's inside: literal parts escaped, ${expr} as ${json(expr)}. */
static void add_escaped(struct buf *out, struct slice text)
{
    size_t from = 0, i = 0;
    while (i < text.n) {
        struct slice rest = slice_from(text, i);
        size_t end = slice_starts(rest, SL("${")) ? template_expr_end(text, i) : SLICE_NONE;
        if (slice_starts(rest, SL("$${"))) {
            i += 3;
        } else if (end == SLICE_NONE) {
            i++;
        } else {
            enc_json(out, slice_sub(text, from, i));
            buf_addf(out, "${json(%.*s)}", SL_FMT(slice_sub(text, i + 2, end - 1)));
            from = i = end;
        }
    }
    enc_json(out, slice_from(text, from));
}

static void add_string(struct buf *out, struct slice text)
{
    buf_addc(out, '"');
    add_escaped(out, text);
    buf_addc(out, '"');
}

static void add_scalar(struct buf *out, const struct ynode *n)
{
    double number;
    bool word = slice_eq(n->text, SL("true")) || slice_eq(n->text, SL("false"));
    if (yaml_is_null(n))
        buf_addz(out, "null");
    else if (n->plain && (word || num_f64(n->text, &number)))
        buf_add(out, n->text);
    else
        add_string(out, n->text);
}

static void add_json(struct buf *out, const struct ynode *n)
{
    if (n->kind == YAML_SCALAR) {
        add_scalar(out, n);
        return;
    }
    bool map = n->kind == YAML_MAP;
    buf_addc(out, map ? '{' : '[');
    for (size_t i = 0; i < n->n && !out->bad; i++) {
        if (i) buf_addc(out, ',');
        if (map) {
            add_string(out, n->pairs[i].key);
            buf_addc(out, ':');
        }
        add_json(out, map ? n->pairs[i].value : n->items[i]);
    }
    buf_addc(out, map ? '}' : ']');
}

bool read_json_body(struct reader *r, const struct ynode *n, void *request_step)
{
    struct request_step *q = request_step;
    if (n->kind == YAML_SCALAR) return read_text(r, n, &q->body); /* JSON already, as it stands */
    struct buf out = BUF_INIT(JSON_MAX_BYTES);
    add_json(&out, n);
    if (!out.bad) {
        struct ynode text = { .place = n->place, .text = arena_dup(r->arena, buf_slice(&out)) };
        read_text(r, &text, &q->body);
    } else {
        yaml_fail(&r->src, n->place, r->err, "this JSON is larger than 64 MiB");
    }
    buf_free(&out);
    return !err_is(r->err);
}
