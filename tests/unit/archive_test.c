/* Archives: what was written comes back, cuts and changed bytes are found, rows keep every field. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "results/archive_read.h"
#include "tests/unit/fake_run.h"

static void path_in(char out[4096], const char *name)
{
    snprintf(out, 4096, "%s/%s", test_tmpdir(), name);
}

static void make_archive(const char *path, struct fake_result *f, uint32_t per_second)
{
    struct fake_run run = { .path = path,
                            .level = ARCHIVE_FULL,
                            .seconds = 4,
                            .per_second = per_second,
                            .workers = 2,
                            .seed = 5 };
    fake_run(&run, f);
}

static struct archive_verdict verify(const char *path)
{
    struct archive_verdict v;
    struct err err = { 0 };
    if (!archive_verify(path, NULL, &v, &err)) test_fail(__FILE__, __LINE__, "%s", err.text);
    return v;
}

static void same_hist(const struct hist *a, const struct hist *b)
{
    CHECK_U(hist_count(a), hist_count(b));
    CHECK_U(hist_min_ns(a), hist_min_ns(b));
    CHECK_U(hist_max_ns(a), hist_max_ns(b));
    CHECK_U(hist_sum_ns(a), hist_sum_ns(b));
    CHECK_U(hist_percentile_ns(a, 99), hist_percentile_ns(b, 99));
}

static void same_stats(const struct run_stats *a, const struct run_stats *b)
{
    CHECK_U(a->total.requests, b->total.requests);
    CHECK_U(a->total.failures, b->total.failures);
    CHECK_U(a->total.bytes_in, b->total.bytes_in);
    CHECK_U(a->total.connections, b->total.connections);
    CHECK_U(a->failures_n, b->failures_n);
    CHECK_U(a->intervals_n, b->intervals_n);
    CHECK_U(a->elapsed_ns, b->elapsed_ns);
    CHECK_U(a->users_max, b->users_max);
    CHECK_U(a->answers_n, b->answers_n);
    same_hist(a->total.service, b->total.service);
    same_hist(a->total.response, b->total.response);
    for (size_t i = 0; i < 3; i++) {
        CHECK_S(a->info->steps[i].name, b->info->steps[i].name);
        same_hist(a->steps[i].response, b->steps[i].response);
    }
    for (size_t i = 0; i < a->failures_n; i++) {
        CHECK_S(a->failures[i].text, b->failures[i].text);
        CHECK_U(a->failures[i].count, b->failures[i].count);
    }
}

TEST(archive_comes_back_as_the_same_statistics)
{
    char path[4096];
    const char *paths[1] = { path };
    struct fake_result f;
    struct stat st;
    path_in(path, "a.jsonl.gz");
    make_archive(path, &f, 500);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    struct archive_verdict v = verify(path);
    CHECK(v.state == ARCHIVE_WHOLE && v.closed);
    CHECK_U(v.samples, f.samples);
    CHECK_U(v.good_bytes, v.bytes);
    struct err err = { 0 };
    struct archive_load *l = archive_load(paths, 1, NULL, &err);
    if (!l) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(!archive_load_truncated(l));
    same_stats(archive_load_stats(l), collector_stats(f.collector));
    archive_load_free(l);
    fake_run_free(&f);
}

/* The rows alone say the same as the intervals' histograms, to the microsecond. */
TEST(archive_rows_agree_with_intervals)
{
    char path[4096];
    const char *paths[1] = { path };
    struct fake_result f;
    path_in(path, "a.jsonl.gz");
    make_archive(path, &f, 500);
    for (uint32_t status = 2; status <= 5; status++) {
        struct archive_filter filter = { .status = status };
        struct archive_load *l = archive_load(paths, 1, &filter, NULL);
        const struct run_stats *s = archive_load_stats(l);
        uint64_t want = status == 5 ? f.failures : status == 2 ? f.samples - f.failures : 0;
        CHECK_U(s->total.requests, want);
        CHECK_U(s->total.failures, status == 5 ? f.failures : 0);
        archive_load_free(l);
    }
    fake_run_free(&f);
}

