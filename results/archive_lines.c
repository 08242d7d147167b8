/* The archive's lines as JSON, each with its line break. Called by the collector, on its thread.
 *
 * Pure: records in, text out. Every line is an object with a "type"; rows of samples are arrays and live in
 * archive_rows.c. No line is longer than a member. */
#include "results/archive.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/version.h"

#define TEXT_PART (128 * 1024)

static void open_line(struct jsonw *w, struct buf *out, const char *type)
{
    *w = (struct jsonw){ .out = out };
    jsonw_object(w);
    jsonw_put_z(w, "type", type);
}

static void close_line(struct jsonw *w)
{
    jsonw_object_end(w);
    buf_addc(w->out, '\n');
}

/* ---- header ----------------------------------------------------------------------------------------------- */

static void put_hash(struct jsonw *w, struct slice text)
{
    char hex[HASH_HEX + 1];
    hash_hex(text, hex);
    jsonw_put_u64(w, "bytes", text.n);
    jsonw_put_str(w, "sha256", slice_z(hex));
}

static void put_inputs(struct jsonw *w, const struct run_info *info)
{
    jsonw_put_object(w, "scenario_file");
    put_hash(w, info->scenario_text);
    jsonw_object_end(w);
    jsonw_put_array(w, "feeds");
    for (size_t i = 0; i < info->feeds_n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "name", info->feeds[i].name);
        put_hash(w, info->feeds[i].text);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    jsonw_put_object(w, "options");
    for (size_t i = 0; i < info->options_n; i++) {
        jsonw_key_s(w, info->options[i].name);
        jsonw_str(w, info->options[i].value);
    }
    jsonw_object_end(w);
    jsonw_put_array(w, "thresholds");
    for (size_t i = 0; i < info->thresholds_n; i++)
        jsonw_str(w, info->thresholds[i].rule);
    jsonw_array_end(w);
}

static void put_outcomes(struct jsonw *w)
{
    const char *names[OUTCOMES];
    for (unsigned i = 0; i < OUTCOMES; i++)
        names[i] = outcome_name((enum outcome)i);
    jsonw_put_names(w, "outcomes", names, OUTCOMES);
}

void line_header(struct buf *out, const struct run_info *info, enum archive_level level,
                 struct slice environment)
{
    struct jsonw w;
    struct buf started = BUF_INIT(64);
    clock_add_iso(&started, info->start_utc_ns);
    open_line(&w, out, "header");
    jsonw_put_str(&w, "format", SL("reprise-archive"));
    jsonw_put_u64(&w, "version", ARCHIVE_VERSION);
    jsonw_put_str(&w, "made_by", SL("reprise " REPRISE_VERSION));
    jsonw_put_str(&w, "level", level == ARCHIVE_FULL ? SL("full") : SL("intervals"));
    jsonw_put_str(&w, "started", buf_slice(&started));
    jsonw_put_i64(&w, "started_utc_ns", info->start_utc_ns);
    jsonw_put_str(&w, "scenario", info->scenario);
    jsonw_put_str(&w, "target", info->target);
    jsonw_put_str(&w, "engine", info->engine);
    jsonw_key(&w, "seed"); /* as text: readers with floating point numbers would round it */
    buf_reset(&started);
    buf_addu(&started, info->seed);
    jsonw_str(&w, buf_slice(&started));
    jsonw_put_u64(&w, "users", info->users);
    jsonw_put_u64(&w, "run_time_ns", info->run_time_ns);
    jsonw_put_u64(&w, "warm_up_ns", info->warm_up_ns);
    jsonw_put_u64(&w, "workers", info->workers);
    jsonw_put_u64(&w, "steps", info->steps_n);
    put_inputs(&w, info);
    jsonw_put_names(&w, "columns", row_columns, ROW_COLUMNS);
    put_outcomes(&w);
    jsonw_key(&w, "environment");
    jsonw_raw(&w, environment.n ? environment : SL("{}"));
    close_line(&w);
    buf_free(&started);
}

