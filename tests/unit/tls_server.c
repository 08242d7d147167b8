/* The server of engine_tls_test.c: its certificates, and a script for each connection of the listener's. */
#include "tests/unit/tls_server.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/listener.h"
#include "tests/unit/test.h"

#define DAY 86400L

struct tls_server {
    struct listener *listener;
    char ca[256];
    EVP_PKEY *key; /* of all certificates */
    X509 *issuer, *certs[CERTS];
    _Atomic(const struct tls_script *) script;
    _Atomic unsigned resumed;
};

struct peer {
    struct tls_server *server;
    const struct tls_script *script;
    int fd;
    SSL *ssl;
};

/* ---- certificates -------------------------------------------------------------------------------------------- */

static void extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    CHECK(e && X509_add_ext(cert, e, -1));
    X509_EXTENSION_free(e);
}

/* names: a subjectAltName; NULL: an issuer. issuer NULL: signed by itself. */
static X509 *certificate(struct tls_server *s, X509 *issuer, const char *names, const long days[2])
{
    static long serial;
    X509 *c = X509_new();
    X509_NAME *name = X509_get_subject_name(c);
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), days[0] * DAY);
    X509_gmtime_adj(X509_getm_notAfter(c), days[1] * DAY);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)(names ? "server" : "issuer"), -1, -1, 0);
    X509_set_issuer_name(c, issuer ? X509_get_subject_name(issuer) : name);
    X509_set_pubkey(c, s->key);
    if (names)
        extend(c, NID_subject_alt_name, names);
    else
        extend(c, NID_basic_constraints, "critical,CA:TRUE");
    CHECK(X509_sign(c, s->key, EVP_sha256()) > 0);
    return c;
}

static void make_certificates(struct tls_server *s)
{
    static const long now[] = { -1, 30 }, past[] = { -30, -1 }, future[] = { 1, 30 };
    s->key = EVP_EC_gen("P-256");
    s->issuer = certificate(s, NULL, NULL, now);
    s->certs[CERT_GOOD] = certificate(s, s->issuer, "IP:127.0.0.1,DNS:localhost", now);
    s->certs[CERT_UNTRUSTED] = certificate(s, NULL, "IP:127.0.0.1", now);
    s->certs[CERT_WRONG_HOST] = certificate(s, s->issuer, "DNS:other.example", now);
    s->certs[CERT_WRONG_ADDRESS] = certificate(s, s->issuer, "IP:127.0.0.2", now);
    s->certs[CERT_EXPIRED] = certificate(s, s->issuer, "IP:127.0.0.1", past);
    s->certs[CERT_NOT_YET] = certificate(s, s->issuer, "IP:127.0.0.1", future);
    snprintf(s->ca, sizeof s->ca, "%s/ca.pem", test_tmpdir());
    FILE *f = fopen(s->ca, "w");
    CHECK(f && PEM_write_X509(f, s->issuer));
    fclose(f);
}

/* ---- a connection --------------------------------------------------------------------------------------------- */

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
                   unsigned in_n, void *script)
{
    (void)ssl;
    (void)in;
    (void)in_n;
    enum tls_alpn how = ((const struct tls_script *)script)->alpn;
    *out = (const unsigned char *)"http/1.1";
    *n = 8;
    if (how == ALPN_REFUSED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    return how == ALPN_H1 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *context(struct peer *p)
{
    static unsigned char ticket_keys[80]; /* the same for each connection's context */
    const struct tls_script *s = p->script;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    CHECK(SSL_CTX_use_certificate(ctx, p->server->certs[s->cert]) == 1);
    CHECK(SSL_CTX_use_PrivateKey(ctx, p->server->key) == 1);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, (void *)(uintptr_t)s);
    if (s->wants_cert)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (s->tickets)
        CHECK(SSL_CTX_set_tlsext_ticket_keys(ctx, ticket_keys, sizeof ticket_keys) == 1);
    if (!s->version) return ctx;
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, s->version);
    SSL_CTX_set_max_proto_version(ctx, s->version);
    return ctx;
}

static void wait_for_close(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLRDHUP };
    poll(&p, 1, 20000);
}

static void reset(int fd)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void say(int fd, const char *p, size_t n)
{
    CHECK(send(fd, p, n, MSG_NOSIGNAL) != 0);
}

