/* WebSockets of a recording: what a replay without them lacks.
 *
 * Called by correlate after origins are chosen. Sockets are not replayed; the report says how many there were,
 * and names each value that requests carry and that only a message gave: it stays as it was recorded. */
#include "scenarios/chars.h"
#include "scenarios/correlate/report.h"
#include "scenarios/value.h"

#define MESSAGE_MAX ((size_t)1 << 20) /* bytes of one that are read */

/* Whether some request behind the message carries the value as a token of its own. */
static struct use *use_behind(const struct flow *f, const struct value *v, int64_t time_ns)
{
    for (struct use *u = v->uses; u; u = u->next) {
        int64_t start = f->zero_ns + f->items[u->node->step].start_ns;
        bool later = time_ns <= 0 || f->zero_ns == TIME_UNKNOWN || start >= time_ns;
        if (later && !u->node->secondary && !u->expr.n && !use_is_inside(u)) return u;
    }
    return NULL;
}

static void read_text(struct flow *f, struct slice text, int64_t time_ns)
{
    struct value *v = flow_value(f, text);
    if (!v || v->bits < BITS_STRONG || v->origins || v->in_static) return;
    struct use *u = use_behind(f, v, time_ns);
    if (!u) return;
    struct slice place = report_place(f, u->node);
    v->by_socket = true;
    report_warn(f, "extract it from an HTTP answer in the scenario, if one gives it too",
                "%.*s: only a WebSocket message gave this value, and WebSockets are not replayed: "
                "it stays as recorded",
                SL_FMT(place));
}

static void read_message(struct flow *f, const struct ws_message *m)
{
    struct slice t = slice_sub(m->data, 0, MESSAGE_MAX);
    if (m->direction != WS_RECEIVE) return;
    for (size_t i = 0; i < t.n;) {
        size_t from = i;
        while (i < t.n && char_is(t.p[i], CHAR_ALNUM | CHAR_DASH | CHAR_POINT))
            i++;
        if (i > from) read_text(f, slice_sub(t, from, i), m->time_ns);
        if (i == from) i++;
    }
}

void flow_sockets(struct flow *f, const struct session *s)
{
    size_t sockets = 0, messages = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct exchange *ex = s->exchanges[i];
        sockets += ex->ws_n > 0 || ex->response.status == 101;
        messages += ex->ws_n;
        for (size_t k = 0; k < ex->ws_n; k++)
            read_message(f, &ex->ws[k]);
    }
    if (sockets)
        report_warn(f, "nothing: load their server with another tool if they matter",
                    "%zu WebSocket%s with %zu message%s: reprise replays HTTP, not these", sockets,
                    sockets == 1 ? "" : "s", messages, messages == 1 ? "" : "s");
}
