/* A server that plays HTTP/2 frames, right and wrong ones (RFC 9113): what the engines are held against. On
 * 127.0.0.1, a port from the kernel, one thread per connection, no HTTP/2 library. */
#ifndef TESTS_SCRIPTED_H2_H
#define TESTS_SCRIPTED_H2_H

#include "tests/unit/scripted.h"

enum frame_type {
    F_DATA,
    F_HEADERS,
    F_PRIORITY,
    F_RST,
    F_SETTINGS,
    F_PUSH,
    F_PING,
    F_GOAWAY,
    F_WINDOW,
    F_CONT
};
enum frame_flag {
    FLAG_END = 1,
    FLAG_ACK = 1,
    FLAG_HEAD_END = 4,
    FLAG_PADDED = 8,
    FLAG_PRIORITY = 32
};
enum frame_on { ON_STREAM, ON_CONNECTION, ON_IDLE /* a stream that nobody opened */ };

#define FRAMES_MAX 8
struct frame {
    uint8_t type, flags, on;
    const char *p;
    size_t n;
    unsigned times; /* 0: once */
    bool raw;       /* p goes out as it is, not as a frame */
};

struct h2_script {
    const char *name;
    /* sent when a request is complete; the first with p NULL ends them */
    struct frame frames[FRAMES_MAX];
    enum ending ending;
    bool once;                    /* the next request gets script 0 */
    uint32_t max_streams, window; /* the server's settings, 0: not said; window: + 1 */
    const char *greeting;         /* sent in the place of the server's settings */
    uint32_t window_step; /* while a request's body comes, so much more is allowed each time */
};

struct scripted_h2;
struct scripted_h2 *scripted_h2_new(const struct h2_script *scripts, size_t n); /* gives */
uint16_t scripted_h2_port(const struct scripted_h2 *s);
void scripted_h2_play(struct scripted_h2 *s,
                      size_t script); /* from the next request or connection on */
unsigned scripted_h2_requests(const struct scripted_h2 *s); /* complete ones so far */
uint64_t scripted_h2_body_bytes(const struct scripted_h2 *s);
void scripted_h2_free(struct scripted_h2 *s);

#endif
