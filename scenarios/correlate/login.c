/* Credentials: which request logs in, and which recorded texts are the account's.
 *
 * Called before origins are chosen, so that a user name is never taken for a token. A password is known by
 * its field's name (or Basic authentication); the user's name is the nearest field in front of it. Both
 * become columns of the feed wherever they are used as a whole text. Without a feed of the user's, import
 * writes one with the recorded account: no secret stays in the scenario. */
#include "base/csv.h"
#include "scenarios/correlate/coding.h"
#include "scenarios/correlate/report.h"
#include "scenarios/value.h"
#include "scenarios/correlate/walk.h"

static void walk(struct node *n, void (*fn)(struct node *n, void *arg), void *arg)
{
    if (!n) return;
    fn(n, arg);
    for (struct node *c = n->children; c; c = c->next)
        walk(c, fn, arg);
}

void walk_nodes(struct item *it, void (*fn)(struct node *n, void *arg), void *arg)
{
    walk(it->target, fn, arg);
    for (size_t i = 0; i < it->headers_n; i++)
        walk(it->headers[i].value, fn, arg);
    for (size_t i = 0; i < it->fields_n; i++)
        walk(it->fields[i].value, fn, arg);
    walk(it->body, fn, arg);
    walk(it->cookie_node, fn, arg);
}

struct use *whole_use(const struct flow *f, const struct node *n)
{
    struct value *v = flow_value(f, n->text);
    for (struct use *u = v ? v->uses : NULL; u; u = u->next)
        if (u->node == n && u->from == 0 && u->to == n->text.n) return u;
    return NULL;
}

/* ---- finding -------------------------------------------------------------------------------------- */

struct login_fields {
    const struct flow *f;
    struct node *user, *password, *before; /* before: the last plain field seen */
    bool short_names;                      /* "u" and "p" */
};

static bool may_hold_account(const struct node *n)
{
    if (n->children || n->text.n == 0 || n->text.n > 200 || n->secondary) return false;
    if (n->where == AT_HEADER)
        return name_is_password(n->name) || slice_eq(n->name, SL("username"));
    return n->where == AT_FORM || n->where == AT_PART || n->where == AT_JSON ||
           n->where == AT_XML || n->where == AT_QUERY;
}

static void look(struct node *n, void *arg)
{
    struct login_fields *l = arg;
    if (!may_hold_account(n)) return;
    bool password = name_is_password(n->name) || is_digest_of_feed(l->f, n);
    if (password && !l->password) {
        if (slice_ieq(n->name, SL("p")) && !(l->user && slice_ieq(l->user->name, SL("u")))) return;
        l->password = n;
        return;
    }
    bool token = name_is_token(n->name) && value_bits(n->text) >= BITS_MEDIUM;
    if (token || slice_eq(n->name, SL("grant_type")) ||
        slice_ifind(n->name, SL("client")) != SLICE_NONE)
        return;
    if (name_is_user(n->name) && (!l->password || !l->user)) l->user = n;
    if (!l->password) l->before = n;
}

static bool has_any(struct slice text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_ifind(text, slice_z(words[i])) != SLICE_NONE) return true;
    return false;
}

static bool is_registration(const struct item *it)
{
    static const char *const words[] = { "register", "signup",  "sign-up",   "sign_up",
                                         "adduser",  "newuser", "users/new", "createaccount" };
    return has_any(it->url.target, words, sizeof words / sizeof *words);
}

struct passwords {
    struct slice first;
    size_t n;
    bool confirmed;
};

static void count_password(struct node *n, void *arg)
{
    static const char *const again[] = { "conf", "again", "repeat", "retype", "verif", "2" };
    struct passwords *p = arg;
    if (n->where == AT_HEADER || !may_hold_account(n) || !name_is_password(n->name)) return;
    if (p->n++ == 0)
        p->first = n->text;
    else if (slice_eq(p->first, n->text))
        p->confirmed |= has_any(n->name, again, sizeof again / sizeof *again);
}

bool makes_account(struct item *it)
{
    static const char *const logins[] = { "login",   "logon", "signin", "sign-in", "sign_in",
                                          "session", "auth",  "token",  "sso",     "connect" };
    struct passwords p = { 0 };
    if (!it->changes_state || it->ex->response.status >= 400) return false;
    walk_nodes(it, count_password, &p);
    if (p.confirmed || (p.n && is_registration(it))) return true;
    return p.n && it->ex->response.status == 201 &&
           !has_any(it->url.target, logins, sizeof logins / sizeof *logins);
}

static bool fields_of(const struct flow *f, struct item *it, struct login_fields *l)
{
    *l = (struct login_fields){ .f = f };
    if (it->is_static) return false;
    walk_nodes(it, look, l);
    if (!l->user) l->user = l->before;
    return l->password != NULL;
}

