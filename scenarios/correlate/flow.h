/* The correlator's working records: what requests carry, what answers offer. Private to the room.
 *
 * The way: flow_new keeps exchanges as items; use.c takes each request apart into nodes and notes every
 * text that it carries as a use of a value; the cand_*.c modules read the answers and note, for these
 * values only, where they come from (origins); choose.c decides which origin feeds which use; build.c
 * writes the scenario. Everything lives in one arena that dies with the import. */
#ifndef CORRELATE_FLOW_H
#define CORRELATE_FLOW_H

#include "base/map.h"
#include "http/session.h"
#include "http/url.h"
#include "scenarios/correlate/correlate.h"

/* How a text is written inside the text around it. */
enum coding {
    CODING_NONE,
    CODING_PERCENT,
    CODING_FORM,
    CODING_JSON,
    CODING_HTML,
    CODING_BASE64,
    CODING_BASE64URL,
    CODING_HEX
};

enum where { AT_PATH, AT_QUERY, AT_HEADER, AT_COOKIE, AT_FORM, AT_PART, AT_JSON, AT_XML, AT_TEXT };

/* A stretch of a node's text that an expression replaces. */
struct span {
    size_t from, to;
    struct slice expr; /* of ${…}, without the braces */
    struct span *next;
};

/* A text inside a request; children are texts inside it, decoded. */
struct node {
    struct node *parent, *children, *last, *next;
    size_t from, to; /* its written form in the parent's text */
    enum coding coding;
    struct slice text;
    struct slice name; /* field, header, JSON key, or the path segment in front */
    enum where where;
    size_t step;
    bool operand;   /* of a digest that was found by computing it: in no request */
    bool secondary; /* replaced when the value is a token anyway, never a reason for one */
    struct span *spans;
    struct span *decided; /* stretches that have an origin */
    unsigned kinds;       /* what the name says, once it was asked: judge.c */
};

struct value;

struct use {
    struct node *node;
    size_t from, to; /* in node->text */
    struct value *value;
    struct use *next;      /* the same value's next use, in order of steps */
    struct slice expr;     /* decided: what stands there instead; empty: stays as recorded */
    struct slice other;    /* the second recording's text in this place; p == NULL: not known */
    struct origin *origin; /* decided: where it comes from; NULL: expr is no extracted variable */
    struct use *next_fed;  /* the same origin's next */
    size_t number;         /* in order of steps */
};

enum origin_kind {
    ORIGIN_LOCATION,
    ORIGIN_HEADER,
    ORIGIN_COOKIE,
    ORIGIN_JSON,
    ORIGIN_INPUT,
    ORIGIN_OPTION,
    ORIGIN_META,
    ORIGIN_LINK,
    ORIGIN_DATA,
    ORIGIN_SCRIPT,
    ORIGIN_XML,
    ORIGIN_BODY,
    ORIGIN_CLAIM,
    ORIGIN_TEXT,
};

#define ORIGIN_WAYS 4

/* A place in an answer that gives a value, with the ways to find it again, best first. */
struct origin {
    struct origin *prev, *next; /* the same value's earlier and later origin */
    struct value *value;
    size_t step;
    enum origin_kind kind;
    struct slice name;   /* key, field, parameter, or the path segment in front */
    struct slice parent; /* noun around a bare id: JSON parent key, form's action… */
    struct slice url;    /* link or action whose part it is, resolved */
    struct slice form;   /* action of the form around it, resolved; p == NULL: none */
    bool hidden, chosen; /* input type=hidden; the option that the page had selected */
    bool record; /* the number of a record that stands beside it: row(7,{…}), an option's text */
    bool positional;     /* found by place only */
    bool state_changing; /* the answer is to a request that changes state */
    size_t page_end; /* of the tag that an HTML way finds; what follows is not needed to try it */
    struct extract way[ORIGIN_WAYS];
    unsigned ways;
    unsigned kinds; /* what the name says, once it was asked: judge.c */
    /* decided */
    bool checked, works; /* the ways were tried on the recorded answer; way[0] gives the value */
    double confidence;   /* of the best use */
    size_t last_use;     /* step of the last use that it feeds; 0: it feeds none */
    struct slice var;
    struct origin *next_fed;    /* all origins that feed a use */
    struct use *fed, *last_fed; /* the uses; the first names the variable */
};

