/* The import's report as JSON (scripts read it) and as text (people do). Called by cli's import.
 *
 * Values of tokens are secrets of the recorded account: they are written masked. The JSON has the members
 * that product.md promises, in this order, and those that --explain adds behind them. */
#include "scenarios/import_report.h"

#include "base/json.h"
#include "base/log.h"
#include "base/wrap.h"

static void write_counts(struct jsonw *w, const char *key, const struct count_by *v, size_t n)
{
    jsonw_put_object(w, key);
    for (size_t i = 0; i < n; i++) {
        jsonw_key_s(w, v[i].name);
        jsonw_u64(w, v[i].count);
    }
    jsonw_object_end(w);
}

static void write_list(struct jsonw *w, const char *key, const struct slice *v, size_t n)
{
    jsonw_put_array(w, key);
    for (size_t i = 0; i < n; i++)
        jsonw_str(w, v[i]);
    jsonw_array_end(w);
}

static void write_warnings(struct jsonw *w, const struct import_report *r)
{
    jsonw_put_array(w, "warnings");
    for (size_t i = 0; i < r->warnings_n; i++)
        jsonw_str(w, r->warnings[i].text);
    jsonw_array_end(w);
}

/* What is under "dropped" and "warnings" once more, each with what to do about it. */
static void write_losses(struct jsonw *w, const struct import_report *r)
{
    jsonw_put_array(w, "losses");
    for (size_t i = 0; i < r->dropped_n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "dropped", r->dropped[i].name);
        jsonw_put_u64(w, "count", r->dropped[i].count);
        jsonw_put_str(w, "advice", import_report_advice(r->dropped[i].name));
        jsonw_object_end(w);
    }
    for (size_t i = 0; i < r->warnings_n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "warning", r->warnings[i].text);
        jsonw_put_str(w, "advice", r->warnings[i].advice);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void write_token(struct jsonw *w, const struct token *t)
{
    struct buf masked = BUF_INIT(4096);
    log_mask(&masked, t->value);
    jsonw_object(w);
    jsonw_put_str(w, "name", t->name);
    jsonw_put_str(w, "from", t->from);
    jsonw_put_str(w, "extract", t->extract);
    write_list(w, "uses", t->uses, t->uses_n);
    jsonw_put_str(w, "value", buf_slice(&masked));
    jsonw_put_f64(w, "confidence", t->confidence, 2);
    jsonw_put_bool(w, "inferred", t->inferred);
    write_list(w, "runners_up", t->runners_up, t->runners_up_n);
    jsonw_object_end(w);
    buf_free(&masked);
}

void import_report_json(const struct import_report *r, struct buf *out)
{
    struct jsonw w = { .out = out, .indent = 2 };
    jsonw_object(&w);
    jsonw_put_str(&w, "format", r->format);
    jsonw_put_u64(&w, "entries_read", r->entries_read);
    jsonw_put_u64(&w, "entries_kept", r->entries_kept);
    write_counts(&w, "dropped", r->dropped, r->dropped_n);
    write_counts(&w, "hosts", r->hosts, r->hosts_n);
    jsonw_put_array(&w, "tokens");
    for (size_t i = 0; i < r->tokens_n; i++)
        write_token(&w, &r->tokens[i]);
    jsonw_array_end(&w);
    write_warnings(&w, r);
    write_losses(&w, r);
    write_list(&w, "notes", r->notes, r->notes_n);
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}

static void text_counts(struct buf *out, const char *what, const struct count_by *v, size_t n)
{
    if (!n) return;
    buf_addf(out, "%-10s", what);
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%s%.*s %zu", i ? ", " : "", SL_FMT(v[i].name), v[i].count);
    buf_addc(out, '\n');
}

/* "  -> what to do", which may be nothing. */
static void text_advice(struct buf *out, struct slice advice)
{
    if (advice.n == 0) return;
    buf_addf(out, "%-10s-> ", "");
    wrap_words(out, advice, 13, 13);
}

static void text_dropped(struct buf *out, const struct import_report *r)
{
    for (size_t i = 0; i < r->dropped_n; i++) {
        buf_addf(out, "%-10s%zu %.*s\n", "dropped", r->dropped[i].count,
                 SL_FMT(r->dropped[i].name));
        text_advice(out, import_report_advice(r->dropped[i].name));
    }
}

