/* TLS on a connection: records in, plain bytes to the protocol; plain bytes in, records to the socket.
 *
 * OpenSSL reads from the bytes that the io has just delivered and writes straight into the io's send, so
 * that neither side keeps a buffer: a connection at rest holds OpenSSL's state only (its record buffers
 * are released when idle). One BIO serves all connections: ssl_of says for whom OpenSSL works now, and the
 * io's send never calls back. Sessions are resumed per user, as a browser does. */
#include "replay/native/native.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/native/tls_certs.h"

#define PLAIN_BYTES (16 * 1024) /* a record's most, RFC 8446 5.1 */

struct tls_ctx {
    SSL_CTX *ssl;
    BIO_METHOD *method;
    BIO *bio;          /* every connection's; a reference of ours */
    struct conn *turn; /* the one that OpenSSL works for now, see ssl_of */
    struct conn *fed;  /* whose records in holds; NULL: nobody's */
    struct slice in;   /* received and not read yet */
    struct tls_certs *certs;
    char plain[PLAIN_BYTES];
};

struct tls_saved {
    struct tls_saved *next;
    const struct origin *origin;
    SSL_SESSION *session;
};

/* ---- the socket as OpenSSL sees it ---- */

static int bio_read(BIO *b, char *out, int n)
{
    struct tls_ctx *t = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (t->turn != t->fed || !t->in.n) {
        BIO_set_retry_read(b);
        return -1;
    }
    size_t take = t->in.n < (size_t)n ? t->in.n : (size_t)n;
    memcpy(out, t->in.p, take);
    t->in = slice_from(t->in, take);
    return (int)take;
}

static int bio_write(BIO *b, const char *p, int n)
{
    const struct tls_ctx *t = BIO_get_data(b);
    struct conn *c = t->turn;
    BIO_clear_retry_flags(b);
    c->engine->ops->send(&c->io, (struct slice){ p, (size_t)n }, (struct slice){ 0 });
    return n;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    (void)b;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

static BIO_METHOD *bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reprise");
    if (!m) return NULL;
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_ctrl(m, bio_ctrl);
    BIO_meth_set_create(m, bio_create);
    return m;
}

/* Every call into OpenSSL that may read, write or report goes through here: what it does, it does for c. */
static SSL *ssl_of(struct conn *c)
{
    c->engine->tls->turn = c;
    if (ERR_peek_error()) ERR_clear_error(); /* dearer, and there is hardly ever one */
    return c->ssl;
}

/* ---- context ---- */

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    const struct tls_ctx *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const struct conn *c = t->turn;
    struct tls_saved *s = c->user->sessions;
    while (s && s->origin != c->origin)
        s = s->next;
    if (!s) {
        s = mem_alloc(1, sizeof *s);
        s->origin = c->origin;
        s->next = c->user->sessions;
        c->user->sessions = s;
    }
    SSL_SESSION_free(s->session);
    s->session = session;
    return 1; /* takes the reference */
}

void tls_saved_free(struct tls_saved *s)
{
    while (s) {
        struct tls_saved *next = s->next;
        SSL_SESSION_free(s->session);
        free(s);
        s = next;
    }
}

/* The first of OpenSSL's errors: a file that is not there is one of the system's. */
static bool ssl_err(struct err *err, const char *what)
{
    unsigned long first = ERR_peek_error();
    const char *why = ERR_reason_error_string(first);
    if (ERR_SYSTEM_ERROR(first)) why = strerrordesc_np(ERR_GET_REASON(first));
    err_set(err, ERR_INPUT, "%s: %s", what, why ? why : "TLS trouble");
    ERR_clear_error();
    return false;
}