void line_name(struct buf *out, const struct run_info *info, size_t step)
{
    struct jsonw w;
    open_line(&w, out, "name");
    jsonw_put_u64(&w, "step", step);
    jsonw_put_str(&w, "name", info->steps[step].name);
    jsonw_put_str(&w, "method", info->steps[step].method);
    jsonw_put_str(&w, "group", info->steps[step].group);
    if (info->steps[step].url.n) jsonw_put_str(&w, "url", info->steps[step].url);
    close_line(&w);
}

void line_texts(struct buf *out, struct slice name, struct slice text)
{
    uint64_t part = 0;
    for (size_t at = 0; at < text.n; at += TEXT_PART, part++) {
        struct jsonw w;
        open_line(&w, out, "text");
        jsonw_put_str(&w, "name", name);
        jsonw_put_u64(&w, "part", part);
        jsonw_put_str(&w, "text", slice_sub(text, at, at + TEXT_PART));
        close_line(&w);
    }
}

/* ---- while it runs ------------------------------------------------------------------------------------------ */

void line_message(struct buf *out, uint32_t n, struct slice text)
{
    struct jsonw w;
    open_line(&w, out, "message");
    jsonw_put_u64(&w, "message", n);
    jsonw_put_str(&w, "text", text);
    close_line(&w);
}

void line_answer(struct buf *out, const struct answer *a, uint32_t message)
{
    struct jsonw w;
    struct buf head = BUF_INIT(1 << 18), body = BUF_INIT(1 << 18);
    mask_text(&head, a->head);
    mask_text(&body, a->body);
    open_line(&w, out, "answer");
    if (a->step != UINT32_MAX) jsonw_put_u64(&w, "step", a->step);
    if (message) jsonw_put_u64(&w, "message", message);
    jsonw_put_str(&w, "head", buf_slice(&head));
    jsonw_put_str(&w, "body", buf_slice(&body));
    jsonw_put_bool(&w, "cut", a->cut);
    close_line(&w);
    buf_free(&head);
    buf_free(&body);
}

static void put_hist(struct jsonw *w, const char *key, const struct hist *h)
{
    struct buf text = BUF_INIT(1 << 19);
    hist_encode(h, &text);
    jsonw_put_object(w, key);
    jsonw_put_u64(w, "min_ns", hist_min_ns(h));
    jsonw_put_u64(w, "max_ns", hist_max_ns(h));
    jsonw_put_u64(w, "sum_ns", hist_sum_ns(h));
    jsonw_put_str(w, "hdr", buf_slice(&text));
    jsonw_object_end(w);
    buf_free(&text);
}

static void put_tally(struct jsonw *w, const struct tally *t)
{
    jsonw_put_u64(w, "requests", t->requests);
    jsonw_put_u64(w, "failures", t->failures);
    jsonw_put_u64(w, "cancelled", t->cancelled);
    jsonw_put_u64(w, "bytes_in", t->bytes_in);
    jsonw_put_u64(w, "bytes_out", t->bytes_out);
    jsonw_put_u64(w, "connections", t->connections);
    jsonw_put_u64(w, "first_start_ns", t->first_start_ns);
    jsonw_put_u64(w, "last_end_ns", t->last_end_ns);
    jsonw_put_array(w, "outcomes");
    for (size_t i = 0; i < OUTCOMES; i++)
        jsonw_u64(w, t->outcomes[i]);
    jsonw_array_end(w);
    put_hist(w, "service", t->service);
    put_hist(w, "response", t->response);
}

static void line_step(struct buf *out, const struct second *s, size_t step)
{
    struct jsonw w;
    open_line(&w, out, "step");
    jsonw_put_u64(&w, "step", step);
    jsonw_put_u64(&w, "from_ns", s->from_ns);
    jsonw_put_u64(&w, "to_ns", s->to_ns);
    put_tally(&w, &s->steps[step]);
    close_line(&w);
}