TEST(archive_filters)
{
    char path[4096];
    const char *paths[1] = { path };
    struct fake_result f;
    path_in(path, "a.jsonl.gz");
    make_archive(path, &f, 500);
    const struct run_stats *all = collector_stats(f.collector);
    struct archive_filter filter = { .step = SL("/api/items") };
    struct archive_load *l = archive_load(paths, 1, &filter, NULL);
    CHECK_U(archive_load_stats(l)->total.requests, all->steps[1].requests);
    archive_load_free(l);
    filter = (struct archive_filter){ .group = SL("browse") };
    l = archive_load(paths, 1, &filter, NULL);
    CHECK_U(archive_load_stats(l)->total.requests, all->steps[0].requests + all->steps[1].requests);
    archive_load_free(l);
    filter = (struct archive_filter){ .from_ns = NS_PER_S, .to_ns = 3 * NS_PER_S };
    l = archive_load(paths, 1, &filter, NULL);
    CHECK_U(archive_load_stats(l)->total.requests, 1000);
    archive_load_free(l);
    fake_run_free(&f);
}

static void count_sample(void *arg, const struct run_info *info, const struct sample *s,
                         struct slice message)
{
    (void)info, (void)s, (void)message;
    ++*(uint64_t *)arg;
}

/* Within a second, too; the tables and the rows say the same, and rates are of that time. */
TEST(archive_filters_by_time_exactly)
{
    char path[4096];
    const char *paths[1] = { path };
    struct fake_result f;
    path_in(path, "a.jsonl.gz");
    make_archive(path, &f, 500);
    struct archive_filter filter = { .from_ns = NS_PER_S + NS_PER_S / 4, .to_ns = 2 * NS_PER_S };
    uint64_t rows = 0;
    CHECK(archive_samples(path, &filter, count_sample, &rows, NULL));
    struct archive_load *l = archive_load(paths, 1, &filter, NULL);
    const struct run_stats *s = archive_load_stats(l);
    CHECK(rows > 200 && rows < 320);
    CHECK_U(s->total.requests, rows);
    CHECK_U(s->intervals_n, 1);
    CHECK_U(s->intervals[0].from_ns, filter.from_ns);
    CHECK_U(s->since_ns, filter.from_ns);
    archive_load_free(l);
    fake_run_free(&f);
}

TEST(archive_filters_know_the_names)
{
    char path[4096];
    const char *paths[1] = { path };
    struct fake_result f;
    struct err err = { 0 };
    path_in(path, "a.jsonl.gz");
    make_archive(path, &f, 10);
    struct archive_filter filter = { .step = SL("/api/itms") };
    CHECK(!archive_load(paths, 1, &filter, &err));
    CHECK_S(slice_z(err.text), SL("no step is named \"/api/itms\"; did you mean \"/api/items\"?"));
    CHECK(err.code == ERR_USAGE);
    filter = (struct archive_filter){ .group = SL("nothing like it") };
    CHECK(!archive_load(paths, 1, &filter, &err));
    fake_run_free(&f);
}

TEST(archives_merge_exactly)
{
    char a[4096], b[4096];
    const char *paths[2] = { a, b };
    struct fake_result fa, fb;
    path_in(a, "a.jsonl.gz");
    path_in(b, "b.jsonl.gz");
    make_archive(a, &fa, 500);
    make_archive(b, &fb, 300);
    struct archive_load *l = archive_load(paths, 2, NULL, NULL);
    const struct run_stats *s = archive_load_stats(l);
    struct hist *both = hist_new();
    hist_merge(both, collector_stats(fa.collector)->total.response);
    hist_merge(both, collector_stats(fb.collector)->total.response);
    same_hist(s->total.response, both);
    CHECK_U(s->intervals_n, collector_stats(fa.collector)->intervals_n);
    CHECK_U(s->total.failures, fa.failures + fb.failures);
    CHECK_U(s->users_max, 80);
    hist_free(both);
    archive_load_free(l);
    fake_run_free(&fa);
    fake_run_free(&fb);
}

static void write_bytes(const char *path, struct slice s)
{
    struct err err = { 0 };
    if (!file_write(path, s, &err)) test_fail(__FILE__, __LINE__, "%s", err.text);
}