static struct item *find_login(struct flow *f, struct login_fields *l)
{
    struct item *first = NULL;
    struct login_fields fields = { 0 };
    for (size_t i = 0; i < f->n; i++) {
        struct item *it = &f->items[i];
        if (!fields_of(f, it, l)) continue;
        if (!first) {
            first = it;
            fields = *l;
        }
        if (it->ex->response.status < 400 && !is_registration(it) && !makes_account(it)) return it;
    }
    *l = fields;
    return first;
}

/* The login ends with the last redirect that it leads to, or the token request of an OAuth flow. */
static size_t login_end(struct flow *f, const struct item *login)
{
    size_t end = login->index;
    for (size_t i = end + 1; i < f->n; i++) {
        struct item *it = &f->items[i];
        if (it->hop_of && it->hop_of->index == end) end = i;
    }
    for (size_t i = end + 1; i < f->n && i < end + 40; i++) {
        const struct request *r = &f->items[i].ex->request;
        if (f->items[i].changes_state &&
            slice_find(r->body, SL("grant_type=authorization_code")) != SLICE_NONE)
            end = i;
    }
    return end;
}

/* ---- columns -------------------------------------------------------------------------------------- */

struct columns {
    struct slice *head, *row; /* row: the one that holds recorded values, NULL if none does */
    size_t n;
    size_t user, password;
};

static bool read_columns(struct flow *f, struct columns *c, struct slice user,
                         struct slice password)
{
    struct csv csv;
    struct slice *row;
    size_t n;
    csv_init(&csv, f->cfg->feed, f->cfg->feed_text);
    if (!csv_row(&csv, f->a, &c->head, &c->n, NULL) || !c->n) return false;
    while (csv_row(&csv, f->a, &row, &n, NULL) && !c->row)
        for (size_t i = 0; i < n && i < c->n; i++)
            if (slice_eq(row[i], user) || slice_eq(row[i], password))
                c->row = n >= c->n ? row : NULL;
    return true;
}

static size_t column(const struct columns *c, struct slice value, bool (*is)(struct slice),
                     size_t other)
{
    for (size_t i = 0; c->row && i < c->n; i++)
        if (value.n && slice_eq(c->row[i], value)) return i;
    for (size_t i = 0; i < c->n; i++)
        if (i != other && is(c->head[i])) return i;
    return SIZE_MAX;
}

static struct slice column_name(struct flow *f, const struct columns *c, size_t i)
{
    return i == SIZE_MAX ? (struct slice){ 0 }
                         : arena_printf(f->a, "account.%.*s", SL_FMT(slice_trim(c->head[i])));
}

/* ---- binding -------------------------------------------------------------------------------------- */

static bool stands_alone(const struct use *u)
{
    return u->from == 0 && u->to == u->node->text.n;
}

/* Whether this use of the user's name means the account: a whole text, or "name@" in one; in a path only
 * when the path was not walked before the login ("/admin/"). */
static bool means_account(const struct flow *f, const struct use *u, const struct item *login)
{
    struct slice rest = slice_from(u->node->text, u->to);
    bool mail = rest.n && rest.p[0] == '@' &&
                (u->from == 0 || u->node->text.p[u->from - 1] == '<' ||
                 u->node->text.p[u->from - 1] == ' ');
    if (!stands_alone(u)) return mail;
    if (u->node->where != AT_PATH) return true;
    for (const struct use *e = u->value->uses; e; e = e->next) {
        if (e->node->where != AT_PATH || e->node->step > login->index) continue;
        return false;
    }
    (void)f;
    return true;
}

static void bind_user(struct flow *f, struct node *n, struct slice expr, const struct item *login)
{
    struct value *v = n ? flow_value(f, n->text) : NULL;
    for (struct use *u = v ? v->uses : NULL; u; u = u->next)
        if (means_account(f, u, login) || u->node == n) u->expr = expr;
}

static void bind_password(struct flow *f, struct slice text, struct slice expr)
{
    struct value *v = flow_value(f, text);
    for (struct use *u = v ? v->uses : NULL; u; u = u->next)
        if (stands_alone(u) || v->bits >= BITS_MEDIUM) u->expr = expr;
}

