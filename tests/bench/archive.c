/* What archiving costs: made-up samples at RATE a second for SECONDS seconds through recorders, collector
 * and archive, then `reprise verify` and `reprise report` on the result.
 *
 *     build/bench/archive [SECONDS [RATE [FILE]]]     default: 600 20000, a file in /tmp that is removed
 *
 * The clock is virtual, so that ten minutes take as long as the machine needs. Users are a closed model:
 * eight steps, log-normal service times, small late starts, think times, 0.5 % failures. Prints bytes per
 * sample on disk, CPU per sample of recording and of archiving, memory over time, verify's speed and report's
 * time and memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/rnd.h"
#include "results/results.h"

enum { STEPS = 8, WORKERS = 2, USERS = 2000 };

static const struct step_info steps[STEPS] = {
    { { "GET /", 5 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
    { { "GET /login", 10 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
    { { "POST /login", 11 }, { "POST", 4 }, { "", 0 }, { "", 0 } },
    { { "GET /items", 10 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
    { { "GET /item", 9 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
    { { "POST /cart", 10 }, { "POST", 4 }, { "", 0 }, { "", 0 } },
    { { "POST /order", 11 }, { "POST", 4 }, { "", 0 }, { "", 0 } },
    { { "GET /logout", 11 }, { "GET", 3 }, { "", 0 }, { "", 0 } },
};

struct user {
    uint64_t next_ns; /* intended start */
    uint32_t step, iteration;
};

struct load {
    struct rnd rnd;
    struct user users[USERS];
    uint64_t think_ns;
    struct sample *second; /* one second's samples, in order of their end */
    size_t n;
};

static int by_end(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->end_ns < y->end_ns ? -1 : x->end_ns > y->end_ns;
}

static struct sample next_sample(struct load *l, struct user *u, uint32_t number)
{
    struct sample s = { .intended_ns = u->next_ns, .step = u->step, .user = number };
    double mu = log(8e6 * (1 + u->step % 3));
    s.start_ns = s.intended_ns + (uint64_t)(30e3 * rnd_exponential(&l->rnd));
    s.end_ns = s.start_ns + (uint64_t)exp(mu + 0.6 * rnd_normal(&l->rnd));
    s.first_byte_ns = s.end_ns - (uint64_t)(40e3 * rnd_exponential(&l->rnd));
    if (s.first_byte_ns < s.start_ns) s.first_byte_ns = s.end_ns;
    s.iteration = u->iteration;
    s.status = 200;
    s.reused = true;
    s.bytes_in = 900 + 700 * u->step;
    if (u->step >= 3 && u->step <= 5) s.bytes_in += (uint64_t)(40 * fabs(rnd_normal(&l->rnd)));
    s.bytes_out = 310 + 17 * u->step;
    if (rnd_below(&l->rnd, 200) == 0) {
        s.status = 503;
        s.outcome = OUTCOME_STATUS;
    }
    u->step = (u->step + 1) % STEPS;
    u->iteration += u->step == 0;
    u->next_ns = s.end_ns + (uint64_t)((double)l->think_ns * rnd_exponential(&l->rnd));
    return s;
}

static void make_second(struct load *l, uint64_t until_ns, size_t max)
{
    l->n = 0;
    for (uint32_t i = 0; i < USERS; i++)
        while (l->users[i].next_ns < until_ns && l->n < max)
            l->second[l->n++] = next_sample(l, &l->users[i], i);
    qsort(l->second, l->n, sizeof *l->second, by_end);
}

static long resident_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

struct cost {
    uint64_t samples, record_ns, all_ns;
    long early_kb, late_kb;
};

