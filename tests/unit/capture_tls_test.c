/* TLS decryption against the real library: a client and a server in memory talk over every version,
 * cipher and trick; what they put on the wire and the key log must give the plaintext back. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "capture/sniff/keys.h"
#include "tests/unit/capture_lab.h"

#define TAPE_MAX 200

struct taped {
    int dir;
    bool lost;
    struct slice text;
};

struct talk {
    SSL_CTX *client_ctx, *server_ctx;
    SSL *client, *server;
    BIO *client_net, *server_net;
    struct lab *lab;
    struct buf keylog;
    bool keyless;                /* the capture does not get the key log */
    bool lossy;                  /* the capture does not get the bytes, but a hole */
    unsigned pieces, lost_piece; /* of the server; this one is not captured (1, 2 …; 0: none) */
    bool taping;                 /* the capture gets everything at the end: as from a file */
    struct taped tape[TAPE_MAX];
    size_t taped;
};

/* One thread, one test a process: the callback has no other way to its talk. */
static struct talk *talking(SSL_CTX *ctx, struct talk *set)
{
    if (set) SSL_CTX_set_ex_data(ctx, 0, set);
    return SSL_CTX_get_ex_data(ctx, 0);
}

static void on_key(const SSL *ssl, const char *line)
{
    struct talk *t = talking(SSL_get_SSL_CTX(ssl), NULL);
    buf_addz(&t->keylog, line);
    buf_addc(&t->keylog, '\n');
}

