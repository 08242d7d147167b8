/* Who gets a connection: limits, queues, and connections that cannot be had. Native engine, on both kinds of io.
 *
 * Calls are sent from where virtual users send them: from the end of the call before. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/un.h>

#include "base/num.h"
#include "tests/unit/engine_bench.h"
#include "tests/unit/scripted_h2.h"
#include "tests/unit/test.h"

/* Scripts say what is unusual about them, the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define GET SL("GET /0/whole HTTP/1.1\r\nHost: a\r\n\r\n")
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define MANY 1500 /* more than one submission of io_uring takes */

static const struct script fine = { "fine", ANSWER, sizeof ANSWER - 1, .ending = END_KEEP },
                           nothing = { "closes", "", 0, .ending = END_CLOSE };

/* ---- a user without pauses and one who waits ---- */

struct hog {
    struct answered a; /* first */
    unsigned rounds, left;
};

static void hog_again(struct call *c);

static void hog_send(struct hog *h, struct bench *b)
{
    h->a = (struct answered){ 0 };
    bench_send(b, &h->a, GET, &h->left);
    h->a.call.done = hog_again;
}

static void hog_again(struct call *c)
{
    struct hog *h = (struct hog *)c;
    CHECK_U(c->outcome, OUTCOME_OK);
    if (++h->rounds == 100)
        loop_stop(h->a.bench->cfg.loop);
    else
        hog_send(h, h->a.bench);
}

/* One connection in all: who waits for it comes next, not when the other pauses. */
static void one_connection(struct variant v)
{
    struct scripted *server = scripted_new(&fine, 1);
    struct bench b = { .cfg.max_connections = 1 };
    struct hog hog = { 0 };
    struct answered other = { 0 };
    unsigned left = 1;
    bench_open(&b, v, scripted_port(server));
    struct engine_user *first = b.user, *second = b.ops->user_open(b.engine);
    hog_send(&hog, &b);
    b.user = second;
    bench_send(&b, &other, GET, &left);
    b.user = first;
    loop_run(b.cfg.loop);
    CHECK_U(left, 0);
    CHECK_U(other.call.outcome, OUTCOME_OK);
    CHECK(hog.rounds <= 2);
    CHECK(b.ops->connections(b.engine) <= 1);
    b.ops->cancel(b.engine, &hog.a.call);
    buf_free(&other.body);
    b.ops->user_close(second);
    bench_close(&b);
    scripted_free(server);
}

/* A call that is sent anew from its own end, as a redirect is, can be cancelled like any other. */
static void go_on(struct call *c);

static void send_again(struct answered *a, struct bench *b, unsigned *left)
{
    *a = (struct answered){ 0 };
    bench_send(b, a, GET, left);
    a->call.done = go_on;
}

static void go_on(struct call *c)
{
    struct answered *a = (struct answered *)c;
    unsigned *left = a->left;
    send_again(a, a->bench, left);
    if (--*left == 0) loop_stop(a->bench->cfg.loop);
}

static void cancelled_when_sent_anew(struct variant v)
{
    struct scripted *server = scripted_new(&fine, 1);
    struct bench b = { 0 };
    struct answered a;
    unsigned left = 2;
    bench_open(&b, v, scripted_port(server));
    send_again(&a, &b, &left);
    loop_run(b.cfg.loop);
    CHECK_U(b.ops->connections(b.engine), 1);
    b.ops->cancel(b.engine, &a.call);
    CHECK_U(b.ops->connections(b.engine), 0);
    bench_close(&b);
    scripted_free(server);
}

/* ---- connections that cannot be had ---- */

static void send_all(struct bench *b, struct answered *all, size_t n, unsigned *left)
{
    *left = (unsigned)n;
    for (size_t i = 0; i < n; i++)
        bench_send(b, &all[i], GET, left);
}

static void free_all(struct answered *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_free(&all[i].body);
    free(all);
}

