/* TLS 1.3 behind decryption: the target encrypts what the input says with keys that the capture has, so that
 * the fuzzer gets past the records' verification: handshake messages, early data, key updates, losses.
 *
 * The first byte: early data is offered; keys may come later. Then pieces: one byte of direction, secret, kind
 * and content type, one of length, the text of a record. Records are numbered as their sender would. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "capture/sniff/keys.h"
#include "capture/sniff/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SECRET_EARLY, SECRET_HANDSHAKE, SECRET_DATA, SECRET_NEXT, SECRETS };

struct fuzz {
    struct sniff sniff;
    struct flow flow;
    int64_t ts_ns;
    uint8_t secret[2][SECRETS][32]; /* by direction */
    uint64_t seq[2][SECRETS];
};

static const uint8_t client_hello[] = {
    22,  3,    1,   0,   54,  1,   0,   0,   50,  3,   3,   'C', 'C', 'C', 'C',
    'C', 'C',  'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C',
    'C', 'C',  'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 0,   0,
    2,   0x13, 1,   1,   0,   0,   7,   0,   43,  0,   3,   2,   3,   4,
};
static const uint8_t early_hello[] = {
    22,  3,   1,   0,   51,  1,   0,   0,   47,   3,   3,   'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C',
    'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C',  'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C', 'C',
    'C', 'C', 'C', 'C', 'C', 0,   0,   2,   0x13, 1,   1,   0,   0,   4,   0,   42,  0,   0,
};
static const uint8_t server_hello[] = {
    22,  3,   3,   0,   50,  2,   0,    0,   46,  3,   3,   'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S',
    'S', 'S', 'S', 'S', 'S', 'S', 'S',  'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S',
    'S', 'S', 'S', 'S', 'S', 0,   0x13, 1,   0,   0,   6,   0,   43,  0,   2,   3,   4,
};

static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    (void)err;
    *(size_t *)arg += ex->request.url.n + ex->response.body.n;
    return true;
}

static struct slice bytes(const void *p, size_t n)
{
    return (struct slice){ p, n };
}

static void give(struct fuzz *z, int dir, const void *p, size_t n)
{
    char *copy = malloc(n + 1); /* so that reading past it is seen */
    memcpy(copy, p, n);
    if (n) conn_flow_ops.data(&z->sniff, &z->flow, dir, z->ts_ns += 1000, bytes(copy, n));
    free(copy);
}

/* HKDF-Expand-Label of at most one digest (RFC 8446 7.1). */
static void expand(const uint8_t secret[32], const char *label, uint8_t *out, size_t n)
{
    uint8_t info[64] = { 0, (uint8_t)n, (uint8_t)(6 + strlen(label)) }, sum[64];
    size_t at = 3, sum_n = 0;
    memcpy(info + at, "tls13 ", 6);
    memcpy(info + at + 6, label, strlen(label));
    at += 6 + strlen(label);
    info[at++] = 0;
    info[at++] = 1;
    enc_hmac("SHA256", bytes(secret, 32), bytes(info, at), sum, &sum_n);
    memcpy(out, sum, n);
}

/* A record under a secret, with its number: text and, behind it, its content type (RFC 8446 5.2). */
static size_t seal(struct fuzz *z, int dir, int secret, struct slice inner, uint8_t *out)
{
    uint8_t key[16], iv[12];
    int n = 0, size = (int)inner.n;
    uint64_t seq = z->seq[dir][secret]++;
    expand(z->secret[dir][secret], "key", key, 16);
    expand(z->secret[dir][secret], "iv", iv, 12);
    for (int i = 0; i < 8; i++)
        iv[4 + i] ^= (uint8_t)(seq >> (56 - 8 * i));
    uint8_t head[5] = { 23, 3, 3, (uint8_t)((size + 16) >> 8), (uint8_t)(size + 16) };
    memcpy(out, head, 5);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, iv);
    EVP_EncryptUpdate(c, NULL, &n, head, 5);
    EVP_EncryptUpdate(c, out + 5, &n, (const uint8_t *)inner.p, size);
    EVP_EncryptFinal_ex(c, out + 5 + size, &n);
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out + 5 + size);
    EVP_CIPHER_CTX_free(c);
    return (size_t)size + 21;
}

