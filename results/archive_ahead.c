/* Members unpacked before they are asked for, by other threads: unpacking is most of what reading costs.
 *
 * Called by the archive's reader. Where a member may start is found by its first bytes, so that this works
 * without an index, in files that were cut or altered too; a place that only looks like a start is passed
 * over, or never asked for. Invariant: slots are claimed and taken in the file's order. What cannot be
 * unpacked here is left to the caller, who unpacks it again and names what is wrong with it. */
#include "results/archive_read.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

#define THREADS_MAX 4
#define SLOTS (2 * THREADS_MAX)

struct slot {
    size_t offset, used;
    struct buf text;
    bool done, whole;
};

struct ahead {
    struct slice file;
    pthread_t threads[THREADS_MAX];
    size_t threads_n;
    pthread_mutex_t lock; /* guards what follows, but for slots that are claimed and not done */
    pthread_cond_t room, ready;
    size_t searched;       /* no start of a member before here is unclaimed */
    size_t claimed, taken; /* slots, from the beginning on */
    bool exhausted, stop;
    struct slot slots[SLOTS];
};

/* The next slot to fill, NULL when there is nothing left to do. */
static struct slot *claim(struct ahead *a)
{
    while (!a->stop && !a->exhausted && a->claimed - a->taken == 2 * a->threads_n)
        pthread_cond_wait(&a->room, &a->lock);
    if (a->stop || a->exhausted) return NULL;
    size_t at = slice_find(slice_from(a->file, a->searched), MEMBER_MAGIC);
    if (at == SLICE_NONE) {
        a->exhausted = true;
        pthread_cond_broadcast(&a->ready);
        pthread_cond_broadcast(&a->room);
        return NULL;
    }
    struct slot *s = &a->slots[a->claimed++ % SLOTS];
    s->offset = a->searched + at;
    s->done = false;
    a->searched = s->offset + 1;
    pthread_cond_broadcast(&a->ready);
    return s;
}

static void *ahead_main(void *arg)
{
    struct ahead *a = arg;
    struct slot *s;
    pthread_mutex_lock(&a->lock);
    while ((s = claim(a))) {
        pthread_mutex_unlock(&a->lock);
        size_t end = s->offset;
        s->whole = gz_next(a->file, &end, &s->text) == GZ_MEMBER;
        s->used = end - s->offset;
        pthread_mutex_lock(&a->lock);
        s->done = true;
        pthread_cond_broadcast(&a->ready);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

struct ahead *ahead_new(struct slice file, size_t offset, size_t threads)
{
    struct ahead *a = mem_alloc(1, sizeof *a);
    a->file = file;
    a->searched = offset;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->room, NULL);
    pthread_cond_init(&a->ready, NULL);
    for (size_t i = 0; i < SLOTS; i++)
        buf_init(&a->slots[i].text, MEMBER_TEXT_MAX);
    pthread_mutex_lock(&a->lock); /* until threads_n, which claim() reads, is what it is */
    while (a->threads_n < threads && a->threads_n < THREADS_MAX &&
           pthread_create(&a->threads[a->threads_n], NULL, ahead_main, a) == 0)
        a->threads_n++;
    a->exhausted = a->threads_n == 0;
    pthread_mutex_unlock(&a->lock);
    return a;
}

void ahead_free(struct ahead *a)
{
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_broadcast(&a->room);
    pthread_mutex_unlock(&a->lock);
    for (size_t i = 0; i < a->threads_n; i++)
        pthread_join(a->threads[i], NULL);
    for (size_t i = 0; i < SLOTS; i++)
        buf_free(&a->slots[i].text);
    pthread_cond_destroy(&a->room);
    pthread_cond_destroy(&a->ready);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

/* The slot of the member at offset, filled; those before it are given up. NULL if there is none. */
static struct slot *wait_for(struct ahead *a, size_t offset)
{
    for (;;) {
        struct slot *s = &a->slots[a->taken % SLOTS];
        bool any = a->taken < a->claimed;
        if (any && s->offset > offset) return NULL;
        if (any && s->done) {
            if (s->offset == offset) return s;
            a->taken++;
            pthread_cond_broadcast(&a->room);
        } else if (!any && (a->exhausted || a->searched > offset)) {
            return NULL;
        } else {
            pthread_cond_wait(&a->ready, &a->lock);
        }
    }
}

bool ahead_take(struct ahead *a, size_t *offset, struct buf *text)
{
    bool whole = false;
    pthread_mutex_lock(&a->lock);
    struct slot *s = wait_for(a, *offset);
    if (s && (whole = s->whole)) {
        struct buf mine = *text;
        *text = s->text;
        s->text = mine;
        *offset += s->used;
    }
    if (s) a->taken++;
    pthread_cond_broadcast(&a->room);
    pthread_mutex_unlock(&a->lock);
    return whole;
}