static void line_failure(struct buf *out, const struct failure_count *f)
{
    struct jsonw w;
    open_line(&w, out, "failure");
    jsonw_put_u64(&w, "step", f->step);
    jsonw_put_str(&w, "outcome", slice_z(outcome_name((enum outcome)f->outcome)));
    jsonw_put_u64(&w, "status", f->status);
    jsonw_put_u64(&w, "message", f->message);
    jsonw_put_u64(&w, "count", f->count);
    jsonw_put_u64(&w, "first_ns", f->first_ns);
    jsonw_put_u64(&w, "last_ns", f->last_ns);
    close_line(&w);
}

void line_second(struct buf *out, const struct second *s)
{
    struct jsonw w;
    for (size_t i = 0; i < s->steps_n; i++)
        if (!tally_is_empty(&s->steps[i])) line_step(out, s, i);
    for (size_t i = 0; i < s->failures_n; i++)
        line_failure(out, &s->failures[i]);
    open_line(&w, out, "interval");
    jsonw_put_u64(&w, "from_ns", s->from_ns);
    jsonw_put_u64(&w, "to_ns", s->to_ns);
    jsonw_put_u64(&w, "users", s->users);
    jsonw_put_u64(&w, "users_max", s->users_max);
    jsonw_put_u64(&w, "late", s->late);
    jsonw_put_u64(&w, "late_max_ns", s->late_max_ns);
    jsonw_put_u64(&w, "dropped", s->dropped);
    jsonw_put_u64(&w, "left_out", s->left_out);
    jsonw_put_u64(&w, "answers_left_out", s->answers_left_out);
    jsonw_put_u64(&w, "warm_up", s->warm_up);
    jsonw_put_u64(&w, "lag_max_ns", s->lag_max_ns);
    jsonw_put_u64(&w, "workers", s->workers);
    jsonw_put_f64(&w, "cpu_max", s->cpu_max, 4);
    jsonw_put_f64(&w, "cpu_sum", s->cpu_sum, 4);
    jsonw_put_u64(&w, "sockets", s->sockets);
    jsonw_put_u64(&w, "memory_bytes", s->memory_bytes);
    close_line(&w);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void line_total(struct buf *out, const struct run_stats *s, size_t step)
{
    const struct step_stats *t = &s->steps[step];
    struct jsonw w;
    open_line(&w, out, "total");
    jsonw_put_u64(&w, "step", step);
    jsonw_put_u64(&w, "requests", t->requests);
    jsonw_put_u64(&w, "failures", t->failures);
    jsonw_put_u64(&w, "cancelled", t->cancelled);
    jsonw_put_u64(&w, "bytes_in", t->bytes_in);
    jsonw_put_u64(&w, "bytes_out", t->bytes_out);
    put_hist(&w, "service", t->service);
    put_hist(&w, "response", t->response);
    close_line(&w);
}

static void put_thresholds(struct jsonw *w, const struct run_stats *s)
{
    jsonw_put_array(w, "thresholds");
    for (size_t i = 0; i < s->thresholds_n; i++) {
        jsonw_object(w);
        jsonw_put_str(w, "rule", s->thresholds[i].rule);
        jsonw_put_bool(w, "ok", s->thresholds[i].ok);
        jsonw_put_f64(w, "value", s->thresholds[i].value, 6);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

void line_results(struct buf *out, const struct run_stats *s)
{
    struct jsonw w;
    for (size_t i = 0; i < s->info->steps_n; i++)
        line_total(out, s, i);
    open_line(&w, out, "result");
    jsonw_put_u64(&w, "requests", s->total.requests);
    jsonw_put_u64(&w, "failures", s->total.failures);
    jsonw_put_u64(&w, "cancelled", s->total.cancelled);
    jsonw_put_u64(&w, "warm_up_requests", s->warm_up_requests);
    jsonw_put_u64(&w, "elapsed_ns", s->elapsed_ns);
    jsonw_put_u64(&w, "users_max", s->users_max);
    jsonw_put_bool(&w, "interrupted", s->interrupted);
    jsonw_put_bool(&w, "generator_limited", s->generator.limited);
    put_thresholds(&w, s);
    close_line(&w);
}