/* Several in a row with one advice get it once. */
static void text_warnings(struct buf *out, const struct import_report *r)
{
    for (size_t i = 0; i < r->warnings_n; i++) {
        const struct warning *w = &r->warnings[i];
        buf_addf(out, "%-10s", "warning");
        wrap_words(out, w->text, 10, 10);
        if (i + 1 == r->warnings_n || !slice_eq(w->advice, w[1].advice))
            text_advice(out, w->advice);
    }
}

/* What is told of a token, further lines a little behind the first. */
static void text_line(struct buf *out, const char *what, struct slice text)
{
    size_t column = 29 + slice_z(what).n;
    buf_addf(out, "%-29s%s", "", what);
    wrap_words(out, text, column, 33);
}

static void text_token(struct buf *out, const struct token *t, bool explain)
{
    size_t column = t->name.n > 24 ? t->name.n + 3 : 27;
    buf_addf(out, "  %-24.*s ", SL_FMT(t->name));
    wrap_words(out, t->from, column, 33);
    text_line(out, "", t->extract);
    size_t shown = explain ? t->uses_n : t->uses_n < 3 ? t->uses_n : 3;
    for (size_t i = 0; i < shown; i++)
        text_line(out, "-> ", t->uses[i]);
    if (shown < t->uses_n) buf_addf(out, "  %-24s   -> and %zu more\n", "", t->uses_n - shown);
    if (t->inferred) buf_addf(out, "  %-24s   inferred: the recording does not hold it\n", "");
    if (!explain) return;
    buf_addf(out, "  %-24s   value ", "");
    log_mask(out, t->value);
    buf_addf(out, ", sure %.2f\n", t->confidence);
    for (size_t i = 0; i < t->runners_up_n; i++)
        text_line(out, "not ", t->runners_up[i]);
}

static void text_note(struct buf *out, struct slice note)
{
    buf_addz(out, "note: ");
    wrap_words(out, note, 6, 6);
}

void import_report_text(const struct import_report *r, bool explain, struct buf *out)
{
    buf_addf(out, "%-10s%zu entries, %zu kept\n", "read", r->entries_read, r->entries_kept);
    text_dropped(out, r);
    text_counts(out, "hosts", r->hosts, r->hosts_n);
    buf_addf(out, "%-10s%zu\n", "tokens", r->tokens_n);
    for (size_t i = 0; i < r->tokens_n; i++)
        text_token(out, &r->tokens[i], explain);
    for (size_t i = 0; explain && i < r->notes_n; i++)
        text_note(out, r->notes[i]);
    text_warnings(out, r);
}

/* ---- the flow of tokens as a picture ------------------------------------------------------------------ */

static void dot_quoted(struct buf *out, struct slice s)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.n && i < 120; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') buf_addc(out, '\\');
        buf_addc(out, s.p[i] == '\n' ? ' ' : s.p[i]);
    }
    buf_addc(out, '"');
}

/* "#4 header Authorization": the step's number is the node. */
static struct slice step_of(struct slice place)
{
    return slice_sub(place, 0, slice_chr(place, ' '));
}

void import_report_dot(const struct import_report *r, struct buf *out)
{
    buf_addz(out,
             "digraph tokens {\n  rankdir=LR;\n  node [shape=box, fontname=sans, fontsize=10];\n"
             "  edge [fontname=sans, fontsize=9];\n");
    for (size_t i = 0; i < r->tokens_n; i++) {
        const struct token *t = &r->tokens[i];
        buf_addz(out, "  ");
        dot_quoted(out, step_of(t->from));
        buf_addz(out, " [label=");
        dot_quoted(out, t->from);
        buf_addz(out, "];\n");
        for (size_t k = 0; k < t->uses_n; k++) {
            buf_addz(out, "  ");
            dot_quoted(out, step_of(t->from));
            buf_addz(out, " -> ");
            dot_quoted(out, step_of(t->uses[k]));
            buf_addz(out, " [label=");
            dot_quoted(out, t->name);
            buf_addz(out, t->inferred ? ", style=dashed];\n" : "];\n");
        }
    }
    buf_addz(out, "}\n");
}
