/* Looks names up. hosts.c asks before the load, a thread of its own asks again while it goes.
 *
 * Workers read an origin's addresses without a lock: a look-up that finds others publishes a new list and keeps
 * the old one, because connections may still be trying it. A look-up that fails leaves things as they are. */
#include "replay/names.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/mem.h"
#include "base/num.h"
#include "replay/hosts.h"

#define MAX_ADDRESSES 16

/* ---- rules ------------------------------------------------------------------------------------------ */

struct rule {
    struct slice host, addr;
    uint64_t port;
};

static bool read_rule(const char *text, struct rule *out)
{
    struct slice rest = slice_z(text), port;
    if (slice_starts(rest, SL("["))) {
        if (!slice_cut(slice_from(rest, 1), ']', &out->host, &rest)) return false;
        if (!slice_starts(rest, SL(":"))) return false;
        rest = slice_from(rest, 1);
    } else if (!slice_cut(rest, ':', &out->host, &rest)) {
        return false;
    }
    return slice_cut(rest, ':', &port, &out->addr) && num_u64(port, UINT16_MAX, &out->port) &&
           out->host.n && out->addr.n;
}

bool names_rules_ok(const struct name_rules *rules, struct err *err)
{
    struct rule r;
    for (size_t i = 0; i < rules->n; i++)
        if (!read_rule(rules->v[i], &r))
            return err_set(
                err, ERR_USAGE,
                "--resolve: \"%s\" is not HOST:PORT:ADDRESS, like shop.example:443:127.0.0.1",
                rules->v[i]);
    return true;
}

/* What to look up for o: what a rule says, the name itself otherwise. */
static struct slice address_of(const struct origin *o, const struct name_rules *rules)
{
    struct rule r;
    for (size_t i = 0; i < rules->n; i++)
        if (read_rule(rules->v[i], &r) && slice_ieq(r.host, o->host) && r.port == o->port)
            return r.addr;
    return o->host;
}

/* ---- looking up ---------------------------------------------------------------------------------------- */

static void publish(struct origin *o, const struct sockaddr_storage *v, size_t n)
{
    struct addresses *now = atomic_load(&o->addresses);
    if (now && now->n == n && memcmp(now->v, v, n * sizeof *v) == 0) return;
    struct addresses *next = mem_alloc(1, sizeof *next + n * sizeof *v);
    memcpy(next + 1, v, n * sizeof *v);
    *next = (struct addresses){ now, (const struct sockaddr_storage *)(next + 1), n };
    atomic_store_explicit(&o->addresses, next, memory_order_release);
}

static int look_up_unix(struct origin *o, struct slice path)
{
    struct sockaddr_storage v = { .ss_family = AF_UNIX };
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)&v;
    if (path.n >= sizeof un->sun_path) return EAI_NONAME;
    memcpy(un->sun_path, path.p, path.n);
    publish(o, &v, 1);
    return 0;
}

int names_look_up(struct origin *o, const struct name_rules *rules)
{
    struct slice of = address_of(o, rules);
    struct sockaddr_storage v[MAX_ADDRESSES] = { 0 };
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV },
                    *list = NULL;
    struct buf name = BUF_INIT(1024), port = BUF_INIT(8);
    if (slice_starts(of, SL("/"))) return look_up_unix(o, of);
    if (slice_starts(of, SL("[")) && slice_ends(of, SL("]"))) of = slice_sub(of, 1, of.n - 1);
    buf_add(&name, of);
    buf_addu(&port, o->port);
    int failed = getaddrinfo(buf_z(&name), buf_z(&port), &hints, &list);
    buf_free(&name);
    buf_free(&port);
    if (failed) return failed;
    size_t n = 0;
    for (const struct addrinfo *ai = list; ai && n < MAX_ADDRESSES; ai = ai->ai_next)
        if (ai->ai_addrlen <= sizeof *v) memcpy(&v[n++], ai->ai_addr, ai->ai_addrlen);
    freeaddrinfo(list);
    publish(o, v, n);
    return 0;
}

void names_forget(struct origin *o)
{
    struct addresses *a = atomic_exchange(&o->addresses, NULL);
    while (a) {
        struct addresses *older = a->older;
        free(a);
        a = older;
    }
}

/* ---- again and again ------------------------------------------------------------------------------------- */

struct refresher {
    struct hosts *hosts;
    uint64_t every_ns;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool over; /* under lock */
};

/* True: it is time for a look-up; false: it is over. */
static bool wait_turn(struct refresher *r)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    uint64_t ns = (uint64_t)at.tv_nsec + r->every_ns;
    at.tv_sec += (time_t)(ns / NS_PER_S);
    at.tv_nsec = (long)(ns % NS_PER_S);
    pthread_mutex_lock(&r->lock);
    int rc = 0;
    while (!r->over && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&r->wake, &r->lock, &at);
    bool over = r->over;
    pthread_mutex_unlock(&r->lock);
    return !over;
}

static void *refresher_main(void *arg)
{
    struct refresher *r = arg;
    while (wait_turn(r))
        hosts_refresh(r->hosts);
    return NULL;
}

struct refresher *refresher_start(struct hosts *h, uint64_t every_ns, struct err *err)
{
    struct refresher *r = mem_alloc(1, sizeof *r);
    pthread_condattr_t by_mono;
    r->hosts = h;
    r->every_ns = every_ns;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&by_mono);
    pthread_condattr_setclock(&by_mono, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &by_mono);
    pthread_condattr_destroy(&by_mono);
    int failed = pthread_create(&r->thread, NULL, refresher_main, r);
    if (!failed) return r;
    err_sys(err, ERR_INTERNAL, failed, "start a thread");
    free(r);
    return NULL;
}

void refresher_stop(struct refresher *r)
{
    if (!r) return;
    pthread_mutex_lock(&r->lock);
    r->over = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
