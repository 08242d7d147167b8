/* The server of engine_h2_test.c: reads a client's frames as far as it must know when a request is complete,
 * then plays the chosen script. The connections are the listener's. */
#include "tests/unit/scripted_h2.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/listener.h"

#define MAX_FRAME 16384

struct scripted_h2 {
    const struct h2_script *scripts;
    size_t n;
    struct listener *listener;
    atomic_size_t script;
    atomic_uint requests;
    atomic_uint_fast64_t body_bytes;
};

struct peer {
    struct scripted_h2 *server;
    int fd;
};

struct head {
    uint32_t n, stream;
    uint8_t type, flags;
};

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

static bool send_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool read_all(int fd, void *p, size_t n)
{
    return n == 0 || recv(fd, p, n, MSG_WAITALL) == (ssize_t)n;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool send_frame(int fd, const struct head *h, const void *payload)
{
    uint8_t *all = mem_alloc(1, 9 + h->n + 1);
    put32(all, h->n << 8);
    all[3] = h->type;
    all[4] = h->flags;
    put32(all + 5, h->stream);
    if (h->n) memcpy(all + 9, payload, h->n);
    bool ok = send_all(fd, all, 9 + h->n);
    free(all);
    return ok;
}

static bool read_frame(int fd, struct head *h, uint8_t *payload)
{
    uint8_t b[9];
    if (!read_all(fd, b, 9)) return false;
    *h = (struct head){ .n = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2],
                        .type = b[3],
                        .flags = b[4],
                        .stream = ((uint32_t)b[5] << 24 | (uint32_t)b[6] << 16 |
                                   (uint32_t)b[7] << 8 | b[8]) &
                                  0x7fffffff };
    return h->n <= MAX_FRAME && read_all(fd, payload, h->n);
}

/* ---- playing -------------------------------------------------------------------------------------------------- */

static bool play_frame(int fd, const struct frame *f, uint32_t stream)
{
    struct head h = { (uint32_t)f->n, stream, f->type, f->flags };
    if (f->on == ON_CONNECTION) h.stream = 0;
    if (f->on == ON_IDLE) h.stream = stream + 100;
    for (unsigned i = 0; i < (f->times ? f->times : 1); i++)
        if (!(f->raw ? send_all(fd, f->p, f->n) : send_frame(fd, &h, f->p))) return false;
    return true;
}

/* Closing with bytes unread would be a reset. */
static void finish(int fd, enum ending ending)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    char sink[4096];
    if (ending == END_RESET) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    if (ending != END_CLOSE) return;
    shutdown(fd, SHUT_WR);
    while (recv(fd, sink, sizeof sink, 0) > 0) {
    }
}

/* False: the connection is over. */
static bool play(struct peer *p, uint32_t stream)
{
    struct scripted_h2 *s = p->server;
    size_t i = atomic_load(&s->script);
    const struct h2_script *script = &s->scripts[i];
    atomic_fetch_add(&s->requests, 1);
    if (script->once) atomic_store(&s->script, 0);
    for (size_t k = 0; k < FRAMES_MAX && script->frames[k].p; k++)
        if (!play_frame(p->fd, &script->frames[k], stream)) return false;
    finish(p->fd, script->ending);
    return script->ending == END_KEEP || script->ending == END_STALL;
}

static bool allow(const struct peer *p, uint32_t stream, uint32_t bytes)
{
    uint8_t more[4];
    put32(more, bytes);
    return send_frame(p->fd, &(struct head){ 4, 0, F_WINDOW, 0 }, more) &&
           send_frame(p->fd, &(struct head){ 4, stream, F_WINDOW, 0 }, more);
}

static bool take(struct peer *p, const struct head *h, const uint8_t *payload)
{
    const struct h2_script *script = &p->server->scripts[atomic_load(&p->server->script)];
    bool ends = (h->type == F_HEADERS || h->type == F_DATA) && (h->flags & FLAG_END);
    if (h->type == F_SETTINGS && !(h->flags & FLAG_ACK))
        return send_frame(p->fd, &(struct head){ 0, 0, F_SETTINGS, FLAG_ACK }, NULL);
    if (h->type == F_PING && !(h->flags & FLAG_ACK))
        return send_frame(p->fd, &(struct head){ 8, 0, F_PING, FLAG_ACK }, payload);
    if (h->type == F_DATA) atomic_fetch_add(&p->server->body_bytes, h->n);
    if (ends) return play(p, h->stream);
    uint32_t step = script->window_step;
    if (step && (h->type == F_HEADERS || h->type == F_DATA)) return allow(p, h->stream, step);
    return true;
}

static bool greet(const struct peer *p)
{
    const struct h2_script *s = &p->server->scripts[atomic_load(&p->server->script)];
    uint8_t preface[24], settings[12] = { 0, 3, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0 };
    if (!read_all(p->fd, preface, sizeof preface)) return false;
    if (s->greeting) return send_all(p->fd, s->greeting, strlen(s->greeting));
    put32(settings + 2, s->max_streams ? s->max_streams : 100);
    put32(settings + 8, s->window ? s->window - 1 : 65535);
    return send_frame(p->fd, &(struct head){ 12, 0, F_SETTINGS, 0 }, settings);
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static void serve(void *server, int fd)
{
    struct peer p = { server, fd };
    uint8_t payload[MAX_FRAME];
    struct head h;
    bool on = greet(&p);
    while (on && read_frame(fd, &h, payload))
        on = take(&p, &h, payload);
}

struct scripted_h2 *scripted_h2_new(const struct h2_script *scripts, size_t n)
{
    struct scripted_h2 *s = mem_alloc(1, sizeof *s);
    s->scripts = scripts;
    s->n = n;
    s->listener = listener_new(serve, s);
    return s;
}

uint16_t scripted_h2_port(const struct scripted_h2 *s)
{
    return listener_port(s->listener);
}

void scripted_h2_play(struct scripted_h2 *s, size_t script)
{
    atomic_store(&s->script, script);
}

unsigned scripted_h2_requests(const struct scripted_h2 *s)
{
    return atomic_load(&s->requests);
}

uint64_t scripted_h2_body_bytes(const struct scripted_h2 *s)
{
    return atomic_load(&s->body_bytes);
}

void scripted_h2_free(struct scripted_h2 *s)
{
    listener_free(s->listener);
    free(s);
}