/* One text that requests carry. */
struct value {
    struct slice text;
    double bits;
    struct use *uses, *last_use;
    struct origin *origins; /* the latest; the others by prev */
    struct origin *first_origin;
    struct origin *seen_origin;  /* where origin_before looked last: uses come in order */
    size_t origins_n, first_use; /* first_use: step of the first primary use, SIZE_MAX if none */
    struct slice *names;         /* different names of its uses */
    unsigned names_n;
    bool in_static; /* stands in a static asset: a constant of the application */
    bool differs;   /* a second recording of the walk has another text in its place */
    bool by_socket; /* only a WebSocket's message gave it */
    bool typed;     /* a whole field of a body: what a user may have typed */
};

/* The texts of one request: roots of its nodes. */
struct field_nodes {
    struct node *name, *value;
    const struct part *part; /* multipart */
};

struct item {
    const struct exchange *ex;
    const struct exchange *other; /* the same step of a second recording */
    struct url url;
    struct slice origin; /* scheme://host[:port] */
    size_t index;
    int64_t start_ns, first_byte_ns, end_ns; /* since the first item */
    bool is_static, is_script, changes_state, navigation, main_origin;
    struct item *hop_of;    /* the item whose Location this one follows */
    struct slice body_type; /* media type of the answer, guessed where missing */
    /* requests */
    struct node *target; /* path and query */
    struct field_nodes *headers;
    size_t headers_n;
    enum body_kind body_kind;
    struct field_nodes *fields;
    size_t fields_n;
    struct node *body;    /* JSON, XML, text */
    struct slice cookies; /* "a=1; b=2" to send besides the jar's */
    struct node *cookie_node;
    /* answers */
    struct extract *extract;
    size_t extract_n, extract_cap;
    struct slice location; /* variable that holds the URL of this hop; empty: as recorded */
    struct field *set;     /* variables made here, before the request */
    size_t set_n, set_cap;
};

#define FILTER_WORDS ((size_t)1 << 14)

struct flow {
    struct arena *a;
    const struct import_cfg *cfg;
    struct item *items;
    size_t n;
    struct slice target;  /* main origin */
    struct map *values;   /* text -> struct value */
    size_t uses_n, dates; /* dates: that were looked for in answers */
    struct map *same; /* headers that come again and are no token: name and text -> their node */
    struct map *vars; /* names that are taken */
    uint64_t *filter; /* bit set of hashes of values' texts */
    struct import_report *report;
    struct arena *report_arena;
    int64_t zero_ns;
    struct origin *fed;       /* origins that feed uses, latest decision first */
    size_t login;             /* last item of the login; SIZE_MAX: none was found */
    struct item *login_first; /* the request that carries the password; NULL: none */
    struct slice creator;     /* the recording tool */
    struct slice user_column, password_column; /* "account.username" */
    struct digest *digests;                    /* digest.c: made by the client of what is visible */
    struct fields secrets; /* columns of the feed that import writes, with recorded values */
    size_t secrets_cap;
};

/* filter.c: exchanges to items; what is dropped is counted in the report. */
bool flow_keep(struct flow *f, const struct session *s, struct err *err);
/* refused.c: leaves out what was refused with 401 and sent again after a token was renewed. */
void flow_drop_refused(struct flow *f);
/* challenged.c: puts back the Basic login that a recorder missed where the browser was asked for it. */
void flow_challenged(struct flow *f);
/* The absolute URL that an answer redirects to, without fragment; empty if it does not. */
struct slice item_location(struct flow *f, const struct item *it);