/* Cut anywhere: never whole, never "altered", what is good is counted and can be read and recovered. */
TEST(archive_cut_anywhere)
{
    char path[4096], cut[4096], fixed[4096];
    const char *paths[1] = { cut };
    struct fake_result f;
    struct file file;
    path_in(path, "a.jsonl.gz");
    path_in(cut, "cut.jsonl.gz");
    path_in(fixed, "fixed.jsonl.gz");
    make_archive(path, &f, 40);
    CHECK(file_read(&file, path, 1 << 26, NULL));
    for (size_t n = 1; n<file.text.n; n += n + 400> file.text.n ? 1 : 37) {
        struct err err = { 0 };
        write_bytes(cut, slice_sub(file.text, 0, n));
        struct archive_verdict v, again;
        if (!archive_verify(cut, NULL, &v, &err)) {
            CHECK(n < 2); /* not even gzip's magic */
            continue;
        }
        if (v.state != ARCHIVE_TRUNCATED)
            test_fail(__FILE__, __LINE__, "cut at %zu of %zu: %s", n, file.text.n, v.text);
        CHECK(v.good_bytes <= n && !v.closed);
        struct archive_load *l = archive_load(paths, 1, NULL, &err);
        if (l) CHECK_U(archive_load_stats(l)->total.requests, v.samples);
        CHECK(l || v.good_members == 0);
        if (l) CHECK(archive_load_truncated(l));
        archive_load_free(l);
        if (v.good_members == 0) continue;
        CHECK(archive_recover(cut, fixed, &again, &err));
        again = verify(fixed);
        CHECK(again.state == ARCHIVE_WHOLE);
        CHECK_U(again.samples, v.samples);
        CHECK(again.recovered);
    }
    file_close(&file);
    fake_run_free(&f);
}

static uint64_t member_at(struct slice all, size_t at)
{
    struct buf text = BUF_INIT(MEMBER_TEXT_MAX);
    size_t offset = 0;
    uint64_t n = 0;
    while (gz_next(all, &offset, &text) == GZ_MEMBER && offset <= at)
        n++;
    buf_free(&text);
    return n;
}

/* A byte changed anywhere: always found, and the member named. */
TEST(archive_byte_flipped_anywhere)
{
    char path[4096], bad[4096];
    struct fake_result f;
    struct file file;
    struct rnd r;
    path_in(path, "a.jsonl.gz");
    path_in(bad, "bad.jsonl.gz");
    make_archive(path, &f, 60);
    CHECK(file_read(&file, path, 1 << 26, NULL));
    struct buf copy = BUF_INIT(1 << 26);
    buf_add(&copy, file.text);
    rnd_seed(&r, 42, 0);
    for (size_t i = 0; i < 1000; i++) {
        size_t at = i < 420 && i < copy.n ? copy.n - 1 - i : (size_t)rnd_below(&r, copy.n);
        char was = copy.p[at];
        copy.p[at] = (char)(was ^ (1 << rnd_below(&r, 8)));
        write_bytes(bad, buf_slice(&copy));
        copy.p[at] = was;
        if (at < 2) continue; /* gzip's magic at the start: refused as no archive */
        struct archive_verdict v = verify(bad);
        if (v.state != ARCHIVE_ALTERED || v.bad_member != member_at(file.text, at))
            test_fail(__FILE__, __LINE__, "byte %zu of %zu (member %llu): %s", at, copy.n,
                      (unsigned long long)member_at(file.text, at), v.text);
    }
    buf_free(&copy);
    file_close(&file);
    fake_run_free(&f);
}

TEST(archive_bytes_behind_the_seal)
{
    char path[4096];
    struct fake_result f;
    path_in(path, "a.jsonl.gz");
    make_archive(path, &f, 20);
    FILE *out = fopen(path, "ab");
    CHECK(out && fputs("x", out) >= 0 && fclose(out) == 0);
    CHECK(verify(path).state == ARCHIVE_ALTERED);
    fake_run_free(&f);
}

