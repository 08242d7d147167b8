/* The demo target's routes: which request means what, and who may make it.
 *
 * Called by demo_server.c with one whole request at a time. One const table; every handler fills the
 * reply and counts in the state. Nothing here knows sockets, so that unit tests call it directly. */
#include "cli/demo.h"

#include "base/json.h"
#include "base/num.h"
#include "http/form.h"

#define MAX_QUANTITY 1000

struct route {
    const char *method, *path; /* a path that ends in '/' takes one more segment: ask->tail */
    const char *behind;        /* what must follow that segment, "" mostly */
    void (*answer)(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply);
};

/* ---- small answers ----------------------------------------------------------------------------- */

static void say(struct demo_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->type = "text/plain; charset=utf-8";
    buf_addz(&reply->body, text);
}

static void say_static(struct demo_reply *reply, const char *type, const char *text)
{
    say(reply, 200, text);
    reply->type = type;
}

static struct buf *json(struct demo_reply *reply, unsigned status)
{
    reply->status = status;
    reply->type = "application/json";
    return &reply->body;
}

static struct buf *html(struct demo_reply *reply, unsigned status)
{
    reply->status = status;
    reply->type = "text/html; charset=utf-8";
    return &reply->body;
}

static void redirect(struct demo_reply *reply, struct slice to)
{
    say(reply, 303, "");
    reply->location = to;
}

static void json_error(struct demo_reply *reply, unsigned status, const char *error)
{
    struct jsonw w = { .out = json(reply, status) };
    jsonw_object(&w);
    jsonw_put_z(&w, "error", error);
    jsonw_object_end(&w);
}

static void json_token(struct demo_reply *reply, const struct demo_visitor *v)
{
    struct jsonw w = { .out = json(reply, 200) };
    jsonw_object(&w);
    jsonw_put_z(&w, "token", v->token);
    jsonw_put_z(&w, "token_type", "Bearer");
    jsonw_put_u64(&w, "expires_in", 3600);
    jsonw_object_end(&w);
}

/* ---- reading the request ----------------------------------------------------------------------- */

static struct slice form_value(struct demo_ask *ask, struct slice name)
{
    size_t n;
    const struct form_field *f = form_parse(ask->arena, ask->body, &n);
    for (size_t i = 0; i < n; i++)
        if (slice_eq(f[i].name, name)) return f[i].value;
    return (struct slice){ 0 };
}

/* A member of the body's outermost object, as text: strings unescaped, numbers as written. */
static struct slice json_member(struct demo_ask *ask, struct slice name)
{
    struct json j;
    json_init(&j, ask->body);
    if (json_next(&j) != JSON_OBJECT) return (struct slice){ 0 };
    while (json_next(&j) == JSON_KEY) {
        bool wanted = json_key_is(&j, name);
        enum json_tok tok = json_next(&j);
        if (wanted) return tok == JSON_STRING ? json_str(&j, ask->arena) : j.raw;
        if (!json_skip(&j)) break;
    }
    return (struct slice){ 0 };
}

/* The visitor whose token is behind prefix in the Authorization header; NULL: the reply says 401. */
static struct demo_visitor *by_token(struct demo_state *s, struct demo_ask *ask,
                                     struct slice prefix, struct demo_reply *reply)
{
    struct demo_visitor *v = NULL;
    if (slice_starts(ask->authorization, prefix))
        v = demo_by_token(s, slice_from(ask->authorization, prefix.n));
    if (v)
        demo_authorised(s, v);
    else
        json_error(reply, 401, "a valid token is needed in Authorization");
    return v;
}

static struct demo_visitor *bearer(struct demo_state *s, struct demo_ask *ask,
                                   struct demo_reply *reply)
{
    return by_token(s, ask, SL("Bearer "), reply);
}

/* The signed-in visitor of the cookie; the CSRF value must be the session's. NULL: the reply says 403. */
static struct demo_visitor *by_cookie(struct demo_state *s, struct demo_ask *ask, struct slice csrf,
                                      struct demo_reply *reply)
{
    struct demo_visitor *v = demo_by_sid(s, ask->sid);
    if (v && v->signed_in && slice_eq(csrf, slice_z(v->csrf))) {
        demo_authorised(s, v);
        return v;
    }
    json_error(reply, 403, "the session or the CSRF value is not valid");
    return NULL;
}

