/* The generator's own health: was it the target that was measured, or this machine?
 *
 * Called by the statistics for each second. The verdict's rule, also in docs/notes/generator-health.md: in
 * at least two seconds and a fifth of all, the busiest worker used more than 95 % of its core, or a loop
 * was more than 100 ms late. A lag of n seconds counts for as many more. Seconds shorter than a half (the
 * last one) do not count. */
#include "results/stats.h"

#include "base/num.h"

#define BUSY 0.95
#define LAG_NS (100 * NS_PER_MS)

void health_add(struct health *h, struct generator_stats *g, const struct second *s)
{
    g->late_starts += s->late;
    g->dropped_starts += s->dropped;
    if (s->late_max_ns > g->late_max_ns) g->late_max_ns = s->late_max_ns;
    if (s->lag_max_ns > g->lag_max_ns) g->lag_max_ns = s->lag_max_ns;
    if (s->memory_bytes > g->memory_max_bytes) g->memory_max_bytes = s->memory_bytes;
    if (s->sockets > g->sockets_max) g->sockets_max = s->sockets;
    g->left_out += s->left_out;
    g->answers_left_out += s->answers_left_out;
    if (s->to_ns - s->from_ns < NS_PER_S / 2) return;
    h->seconds++;
    h->busy_seconds += s->cpu_max > BUSY;
    /* A loop that was held up for seconds could not even say so meanwhile. */
    if (s->lag_max_ns > LAG_NS) h->lagging_seconds += 1 + s->lag_max_ns / NS_PER_S;
    h->cpu_sum += s->cpu_sum;
    h->workers_sum += s->workers;
    if (s->cpu_max > g->cpu_max) g->cpu_max = s->cpu_max;
    g->cpu_mean = h->workers_sum > 0 ? h->cpu_sum / h->workers_sum : 0;
}

static bool often(const struct health *h, uint64_t seconds)
{
    return seconds >= 2 && seconds * 5 >= h->seconds;
}

void health_judge(const struct health *h, struct generator_stats *g)
{
    g->limited = true;
    if (often(h, h->busy_seconds))
        g->limited_why =
            SL("a worker used more than 95 % of its core in a fifth of the time or more: "
               "more workers or another machine would send more");
    else if (often(h, h->lagging_seconds))
        g->limited_why = SL(
            "a worker was more than 100 ms behind its schedule in a fifth of the seconds or more: "
            "latencies include the generator's own");
    else
        g->limited = false;
}
