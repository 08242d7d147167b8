/* Fuzz target of base/json: reading never leaves the text, ends, and what is read can be written. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok) abort();
}

/* Writes the text and checks that what was written reads to its end. */
static void read_and_write(struct slice text, struct arena *a, struct buf *out)
{
    struct json j;
    struct jsonw w = { .out = out };
    json_init(&j, text);
    for (size_t steps = 0;; steps++) {
        enum json_tok t = json_next(&j);
        must(j.at <= text.n && j.tok_at <= text.n && steps <= text.n + 1);
        if (t == JSON_ERROR) {
            struct err err = { 0 };
            json_fail(&j, "fuzz", "a value", &err);
            must(err_is(&err));
            return;
        }
        switch (t) {
        case JSON_ERROR: return;
        case JSON_END: json_init(&j, buf_slice(out)); return must(json_next(&j) != JSON_ERROR);
        case JSON_OBJECT: jsonw_object(&w); break;
        case JSON_OBJECT_END: jsonw_object_end(&w); break;
        case JSON_ARRAY: jsonw_array(&w); break;
        case JSON_ARRAY_END: jsonw_array_end(&w); break;
        case JSON_KEY:
            must(json_key_is(&j, json_str(&j, a)));
            jsonw_key_s(&w, json_str(&j, a));
            break;
        case JSON_STRING: jsonw_str(&w, json_str(&j, a)); break;
        case JSON_NUMBER: jsonw_raw(&w, j.raw); break;
        case JSON_TRUE:
        case JSON_FALSE: jsonw_bool(&w, t == JSON_TRUE); break;
        case JSON_NULL: jsonw_null(&w); break;
        }
    }
}

static void skip_all(struct slice text)
{
    struct json j;
    struct slice raw;
    json_init(&j, text);
    json_next(&j);
    if (json_value(&j, &raw)) must(raw.n <= text.n && j.depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice text = { (const char *)data, n };
    struct arena *a = arena_new();
    struct buf out = BUF_INIT(1 << 24), loose = BUF_INIT(1 << 24);
    read_and_write(text, a, &out);
    skip_all(text);
    must(json_unescape(&loose, text));
    buf_free(&out);
    buf_free(&loose);
    arena_free(a);
    return 0;
}
