/* The seam between virtual users and engines: bytes of a request in, an answer and its times out.
 *
 * A worker owns one engine of each kind that its plan needs. The virtual user renders the request into
 * one buffer in HTTP/1.1 wire form (static spans copied once per request, variables written between
 * them); the native engine sends these bytes as they are, HTTP/2 and libcurl read the lines back. Every
 * engine reports the same outcomes for the same trouble; network trouble never is an err. All calls
 * happen on the worker's thread. */
#ifndef REPLAY_ENGINE_H
#define REPLAY_ENGINE_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "http/session.h"
#include "http/url.h"
#include "results/results.h"

/* What a name stood for when it was looked up. Never changed; stays until the plan is freed. */
struct addresses {
    struct addresses *older; /* of the same name */
    const struct sockaddr_storage *v;
    size_t n; /* at least 1 */
};

/* An origin of the plan: shared by all workers, const but for its addresses, which a look-up while the load
 * goes replaces (replay/names.h). */
struct origin {
    struct slice scheme, host; /* lower case */
    uint16_t port;
    bool tls;
    struct slice authority; /* as the Host header wants it */
    uint32_t index;         /* place in the plan's table: engines keep per-user tables by it */
    _Atomic(struct addresses *) addresses; /* NULL: OUTCOME_RESOLVE */
};

static inline const struct addresses *origin_addresses(const struct origin *o)
{
    return atomic_load_explicit(&o->addresses, memory_order_acquire);
}

enum auth_scheme { AUTH_BASIC, AUTH_DIGEST, AUTH_NTLM, AUTH_NEGOTIATE };

struct engine_cfg {
    struct loop *loop;
    const struct origin *const *origins;
    size_t origins_n;
    uint64_t connect_timeout_ns;
    const char *io;     /* native: "epoll", "io_uring"; NULL: the best there is */
    bool insecure;      /* certificates are not verified */
    const char *cacert; /* PEM file, NULL: the system's */
    const char *client_cert, *client_key;
    bool no_tls_resume;            /* every connection of a user does a full handshake */
    bool http2;                    /* offer h2 over TLS */
    bool h2c_prior;                /* HTTP/2 by prior knowledge over clear text */
    unsigned connections_per_host; /* of one user; 6 as browsers have it */
    size_t max_connections; /* of this worker; 0: no limit; least recently used idle ones close */
    const char *proxy;      /* curl engine only, like what follows; NULL: none */
    const char *user_password; /* "user:password" for auth; NULL: none */
    enum auth_scheme auth;
    const struct sockaddr_storage *sources; /* local addresses to use in turn */
    size_t sources_n;
    size_t max_head_bytes, max_body_bytes; /* of an answer, 0: the defaults below; larger is
                                              OUTCOME_PROTOCOL */
    const struct fake_script *fake;        /* the fake engine's answers (replay/fake.h) */
};

#define ENGINE_HEAD_BYTES ((size_t)256 << 10)
#define ENGINE_BODY_BYTES ((size_t)64 << 20)

/* A virtual user's connections and TLS sessions, as an engine keeps them. Opaque to the user. */
struct engine_user;

/* One request under way. The owner (a virtual user's slot) fills the first part, the engine the second,
 * then calls done on the loop's thread, never from inside send. All slices stay valid until done
 * returns; the struct itself is the owner's again when done is called (it may be sent anew from there). */
struct call {
    /* in */
    struct engine_user *user;
    const struct origin *origin;
    struct slice head; /* "GET /x HTTP/1.1\r\nHost: …\r\n…\r\n\r\n" */
    struct slice body;
    bool head_request;   /* method is HEAD: the answer has no body */
    bool want_body;      /* somebody reads the answer's body: gather it (still encoded) */
    uint64_t timeout_ns; /* for the whole call, from send */
    void (*done)(struct call *c);
    /* out */
    enum outcome outcome; /* OK: an answer came, whatever its status */
    int status;
    struct slice reason;
    struct headers headers;   /* of the final answer */
    struct slice answer_body; /* content codings not undone */
    /* a constant sentence for other outcomes, NULL: the outcome's name says it */
    const char *trouble;
    uint64_t start_ns, connected_ns, first_byte_ns, end_ns; /* monotonic; connected 0 when reused */
    uint64_t bytes_in, bytes_out; /* on the wire, heads included, TLS not */
    bool reused;
    bool http2;
    void *engine_data; /* the engine's */
};

struct engine; /* each kind has its own struct behind this name */

struct engine_ops {
    const char *name; /* "native", "curl", "fake" */
    struct engine *(*open)(const struct engine_cfg *cfg, struct err *err); /* keeps cfg; gives */
    void (*close)(struct engine *e); /* after every call is done or cancelled */
    struct engine_user *(*user_open)(struct engine *e);
    void (*user_reset)(
        struct engine_user *u); /* closes connections: a new iteration as a new visitor */
    void (*user_close)(struct engine_user *u);
    void (*send)(struct engine *e, struct call *c);
    void (*cancel)(struct engine *e, struct call *c); /* done is not called */
    size_t (*connections)(const struct engine *e);    /* open or opening now, of all users */
};

extern const struct engine_ops engine_curl, engine_native, engine_fake;

#endif