/* The generator of samples is not part of the cost: its CPU is taken off. */
static struct cost run(uint64_t seconds, uint64_t rate, const char *path)
{
    struct err err = { 0 };
    struct cost cost = { 0 };
    struct load *l = calloc(1, sizeof *l);
    struct recorder *recorders[WORKERS];
    struct run_info info = { .steps = steps,
                             .steps_n = STEPS,
                             .scenario = SL("bench"),
                             .users = USERS,
                             .workers = WORKERS,
                             .start_utc_ns = clock_utc_ns() };
    struct archive_cfg archive_cfg = { .path = path, .level = ARCHIVE_FULL };
    struct archive_writer *w = path ? archive_writer_new(&archive_cfg, &info, &err) : NULL;
    for (size_t i = 0; i < WORKERS; i++)
        recorders[i] = recorder_new(&(struct recorder_cfg){ steps, STEPS, w != NULL, 0, NULL });
    struct collector *c = collector_new(
        &(struct collector_cfg){
            .info = &info, .recorders = recorders, .recorders_n = WORKERS, .archive = w },
        &err);
    if (!c || (path && !w)) {
        fprintf(stderr, "%s\n", err.text);
        exit(4);
    }
    rnd_seed(&l->rnd, 1, 0);
    l->second = calloc(4 * rate + 1, sizeof *l->second);
    l->think_ns =
        USERS * NS_PER_S / rate > 19 * NS_PER_MS ? USERS * NS_PER_S / rate - 19 * NS_PER_MS : 0;
    for (uint32_t i = 0; i < USERS; i++)
        l->users[i].next_ns = 1 + rnd_below(&l->rnd, NS_PER_S / 10);
    uint64_t making = 0, begin = clock_process_cpu_ns();
    for (uint64_t s = 1; s <= seconds; s++) {
        uint64_t t0 = clock_thread_cpu_ns();
        make_second(l, s * NS_PER_S, 4 * rate);
        uint64_t t1 = clock_thread_cpu_ns();
        for (size_t i = 0; i < l->n; i++)
            recorder_add(recorders[l->second[i].user % WORKERS], &l->second[i]);
        making += t1 - t0;
        cost.record_ns += clock_thread_cpu_ns() - t1;
        cost.samples += l->n;
        collector_tick(c, s * NS_PER_S);
        if (w)
            nanosleep(&(struct timespec){ .tv_nsec = 60 * 1000000 }, NULL); /* the writer's turn */
        if (s == seconds / 10 + 1) cost.early_kb = resident_kb();
    }
    if (!collector_finish(c, false, &err)) fprintf(stderr, "%s\n", err.text);
    cost.all_ns = clock_process_cpu_ns() - begin - making;
    cost.late_kb = resident_kb();
    if (collector_stats(c)->generator.left_out)
        printf("LEFT OUT of the archive: %llu\n",
               (unsigned long long)collector_stats(c)->generator.left_out);
    collector_free(c);
    archive_writer_free(w);
    for (size_t i = 0; i < WORKERS; i++)
        recorder_free(recorders[i]);
    free(l->second);
    free(l);
    return cost;
}

static void child(const char *what, char *const argv[], double megabytes)
{
    struct rusage u;
    int status;
    uint64_t begin = clock_mono_ns();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout)) _exit(127);
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0) {
        printf("%-28s failed\n", what);
        return;
    }
    double s = (double)(clock_mono_ns() - begin) / (double)NS_PER_S;
    printf("%-28s %.2f s, %.0f MB/s of archive, %ld MB of memory\n", what, s, megabytes / s,
           u.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    uint64_t seconds = 600, rate = 20000;
    char made[64], reprise[] = "./reprise", verify[] = "verify", report[] = "report",
                   status[] = "--status", two[] = "2xx";
    if (argc > 1 && !num_u64(slice_z(argv[1]), 100000, &seconds)) return 2;
    if (argc > 2 && !num_u64(slice_z(argv[2]), 1000000, &rate)) return 2;
    snprintf(made, sizeof made, "/tmp/reprise-bench-%d.jsonl.gz", getpid());
    char *path = argc > 3 ? argv[3] : made;
    struct cost bare = run(seconds / 10 + 1, rate, NULL), full = run(seconds, rate, path);
    struct stat st;
    if (stat(path, &st) != 0) return 1;
    double n = (double)full.samples, bare_us = (double)bare.all_ns / 1e3 / (double)bare.samples,
           full_us = (double)full.all_ns / 1e3 / n;
    printf("samples                      %.0f\n", n);
    printf("archive                      %.1f MB, %.2f bytes per sample\n",
           (double)st.st_size / 1e6, (double)st.st_size / n);
    printf("recording                    %.3f us of the worker's CPU per sample\n",
           (double)full.record_ns / 1e3 / n);
    printf("all without archive          %.3f us of CPU per sample\n", bare_us);
    printf("all with archive             %.3f us of CPU per sample: archiving adds %.3f us\n",
           full_us, full_us - bare_us);
    printf("memory                       %ld MB after a tenth, %ld MB at the end\n",
           full.early_kb / 1024, full.late_kb / 1024);
    fflush(stdout);
    child("verify", (char *[]){ reprise, verify, path, NULL }, (double)st.st_size / 1e6);
    child("report", (char *[]){ reprise, report, path, NULL }, (double)st.st_size / 1e6);
    child("report --status 2xx (samples)", (char *[]){ reprise, report, path, status, two, NULL },
          (double)st.st_size / 1e6);
    if (argc <= 3) unlink(path);
    return 0;
}
