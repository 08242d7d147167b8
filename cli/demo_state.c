/* The demo target's memory: visitors, tokens, orders and the counts behind GET /truth.
 *
 * Called by demo_route.c on the server's thread only. Every secret comes from the kernel's random
 * numbers, so that nothing of a recording is valid in another process. At most MAX_VISITORS visitors and
 * MAX_ORDERS orders are kept; nothing is forgotten before the end. */
#include "cli/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/enc.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"

#define MAX_VISITORS 1000000
#define MAX_ORDERS 4000000
#define DEMO_PASSWORD "demo-pass-1"

struct demo_state {
    struct demo_truth truth;
    struct map *by_sid, *by_token, *orders;
    struct demo_visitor *visitors;
    struct demo_order *order_list;
    size_t visitors_n, orders_n;
};

const struct demo_item demo_items[DEMO_ITEMS] = {
    { "Tape deck", "Two heads, one motor, no hiss.", 18900 },
    { "Blank tape", "Ninety minutes, chrome.", 350 },
    { "Splicing kit", "Blade, block and tape.", 2490 },
    { "Stopwatch", "Hundredths of a second.", 4900 },
    { "Notebook", "Squared paper, 96 pages.", 690 },
    { "Pencil set", "Six grades.", 890 },
    { "Headphones", "Closed, 64 ohm.", 7900 },
    { "Microphone", "Cardioid, with stand.", 11900 },
    { "Cable, 3 m", "Shielded.", 1290 },
    { "Patch bay", "24 by 24.", 9900 },
    { "Desk lamp", "Warm light.", 3990 },
    { "Coffee, 1 kg", "For the long runs.", 2190 },
};

struct demo_state *demo_state_new(void)
{
    struct demo_state *s = mem_alloc(1, sizeof *s);
    s->by_sid = map_new();
    s->by_token = map_new();
    s->orders = map_new();
    return s;
}

void demo_state_free(struct demo_state *s)
{
    if (!s) return;
    for (struct demo_visitor *v = s->visitors, *next; v; v = next) {
        next = v->next;
        free(v);
    }
    for (struct demo_order *o = s->order_list, *next; o; o = next) {
        next = o->next;
        free(o);
    }
    map_free(s->by_sid);
    map_free(s->by_token);
    map_free(s->orders);
    free(s);
}

struct demo_truth *demo_state_truth(struct demo_state *s)
{
    return &s->truth;
}

static void random_hex(char *out, size_t bytes)
{
    unsigned char raw[DEMO_SECRET];
    if (getrandom(raw, bytes, 0) != (ssize_t)bytes)
        abort(); /* small reads never fall short: getrandom(2) */
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static void new_secrets(struct demo_state *s, struct demo_visitor *v)
{
    random_hex(v->csrf, DEMO_SECRET);
    random_hex(v->token, DEMO_SECRET);
    random_hex(v->sid, DEMO_SECRET);
    *map_at(s->by_sid, slice_z(v->sid)) = v;
    *map_at(s->by_token, slice_z(v->token)) = v;
}

struct demo_visitor *demo_visit(struct demo_state *s)
{
    if (s->visitors_n == MAX_VISITORS) return NULL;
    struct demo_visitor *v = mem_alloc(1, sizeof *v);
    new_secrets(s, v);
    v->next = s->visitors;
    s->visitors = v;
    s->visitors_n++;
    return v;
}

struct demo_visitor *demo_by_sid(const struct demo_state *s, struct slice sid)
{
    return map_get(s->by_sid, sid);
}

struct demo_visitor *demo_by_token(const struct demo_state *s, struct slice token)
{
    struct demo_visitor *v = map_get(s->by_token, token);
    return v && v->signed_in ? v : NULL;
}

struct demo_visitor *demo_sign_in(struct demo_state *s, struct slice name, struct slice password)
{
    struct demo_visitor *v = NULL;
    if (name.n > 0 && name.n < sizeof v->name && slice_eq(password, SL(DEMO_PASSWORD)))
        v = demo_visit(s);
    if (!v) {
        s->truth.failed_logins++;
        return NULL;
    }
    memcpy(v->name, name.p, name.n);
    v->signed_in = true;
    s->truth.logins++;
    return v;
}

void demo_sign_out(struct demo_state *s, struct demo_visitor *v)
{
    v->signed_in = false;
    s->truth.logouts++;
}

void demo_authorised(struct demo_state *s, struct demo_visitor *v)
{
    s->truth.authorised++;
    s->truth.tokens_used += !v->used;
    v->used = true;
}

static unsigned empty_cart(struct demo_visitor *v)
{
    unsigned cents = 0;
    for (unsigned i = 0; i < DEMO_ITEMS; i++)
        cents += v->cart[i] * demo_items[i].cents;
    memset(v->cart, 0, sizeof v->cart);
    return cents;
}

struct demo_order *demo_order(struct demo_state *s, struct demo_visitor *v)
{
    unsigned cents = empty_cart(v);
    if (cents == 0 || s->orders_n == MAX_ORDERS) return NULL;
    struct demo_order *o = mem_alloc(1, sizeof *o);
    memcpy(o->id, "R-", 2);
    random_hex(o->id + 2, 6);
    o->owner = v;
    o->total_cents = cents;
    o->next = s->order_list;
    s->order_list = o;
    s->orders_n++;
    *map_at(s->orders, slice_z(o->id)) = o;
    s->truth.orders++;
    return o;
}

struct demo_order *demo_order_by_id(const struct demo_state *s, struct slice id)
{
    return map_get(s->orders, id);
}

void demo_truth_json(const struct demo_truth *t, struct buf *out)
{
    const struct {
        const char *key;
        uint64_t value;
    } members[] = {
        { "requests", t->requests },
        { "logins", t->logins },
        { "failed_logins", t->failed_logins },
        { "authorised", t->authorised },
        { "refused", t->refused },
        { "tokens_used", t->tokens_used },
        { "orders", t->orders },
        { "orders_read", t->orders_read },
        { "paid", t->paid },
        { "logouts", t->logouts },
        { "missing", t->missing },
    };
    struct jsonw w = { .out = out };
    jsonw_object(&w);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        jsonw_put_u64(&w, members[i].key, members[i].value);
    }
    jsonw_object_end(&w);
    buf_addc(out, '\n');
}
