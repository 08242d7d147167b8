/* One line of progress for all processes of a run. Called by run_parts.c on both sides of its fork.
 *
 * A part is the only writer of its slot, on its collector's thread; the numbers of one line may be a second apart
 * from part to part. Percentiles are not merged here: the archives have them. */
#include "cli/progress.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define PLAIN_EVERY 5 /* seconds, where nobody watches */

/* In a part's memory of its own but for what it points to. */
struct reporter {
    struct interval_sink sink; /* first */
    struct slot *slot;
};

struct slot {
    atomic_uint_fast64_t requests, failures, users, rate;
};

struct progress {
    struct slot *slots; /* shared */
    unsigned parts;
    struct reporter reporter;
    uint64_t begun_ns, shown_s;
    bool in_place;
};

struct progress *progress_new(unsigned parts, struct err *err)
{
    void *shared = mmap(NULL, parts * sizeof(struct slot), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        err_sys(err, ERR_INTERNAL, errno, "memory that processes share");
        return NULL;
    }
    struct progress *p = mem_alloc(1, sizeof *p);
    p->slots = shared;
    p->parts = parts;
    p->begun_ns = clock_mono_ns();
    return p;
}

static void on_interval(struct interval_sink *sink, const struct run_stats *s)
{
    struct slot *slot = ((struct reporter *)sink)->slot;
    atomic_store(&slot->requests, s->total.requests);
    atomic_store(&slot->failures, s->total.failures);
    atomic_store(&slot->users, s->users);
    atomic_store(&slot->rate, (uint64_t)(s->total.recent_rps + 0.5));
}

struct interval_sink *progress_sink(struct progress *p, unsigned part)
{
    p->reporter = (struct reporter){ { on_interval }, &p->slots[part] };
    return &p->reporter.sink;
}

static void print(const struct progress *p, FILE *out, uint64_t seconds)
{
    uint64_t requests = 0, failures = 0, users = 0, rate = 0;
    for (unsigned i = 0; i < p->parts; i++) {
        requests += atomic_load(&p->slots[i].requests);
        failures += atomic_load(&p->slots[i].failures);
        users += atomic_load(&p->slots[i].users);
        rate += atomic_load(&p->slots[i].rate);
    }
    fprintf(out, "%02llu:%02llu  %llu users  %llu req/s  %llu requests  %llu failed",
            (unsigned long long)(seconds / 60), (unsigned long long)(seconds % 60),
            (unsigned long long)users, (unsigned long long)rate, (unsigned long long)requests,
            (unsigned long long)failures);
}

void progress_show(struct progress *p, FILE *out, bool tty)
{
    uint64_t seconds = (clock_mono_ns() - p->begun_ns) / NS_PER_S;
    if (seconds < p->shown_s + (tty ? 1 : PLAIN_EVERY)) return;
    p->shown_s = seconds;
    p->in_place = tty;
    if (tty) fputc('\r', out);
    print(p, out, seconds);
    fputs(tty ? "\033[K" : "\n", out);
    fflush(out);
}

void progress_end(struct progress *p, FILE *out)
{
    if (p->in_place) fputc('\n', out);
    p->in_place = false;
}

void progress_free(struct progress *p)
{
    if (!p) return;
    munmap(p->slots, p->parts * sizeof(struct slot));
    free(p);
}