/* Six calls lose their connections, and there is no other to be had: nobody who waited is forgotten. */
static void none_left(struct variant v)
{
    enum { CALLS = 20 };
    struct scripted *server = scripted_new(&nothing, 1);
    struct bench b = { 0 };
    struct answered *all = calloc(CALLS, sizeof *all);
    unsigned left;
    bench_open(&b, v, scripted_port(server));
    send_all(&b, all, CALLS, &left);
    struct sockaddr_un *gone = (struct sockaddr_un *)&b.addr;
    *gone = (struct sockaddr_un){ .sun_family = AF_UNIX, .sun_path = "/nowhere/at/all" };
    loop_run(b.cfg.loop);
    for (size_t i = 0; i < CALLS; i++) {
        enum outcome o = all[i].call.outcome;
        CHECK(o == OUTCOME_CONNECT || o == OUTCOME_RESET);
    }
    free_all(all, CALLS);
    bench_close(&b);
    scripted_free(server);
}

/* More beginnings than one submission takes, before the loop has waited for the first time. */
static void many_beginnings(struct variant v)
{
    struct bench b = { 0 };
    struct answered *all = calloc(MANY, sizeof *all);
    unsigned left;
    bench_open(&b, v, 1);
    b.cfg.connections_per_host = MANY;
    send_all(&b, all, MANY, &left);
    loop_run(b.cfg.loop);
    for (size_t i = 0; i < MANY; i++)
        CHECK_U(all[i].call.outcome, OUTCOME_REFUSED);
    free_all(all, MANY);
    bench_close(&b);
}

/* ---- HTTP/2 ---- */

struct chain {
    struct answered first, second;
    unsigned left;
};

static void send_second(struct call *c)
{
    struct chain *ch = (struct chain *)c;
    CHECK_U(c->outcome, OUTCOME_OK);
    bench_send(ch->first.bench, &ch->second, GET, &ch->left);
}

/* The second call is on the connection when the GOAWAY behind the first's answer is read: it goes to another. */
static void goaway_behind_the_answer(struct variant v)
{
    static const char answer[] = "\0\0\1\1\4\0\0\0\1\x88"
                                 "\0\0\5\0\1\0\0\0\1hello"
                                 "\0\0\x08\7\0\0\0\0\0"
                                 "\0\0\0\1\0\0\0\0";
    const struct h2_script script = { "GOAWAY at once",
                                      { { .p = answer, .n = sizeof answer - 1, .raw = true } } };
    struct scripted_h2 *server = scripted_h2_new(&script, 1);
    struct bench b = { .cfg.h2c_prior = true };
    struct chain ch = { .left = 1 };
    bench_open(&b, v, scripted_h2_port(server));
    bench_send(&b, &ch.first, GET, &ch.left);
    ch.first.call.done = send_second;
    loop_run(b.cfg.loop);
    CHECK_U(ch.second.call.outcome, OUTCOME_OK);
    CHECK_U(ch.second.call.status, 200);
    CHECK(!ch.second.call.reused);
    CHECK_U(scripted_h2_requests(server), 2);
    buf_free(&ch.first.body);
    buf_free(&ch.second.body);
    bench_close(&b);
    scripted_h2_free(server);
}

/* By prior knowledge, which was wrong: all of a user's calls hear so. */
static void speaks_http1(struct variant v)
{
    enum { CALLS = 10 };
    const struct h2_script script = { "HTTP/1", .greeting = "HTTP/1.1 400 Bad Request\r\n\r\n" };
    struct scripted_h2 *server = scripted_h2_new(&script, 1);
    struct bench b = { .cfg.h2c_prior = true };
    struct answered *all = calloc(CALLS, sizeof *all);
    unsigned left;
    bench_open(&b, v, scripted_h2_port(server));
    send_all(&b, all, CALLS, &left);
    loop_run(b.cfg.loop);
    for (size_t i = 0; i < CALLS; i++) {
        CHECK_U(all[i].call.outcome, OUTCOME_PROTOCOL);
        CHECK_S(slice_z(all[i].call.trouble), SL("the server does not speak HTTP/2"));
    }
    free_all(all, CALLS);
    bench_close(&b);
    scripted_h2_free(server);
}

#define BOTH(name)            \
    TEST(engine_conns_##name) \
    {                         \
        name(EPOLL);          \
        name(URING);          \
    }

BOTH(one_connection)
BOTH(cancelled_when_sent_anew)
BOTH(none_left)
BOTH(many_beginnings)
BOTH(goaway_behind_the_answer)
BOTH(speaks_http1)