static void self_signed(SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    CHECK(SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static struct talk *talk_new(int version, const char *ciphers)
{
    struct talk *t = mem_alloc(1, sizeof *t);
    t->client_ctx = SSL_CTX_new(TLS_client_method());
    t->server_ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX *both[] = { t->client_ctx, t->server_ctx };
    for (int i = 0; i < 2; i++) {
        SSL_CTX_set_security_level(both[i], 0);
        SSL_CTX_set_min_proto_version(both[i], version);
        SSL_CTX_set_max_proto_version(both[i], version);
        if (ciphers && version == TLS1_3_VERSION)
            CHECK(SSL_CTX_set_ciphersuites(both[i], ciphers) == 1);
        else if (ciphers)
            CHECK(SSL_CTX_set_cipher_list(both[i], ciphers) == 1);
    }
    self_signed(t->server_ctx);
    talking(t->client_ctx, t);
    SSL_CTX_set_keylog_callback(t->client_ctx, on_key);
    SSL_CTX_set_session_cache_mode(t->client_ctx, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_session_id_context(t->server_ctx, (const unsigned char *)"x", 1);
    buf_init(&t->keylog, 1 << 20);
    return t;
}

/* A new connection, captured by a new lab. */
static void talk_connect(struct talk *t, SSL_SESSION *resume)
{
    BIO *client_app, *server_app;
    t->lab = lab_new();
    t->lab->sniff.may_get_keys =
        true; /* a side derives its keys when the other's bytes are recorded */
    t->client = SSL_new(t->client_ctx);
    t->server = SSL_new(t->server_ctx);
    BIO_new_bio_pair(&client_app, 1 << 20, &t->client_net, 1 << 20);
    BIO_new_bio_pair(&server_app, 1 << 20, &t->server_net, 1 << 20);
    SSL_set_bio(t->client, client_app, client_app);
    SSL_set_bio(t->server, server_app, server_app);
    SSL_set_tlsext_host_name(t->client, "name.example");
    if (resume) SSL_set_session(t->client, resume);
    SSL_set_connect_state(t->client);
    SSL_set_accept_state(t->server);
}

static void record(struct talk *t, int dir, bool lost, struct slice text)
{
    if (t->taping) {
        CHECK(t->taped < TAPE_MAX);
        t->tape[t->taped++] = (struct taped){ dir, lost, arena_dup(t->lab->session->arena, text) };
    } else if (lost) {
        lab_gap(t->lab, dir, text.n);
    } else {
        lab_data(t->lab, dir, text);
    }
}

static void play_tape(struct talk *t)
{
    t->taping = false;
    keys_add(t->lab->sniff.keys, buf_slice(&t->keylog));
    for (size_t i = 0; i < t->taped; i++)
        record(t, t->tape[i].dir, t->tape[i].lost, t->tape[i].text);
}

/* Carries what one side has sent to the other and to the capture, in pieces of 700 bytes. */
static bool carry(struct talk *t, int dir)
{
    char bytes[700];
    BIO *from = dir == TO_SERVER ? t->client_net : t->server_net;
    BIO *to = dir == TO_SERVER ? t->server_net : t->client_net;
    int n = BIO_read(from, bytes, sizeof bytes);
    if (n <= 0) return false;
    struct slice piece = { bytes, (size_t)n };
    if (!t->keyless) keys_add(t->lab->sniff.keys, buf_slice(&t->keylog));
    bool lost = dir == TO_CLIENT && ++t->pieces == t->lost_piece;
    record(t, dir, t->lossy || lost, piece);
    CHECK_U(BIO_write(to, bytes, n), n);
    return true;
}

static void carry_all(struct talk *t)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (int d = 0; d < 2; d++)
            while (carry(t, d))
                moved = true;
    }
}

static void shake_hands(struct talk *t)
{
    char sink;
    for (int i = 0; i < 20; i++) {
        SSL_do_handshake(t->client);
        carry_all(t);
        SSL_do_handshake(t->server);
        SSL_read(t->server, &sink, 1); /* a renegotiation is seen by reading */
        carry_all(t);
    }
}

static void handshake(struct talk *t)
{
    shake_hands(t);
    CHECK(SSL_is_init_finished(t->client) && SSL_is_init_finished(t->server));
}

static void say(struct talk *t, SSL *from, const char *text)
{
    char sink[4096];
    CHECK_U(SSL_write(from, text, (int)strlen(text)), strlen(text));
    carry_all(t);
    while (SSL_read(from == t->client ? t->server : t->client, sink, sizeof sink) > 0) {
    }
    carry_all(t);
}

static void exchange(struct talk *t, const char *path)
{
    char text[200];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    say(t, t->client, text);
    say(t, t->server, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
}

static void talk_end(struct talk *t)
{
    SSL_set_shutdown(t->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else not resumable */
    SSL_set_shutdown(t->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->client);
    SSL_free(t->server);
    BIO_free(t->client_net);
    BIO_free(t->server_net);
    lab_free(t->lab);
    t->lab = NULL;
}

static void talk_free(struct talk *t)
{
    if (t->lab) talk_end(t);
    SSL_CTX_free(t->client_ctx);
    SSL_CTX_free(t->server_ctx);
    buf_free(&t->keylog);
    free(t);
}

static void check_exchanges(struct talk *t, size_t n)
{
    keys_add(t->lab->sniff.keys, buf_slice(&t->keylog));
    lab_end(t->lab, FLOW_FIN);
    CHECK_U(t->lab->report.complete, n);
    CHECK_U(t->lab->report.incomplete, 0);
    CHECK_U(t->lab->report.tls[TLS_DECRYPTED], 1);
    CHECK_S(lab_exchange(t->lab, n - 1)->response.body, SL("secret"));
    CHECK(slice_starts(lab_exchange(t->lab, 0)->request.url, SL("https://h/")));
    CHECK(lab_exchange(t->lab, 0)->tls_ns > 0);
}

static void check_cipher(int version, const char *cipher)
{
    struct talk *t = talk_new(version, cipher);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    exchange(t, "/2");
    check_exchanges(t, 2);
    talk_free(t);
}

TEST(capture_tls12_ciphers)
{
    const char *const ciphers[] = {
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "AES128-GCM-SHA256",
        "AES256-SHA256",
        "AES128-SHA",
        "ECDHE-RSA-AES256-SHA384",
        "ECDHE-RSA-AES128-SHA256",
        "AES128-CCM",
        "AES256-CCM8",
        "NULL-SHA256",
        "ECDHE-RSA-CAMELLIA128-SHA256",
    };
    for (size_t i = 0; i < 11; i++)
        check_cipher(TLS1_2_VERSION, ciphers[i]);
}

TEST(capture_tls10_and_11)
{
    check_cipher(TLS1_VERSION, "AES128-SHA");
    check_cipher(TLS1_1_VERSION, "ECDHE-RSA-AES256-SHA");
}

TEST(capture_tls13_suites)
{
    check_cipher(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
    check_cipher(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384");
    check_cipher(TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256");
    check_cipher(TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256");
    check_cipher(TLS1_3_VERSION, "TLS_AES_128_CCM_8_SHA256");
}

TEST(capture_tls12_without_encrypt_then_mac)
{
    struct talk *t = talk_new(TLS1_2_VERSION, "AES128-SHA");
    SSL_CTX_set_options(t->client_ctx,
                        SSL_OP_NO_ENCRYPT_THEN_MAC | SSL_OP_NO_EXTENDED_MASTER_SECRET);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    check_exchanges(t, 1);
    talk_free(t);
}

/* Resumed by ticket and by session id; the second time the key log says nothing. */
static void check_resumption(long server_options)
{
    struct talk *t = talk_new(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256");
    SSL_CTX_set_options(t->server_ctx, (uint64_t)server_options);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    SSL_SESSION *session = SSL_get1_session(t->client);
    struct keys *keys = t->lab->sniff.keys; /* the capture goes on with the next connection */
    t->lab->sniff.keys = keys_new();
    talk_end(t);
    SSL_CTX_set_keylog_callback(t->client_ctx, NULL);
    buf_reset(&t->keylog);
    talk_connect(t, session);
    keys_free(t->lab->sniff.keys);
    t->lab->sniff.keys = keys;
    handshake(t);
    CHECK(SSL_session_reused(t->client));
    exchange(t, "/2");
    check_exchanges(t, 1);
    SSL_SESSION_free(session);
    talk_free(t);
}

TEST(capture_tls12_resumption_by_ticket_and_by_id)
{
    check_resumption(0);
    check_resumption(SSL_OP_NO_TICKET);
}

TEST(capture_tls13_key_update_and_resumption)
{
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    CHECK(SSL_key_update(t->client, SSL_KEY_UPDATE_REQUESTED) == 1);
    exchange(t, "/2");
    CHECK(SSL_key_update(t->server, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    exchange(t, "/3");
    SSL_SESSION *session = SSL_get1_session(t->client);
    check_exchanges(t, 3);
    talk_end(t);
    talk_connect(t, session);
    handshake(t);
    CHECK(SSL_session_reused(t->client));
    exchange(t, "/4");
    check_exchanges(t, 1);
    SSL_SESSION_free(session);
    talk_free(t);
}

TEST(capture_tls13_hello_retry_request)
{
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    SSL_CTX_set1_groups_list(t->client_ctx, "X25519:P-384");
    SSL_CTX_set1_groups_list(t->server_ctx, "P-384");
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    check_exchanges(t, 1);
    talk_free(t);
}

/* 0-RTT: accepted, or refused and sent again. */
static void check_early(bool accepted)
{
    const char *get = "GET /early HTTP/1.1\r\nHost: h\r\n\r\n";
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    char sink[1000];
    size_t n = 0;
    SSL_CTX_set_max_early_data(t->server_ctx, 16384);
    SSL_CTX_set_options(t->server_ctx, SSL_OP_NO_ANTI_REPLAY);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    SSL_SESSION *session = SSL_get1_session(t->client);
    talk_end(t);
    talk_connect(t, session);
    CHECK(SSL_write_early_data(t->client, get, strlen(get), &n) == 1);
    carry_all(t);
    if (accepted) {
        for (int i = 0; i < 5; i++) {
            SSL_read_early_data(t->server, sink, sizeof sink, &n);
            carry_all(t);
        }
    } else {
        SSL_set_max_early_data(t->server, 0);
    }
    handshake(t);
    CHECK_U(SSL_get_early_data_status(t->client),
            accepted ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
    if (!accepted) say(t, t->client, get);
    say(t, t->server, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    exchange(t, "/2");
    check_exchanges(t, 2);
    CHECK_S(lab_exchange(t->lab, 0)->request.url, SL("https://h/early"));
    SSL_SESSION_free(session);
    talk_free(t);
}

TEST(capture_tls13_early_data)
{
    check_early(true);
    check_early(false);
}

TEST(capture_tls12_renegotiation)
{
    struct talk *t = talk_new(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256");
    SSL_CTX_set_options(t->server_ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    CHECK(SSL_renegotiate(t->client) == 1);
    handshake(t);
    exchange(t, "/2");
    check_exchanges(t, 2);
    talk_free(t);
}

TEST(capture_tls_without_a_key_is_counted_by_name)
{
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    SSL_CTX_set_keylog_callback(t->client_ctx, NULL);
    talk_connect(t, NULL);
    t->lab->sniff.may_get_keys = false;
    handshake(t);
    exchange(t, "/1");
    lab_end(t->lab, FLOW_FIN);
    CHECK_U(t->lab->report.tls[TLS_NO_KEY], 1);
    CHECK_Z(t->lab->report.no_key[0].name, "name.example");
    CHECK_U(t->lab->report.complete + t->lab->report.incomplete, 0);
    talk_free(t);
}

/* Live: the bytes come first, the key a moment later. */
TEST(capture_tls_waits_for_a_key_that_may_come)
{
    const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    for (size_t i = 0; i < 2; i++) {
        struct talk *t = talk_new(versions[i], NULL);
        talk_connect(t, NULL);
        t->keyless = true;
        handshake(t);
        exchange(t, "/1");
        CHECK_U(t->lab->session->n, 0);
        t->keyless = false;
        exchange(t, "/2");
        check_exchanges(t, 2);
        talk_free(t);
    }
}

TEST(capture_tls_goes_on_behind_a_lost_record)
{
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    talk_connect(t, NULL);
    handshake(t);
    exchange(t, "/1");
    t->lossy = true;
    exchange(t, "/lost");
    t->lossy = false;
    exchange(t, "/2");
    lab_end(t->lab, FLOW_FIN);
    CHECK_U(t->lab->report.complete, 2);
    CHECK_S(lab_exchange(t->lab, 1)->request.url, SL("https://h/2"));
    talk_free(t);
}

/* The hole takes the end of the server's handshake: its data has other keys, found by trying. */
TEST(capture_tls13_goes_on_behind_a_hole_in_the_handshake)
{
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    talk_connect(t, NULL);
    t->lost_piece = 2;
    t->taping = true;
    handshake(t);
    CHECK(t->pieces >= 2);
    exchange(t, "/1");
    exchange(t, "/2");
    play_tape(t);
    lab_end(t->lab, FLOW_FIN);
    CHECK_U(t->lab->report.tls[TLS_DECRYPTED], 1);
    CHECK_U(t->lab->report.complete, 2);
    talk_free(t);
}

TEST(capture_tls_what_waits_for_a_key_counts_as_memory)
{
    struct talk *t = talk_new(TLS1_3_VERSION, NULL);
    talk_connect(t, NULL);
    t->keyless = true;
    t->lab->sniff.memory_limit = 3000;
    handshake(t);
    CHECK(t->lab->sniff.held_bytes > 0);
    for (int i = 0; i < 100; i++) {
        exchange(t, "/1");
        CHECK(t->lab->sniff.held_bytes <= 3000);
    }
    CHECK_U(t->lab->sniff.held_bytes, 0);
    lab_end(t->lab, FLOW_FIN);
    CHECK_U(t->lab->report.tls[TLS_NO_KEY], 1);
    talk_free(t);
}

/* A browser that does not trust the certificate. */
TEST(capture_tls_refused_by_an_alert)
{
    struct talk *t = talk_new(TLS1_2_VERSION, NULL);
    talk_connect(t, NULL);
    SSL_set_verify(t->client, SSL_VERIFY_PEER, NULL);
    shake_hands(t);
    CHECK(!SSL_is_init_finished(t->client));
    lab_end(t->lab, FLOW_FIN);
    CHECK_U(t->lab->report.tls[TLS_REFUSED], 1);
    talk_free(t);
}