/* use.c: every request's nodes and uses. */
void flow_uses(struct flow *f);
struct value *flow_value(const struct flow *f, struct slice text); /* NULL: no request carries it */
/* node.c */
struct node *node_new(struct flow *f, struct node *parent, struct slice text, enum coding coding);
void node_expand(struct flow *f, struct node *n, unsigned depth);
void node_use(struct flow *f, struct node *n, size_t from, size_t to);
void node_span(struct flow *f, struct node *n, size_t from, size_t to, struct slice expr);
/* Appends the node's text as a template; empty expression spans are left out. */
void node_render(struct flow *f, struct node *n, struct buf *out);
bool node_has_span(const struct node *n);

/* cand.c: every answer's origins. */
void flow_origins(struct flow *f);
void item_origins(struct flow *f, struct item *it); /* of one answer */
/* digest.c: digests that the client makes; behind every choice they are written. */
void flow_digests(struct flow *f);
void flow_write_digests(struct flow *f);
/* n's text is a digest of what the feed holds: a password that is not sent as it is. */
bool is_digest_of_feed(const struct flow *f, const struct node *n);
/* login.c: credentials and secrets to feed columns; finds the login. */
void flow_login(struct flow *f);
/* An accepted request that makes an account: a new password, twice or where accounts are made. */
bool makes_account(struct item *it);
/* unique.c: --unique values, made different for each user and iteration. */
void flow_unique(struct flow *f);
/* Makes every occurrence of the text unique from step since on, in every spelling that was not there
 * before; how many there were. */
struct slice unique_variable(struct flow *f, const struct value *v); /* set where v is first sent */
size_t unique_value(struct flow *f, struct slice value, size_t since);
/* An answer before that step has it as a whole text: of a tag, an attribute, a JSON member. */
bool text_was_shown(const struct flow *f, struct slice text, size_t before);
/* The kth spelling that a server may derive from the text; false: there are no more. */
bool unique_spelling(struct flow *f, struct slice value, unsigned k, struct slice *out);
/* named.c: names of what the recording created, found and made unique. */
void flow_named(struct flow *f);
/* choose.c: origins of uses, extracts of items, tokens of the report. */
void flow_choose(struct flow *f);
/* socket.c: says what WebSockets gave and a replay will lack. */
void flow_sockets(struct flow *f, const struct session *s);
/* generate.c: what the client makes itself: times, UUIDs, PKCE, states. */
void flow_generate(struct flow *f);
/* dates.c: a date ahead of its request, as today(+30d); empty: it is none, or stays, which is noted. */
struct slice date_expression(struct flow *f, const struct value *v);
/* build.c: decided uses become spans of their nodes. */
void flow_apply(struct flow *f);
/* infer.c: what a sanitised recording left out. */
void flow_infer(struct flow *f);
/* secrets.c: what is secret and came from nowhere goes to the feed. */
void flow_secrets(struct flow *f);
/* A column of the feed that import writes, made if value has none yet: "account.name". */
struct slice secret_column(struct flow *f, struct slice want, struct slice value);
/* build.c: the scenario. */
struct scenario *flow_build(struct flow *f, struct scenario *out);

/* The latest origin in an answer before the step; NULL: there is none. */
struct origin *origin_before(struct value *v, size_t step);

/* Small shared tools. */
void item_extract(struct flow *f, struct item *it, struct extract x);
void item_set(struct flow *f, struct item *it, struct slice name, struct slice text);
/* A variable's name: letters, digits and '_' of want, not taken by another. */
struct slice var_name(struct flow *f, struct slice want);
/* A longer text around it is a token already, or the whole of it. */
bool use_is_inside(const struct use *u);
/* Runs a way on the item's recorded answer. */
bool way_gives(const struct item *it, const struct extract *way, struct slice want);

#endif