static void make_keys(struct fuzz *z)
{
    static const enum key_label labels[2][3] = {
        { KEY_CLIENT_EARLY, KEY_CLIENT_HANDSHAKE, KEY_CLIENT_TRAFFIC },
        { KEY_CLIENT_EARLY, KEY_SERVER_HANDSHAKE, KEY_SERVER_TRAFFIC },
    };
    struct slice random = bytes(client_hello + 11, 32);
    for (int d = 0; d < 2; d++)
        for (int s = 0; s < SECRET_NEXT; s++) {
            memset(z->secret[d][s], 1 + 4 * (s ? d : 0) + s, 32);
            keys_put(z->sniff.keys, labels[d][s], random, bytes(z->secret[d][s], 32));
        }
    for (int d = 0; d < 2; d++)
        expand(z->secret[d][SECRET_DATA], "traffic upd", z->secret[d][SECRET_NEXT], 32);
}

/* direction: bit 0; secret: bits 1 and 2; what is done: bits 3 and 4; content type: bits 5 and 6. */
static void piece(struct fuzz *z, uint8_t how, struct slice text)
{
    static const uint8_t types[] = { 23, 22, 21, 20 };
    uint8_t inner[256], out[400];
    int dir = how & 1;
    memcpy(inner, text.p, text.n);
    inner[text.n] = types[how >> 5 & 3];
    size_t n = seal(z, dir, how >> 1 & 3, bytes(inner, text.n + 1), out);
    switch (how >> 3 & 3) {
    case 0: give(z, dir, out, n); break;
    case 1: conn_flow_ops.gap(&z->sniff, &z->flow, dir, n); break;
    case 2: give(z, dir, text.p, text.n); break; /* as it is */
    case 3:
        give(z, dir, out, n / 2);
        give(z, dir, out + n / 2, n - n / 2);
        break;
    }
}

static void talk(struct fuzz *z, const uint8_t *p, size_t n)
{
    if (p[0] & 1)
        give(z, TO_SERVER, early_hello, sizeof early_hello);
    else
        give(z, TO_SERVER, client_hello, sizeof client_hello);
    bool answered = false;
    for (size_t at = 1; at + 2 <= n;) {
        uint8_t how = p[at];
        size_t len = p[at + 1] < n - at - 2 ? p[at + 1] : n - at - 2;
        if (!answered && ((how & 1) || !(p[0] & 1))) {
            give(z, TO_CLIENT, server_hello, sizeof server_hello);
            answered = true;
        }
        piece(z, how, bytes(p + at + 2, len));
        at += 2 + len;
    }
    conn_flow_ops.close(&z->sniff, &z->flow, FLOW_FIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (!n) return 0;
    size_t seen = 0;
    struct err err = { 0 };
    struct fuzz *z = calloc(1, sizeof *z);
    struct capture_report *report = calloc(1, sizeof *report);
    z->sniff = (struct sniff){ .report = report, .sink = { put, &seen }, .err = &err };
    z->sniff.keys = keys_new();
    z->sniff.body_limit = 1 << 20;
    z->sniff.memory_limit = 4 << 20;
    z->sniff.may_get_keys = data[0] & 2;
    z->flow = (struct flow){ .id = 1, .client = 0, .syn = { true, true } };
    buf_init(&z->sniff.decoded, z->sniff.body_limit);
    make_keys(z);
    talk(z, data, n);
    txn_pool_free(&z->sniff);
    keys_free(z->sniff.keys);
    buf_free(&z->sniff.decoded);
    free(report);
    free(z);
    return 0;
}