TEST(archive_refuses_what_is_none)
{
    char path[4096];
    const char *paths[1] = { path };
    struct archive_verdict v;
    struct err err = { 0 };
    path_in(path, "x");
    CHECK(!archive_verify(path, NULL, &v, &err) && err.code == ERR_INPUT);
    write_bytes(path, SL("hello"));
    err = (struct err){ 0 };
    CHECK(!archive_verify(path, NULL, &v, &err) &&
          slice_find(slice_z(err.text), SL("not an archive")) != SLICE_NONE);
    struct buf gz = BUF_INIT(1000);
    gz_member(&gz, SL("{\"type\":\"something\"}\n"), 6);
    write_bytes(path, buf_slice(&gz));
    err = (struct err){ 0 };
    CHECK(!archive_load(paths, 1, NULL, &err) && err.code == ERR_INPUT);
    err = (struct err){ 0 };
    CHECK(!archive_verify(path, NULL, &v, &err));
    CHECK(slice_find(slice_z(err.text), SL("not an archive of reprise")) != SLICE_NONE);
    buf_reset(&gz);
    gz_member(&gz,
              SL("{\"type\":\"member\",\"member\":0}\n"
                 "{\"type\":\"header\",\"format\":\"reprise-archive\",\"version\":2}\n"),
              6);
    write_bytes(path, buf_slice(&gz));
    err = (struct err){ 0 };
    CHECK(!archive_verify(path, NULL, &v, &err) && err.code == ERR_INPUT);
    CHECK(slice_find(slice_z(err.text), SL("an archive of format 2")) != SLICE_NONE);
    buf_free(&gz);
}

/* Random samples, extremes included: every field comes back, times to the microsecond. */
TEST(archive_rows_round_trip)
{
    struct row_state out = { .stamp = 1 }, in = { .stamp = 1 };
    struct rnd r;
    char line[ROW_BYTES_MAX];
    rnd_seed(&r, 1, 1);
    row_block(&out, 5000);
    row_block(&in, 5000);
    for (size_t i = 0; i < 20000; i++) {
        uint64_t start = rnd_below(&r, 1ULL << rnd_below(&r, 45)), late = rnd_below(&r, start + 1);
        struct sample s = { .intended_ns = (start - late) * 1000,
                            .start_ns = start * 1000,
                            .end_ns = (start + rnd_below(&r, 1ULL << 30)) * 1000,
                            .bytes_in = rnd_below(&r, 1ULL << 40),
                            .bytes_out = rnd_below(&r, 3),
                            .step = (uint32_t)rnd_below(&r, i % 50 ? 4 : 1ULL << 32),
                            .user = (uint32_t)rnd_below(&r, i % 100 ? 1000 : 1ULL << 32),
                            .iteration = (uint32_t)rnd_below(&r, 1ULL << 32),
                            .status = (uint16_t)rnd_below(&r, i % 3 ? 2 : 65536),
                            .outcome = (uint8_t)rnd_below(&r, OUTCOMES),
                            .reused = rnd_below(&r, 2) == 0,
                            .message = (uint32_t)rnd_below(&r, 2) * 77 },
                      back;
        if (rnd_below(&r, 2)) s.first_byte_ns = s.end_ns;
        if (s.first_byte_ns == 0 && rnd_below(&r, 2)) s.outcome = OUTCOME_TIMEOUT;
        if (!s.reused && rnd_below(&r, 2))
            s.connected_ns = s.start_ns + 1000 * (1 + rnd_below(&r, 99));
        if (rnd_below(&r, 50) == 0) {
            row_member(&out);
            row_member(&in);
        }
        size_t n = row_write(&out, &s, s.message, line);
        CHECK(n <= ROW_BYTES_MAX && line[n - 1] == '\n');
        CHECK(row_read(&in, (struct slice){ line, n - 1 }, &back));
        CHECK_U(back.intended_ns, s.intended_ns);
        CHECK_U(back.start_ns, s.start_ns);
        CHECK_U(back.end_ns, s.end_ns);
        CHECK_U(back.first_byte_ns, s.first_byte_ns);
        CHECK_U(back.connected_ns, s.connected_ns);
        CHECK_U(back.bytes_in, s.bytes_in);
        CHECK_U(back.bytes_out, s.bytes_out);
        CHECK_U(back.step, s.step);
        CHECK_U(back.user, s.user);
        CHECK_U(back.iteration, s.iteration);
        CHECK_U(back.status, s.status);
        CHECK_U(back.outcome, s.outcome);
        CHECK_U(back.reused, s.reused);
        CHECK_U(back.message, s.message);
    }
    row_state_free(&out);
    row_state_free(&in);
}

