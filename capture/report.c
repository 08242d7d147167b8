/* The completeness report, for machines and for people. Called by cli/cmd_capture.c.
 *
 * The names here are part of what scripts rely on: add, never rename. */
#include "base/json.h"
#include "base/num.h"
#include "capture/capture.h"

static const char *const lost_names[CAPTURE_LOST] = {
    "",       "gap",           "no-answer", "no-request", "reset",
    "closed", "capture-ended", "malformed", "too-big",    "idle",
};
static const char *const protocol_names[CAPTURE_PROTOCOLS] = {
    "http1", "http2", "http2-joined-in-the-middle", "websocket", "tls", "ssl2", "other", "no-data",
};
static const char *const tls_names[CAPTURE_TLS] = {
    "decrypted",   "no_key", "joined_in_the_middle", "gap",
    "unsupported", "failed", "incomplete",           "refused",
};

const char *capture_lost_name(enum capture_lost lost)
{
    return lost_names[lost];
}

const char *capture_protocol_name(enum capture_protocol p)
{
    return protocol_names[p];
}

const char *capture_tls_name(enum capture_tls t)
{
    return tls_names[t];
}

/* An object of the counters that are not zero. */
static void counters(struct jsonw *w, const char *key, const char *const *names, const uint64_t *v,
                     size_t n)
{
    jsonw_put_object(w, key);
    for (size_t i = 0; i < n; i++)
        if (names[i][0] && v[i]) jsonw_put_u64(w, names[i], v[i]);
    jsonw_object_end(w);
}

/* "decrypted" and "no_key" are always there. */
static void tls_json(struct jsonw *w, const struct capture_report *r)
{
    jsonw_put_object(w, "tls");
    for (size_t i = 0; i < CAPTURE_TLS; i++)
        if (r->tls[i] || i == TLS_DECRYPTED || i == TLS_NO_KEY)
            jsonw_put_u64(w, tls_names[i], r->tls[i]);
    jsonw_object_end(w);
    jsonw_put_object(w, "no_key_hosts");
    for (size_t i = 0; i < r->no_key_n; i++)
        jsonw_put_u64(w, r->no_key[i].name, r->no_key[i].n);
    jsonw_object_end(w);
}

static void packets_json(struct jsonw *w, const struct capture_report *r)
{
    jsonw_put_u64(w, "packets", r->packets);
    jsonw_put_u64(w, "bytes", r->bytes);
    jsonw_put_u64(w, "kernel_drops", r->kernel_drops);
    jsonw_put_u64(w, "flows", r->flows);
    jsonw_put_object(w, "not_decoded");
    jsonw_put_u64(w, "not_tcp", r->not_tcp);
    jsonw_put_u64(w, "quic", r->quic);
    jsonw_put_u64(w, "unknown_link", r->unknown_link);
    jsonw_put_u64(w, "short_headers", r->short_headers);
    jsonw_put_u64(w, "fragments_lost", r->fragments_lost);
    jsonw_object_end(w);
    jsonw_put_object(w, "tcp");
    jsonw_put_u64(w, "segments", r->tcp_segments);
    jsonw_put_u64(w, "retransmitted", r->retransmitted);
    jsonw_put_u64(w, "out_of_order", r->out_of_order);
    jsonw_put_u64(w, "differing_copies", r->differing);
    jsonw_put_u64(w, "cut_packets", r->cut);
    jsonw_put_u64(w, "gaps", r->gaps);
    jsonw_put_u64(w, "gap_bytes", r->gap_bytes);
    jsonw_put_u64(w, "expired_flows", r->expired_flows);
    jsonw_put_u64(w, "evicted_flows", r->evicted_flows);
    jsonw_object_end(w);
}

void capture_report_json(const struct capture_report *r, struct buf *out)
{
    struct jsonw w = { .out = out, .indent = 2 };
    jsonw_object(&w);
    packets_json(&w, r);
    jsonw_put_object(&w, "exchanges");
    jsonw_put_u64(&w, "complete", r->complete);
    jsonw_put_u64(&w, "incomplete", r->incomplete);
    jsonw_object_end(&w);
    counters(&w, "incomplete", lost_names, r->lost, CAPTURE_LOST);
    tls_json(&w, r);
    counters(&w, "protocols", protocol_names, r->protocol, CAPTURE_PROTOCOLS);
    jsonw_put_u64(&w, "pushed", r->pushed);
    jsonw_put_u64(&w, "web_socket_messages", r->web_socket_messages);
    jsonw_put_u64(&w, "skipped_bytes", r->skipped_bytes);
    jsonw_put_u64(&w, "damaged_files", r->damaged_files);
    if (r->damaged_files) {
        jsonw_put_z(&w, "trouble", r->trouble);
    }
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}

/* ---- text ---- */

#define U(v) ((unsigned long long)(v))

static void list(struct buf *out, const char *const *names, const uint64_t *v, size_t n)
{
    const char *between = "";
    for (size_t i = 0; i < n; i++) {
        if (!v[i] || !names[i][0]) continue;
        buf_addf(out, "%s%llu %s", between, U(v[i]), names[i]);
        between = ", ";
    }
}

static void packets_text(const struct capture_report *r, struct buf *out)
{
    buf_addf(out, "packets     %llu, %llu lost by the kernel", U(r->packets), U(r->kernel_drops));
    if (r->cut) buf_addf(out, ", %llu cut by the snap length", U(r->cut));
    if (r->unknown_link) buf_addf(out, ", %llu of an unknown link type", U(r->unknown_link));
    if (r->short_headers) buf_addf(out, ", %llu with damaged headers", U(r->short_headers));
    if (r->quic) buf_addf(out, ", %llu QUIC (HTTP/3 is not decoded)", U(r->quic));
    buf_addf(out, "\nflows       %llu%s", U(r->flows), r->flows ? ": " : "");
    list(out, protocol_names, r->protocol, CAPTURE_PROTOCOLS);
    if (r->gaps)
        buf_addf(out, "\ngaps        %llu, %llu bytes missing", U(r->gaps), U(r->gap_bytes));
    if (r->differing)
        buf_addf(out, "\noverlaps    %llu copies differ from the first", U(r->differing));
}

static void tls_text(const struct capture_report *r, struct buf *out)
{
    uint64_t all = 0;
    for (size_t i = 0; i < CAPTURE_TLS; i++)
        all += r->tls[i];
    if (!all) return;
    buf_addf(out, "TLS         %llu connections: ", U(all));
    list(out, tls_names, r->tls, CAPTURE_TLS);
    buf_addc(out, '\n');
    for (size_t i = 0; i < r->no_key_n; i++)
        buf_addf(out, "  no key    %llu %s\n", U(r->no_key[i].n), r->no_key[i].name);
}

void capture_report_text(const struct capture_report *r, struct buf *out)
{
    packets_text(r, out);
    buf_addf(out, "\nexchanges   %llu complete, %llu incomplete", U(r->complete), U(r->incomplete));
    if (r->incomplete) {
        buf_addz(out, ": ");
        list(out, lost_names, r->lost, CAPTURE_LOST);
    }
    buf_addc(out, '\n');
    tls_text(r, out);
    if (r->damaged_files) buf_addf(out, "damaged     %s\n", r->trouble);
}
