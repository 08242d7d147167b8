/* The fake engine's script: who answers, after how long. For tests and dry runs; no socket is opened.
 *
 * The loop's clock becomes virtual: it stands still while work is done and jumps to the next timer. A run
 * starts at FAKE_START_NS of that clock. */
#ifndef REPLAY_FAKE_H
#define REPLAY_FAKE_H

#include "replay/engine.h"

#define FAKE_START_NS 1000000000ULL

struct fake_answer {
    enum outcome outcome;
    int status;          /* 0 means 200 when outcome is OK */
    const char *headers; /* "Name: value\r\n…", NULL: none */
    const char *body;    /* NULL: empty */
    uint64_t delay_ns;   /* until the answer is there */
    bool new_connection;
};

struct fake_script {
    /* Called for each request when it is sent; out is zeroed. Texts are copied. NULL: all 200, at once. */
    void (*answer)(void *arg, const struct call *c, uint64_t now_ns, struct fake_answer *out);
    void *arg;
};

#endif
