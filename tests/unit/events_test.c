/* The ring of events: order, split reads, readers that fall behind. */
#include "tests/unit/test.h"

#include <string.h>

#include "base/buf.h"
#include "web/events.h"

static void push(struct events *e, unsigned n)
{
    struct buf b = BUF_INIT(100);
    buf_addf(&b, "{\"n\":%u}", n);
    events_push(e, "tick", buf_slice(&b));
    buf_free(&b);
}

static void read_all(const struct events *e, struct events_cursor *c, size_t step, struct buf *out)
{
    char piece[4096];
    size_t n;
    while ((n = events_read(e, c, piece, step)) != 0 && n != EVENTS_LOST)
        buf_add(out, (struct slice){ piece, n });
}

TEST(events_are_the_same_however_they_are_read)
{
    struct events *e = events_new();
    struct events_cursor begin = events_end(e);
    push(e, 1);
    push(e, 2);
    struct slice want = SL("event: tick\ndata: {\"n\":1}\n\nevent: tick\ndata: {\"n\":2}\n\n");
    for (size_t step = 1; step <= want.n + 1; step++) {
        struct events_cursor c = begin;
        struct buf got = BUF_INIT(1000);
        read_all(e, &c, step, &got);
        CHECK_S(buf_slice(&got), want);
        buf_free(&got);
    }
    CHECK_U(events_count(e), 2);
    events_free(e);
}

TEST(events_come_from_now_on)
{
    struct events *e = events_new();
    char out[64];
    push(e, 1);
    struct events_cursor c = events_end(e);
    CHECK_U(events_read(e, &c, out, sizeof out), 0);
    push(e, 2);
    CHECK(events_read(e, &c, out, sizeof out) > 0);
    events_free(e);
}

TEST(events_skip_what_is_gone)
{
    struct events *e = events_new();
    struct events_cursor c = events_end(e);
    struct buf got = BUF_INIT(1 << 20);
    for (unsigned i = 0; i < EVENTS_MAX + 10; i++)
        push(e, i);
    read_all(e, &c, 4096, &got);
    CHECK_U(c.missed, 10);
    CHECK(slice_starts(buf_slice(&got), SL("event: tick\ndata: {\"n\":10}")));
    buf_free(&got);
    events_free(e);
}

TEST(events_tell_a_reader_that_lost_its_place)
{
    struct events *e = events_new();
    struct events_cursor c = events_end(e);
    char out[8];
    push(e, 1);
    CHECK_U(events_read(e, &c, out, 5), 5); /* in the middle of an event */
    for (unsigned i = 0; i < EVENTS_MAX; i++)
        push(e, i);
    CHECK(events_read(e, &c, out, 5) == EVENTS_LOST);
    events_free(e);
}

TEST(events_are_bounded_in_bytes)
{
    struct events *e = events_new();
    struct events_cursor c = events_end(e);
    size_t large = EVENTS_BYTES / 4, sum = 0;
    char *text = malloc(EVENTS_BYTES);
    CHECK(text != NULL);
    memset(text, 'x', EVENTS_BYTES);
    for (unsigned i = 0; i < 20; i++)
        events_push(e, "log", (struct slice){ text, large });
    for (size_t n; (n = events_read(e, &c, text, 4096)) != 0;)
        sum += n;
    CHECK(sum <= EVENTS_BYTES && sum > 2 * large);
    events_push(e, "log",
                (struct slice){ text, EVENTS_BYTES }); /* larger than the ring: left out */
    CHECK_U(events_count(e), 20);
    free(text);
    events_free(e);
}
