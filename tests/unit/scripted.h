/* A server that plays scripts: what the engines are held against. On 127.0.0.1, a port from the kernel,
 * one thread per connection. The request's target names the script: "/12/drip" plays script 12 byte by
 * byte. */
#ifndef TESTS_SCRIPTED_H
#define TESTS_SCRIPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ending {
    END_KEEP, /* stays open for the next request */
    END_CLOSE,
    END_RESET, /* RST instead of FIN */
    END_STALL, /* stays open and never says another word */
};

struct script {
    const char *name;
    const char *bytes;
    size_t n;
    enum ending ending;
    size_t filler;      /* so many 'x' behind the bytes */
    bool read_slowly;   /* the request's body, in small pieces with pauses */
    const char *second; /* END_KEEP: sent unasked right behind the answer */
};

struct scripted;
struct scripted *scripted_new(const struct script *scripts, size_t n); /* gives */
uint16_t scripted_port(const struct scripted *s);
void scripted_free(struct scripted *s);               /* waits for its threads */
unsigned scripted_requests(const struct scripted *s); /* whole requests that it has read */

#endif
