/* The archive's own thread: packing and writing, so that neither workers nor the collector wait for a
 * disk.
 *
 * The collector pushes jobs; the queue is bounded: blocks by what the recorders own, texts by
 * QUEUE_TEXT_MAX. What does not fit is left out and counted, never waited for. Blocks go home as soon as
 * they are written, or as soon as it is known that they cannot be. */
#include "results/archive.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define QUEUE_TEXT_MAX (64U << 20)

enum job_kind { JOB_TEXT, JOB_BLOCK, JOB_FLUSH, JOB_END };

struct job {
    struct job *next;
    enum job_kind kind;
    struct archive_block block;
    size_t n;
    char text[];
};

struct archive_writer {
    struct archive_cfg cfg;
    struct archive_file file;
    struct buf environment;
    struct row_state rows;
    uint32_t block_worker; /* whose rows the open member ends with; UINT32_MAX: nobody's */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct job *first, **last;
    size_t queued_bytes;
    uint64_t left_out, lost_texts;
};

/* ---- the thread --------------------------------------------------------------------------------------- */

static void count_left_out(struct archive_writer *w, uint64_t samples)
{
    pthread_mutex_lock(&w->lock);
    w->left_out += samples;
    pthread_mutex_unlock(&w->lock);
}

/* The line that says whose the next rows are, and from when their times count. */
static bool open_rows(struct archive_writer *w, const struct archive_block *b, uint64_t base_us)
{
    struct buf line = BUF_INIT(200);
    buf_addf(&line, "{\"type\":\"samples\",\"worker\":%u,\"base_us\":%llu}\n", b->worker,
             (unsigned long long)base_us);
    bool ok = afile_lines(&w->file, buf_slice(&line));
    row_block(&w->rows, base_us);
    w->block_worker = b->worker;
    buf_free(&line);
    return ok;
}

static bool write_row(struct archive_writer *w, const struct archive_block *b,
                      const struct sample *s)
{
    bool fresh;
    char *to = afile_room(&w->file, ROW_BYTES_MAX + 200, &fresh);
    if (!to) return false;
    if (fresh) row_member(&w->rows);
    if (fresh || w->block_worker != b->worker) {
        if (!open_rows(w, b, s->end_ns / NS_PER_US)) return false;
        to = afile_room(&w->file, ROW_BYTES_MAX, &fresh);
        if (!to) return false;
    }
    uint32_t message = s->message <= MESSAGES_MAX ? b->map[s->message] : 0;
    afile_grew(&w->file, row_write(&w->rows, s, message, to));
    afile_row(&w->file, s->end_ns / NS_PER_US);
    return true;
}

static void write_block(struct archive_writer *w, const struct archive_block *b)
{
    size_t i = 0;
    while (i < b->block->n && write_row(w, b, &b->block->samples[i]))
        i++;
    if (i < b->block->n) count_left_out(w, b->block->n - i);
    recorder_return_block(b->home, b->block);
}

/* Text between rows ends their block: a reader may stop looking for rows there. */
static void write_text(struct archive_writer *w, struct slice text)
{
    bool fresh;
    if (afile_room(&w->file, 1, &fresh) && fresh) row_member(&w->rows);
    w->block_worker = UINT32_MAX;
    afile_lines(&w->file, text);
}

static struct job *next_job(struct archive_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first)
        pthread_cond_wait(&w->wake, &w->lock);
    struct job *j = w->first;
    w->first = j->next;
    if (!w->first) w->last = &w->first;
    w->queued_bytes -= j->n;
    pthread_mutex_unlock(&w->lock);
    return j;
}

/* The rows of a member that the disk did not take. */
static void count_lost_rows(struct archive_writer *w)
{
    if (!err_is(&w->file.broken) || w->file.rows == 0) return;
    count_left_out(w, w->file.rows);
    w->file.rows = 0;
}

static void *writer_main(void *arg)
{
    struct archive_writer *w = arg;
    for (bool more = true; more;) {
        struct job *j = next_job(w);
        switch (j->kind) {
        case JOB_TEXT: write_text(w, (struct slice){ j->text, j->n }); break;
        case JOB_BLOCK: write_block(w, &j->block); break;
        case JOB_FLUSH: afile_flush(&w->file); break;
        case JOB_END: more = false; break;
        }
        count_lost_rows(w);
        free(j);
    }
    return NULL;
}

/* ---- the collector's side ----------------------------------------------------------------------------- */