/* OpenSSL would ask the terminal, once for each worker. */
static int no_pass_phrase(char *out, int size, int writing, void *asked)
{
    (void)out;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static bool load_key(SSL_CTX *ctx, const char *key, struct err *err)
{
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
    bool ok = SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
    if (ok) return true;
    if (!asked) return ssl_err(err, key);
    return err_set(err, ERR_INPUT, "%s: has a pass phrase; `openssl pkey` makes a copy without",
                   key);
}

static bool load_trust(SSL_CTX *ctx, const struct engine_cfg *cfg, struct err *err)
{
    SSL_CTX_set_verify(ctx, cfg->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (cfg->cacert && SSL_CTX_load_verify_file(ctx, cfg->cacert) != 1)
        return ssl_err(err, cfg->cacert);
    if (!cfg->cacert && !cfg->insecure) SSL_CTX_set_default_verify_paths(ctx);
    if (!cfg->client_cert) return true;
    if (SSL_CTX_use_certificate_chain_file(ctx, cfg->client_cert) != 1)
        return ssl_err(err, cfg->client_cert);
    const char *key = cfg->client_key ? cfg->client_key : cfg->client_cert;
    return load_key(ctx, key, err);
}

struct tls_ctx *tls_ctx_new(const struct engine_cfg *cfg, struct err *err)
{
    static const unsigned char both[] = "\x02h2\x08http/1.1", h1_only[] = "\x08http/1.1";
    struct tls_ctx *t = mem_alloc(1, sizeof *t);
    t->ssl = SSL_CTX_new(TLS_client_method());
    t->method = bio_method();
    t->certs = tls_certs_new();
    t->bio = t->method ? BIO_new(t->method) : NULL;
    if (!t->ssl || !t->bio) {
        ssl_err(err, "OpenSSL");
        goto fail;
    }
    BIO_set_data(t->bio, t);
    SSL_CTX_set_app_data(t->ssl, t);
    SSL_CTX_set_min_proto_version(t->ssl, TLS1_2_VERSION);
    SSL_CTX_set_mode(t->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_options(t->ssl, SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (!load_trust(t->ssl, cfg, err)) goto fail;
    SSL_CTX_set_cert_verify_callback(t->ssl, tls_certs_verify, t->certs);
    const unsigned char *alpn = cfg->http2 ? both : h1_only;
    SSL_CTX_set_alpn_protos(t->ssl, alpn, cfg->http2 ? sizeof both - 1 : sizeof h1_only - 1);
    SSL_CTX_set_session_cache_mode(t->ssl, cfg->no_tls_resume ? SSL_SESS_CACHE_OFF
                                                              : SSL_SESS_CACHE_CLIENT |
                                                                    SSL_SESS_CACHE_NO_INTERNAL);
    if (!cfg->no_tls_resume) SSL_CTX_sess_set_new_cb(t->ssl, on_new_session);
    return t;
fail:
    tls_ctx_free(t);
    return NULL;
}

void tls_ctx_free(struct tls_ctx *t)
{
    if (!t) return;
    SSL_CTX_free(t->ssl);
    BIO_free(t->bio);
    BIO_meth_free(t->method);
    tls_certs_free(t->certs);
    free(t);
}

/* ---- a connection ---- */

/* Who the certificate must name: a host gets SNI and is matched by name, an address by address. False: nobody could be
 * named, and any certificate would do. */
static bool name_peer(SSL *ssl, const struct origin *o)
{
    char host[256];
    unsigned char addr[16];
    if (o->host.n >= sizeof host) return false;
    memcpy(host, o->host.p, o->host.n);
    host[o->host.n] = '\0';
    if (inet_pton(AF_INET, host, addr) == 1 || inet_pton(AF_INET6, host, addr) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

static void resume(SSL *ssl, const struct conn *c)
{
    for (const struct tls_saved *s = c->user->sessions; s; s = s->next)
        if (s->origin == c->origin) SSL_set_session(ssl, s->session);
}

static const char *handshake_trouble(const struct conn *c)
{
    long verdict = SSL_get_verify_result(c->ssl);
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    return ERR_reason_error_string(ERR_peek_last_error());
}

/* Moves the handshake on; false when the connection is done for (and gone). */
static bool shake_hands(struct conn *c)
{
    int rc = SSL_do_handshake(ssl_of(c));
    if (rc == 1) {
        const unsigned char *alpn = NULL;
        unsigned n = 0;
        SSL_get0_alpn_selected(c->ssl, &alpn, &n);
        conn_secured(c, n == 2 && memcmp(alpn, "h2", 2) == 0);
        return c->state != CONN_GONE;
    }
    if (SSL_get_error(c->ssl, rc) == SSL_ERROR_WANT_READ) return true;
    conn_failed(c, OUTCOME_TLS, handshake_trouble(c));
    return false;
}

bool tls_begin(struct conn *c)
{
    struct tls_ctx *ctx = c->engine->tls;
    c->ssl = SSL_new(ctx->ssl);
    if (!c->ssl) return false;
    BIO_up_ref(ctx->bio);
    SSL_set_bio(c->ssl, ctx->bio, ctx->bio);
    if (!name_peer(c->ssl, c->origin)) return false;
    resume(c->ssl, c);
    SSL_set_connect_state(c->ssl);
    shake_hands(c);
    return true;
}

void tls_end(struct conn *c)
{
    if (!c->ssl) return;
    /* A session stays good for resumption only if its connection ended in order (RFC 8446 6.1). */
    SSL_set_quiet_shutdown(c->ssl, 1);
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    c->ssl = NULL;
}

/* Hands the plain bytes of what was received to the protocol. */
static void read_records(struct conn *c)
{
    struct tls_ctx *ctx = c->engine->tls;
    if (!SSL_is_init_finished(c->ssl) && !shake_hands(c)) return;
    while (c->state != CONN_GONE) {
        int n = SSL_read(ssl_of(c), ctx->plain, PLAIN_BYTES);
        if (n > 0) {
            c->protocol->data(c, (struct slice){ ctx->plain, (size_t)n });
            if (!ctx->in.n && c->ssl && !SSL_has_pending(c->ssl)) return; /* all is read */
            continue;
        }
        int why = SSL_get_error(c->ssl, n);
        if (why == SSL_ERROR_WANT_READ) return;
        if (!c->protocol)
            conn_failed(c, OUTCOME_TLS, handshake_trouble(c));
        else if (why == SSL_ERROR_ZERO_RETURN)
            c->protocol->eof(c, 0, NULL);
        else
            c->protocol->eof(c, EPROTO, ERR_reason_error_string(ERR_peek_last_error()));
        return;
    }
}

void tls_feed(struct conn *c, struct slice records)
{
    struct tls_ctx *ctx = c->engine->tls;
    ctx->fed = c;
    ctx->in = records;
    read_records(c);
    ctx->fed = NULL;
}

static bool write_all(struct conn *c, struct slice s)
{
    while (s.n) {
        int n = SSL_write(ssl_of(c), s.p, s.n > INT32_MAX ? INT32_MAX : (int)s.n);
        if (n <= 0) return false;
        s = slice_from(s, (size_t)n);
    }
    return true;
}

/* Small requests go as one record: head and body together. */
void tls_send(struct conn *c, struct slice head, struct slice body)
{
    char both[4096];
    if (body.n && head.n + body.n <= sizeof both) {
        memcpy(both, head.p, head.n);
        memcpy(both + head.n, body.p, body.n);
        head = (struct slice){ both, head.n + body.n };
        body = (struct slice){ 0 };
    }
    /* A failed write shows as the end of the connection on the reading side. */
    if (write_all(c, head)) write_all(c, body);
}
