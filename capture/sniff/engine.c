/* From flows to decoders: makes a connection at the first data of a flow and frees it with its end.
 * The callbacks of flow.c.
 *
 * Invariant: flow.user is NULL (no data yet) or a conn with a decoder on top. The client is who sent the
 * SYN; without one, detect.c finds it out from what is said. */
#include "capture/sniff/engine.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void print_ip(const struct endpoint *e, char *out, size_t size)
{
    static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
    bool is_v4 = memcmp(e->ip, v4, 12) == 0;
    inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? e->ip + 12 : e->ip, out, (socklen_t)size);
}

void conn_set_sides(struct conn *c, bool swapped)
{
    const struct endpoint *client = &c->flow->end[swapped], *server = &c->flow->end[!swapped];
    char ip[48];
    c->swapped = swapped;
    c->server_port = server->port;
    print_ip(server, c->server_ip, sizeof c->server_ip);
    print_ip(client, ip, sizeof ip);
    snprintf(c->client, sizeof c->client, strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip,
             (unsigned)client->port);
}

bool conn_from_start(const struct conn *c)
{
    return c->flow->syn[0] || c->flow->syn[1];
}

void conn_count(struct conn *c, enum capture_protocol p)
{
    if (c->protocol_counted) return;
    c->protocol_counted = true;
    c->sniff->report->protocol[p]++;
}

static struct conn *make(struct sniff *s, struct flow *f)
{
    struct conn *c = mem_alloc(1, sizeof *c);
    c->sniff = s;
    c->flow = f;
    c->tls_ns = TIME_UNKNOWN;
    snprintf(c->id, sizeof c->id, "%llu", (unsigned long long)f->id);
    conn_set_sides(c, f->client == 1);
    c->top = detect_new(c, false, f->client >= 0);
    f->user = c;
    return c;
}

static void on_data(void *arg, struct flow *f, int dir, int64_t ts_ns, struct slice data)
{
    struct conn *c = f->user ? f->user : make(arg, f);
    c->top->ops->data(c->top, dir, ts_ns, data);
    f->keep = c->waits;
}

static void on_gap(void *arg, struct flow *f, int dir, uint64_t bytes)
{
    struct conn *c = f->user ? f->user : make(arg, f);
    c->top->ops->gap(c->top, dir, bytes);
}

static void on_fin(void *arg, struct flow *f, int dir, int64_t ts_ns)
{
    struct conn *c = f->user;
    (void)arg;
    if (c) c->top->ops->fin(c->top, dir, ts_ns);
}

static void on_close(void *arg, struct flow *f, enum flow_end how)
{
    struct sniff *s = arg;
    struct conn *c = f->user;
    if (!c) {
        s->report->protocol[PROTO_SILENT]++;
        return;
    }
    c->how = how;
    proto_free(c->top);
    free(c);
    f->user = NULL;
}

const struct flow_ops conn_flow_ops = { on_data, on_gap, on_fin, on_close };
