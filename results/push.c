/* Live results to other systems: a sink that formats each interval and a thread that sends it.
 *
 * The thread exists so that a slow receiver holds up nobody. At most QUEUE_MAX messages wait; what does not
 * fit is dropped and counted, as is what the receiver refuses: the run goes on. */
#include "results/push.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define QUEUE_MAX 16
#define MESSAGE_MAX (16U << 20)

struct message {
    size_t n;
    char text[];
};

struct push {
    struct interval_sink sink; /* first: the sink is the push */
    void (*format)(const struct run_stats *s, struct push_last *last, struct buf *out);
    struct push_way *way;
    struct push_last last;
    struct buf text;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct message *queue[QUEUE_MAX];
    size_t queue_n;
    bool stop;
    uint64_t lost;
    struct err first_error;
};

static struct message *next_message(struct push *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->queue_n == 0 && !p->stop)
        pthread_cond_wait(&p->wake, &p->lock);
    struct message *m = p->queue_n ? p->queue[0] : NULL;
    if (m) memmove(p->queue, p->queue + 1, --p->queue_n * sizeof *p->queue);
    pthread_mutex_unlock(&p->lock);
    return m;
}

static void count_lost(struct push *p, const struct err *err)
{
    pthread_mutex_lock(&p->lock);
    p->lost++;
    if (!err_is(&p->first_error)) p->first_error = *err;
    pthread_mutex_unlock(&p->lock);
}

static void *push_main(void *arg)
{
    struct push *p = arg;
    struct message *m;
    while ((m = next_message(p))) {
        struct err err = { 0 };
        if (!p->way->send(p->way, (struct slice){ m->text, m->n }, &err)) count_lost(p, &err);
        free(m);
    }
    return NULL;
}

static void enqueue(struct push *p, struct slice text)
{
    struct err full = { 0 };
    struct message *m = mem_alloc(1, sizeof *m + text.n);
    m->n = text.n;
    memcpy(m->text, text.p, text.n);
    pthread_mutex_lock(&p->lock);
    bool room = p->queue_n < QUEUE_MAX;
    if (room) p->queue[p->queue_n++] = m;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    if (room) return;
    free(m);
    err_set(&full, ERR_INTERNAL, "the receiver is too slow");
    count_lost(p, &full);
}

static void on_interval(struct interval_sink *sink, const struct run_stats *s)
{
    struct push *p = (struct push *)sink;
    if (!p->last.requests) {
        p->last.requests = mem_alloc(s->info->steps_n + 1, sizeof(uint64_t));
        p->last.failures = mem_alloc(s->info->steps_n + 1, sizeof(uint64_t));
    }
    buf_reset(&p->text);
    p->format(s, &p->last, &p->text);
    if (p->text.n) enqueue(p, buf_slice(&p->text));
}

static bool is_url(const char *where)
{
    return slice_istarts(slice_z(where), SL("http://")) ||
           slice_istarts(slice_z(where), SL("https://"));
}

/* OTLP's HTTP receivers listen at /v1/metrics; a URL without a path means that. */
static struct push_way *open_otlp(const char *where, struct err *err)
{
    struct buf url = BUF_INIT(4096);
    struct slice host =
        slice_from(slice_z(where), slice_istarts(slice_z(where), SL("https")) ? 8 : 7);
    size_t slash = slice_chr(host, '/');
    if (!is_url(where)) {
        err_set(err, ERR_USAGE, "\"%s\": expected a URL like http://127.0.0.1:4318", where);
        return NULL;
    }
    buf_addz(&url, where);
    if (slash == SLICE_NONE)
        buf_addz(&url, "/v1/metrics");
    else if (slash == host.n - 1)
        buf_addz(&url, "v1/metrics");
    struct push_way *w = push_http(buf_z(&url), "application/json", err);
    buf_free(&url);
    return w;
}

static struct push_way *open_way(enum push_kind kind, const char *where, struct err *err)
{
    switch (kind) {
    case PUSH_STATSD: return push_udp(where, err);
    case PUSH_INFLUX:
        return is_url(where) ? push_http(where, "text/plain; charset=utf-8", err)
                             : push_file(where, err);
    case PUSH_OTLP: return open_otlp(where, err);
    }
    return NULL;
}

struct push *push_new(enum push_kind kind, const char *where, struct err *err)
{
    struct push_way *way = open_way(kind, where, err);
    if (!way) return NULL;
    struct push *p = mem_alloc(1, sizeof *p);
    p->sink.interval = on_interval;
    p->way = way;
    p->format = kind == PUSH_STATSD ? push_statsd : kind == PUSH_INFLUX ? push_influx : push_otlp;
    buf_init(&p->text, MESSAGE_MAX);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    int state = pthread_create(&p->thread, NULL, push_main, p);
    p->running = state == 0;
    if (p->running) return p;
    err_sys(err, ERR_INTERNAL, state, "thread of %s", where);
    push_free(p);
    return NULL;
}

struct interval_sink *push_sink(struct push *p)
{
    return &p->sink;
}

static void stop_thread(struct push *p)
{
    if (!p->running) return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    p->running = false;
}

bool push_end(struct push *p, struct err *err)
{
    stop_thread(p);
    if (p->lost == 0) return true;
    err_set(err, ERR_INTERNAL, "%llu intervals were not sent: %s", (unsigned long long)p->lost,
            p->first_error.text);
    return false;
}

void push_free(struct push *p)
{
    if (!p) return;
    stop_thread(p);
    for (size_t i = 0; i < p->queue_n; i++)
        free(p->queue[i]);
    p->way->close(p->way);
    free(p->last.requests);
    free(p->last.failures);
    buf_free(&p->text);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