/* What a script does instead of a handshake, when the ClientHello has come. */
static void rebuff(struct peer *p)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    char hello[4096];
    if (recv(p->fd, hello, sizeof hello, 0) <= 0) return;
    switch (p->script->hello) {
    case HELLO_SHAKE:
    case HELLO_CLOSE: return;
    case HELLO_RESET: reset(p->fd); return;
    case HELLO_STALL: wait_for_close(p->fd); return;
    case HELLO_TEXT: say(p->fd, text, sizeof text - 1); return;
    case HELLO_ALERT: say(p->fd, "\x15\x03\x03\x00\x02\x02\x28", 7); return;
    case HELLO_HALF: say(p->fd, "\x16\x03\x03\x00\x7a\x02\x00", 7); return;
    }
}

static bool read_request(SSL *ssl)
{
    char in[8192];
    size_t n = 0;
    while (n < sizeof in) {
        int got = SSL_read(ssl, in + n, (int)(sizeof in - n));
        if (got <= 0) return false;
        n += (size_t)got;
        if (n >= 4 && memcmp(in + n - 4, "\r\n\r\n", 4) == 0) return true;
    }
    return false;
}

static bool send_answer(struct peer *p)
{
    const struct tls_script *s = p->script;
    char block[16384];
    size_t n = strlen(s->answer);
    memset(block, 'x', sizeof block);
    for (size_t i = 0; s->drip && i < n; i++)
        if (SSL_write(p->ssl, s->answer + i, 1) <= 0) return false;
    if (!s->drip && n && SSL_write(p->ssl, s->answer, (int)n) <= 0) return false;
    for (size_t left = s->filler; left;) {
        int sent = SSL_write(p->ssl, block, (int)(left < sizeof block ? left : sizeof block));
        if (sent <= 0) return false;
        left -= (size_t)sent;
    }
    return true;
}

static void finish(struct peer *p)
{
    switch (p->script->end) {
    case TLS_KEEP:
    case TLS_CUT: return;
    case TLS_NOTIFY: SSL_shutdown(p->ssl); return;
    case TLS_RESET: reset(p->fd); return;
    case TLS_SILENT: wait_for_close(p->fd); return;
    case TLS_JUNK: say(p->fd, "this is no record", 17); return;
    }
}

static void shake(struct peer *p)
{
    SSL_CTX *ctx = context(p);
    p->ssl = SSL_new(ctx);
    SSL_set_fd(p->ssl, p->fd);
    if (SSL_accept(p->ssl) == 1) {
        bool on = true;
        if (SSL_session_reused(p->ssl)) atomic_fetch_add(&p->server->resumed, 1);
        while (on && read_request(p->ssl)) {
            p->script = atomic_load(&p->server->script);
            on = send_answer(p) && p->script->end == TLS_KEEP;
        }
        if (!on) finish(p);
    }
    SSL_free(p->ssl);
    SSL_CTX_free(ctx);
}

/* ---- the server -------------------------------------------------------------------------------------------------- */

static void serve(void *server, int fd)
{
    struct tls_server *s = server;
    struct peer p = { .server = s, .script = atomic_load(&s->script), .fd = fd };
    if (p.script->hello == HELLO_SHAKE)
        shake(&p);
    else
        rebuff(&p);
}

struct tls_server *tls_server_new(void)
{
    struct tls_server *s = mem_alloc(1, sizeof *s);
    make_certificates(s);
    s->listener = listener_new(serve, s);
    return s;
}

uint16_t tls_server_port(const struct tls_server *s)
{
    return listener_port(s->listener);
}

const char *tls_server_ca(const struct tls_server *s)
{
    return s->ca;
}

void tls_server_play(struct tls_server *s, const struct tls_script *script)
{
    atomic_store(&s->script, script);
}

unsigned tls_server_resumed(const struct tls_server *s)
{
    return atomic_load(&s->resumed);
}

void tls_server_free(struct tls_server *s)
{
    listener_free(s->listener);
    for (size_t i = 0; i < CERTS; i++)
        X509_free(s->certs[i]);
    X509_free(s->issuer);
    EVP_PKEY_free(s->key);
    free(s);
}