/* ---- the blog post's server -------------------------------------------------------------------- */

static void text_login(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct slice name = form_value(ask, SL("username"));
    const struct demo_visitor *v = demo_sign_in(s, name, form_value(ask, SL("password")));
    if (v)
        say(reply, 200, v->token);
    else
        say(reply, 401, "wrong name or password\n");
}

static void text_index(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = by_token(s, ask, SL(""), reply);
    if (!v) return;
    say(reply, 200, "Hello, ");
    buf_addf(&reply->body, "%s!\n", v->name);
}

/* ---- the shop's pages -------------------------------------------------------------------------- */

static void shop_index(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = demo_by_sid(s, ask->sid);
    if (!v || !v->signed_in) {
        redirect(reply, SL("/shop/login"));
        return;
    }
    demo_authorised(s, v);
    demo_page_shop(html(reply, 200), v);
}

static void login_page(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    (void)ask;
    struct demo_visitor *v = demo_visit(s);
    if (!v) {
        say(reply, 503, "full\n");
        return;
    }
    reply->cookie = v->sid;
    demo_page_login(html(reply, 200), v->csrf, NULL);
}

static void form_login(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    const struct demo_visitor *page = demo_by_sid(s, ask->sid), *v;
    if (!page || !slice_eq(form_value(ask, SL("csrf")), slice_z(page->csrf))) {
        demo_state_truth(s)->failed_logins++;
        say(reply, 403, "this form is out of date: load the page again\n");
        return;
    }
    v = demo_sign_in(s, form_value(ask, SL("username")), form_value(ask, SL("password")));
    if (!v) {
        demo_page_login(html(reply, 401), page->csrf, "Wrong name or password.");
        return;
    }
    reply->cookie = v->sid;
    redirect(reply, SL("/shop/"));
}

static void form_logout(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = by_cookie(s, ask, form_value(ask, SL("csrf")), reply);
    if (!v) return;
    demo_sign_out(s, v);
    reply->cookie = "";
    redirect(reply, SL("/shop/login"));
}

static void shop_css(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    (void)s;
    (void)ask;
    say_static(reply, "text/css", demo_css);
}

static void shop_js(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    (void)s;
    (void)ask;
    say_static(reply, "text/javascript", demo_js);
}

static void shop_icon(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    (void)s;
    (void)ask;
    say_static(reply, "image/svg+xml", demo_icon);
}

/* ---- the shop's API ---------------------------------------------------------------------------- */

static void api_login(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct slice name = json_member(ask, SL("username"));
    const struct demo_visitor *v = demo_sign_in(s, name, json_member(ask, SL("password")));
    if (v)
        json_token(reply, v);
    else
        json_error(reply, 401, "wrong name or password");
}

/* The page's script turns its cookie session into a bearer token. */
static void api_token(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = by_cookie(s, ask, ask->csrf_header, reply);
    if (v) json_token(reply, v);
}

static void api_items(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    if (bearer(s, ask, reply)) demo_json_items(json(reply, 200));
}

static bool item_index(struct slice id, unsigned *index)
{
    uint64_t v;
    if (!num_u64(id, DEMO_ITEMS, &v) || v == 0) return false;
    *index = (unsigned)v - 1;
    return true;
}

static void api_item(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    unsigned index;
    if (!bearer(s, ask, reply)) return;
    if (item_index(ask->tail, &index))
        demo_json_item(json(reply, 200), index);
    else
        json_error(reply, 404, "no such item");
}

static void api_cart(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = bearer(s, ask, reply);
    if (v) demo_json_cart(json(reply, 200), v);
}

static void api_cart_add(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = bearer(s, ask, reply);
    if (!v) return;
    unsigned index;
    uint64_t quantity;
    if (!item_index(json_member(ask, SL("item")), &index) ||
        !num_u64(json_member(ask, SL("quantity")), MAX_QUANTITY, &quantity)) {
        json_error(reply, 422, "wanted: {\"item\": 1 to 12, \"quantity\": 0 to 1000}");
        return;
    }
    v->cart[index] = (v->cart[index] + (unsigned)quantity) % (MAX_QUANTITY + 1);
    demo_json_cart(json(reply, 200), v);
}

