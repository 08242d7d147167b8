/* The origins that a run may talk to: the target, what --host makes of it, and other hosts of the
 * scenario that the user has named. Nothing is sent anywhere else. Const once the plan is compiled. */
#ifndef REPLAY_HOSTS_H
#define REPLAY_HOSTS_H

#include "replay/names.h"

struct hosts_cfg {
    struct slice target;      /* recorded origin, empty if the scenario has none */
    const char *host;         /* --host: replaces it, may have a path prefix; NULL */
    const char *const *allow; /* --allow-host: NAME, NAME:PORT or an origin's URL */
    size_t allow_n;
    bool allow_all;
    struct name_rules rules;
    bool by_proxy; /* the proxy resolves names */
};

struct hosts;
struct hosts *hosts_new(struct arena *a, const struct hosts_cfg *cfg, struct err *err);
const struct origin *hosts_target(const struct hosts *h);
struct slice hosts_prefix(
    const struct hosts *h); /* path prefix of --host, without '/' at its end */
struct slice hosts_recorded(
    const struct hosts *h);                     /* "https://shop.example", empty if not replaced */
struct slice hosts_base(const struct hosts *h); /* the target as "http://127.0.0.1:8080" */
/* Compile time: the origin of an absolute URL, added to the table. NULL if the user did not name it. */
const struct origin *hosts_add(struct hosts *h, const struct url *u, struct err *err);
/* Run time: NULL if it is not in the table. Loopback names of one port are one origin. */
const struct origin *hosts_find(const struct hosts *h, const struct url *u);
const struct origin *const *hosts_table(const struct hosts *h, size_t *n);
/* Looks every name up; false if the target has no address. */
bool hosts_resolve(struct hosts *h, struct err *err);
void hosts_refresh(
    struct hosts *h); /* again, by one thread, while others read; a failure changes nothing */
void hosts_free(struct hosts *h); /* what its arena does not; NULL is fine */
bool host_is_loopback(struct slice host);

#endif
