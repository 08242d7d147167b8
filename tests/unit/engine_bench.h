/* What the conformance tests of the engines share: an engine with one user and one origin on 127.0.0.1, calls
 * that run until they are answered, and the names of the engines under test. */
#ifndef TESTS_ENGINE_BENCH_H
#define TESTS_ENGINE_BENCH_H

#include <sys/socket.h>

#include "replay/engine.h"
#include "tests/unit/scripted.h"

#define HEAD_LIMIT 8192
#define BODY_LIMIT (8 * 1024 * 1024)

struct expect {
    enum outcome outcome;
    int status;       /* 0: not looked at */
    const char *body; /* NULL: not looked at */
    bool head_request;
};

/* What most cases expect. */
#define WANT_OK(status, body)           \
    {                                   \
        OUTCOME_OK, status, body, false \
    }
#define WANT_FAILURE(outcome)   \
    {                           \
        outcome, 0, NULL, false \
    }
#define BROKEN WANT_FAILURE(OUTCOME_PROTOCOL)
#define CUT WANT_FAILURE(OUTCOME_RESET)
#define LATE WANT_FAILURE(OUTCOME_TIMEOUT)

struct conf {
    struct script script;
    struct expect want;
};
extern const struct conf engine_cases[];
extern const size_t engine_cases_n, engine_h2_cases_n,
    engine_tls_cases_n; /* of each engine's suites */

struct variant {
    const struct engine_ops *ops;
    const char *io;
};
#define EPOLL ((struct variant){ &engine_native, "epoll" })
#define URING ((struct variant){ &engine_native, "io_uring" })
#define CURL ((struct variant){ &engine_curl, NULL })

struct bench {
    struct engine_cfg cfg; /* loop, origins and io are filled in; the rest may be set before */
    struct origin origin;  /* tls, host may be set before */
    const struct origin *origins[1];
    struct sockaddr_storage addr;
    struct addresses addresses;
    char authority[64];
    const struct engine_ops *ops;
    struct engine *engine;
    struct engine_user *user;
};

struct answered {
    struct call call; /* first */
    struct bench *bench;
    struct buf body;
    unsigned *left;
};

void bench_open(struct bench *b, struct variant v, uint16_t port);
void bench_close(struct bench *b);
/* a is zero but for what the call shall have (body, timeout …); the loop stops when *left are answered. */
void bench_send(struct bench *b, struct answered *a, struct slice head, unsigned *left);
/* One GET (or HEAD), answered; free a->body. */
void bench_get(struct bench *b, struct answered *a, const struct expect *want, const char *target);
/* Fails the test unless the call has the outcome, the status, the body and sensible times. */
void bench_verify(const struct bench *b, const struct answered *a, const struct expect *want,
                  const char *name);

#endif