static void push(struct archive_writer *w, struct job *j)
{
    j->next = NULL;
    pthread_mutex_lock(&w->lock);
    *w->last = j;
    w->last = &j->next;
    w->queued_bytes += j->n;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static bool text_fits(struct archive_writer *w, size_t n)
{
    pthread_mutex_lock(&w->lock);
    bool ok = w->queued_bytes + n <= QUEUE_TEXT_MAX;
    w->lost_texts += !ok;
    pthread_mutex_unlock(&w->lock);
    return ok;
}

void archive_push_text(struct archive_writer *w, struct slice lines)
{
    if (lines.n == 0 || !text_fits(w, lines.n)) return;
    struct job *j = mem_alloc(1, sizeof *j + lines.n);
    j->kind = JOB_TEXT;
    j->n = lines.n;
    memcpy(j->text, lines.p, lines.n);
    push(w, j);
}

void archive_push_block(struct archive_writer *w, const struct archive_block *b)
{
    struct job *j = mem_alloc(1, sizeof *j);
    j->kind = JOB_BLOCK;
    j->block = *b;
    push(w, j);
}

static void push_kind(struct archive_writer *w, enum job_kind kind)
{
    struct job *j = mem_alloc(1, sizeof *j);
    j->kind = kind;
    push(w, j);
}

void archive_push_flush(struct archive_writer *w)
{
    push_kind(w, JOB_FLUSH);
}

struct slice archive_environment(const struct archive_writer *w)
{
    return buf_slice(&w->environment);
}

const char *archive_path(const struct archive_writer *w)
{
    return w->cfg.path;
}

enum archive_bodies archive_bodies(const struct archive_writer *w)
{
    return w->cfg.bodies;
}

uint64_t archive_left_out(struct archive_writer *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t n = w->left_out;
    pthread_mutex_unlock(&w->lock);
    return n;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

static void push_start(struct archive_writer *w, const struct run_info *info)
{
    struct buf text = BUF_INIT(QUEUE_TEXT_MAX), masked = BUF_INIT(QUEUE_TEXT_MAX / 4);
    line_header(&text, info, w->cfg.level, buf_slice(&w->environment));
    for (size_t i = 0; i < info->steps_n; i++)
        line_name(&text, info, i);
    mask_text(&masked, info->scenario_text);
    line_texts(&text, SL("scenario"), buf_slice(&masked));
    archive_push_text(w, buf_slice(&text));
    archive_push_flush(w);
    buf_free(&text);
    buf_free(&masked);
}

struct archive_writer *archive_writer_new(const struct archive_cfg *cfg,
                                          const struct run_info *info, struct err *err)
{
    struct archive_writer *w = mem_alloc(1, sizeof *w);
    w->cfg = *cfg;
    w->last = &w->first;
    w->block_worker = UINT32_MAX;
    w->rows.stamp = 1;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    buf_init(&w->environment, 1 << 16);
    if (!afile_open(&w->file, cfg->path, cfg->sign_key, err)) goto fail;
    w->cfg.path = w->file.path;
    env_write(&w->environment);
    int state = pthread_create(&w->thread, NULL, writer_main, w);
    if (state != 0) {
        err_sys(err, ERR_INTERNAL, state, "thread of the archive");
        goto fail;
    }
    w->running = true;
    push_start(w, info);
    return w;
fail:
    archive_writer_free(w);
    return NULL;
}

static void stop_thread(struct archive_writer *w)
{
    if (!w->running) return;
    push_kind(w, JOB_END);
    pthread_join(w->thread, NULL);
    w->running = false;
}

bool archive_writer_close(struct archive_writer *w, uint64_t left_out, struct err *err)
{
    push_kind(w, JOB_FLUSH);
    stop_thread(w);
    left_out += w->left_out;
    if (!afile_close(&w->file, left_out + w->lost_texts, false, err)) {
        if (left_out) err_context(err, "%llu samples are not in it", (unsigned long long)left_out);
        return false;
    }
    return true;
}

void archive_writer_free(struct archive_writer *w)
{
    if (!w) return;
    stop_thread(w);
    afile_free(&w->file);
    row_state_free(&w->rows);
    buf_free(&w->environment);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void archive_default_name(const struct run_info *info, struct buf *out)
{
    for (unsigned n = 1; n < 1000; n++) {
        buf_reset(out);
        for (size_t i = 0; i < info->scenario.n && i < 100; i++) {
            char c = info->scenario.p[i];
            buf_addc(out, c == '/' || c <= ' ' || (i == 0 && (c == '.' || c == '-')) ? '_' : c);
        }
        if (info->scenario.n == 0) buf_addz(out, "run");
        buf_addc(out, '-');
        clock_add_compact(out, info->start_utc_ns);
        if (n > 1) buf_addf(out, "-%u", n);
        buf_addz(out, ".jsonl.gz");
        if (access(buf_z(out), F_OK) != 0) return;
    }
}