TEST(archive_rows_refuse_damage)
{
    static const char *const bad[] = {
        "",
        "[",
        "[]",
        "[1]",
        "[1,2,3,4,5]",
        "[1,2,3,4,5,6",
        "[1,2,3,4,5,6,-7]", /* less than nothing: there is no row before */
        "[1,2,3,4,5,6,7,65536]",
        "[1,2,3,4,5,6,7,200,-1]",
        "[1,2,13,4,5,6,7,200,1]",
        "[1,2,3,4,5,6,7,200,1",
        "[1,2,3,4,5,6,7,200,1,1,99]",
        "[1,2,3,4,-5,6,7,200,1]",
        "[1,2,3,4,5,-6,7,200,1]",
        "[1,2,3,4,5,6,7,200,1]]",
        "[1,2,3,4,5,6,7,200,1,]",
        "[1,,3,4,5,6,7,200,1]",
        "[1,99999999,3,4,5,6,7,200,1]",
        "[1,2,3,99999999,5,6,7,200,1]",
        "[1,-999999999999999999,3,4,5,6,7,200,1]",
        "[999999999999999999,2,3,4,5,6,7,200,1]",
        "[12345678901234567890,2,3,4,5,6,7,200,1]",
        "[1,2,3,4,5,6,7,200,1,1,1,1,1,1]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct row_state in = { .stamp = 1 };
        struct sample s;
        size_t n = strlen(bad[i]);
        char *line = test_guarded(bad[i], n);
        row_block(&in, 10);
        if (row_read(&in, (struct slice){ line, n }, &s))
            test_fail(__FILE__, __LINE__, "row %s is taken", bad[i]);
        test_guarded_free(line, n);
        row_state_free(&in);
    }
}

