/* Names become addresses: once before the load, and again while it goes (--dns-refresh). */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include "replay/engine.h"

/* --resolve: HOST:PORT:ADDRESS, HOST as in a URL; ADDRESS is an address, another name, or /path of a unix socket. */
struct name_rules {
    const char *const *v;
    size_t n;
};

bool names_rules_ok(const struct name_rules *rules,
                    struct err *err); /* ERR_USAGE: not of that form */
/* Publishes what o's name stands for, if that is new. 0, or an error of getaddrinfo(3): nothing changed.
 * Safe while other threads read o; one thread at a time. */
int names_look_up(struct origin *o, const struct name_rules *rules);
void names_forget(struct origin *o); /* frees all its addresses, old ones too */

struct hosts;
struct refresher;
/* A thread that looks all names up every so often; NULL with err when it cannot be made. Gives. */
struct refresher *refresher_start(struct hosts *h, uint64_t every_ns, struct err *err);
void refresher_stop(struct refresher *r); /* waits for a look-up under way; NULL is fine */

#endif
