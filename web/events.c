/* A ring of whole events, oldest dropped first. Written by whoever has something to tell, read by
 * server.c for each stream; both hold the web's lock. Invariant: the texts from first to next-1 are there
 * and their bytes add up to bytes. */
#include "web/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct events {
    struct slice text[EVENTS_MAX]; /* by number modulo EVENTS_MAX; owned */
    uint64_t first, next;
    size_t bytes;
};

struct events *events_new(void)
{
    return mem_alloc(1, sizeof(struct events));
}

static void drop_oldest(struct events *e)
{
    struct slice *s = &e->text[e->first++ % EVENTS_MAX];
    e->bytes -= s->n;
    free((void *)(uintptr_t)s->p);
    *s = (struct slice){ NULL, 0 };
}

void events_free(struct events *e)
{
    if (!e) return;
    while (e->first < e->next)
        drop_oldest(e);
    free(e);
}

void events_push(struct events *e, const char *name, struct slice data)
{
    struct buf b = BUF_INIT(EVENTS_BYTES);
    buf_addz(&b, "event: ");
    buf_addz(&b, name);
    buf_addz(&b, "\ndata: ");
    buf_add(&b, data);
    buf_addz(&b, "\n\n");
    if (!b.bad) {
        while (e->first < e->next &&
               (e->next - e->first == EVENTS_MAX || e->bytes + b.n > EVENTS_BYTES))
            drop_oldest(e);
        e->text[e->next++ % EVENTS_MAX] = (struct slice){ mem_dup(b.p, b.n), b.n };
        e->bytes += b.n;
    }
    buf_free(&b);
}

struct events_cursor events_end(const struct events *e)
{
    return (struct events_cursor){ .next = e->next };
}

size_t events_read(const struct events *e, struct events_cursor *c, char *out, size_t max)
{
    size_t n = 0;
    if (c->next < e->first) {
        if (c->offset > 0) return EVENTS_LOST;
        c->missed += e->first - c->next;
        c->next = e->first;
    }
    while (c->next < e->next && n < max) {
        struct slice s = slice_from(e->text[c->next % EVENTS_MAX], c->offset);
        size_t take = s.n < max - n ? s.n : max - n;
        memcpy(out + n, s.p, take);
        n += take;
        c->offset += take;
        if (take < s.n) break;
        c->next++;
        c->offset = 0;
    }
    return n;
}

uint64_t events_count(const struct events *e)
{
    return e->next;
}