static void make_keys(const char *private_path, const char *public_path)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    FILE *a = fopen(private_path, "w"), *b = fopen(public_path, "w");
    CHECK(key && a && b);
    CHECK(PEM_write_PrivateKey(a, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(PEM_write_PUBKEY(b, key) == 1);
    fclose(a);
    fclose(b);
    EVP_PKEY_free(key);
}

TEST(archive_signature)
{
    char path[4096], key[4096], public[4096], other[4096], other_key[4096];
    struct archive_verdict v;
    struct fake_result f;
    path_in(path, "a.jsonl.gz");
    path_in(key, "key.pem");
    path_in(public, "public.pem");
    path_in(other, "other.pem");
    path_in(other_key, "other-key.pem");
    make_keys(key, public);
    make_keys(other_key, other);
    struct fake_run run = { .path = path,
                            .sign_key = key,
                            .level = ARCHIVE_FULL,
                            .seconds = 2,
                            .per_second = 30,
                            .workers = 1,
                            .seed = 3 };
    fake_run(&run, &f);
    CHECK(archive_verify(path, NULL, &v, NULL) && v.state == ARCHIVE_WHOLE && v.signature_found);
    CHECK(archive_verify(path, public, &v, NULL) && v.state == ARCHIVE_WHOLE && v.signature_ok);
    CHECK(archive_verify(path, other, &v, NULL) && v.state == ARCHIVE_BAD_SIGNATURE);
    fake_run_free(&f);
    run.sign_key = NULL;
    fake_run(&run, &f);
    CHECK(archive_verify(path, public, &v, NULL) && v.state == ARCHIVE_BAD_SIGNATURE);
    CHECK(!v.signature_found);
    fake_run_free(&f);
}

static void masked(const char *in, const char *want)
{
    struct buf out = BUF_INIT(10000);
    mask_text(&out, slice_z(in));
    CHECK_S(buf_slice(&out), slice_z(want));
    buf_free(&out);
}

struct slow_reader {
    const char *fifo, *file;
    atomic_bool go;
};

/* Opens the pipe, reads nothing until it may, then copies everything. */
static void *read_slowly(void *arg)
{
    struct slow_reader *r = arg;
    char part[65536];
    int in = open(r->fifo, O_RDONLY);
    FILE *out = fopen(r->file, "w");
    while (!atomic_load(&r->go))
        sched_yield();
    for (ssize_t n; (n = read(in, part, sizeof part)) > 0;)
        fwrite(part, 1, (size_t)n, out);
    fclose(out);
    close(in);
    return NULL;
}

/* A disk that stands still: nothing waits for it, what finds no room is counted, and the archive says so. */
TEST(archive_of_a_disk_that_stalls)
{
    enum { SAMPLES = 400000 };
    char fifo[4096], file[4096];
    struct run_info info = { .steps = fake_steps, .steps_n = 3 };
    struct archive_cfg archive_cfg = { .path = fifo, .level = ARCHIVE_FULL };
    struct recorder *r = recorder_new(&(struct recorder_cfg){ fake_steps, 3, true, 0, NULL });
    pthread_t thread;
    path_in(fifo, "fifo");
    path_in(file, "file");
    struct slow_reader reader = { .fifo = fifo, .file = file };
    CHECK(mkfifo(fifo, 0600) == 0);
    CHECK(pthread_create(&thread, NULL, read_slowly, &reader) == 0);
    struct archive_writer *w = archive_writer_new(&archive_cfg, &info, NULL);
    CHECK(w);
    struct collector_cfg cfg = { .info = &info, .recorders = &r, .recorders_n = 1, .archive = w };
    struct collector *c = collector_new(&cfg, NULL);
    struct rnd rnd;
    rnd_seed(&rnd, 1, 0);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct sample s = { .start_ns = i * 1000,
                            .status = 200,
                            .user = (uint32_t)rnd_below(&rnd, 1000) };
        s.end_ns = s.start_ns + rnd_below(&rnd, NS_PER_S);
        s.bytes_in = rnd_below(&rnd, 100000);
        recorder_add(r, &s);
        if (i % 20000 == 0) collector_tick(c, i * 1000);
    }
    atomic_store(&reader.go, true);
    CHECK(collector_finish(c, false, NULL));
    const struct run_stats *s = collector_stats(c);
    CHECK_U(s->total.requests, SAMPLES);
    CHECK(s->generator.left_out > 0 && s->generator.left_out < SAMPLES);
    uint64_t left_out = s->generator.left_out;
    collector_free(c);
    archive_writer_free(w);
    recorder_free(r);
    pthread_join(thread, NULL);
    struct archive_verdict v = verify(file);
    CHECK(v.state == ARCHIVE_WHOLE);
    CHECK_U(v.left_out, left_out);
    CHECK_U(v.samples + v.left_out, SAMPLES);
}

/* A disk that is full in the middle of a member: its rows too are told to be left out. */
TEST(archive_of_a_disk_that_is_full)
{
    char path[4096];
    struct fake_result f;
    struct fake_run run = { .level = ARCHIVE_FULL,
                            .seconds = 9,
                            .per_second = 2000,
                            .workers = 2,
                            .seed = 4,
                            .disk_breaks = true };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGXFSZ, &ignore, NULL);
    for (rlim_t size = 20000; size <= 80000; size += 20000) {
        path_in(path, "full");
        run.path = path;
        CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ size, RLIM_INFINITY }) == 0);
        fake_run(&run, &f);
        struct archive_verdict v = verify(path);
        CHECK(v.state == ARCHIVE_TRUNCATED && v.good_bytes == v.bytes);
        CHECK_U(v.samples + collector_stats(f.collector)->generator.left_out, f.samples);
        fake_run_free(&f);
    }
}

TEST(archive_masks_secrets)
{
    masked("Authorization: Bearer abcdefghijklmnop\r\nAccept: */*\r\n",
           "Authorization: Be…op (23)\r\nAccept: */*\r\n");
    masked("{\"password\":\"hunter2hunter2\",\"user\":\"joe\"}",
           "{\"password\":\"hu…r2 (14)\",\"user\":\"joe\"}");
    masked("a=1&password=hunter2hunter2&b=2", "a=1&password=hu…r2 (14)&b=2");
    masked("token: ${token}\n", "token: ${token}\n");
    masked("extract: { token: { json: $.token } }", "extract: { token: { json: $.token } }");
    masked("nothing here", "nothing here");
    masked("password", "password");
    masked("password:", "password:");
    masked("password: \"", "password: \"");
}
