/* The demo target: the blog post's server and a small shop, to record, replay and count against.
 *
 * Three doors, each with fresh random secrets for every login: POST /login (the token is the whole text
 * of the answer; GET / wants it as the whole Authorization header), the shop's HTML form (hidden CSRF
 * field, cookie session), POST /api/login (bearer token in JSON). GET /truth tells what was counted.
 * Everything runs on the server's one thread; the state is touched by others only after demo_stop. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define DEMO_ITEMS 12
#define DEMO_SECRET 24 /* random bytes in a session id, a CSRF token, a bearer token */
#define DEMO_SECRET_TEXT (2 * DEMO_SECRET)

/* What happened, in requests. /truth itself is not counted. */
struct demo_truth {
    uint64_t requests;
    uint64_t logins;        /* through any of the doors */
    uint64_t failed_logins; /* wrong password or CSRF value; counted in refused as well */
    uint64_t authorised;    /* needed a token or a session and had a good one */
    uint64_t refused;       /* answered 401 or 403 */
    uint64_t tokens_used;   /* different tokens and sessions seen with a good request */
    uint64_t orders, orders_read, paid, logouts;
    uint64_t missing; /* answered 404 */
};

/* One visitor: a cookie session, or a token without cookies. */
struct demo_visitor {
    char sid[DEMO_SECRET_TEXT + 1], csrf[DEMO_SECRET_TEXT + 1], token[DEMO_SECRET_TEXT + 1];
    char name[64];
    bool signed_in, used;
    unsigned cart[DEMO_ITEMS]; /* quantities */
    struct demo_visitor *next; /* all of them, for the end */
};

struct demo_order {
    char id[16];
    const struct demo_visitor *owner;
    unsigned total_cents;
    bool paid;
    struct demo_order *next;
};

/* ---- state ------------------------------------------------------------------------------------- */

struct demo_state;
struct demo_state *demo_state_new(void); /* gives */
void demo_state_free(struct demo_state *s);
struct demo_truth *demo_state_truth(struct demo_state *s);
/* A visitor with fresh secrets; NULL when there are too many. */
struct demo_visitor *demo_visit(struct demo_state *s);
struct demo_visitor *demo_by_sid(const struct demo_state *s, struct slice sid);
/* A signed-in visitor by token; NULL for unknown ones. */
struct demo_visitor *demo_by_token(const struct demo_state *s, struct slice token);
/* Checks the password and makes a signed-in visitor with fresh secrets; NULL, counted, if it is wrong
 * (or the house is full). */
struct demo_visitor *demo_sign_in(struct demo_state *s, struct slice name, struct slice password);
void demo_sign_out(struct demo_state *s, struct demo_visitor *v);
/* An order of what is in v's cart, which is empty afterwards; NULL if it was empty already. */
struct demo_order *demo_order(struct demo_state *s, struct demo_visitor *v);
struct demo_order *demo_order_by_id(const struct demo_state *s, struct slice id);
/* Counts an authorised request of v. */
void demo_authorised(struct demo_state *s, struct demo_visitor *v);
void demo_truth_json(const struct demo_truth *t, struct buf *out);

struct demo_item {
    const char *name, *about;
    unsigned cents;
};
extern const struct demo_item demo_items[DEMO_ITEMS];

/* ---- one request ------------------------------------------------------------------------------- */

struct demo_ask {
    struct slice method, path; /* without the query */
    struct slice tail;         /* of the path, behind the route's "/…/" */
    struct slice sid, authorization, csrf_header, body;
    struct arena *arena;
};

struct demo_reply {
    unsigned status;
    const char *type; /* Content-Type */
    struct buf body;
    struct slice location; /* empty: no such header */
    const char *cookie;    /* value of the session cookie to set, NULL: none */
};

void demo_route(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply);

/* ---- pages ------------------------------------------------------------------------------------- */

extern const char demo_css[], demo_js[], demo_icon[];
void demo_page_login(struct buf *out, const char *csrf, const char *complaint);
void demo_page_shop(struct buf *out, const struct demo_visitor *v);
void demo_json_items(struct buf *out);
void demo_json_item(struct buf *out, unsigned index);
void demo_json_cart(struct buf *out, const struct demo_visitor *v);
void demo_json_order(struct buf *out, const struct demo_order *o);

/* ---- server ------------------------------------------------------------------------------------ */

struct demo;
/* Listens on 127.0.0.1; port 0: the kernel's choice; delay_ns: the median pause before an answer. Gives. */
struct demo *demo_start(uint16_t port, uint64_t delay_ns, struct err *err);
uint16_t demo_port(const struct demo *d);
/* Ends the server, writes what was counted, frees. */
void demo_stop(struct demo *d, struct demo_truth *truth);

/* ---- the whole way ----------------------------------------------------------------------------- */

struct slice demo_har(void); /* the embedded recording */

struct demo_way_cfg {
    const char *folder; /* for its files; NULL: a new one in /tmp */
    const char *users, *run_time;
};
/* The exit code; 0 with err set when something of the demo itself fails. */
int demo_way(const struct demo_way_cfg *cfg, struct err *err);

#endif
