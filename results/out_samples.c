/* Sample by sample out of archives: JMeter's JTL (CSV and XML), vegeta's CSV, Locust's request log.
 *
 * Called by `reprise report`. Streams: memory does not grow with the archive. The elapsed time of these
 * formats is the service time, as their own tools measure it; what the request started late stands where
 * the format has a place for it (JTL: IdleTime). */
#include "results/results.h"

#include <stdlib.h>

#include "base/csv.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/num.h"

#define CHUNK (1U << 16)

struct stream {
    const struct run_info *info;
    const struct sample_format *format;
    struct file_out file;
    struct buf text, url;
    uint64_t number;
};

struct sample_format {
    const char *name, *head, *tail;
    void (*write)(struct stream *st, const struct sample *s, struct slice message);
};

static uint64_t ms(uint64_t ns)
{
    return (ns + NS_PER_MS / 2) / NS_PER_MS;
}

static uint64_t span(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

static int64_t utc_ns(const struct stream *st, uint64_t ns)
{
    return st->info->start_utc_ns + (int64_t)ns;
}

static bool failed(const struct sample *s)
{
    return s->outcome != OUTCOME_OK;
}

static struct slice why(const struct sample *s, struct slice message)
{
    if (!failed(s)) return SL("");
    return message.n ? message : slice_z(outcome_name((enum outcome)s->outcome));
}

static struct slice label(const struct stream *st, const struct sample *s)
{
    return st->info->steps[s->step].name;
}

/* The step's URL as far as the archive knows it: with ${…}, without query. */
static struct slice url_of(struct stream *st, const struct sample *s)
{
    struct slice url = st->info->steps[s->step].url;
    buf_reset(&st->url);
    if (url.n == 0 || url.p[0] == '/') buf_add(&st->url, st->info->target);
    buf_add(&st->url, url);
    return buf_slice(&st->url);
}

/* JTL's CSV names its columns in its first line. sentBytes is not among them: JMeter before 3.1, Debian's
 * too, refuses files that have it, and later ones do without. */
/* ---- JTL ------------------------------------------------------------------------------------------------ */

static void add_code(struct buf *b, const struct sample *s)
{
    if (s->status)
        buf_addu(b, s->status);
    else
        buf_addf(b, "Non HTTP response code: %s", outcome_name((enum outcome)s->outcome));
}

static void write_jtl_csv(struct stream *st, const struct sample *s, struct slice message)
{
    struct buf *b = &st->text;
    buf_addf(b, "%lld,%llu,", (long long)(utc_ns(st, s->start_ns) / (int64_t)NS_PER_MS),
             (unsigned long long)ms(span(s->start_ns, s->end_ns)));
    csv_add_field(b, label(st, s));
    buf_addc(b, ',');
    add_code(b, s);
    buf_addc(b, ',');
    csv_add_field(b, failed(s) ? slice_z(outcome_name((enum outcome)s->outcome)) : SL("OK"));
    buf_addc(b, ',');
    csv_add_field(b, st->info->scenario);
    buf_addf(b, " 1-%u,text,%s,", s->user + 1, failed(s) ? "false" : "true");
    csv_add_field(b, why(s, message));
    buf_addf(b, ",%llu,%u,%u,", (unsigned long long)s->bytes_in, st->info->users, st->info->users);
    csv_add_field(b, url_of(st, s));
    buf_addf(b, ",%llu,%llu,%llu\n", (unsigned long long)ms(span(s->start_ns, s->first_byte_ns)),
             (unsigned long long)ms(span(s->intended_ns, s->start_ns)),
             (unsigned long long)ms(span(s->start_ns, s->connected_ns)));
}

static void write_jtl_xml(struct stream *st, const struct sample *s, struct slice message)
{
    struct buf *b = &st->text;
    buf_addf(
        b, "<httpSample t=\"%llu\" it=\"%llu\" lt=\"%llu\" ct=\"%llu\" ts=\"%lld\" s=\"%s\" lb=\"",
        (unsigned long long)ms(span(s->start_ns, s->end_ns)),
        (unsigned long long)ms(span(s->intended_ns, s->start_ns)),
        (unsigned long long)ms(span(s->start_ns, s->first_byte_ns)),
        (unsigned long long)ms(span(s->start_ns, s->connected_ns)),
        (long long)(utc_ns(st, s->start_ns) / (int64_t)NS_PER_MS), failed(s) ? "false" : "true");
    enc_xml(b, label(st, s));
    buf_addz(b, "\" rc=\"");
    add_code(b, s);
    buf_addf(b, "\" rm=\"%s\" tn=\"", failed(s) ? outcome_name((enum outcome)s->outcome) : "OK");
    enc_xml(b, st->info->scenario);
    buf_addf(b, " 1-%u\" dt=\"text\" by=\"%llu\" sby=\"%llu\" ng=\"%u\" na=\"%u\"", s->user + 1,
             (unsigned long long)s->bytes_in, (unsigned long long)s->bytes_out, st->info->users,
             st->info->users);
    buf_addz(b, "><java.net.URL>");
    enc_xml(b, url_of(st, s));
    buf_addz(b, "</java.net.URL>");
    if (!failed(s)) {
        buf_addz(b, "</httpSample>\n");
        return;
    }
    buf_addz(b, "<assertionResult><name>reprise</name><failure>true</failure><error>false</error>"
                "<failureMessage>");
    enc_xml(b, why(s, message));
    buf_addz(b, "</failureMessage></assertionResult></httpSample>\n");
}

/* ---- vegeta and Locust ------------------------------------------------------------------------------------ */

/* The twelve columns of vegeta 12.3 and later; the step stands as the attack's name. No body, no headers. */
static void write_vegeta(struct stream *st, const struct sample *s, struct slice message)
{
    struct buf *b = &st->text;
    buf_addf(b, "%lld,%u,%llu,%llu,%llu,", (long long)utc_ns(st, s->start_ns), s->status,
             (unsigned long long)span(s->start_ns, s->end_ns), (unsigned long long)s->bytes_out,
             (unsigned long long)s->bytes_in);
    csv_add_field(b, why(s, message));
    buf_addz(b, ",,");
    csv_add_field(b, label(st, s));
    buf_addf(b, ",%llu,", (unsigned long long)st->number);
    csv_add_field(b, st->info->steps[s->step].method);
    buf_addc(b, ',');
    csv_add_field(b, url_of(st, s));
    buf_addz(b, ",\n");
}

/* Locust's CsvRequestLogger; response_time_ms is from the intended start, as in our Locust tables. */
static void write_requests(struct stream *st, const struct sample *s, struct slice message)
{
    struct buf *b = &st->text;
    buf_addf(b, "%.6f,", (double)utc_ns(st, s->end_ns) / (double)NS_PER_S);
    csv_add_field(b, st->info->steps[s->step].method);
    buf_addc(b, ',');
    csv_add_field(b, label(st, s));
    buf_addf(b, ",%.3f,%llu,%u,", stats_ms(span(s->intended_ns, s->end_ns)),
             (unsigned long long)s->bytes_in, s->status);
    csv_add_field(b, why(s, message));
    buf_addz(b, "\n");
}

static const struct sample_format formats[] = {
    { "jtl",
      "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
      "failureMessage,bytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n",
      "", write_jtl_csv },
    { "jtl-xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testResults version=\"1.2\">\n",
      "</testResults>\n", write_jtl_xml },
    { "vegeta", "", "", write_vegeta },
    { "requests",
      "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\n", "",
      write_requests },
};

static void flush(struct stream *st)
{
    if (st->text.n) fwrite(st->text.p, 1, st->text.n, st->file.f);
    buf_reset(&st->text);
}

static void on_sample(void *arg, const struct run_info *info, const struct sample *s,
                      struct slice message)
{
    struct stream *st = arg;
    st->info = info;
    st->format->write(st, s, message);
    st->number++;
    if (st->text.n > CHUNK) flush(st);
}

static const struct sample_format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (slice_eq(slice_z(formats[i].name), slice_z(name))) return &formats[i];
    return NULL;
}

bool archive_export(const struct archive_set *set, const char *format, const char *path,
                    struct err *err)
{
    struct stream st = { .format = find_format(format) };
    if (!st.format) return err_set(err, ERR_USAGE, "no sample format \"%s\"", format);
    if (!file_out_open(&st.file, path, err)) return false;
    buf_init(&st.text, 1U << 24);
    buf_init(&st.url, 1U << 20);
    buf_addz(&st.text, st.format->head);
    bool ok = true;
    for (size_t i = 0; ok && i < set->n; i++)
        ok = archive_samples(set->paths[i], set->filter, on_sample, &st, err);
    buf_addz(&st.text, st.format->tail);
    flush(&st);
    buf_free(&st.text);
    buf_free(&st.url);
    if (ok) return file_out_commit(&st.file, err);
    file_out_abort(&st.file);
    return false;
}
