/* The seam under the native engine, alone: what one turn of the loop takes, on both kinds of io. */
#include <arpa/inet.h>
#include <unistd.h>

#include "base/mem.h"
#include "replay/native/io.h"
#include "tests/unit/test.h"

#define MANY 200

static struct many {
    struct io_conn conns[MANY];
    struct loop *loop;
    size_t open, answered, released, turns;
    struct loop_io peer[MANY];
} * many; /* io's callbacks carry only the connection */

static void on_connected(struct io_conn *c, int errnum)
{
    (void)c;
    CHECK_U((unsigned)errnum, 0);
    if (++many->open == MANY) loop_stop(many->loop);
}

static void on_data(struct io_conn *c, struct slice bytes)
{
    (void)c;
    CHECK_S(bytes, SL("x"));
    many->answered++;
}

static void on_closed(struct io_conn *c, int errnum)
{
    (void)c;
    (void)errnum;
    CHECK(false);
}

static void on_released(struct io_conn *c)
{
    (void)c;
    many->released++;
}

/* Posted, so that it runs at the end of each turn. */
static void at_turns_end(void *arg)
{
    (void)arg;
    if (++many->turns == 2)
        loop_stop(many->loop);
    else
        loop_post(many->loop, at_turns_end, NULL);
}

static int listening(struct sockaddr_storage *at)
{
    struct sockaddr_in *in = (struct sockaddr_in *)at;
    *in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof *in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)in, n) == 0 && listen(fd, MANY) == 0 &&
          getsockname(fd, (struct sockaddr *)in, &n) == 0);
    return fd;
}

static void answer_all(int listener)
{
    for (size_t i = 0; i < MANY; i++) {
        many->peer[i].fd = accept(listener, NULL, NULL);
        CHECK(many->peer[i].fd >= 0 && write(many->peer[i].fd, "x", 1) == 1);
    }
}

static void drop_all(struct io *io, const struct io_ops *ops)
{
    for (size_t i = 0; i < MANY; i++)
        ops->drop(&many->conns[i]);
    ops->close(io);
    for (size_t i = 0; i < MANY; i++)
        close(many->peer[i].fd);
    CHECK_U(many->released, MANY);
}

/* Answers that are there are taken before anything new is begun: a turn that takes a few of them while it
 * starts hundreds of requests falls behind for ever. */
static void takes_all(const struct io_ops *ops)
{
    static const struct io_events events = { on_connected, on_data, on_closed, on_released };
    struct err err = { 0 };
    struct sockaddr_storage at = { 0 };
    int listener = listening(&at);
    many = mem_alloc(1, sizeof *many);
    many->loop = loop_new(&err);
    struct io *io = ops->open(many->loop, &events, &err);
    CHECK(io != NULL);
    for (size_t i = 0; i < MANY; i++)
        CHECK(ops->connect(io, &many->conns[i], &at, NULL));
    loop_run(many->loop);
    answer_all(listener);
    loop_post(many->loop, at_turns_end, NULL);
    loop_run(many->loop);
    CHECK_U(many->answered, MANY);
    drop_all(io, ops);
    loop_free(many->loop);
    close(listener);
    free(many);
}

TEST(io_epoll_takes_all_answers_of_a_turn)
{
    takes_all(&io_epoll_ops);
}

TEST(io_uring_takes_all_answers_of_a_turn)
{
    if (io_find("io_uring")) takes_all(&io_uring_ops);
}