static void api_order(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_visitor *v = bearer(s, ask, reply);
    if (!v) return;
    const struct demo_order *o = demo_order(s, v);
    if (!o) {
        json_error(reply, 409, "the cart is empty");
        return;
    }
    demo_json_order(json(reply, 201), o);
    reply->location = arena_printf(ask->arena, "/api/orders/%s", o->id);
}

/* The bearer's own order of the path; NULL: the reply says why. */
static struct demo_order *own_order(struct demo_state *s, struct demo_ask *ask,
                                    struct demo_reply *reply)
{
    struct demo_visitor *v = bearer(s, ask, reply);
    if (!v) return NULL;
    struct demo_order *o = demo_order_by_id(s, ask->tail);
    if (o && o->owner == v) return o;
    json_error(reply, 404, "no such order of yours");
    return NULL;
}

static void api_order_read(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    const struct demo_order *o = own_order(s, ask, reply);
    if (!o) return;
    demo_state_truth(s)->orders_read++;
    demo_json_order(json(reply, 200), o);
}

static void api_order_pay(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_order *o = own_order(s, ask, reply);
    if (!o) return;
    if (o->paid) {
        json_error(reply, 409, "paid already");
        return;
    }
    o->paid = true;
    demo_state_truth(s)->paid++;
    demo_json_order(json(reply, 200), o);
}

/* ---- for trying things ------------------------------------------------------------------------- */

static void any_status(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    (void)s;
    uint64_t status;
    bool fine = num_u64(ask->tail, 599, &status) && status >= 200;
    say(reply, fine ? (unsigned)status : 404, "as you wish\n");
}

/* ---- routing ----------------------------------------------------------------------------------- */

static const struct route routes[] = {
    { "POST", "/login", "", text_login },
    { "GET", "/", NULL, text_index },
    { "GET", "/shop/", NULL, shop_index },
    { "GET", "/shop/login", "", login_page },
    { "POST", "/shop/login", "", form_login },
    { "POST", "/shop/logout", "", form_logout },
    { "GET", "/shop/style.css", "", shop_css },
    { "GET", "/shop/shop.js", "", shop_js },
    { "GET", "/shop/icon.svg", "", shop_icon },
    { "POST", "/api/login", "", api_login },
    { "POST", "/api/token", "", api_token },
    { "GET", "/api/items", "", api_items },
    { "GET", "/api/items/", "", api_item },
    { "GET", "/api/cart", "", api_cart },
    { "POST", "/api/cart", "", api_cart_add },
    { "POST", "/api/orders", "", api_order },
    { "GET", "/api/orders/", "", api_order_read },
    { "POST", "/api/orders/", "/pay", api_order_pay },
    { "GET", "/status/", "", any_status },
};

/* Whether r answers this path; *tail is the segment that an open route takes. */
static bool fits(const struct route *r, struct slice path, struct slice *tail)
{
    struct slice pattern = slice_z(r->path);
    *tail = (struct slice){ 0 };
    if (!r->behind || !slice_ends(pattern, SL("/"))) return slice_eq(path, pattern);
    struct slice behind = slice_z(r->behind);
    if (!slice_starts(path, pattern) || path.n <= pattern.n + behind.n) return false;
    if (!slice_ends(path, behind)) return false;
    *tail = slice_sub(path, pattern.n, path.n - behind.n);
    return slice_chr(*tail, '/') == SLICE_NONE;
}

static const struct route *find(struct demo_ask *ask)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (slice_eq(ask->method, slice_z(routes[i].method)) &&
            fits(&routes[i], ask->path, &ask->tail))
            return &routes[i];
    return NULL;
}

void demo_route(struct demo_state *s, struct demo_ask *ask, struct demo_reply *reply)
{
    struct demo_truth *t = demo_state_truth(s);
    if (slice_eq(ask->path, SL("/truth"))) {
        demo_truth_json(t, json(reply, 200));
        return;
    }
    t->requests++;
    const struct route *r = find(ask);
    if (r)
        r->answer(s, ask, reply);
    else
        say(reply, 404, "no such page\n");
    t->refused += reply->status == 401 || reply->status == 403;
    t->missing += reply->status == 404;
}