struct slice secret_column(struct flow *f, struct slice want, struct slice value)
{
    const char *feed = f->cfg->feed ? "secret" : "account";
    for (size_t i = 0; i < f->secrets.n; i++)
        if (slice_eq(f->secrets.v[i].value, value))
            return arena_printf(f->a, "%s.%.*s", feed, SL_FMT(f->secrets.v[i].name));
    if (f->secrets.n == f->secrets_cap) {
        size_t cap = f->secrets_cap ? f->secrets_cap * 2 : 4;
        f->secrets.v = arena_grow(f->a, f->secrets.v, f->secrets.n * sizeof *f->secrets.v,
                                  cap * sizeof *f->secrets.v);
        f->secrets_cap = cap;
    }
    struct slice name = want;
    for (size_t i = 0, k = 2; i < f->secrets.n; i++)
        if (slice_eq(f->secrets.v[i].name, name)) {
            name = arena_printf(f->a, "%.*s_%zu", SL_FMT(want), k++);
            i = SIZE_MAX;
        }
    f->secrets.v[f->secrets.n++] = (struct field){ name, value };
    return arena_printf(f->a, "%s.%.*s", feed, SL_FMT(name));
}

/* Other columns: bound to whole fields of their name, or to recorded values of the same row. */
static void bind_other_columns(struct flow *f, const struct columns *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct slice expr = column_name(f, c, i), key;
        if (i == c->user || i == c->password) continue;
        struct value *v = c->row && c->row[i].n > 2 ? flow_value(f, c->row[i]) : NULL;
        for (struct use *u = v ? v->uses : NULL; u; u = u->next)
            if (stands_alone(u)) u->expr = expr;
        void *value;
        for (size_t k = 0; !v && map_next(f->values, &k, &key, &value);)
            for (struct use *u = ((struct value *)value)->uses; u; u = u->next) {
                bool field = u->node->where == AT_FORM || u->node->where == AT_PART ||
                             u->node->where == AT_JSON;
                if (field && stands_alone(u) && !u->expr.n && name_eq(u->node->name, c->head[i]))
                    u->expr = expr;
            }
    }
}

static void from_feed(struct flow *f, struct login_fields *l, const struct item *login)
{
    struct columns c = { .user = SIZE_MAX, .password = SIZE_MAX };
    struct slice user = l->user ? l->user->text : SL(""),
                 password = l->password ? l->password->text : SL("");
    if (!read_columns(f, &c, user, password)) {
        report_warn(f, "write the names of the columns above the first row",
                    "%s has no header line: nothing was bound to it", f->cfg->feed);
        return;
    }
    c.password = column(&c, password, name_is_password, SIZE_MAX);
    c.user = column(&c, user, name_is_user, c.password);
    if (c.user == SIZE_MAX && c.n) c.user = c.password == 0 && c.n > 1 ? 1 : 0;
    if (c.password == SIZE_MAX && c.n > 1) c.password = c.user == 0 ? 1 : 0;
    f->user_column = column_name(f, &c, c.user);
    f->password_column = column_name(f, &c, c.password);
    bind_other_columns(f, &c);
    (void)login;
}

/* The account that the recording itself made: without a feed each user makes its own. Empty: it made none. */
static struct slice own_account(struct flow *f, const struct node *user, const struct item *login)
{
    const struct value *v = flow_value(f, user->text);
    if (f->cfg->feed || f->cfg->keep_names || !v || v->first_use == SIZE_MAX)
        return (struct slice){ 0 };
    if (text_was_shown(f, user->text, v->first_use)) return (struct slice){ 0 };
    for (const struct use *u = v->uses; u; u = u->next) {
        struct item *it = &f->items[u->node->step];
        bool field = stands_alone(u) && may_hold_account(u->node) && it->index <= login->index;
        if (!field || !makes_account(it)) continue;
        report_warn(f, "--feed with an account for each, or --keep-names",
                    "the recording makes its account \"%.*s\": each user makes one of its own now",
                    SL_FMT(slice_sub(user->text, 0, 80)));
        return unique_variable(f, v);
    }
    return (struct slice){ 0 };
}

void flow_login(struct flow *f)
{
    struct login_fields l;
    struct item *login = find_login(f, &l);
    f->login = login ? login_end(f, login) : SIZE_MAX;
    f->login_first = login;
    if (f->cfg->feed) from_feed(f, &l, login);
    if (!login) {
        if (f->cfg->feed)
            report_warn(f,
                        "record the walk from the login on, or put ${account…} where they belong",
                        "no login was found in the recording: the accounts of %s are used only "
                        "where their values or names occur",
                        f->cfg->feed);
        return;
    }
    if (!f->user_column.n && l.user) f->user_column = own_account(f, l.user, login);
    if (!f->user_column.n && l.user)
        f->user_column = secret_column(f, SL("username"), l.user->text);
    if (!f->password_column.n)
        f->password_column = secret_column(f, SL("password"), l.password->text);
    bind_password(f, l.password->text, f->password_column);
    if (l.user) bind_user(f, l.user, f->user_column, login);
}
