/* TLS cryptography of the receiving side. Called by tlsconn.c; this room's only user of OpenSSL.
 *
 * Invariant: a record's text is appended only when it verified, so that a wrong key never makes garbage.
 * Sources: RFC 5246 (CBC, PRF), RFC 5288 (GCM), RFC 6655 (CCM), RFC 7905 (ChaCha20), RFC 7366
 * (encrypt-then-MAC), RFC 8446 (TLS 1.3). Not supported: SSL 3, RC4, export and other dead ciphers. */
#include "capture/sniff/tlscrypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"
#include "capture/sniff/bytes.h"

#define GCM128(id_)                                               \
    {                                                             \
        id_, "AES-128-GCM", TLS_GCM, 16, 4, 16, NULL, 0, "SHA256" \
    }
#define GCM256(id_)                                               \
    {                                                             \
        id_, "AES-256-GCM", TLS_GCM, 32, 4, 16, NULL, 0, "SHA384" \
    }
#define CHACHA(id_)                                                         \
    {                                                                       \
        id_, "ChaCha20-Poly1305", TLS_CHACHA, 32, 12, 16, NULL, 0, "SHA256" \
    }
#define CCM(id_, bits, t)                                                    \
    {                                                                        \
        id_, "AES-" #bits "-CCM", TLS_CCM, bits / 8, 4, t, NULL, 0, "SHA256" \
    }
#define CBC(id_, bits, hash, n, prf_)                                     \
    {                                                                     \
        id_, "AES-" #bits "-CBC", TLS_CBC, bits / 8, 16, 0, hash, n, prf_ \
    }
#define CBC_SHA1(id_, bits) CBC(id_, bits, "SHA1", 20, "SHA256")
#define CBC_SHA256(id_, bits) CBC(id_, bits, "SHA256", 32, "SHA256")
#define CBC_SHA384(id_) CBC(id_, 256, "SHA384", 48, "SHA384")
#define CAMELLIA(id_, bits)                                                           \
    {                                                                                 \
        id_, "CAMELLIA-" #bits "-CBC", TLS_CBC, bits / 8, 16, 0, "SHA1", 20, "SHA256" \
    }
#define DES3(id_)                                                    \
    {                                                                \
        id_, "DES-EDE3-CBC", TLS_CBC, 24, 8, 0, "SHA1", 20, "SHA256" \
    }

static const struct tls_suite suites[] = {
    /* TLS 1.3 */
    GCM128(0x1301),
    GCM256(0x1302),
    CHACHA(0x1303),
    CCM(0x1304, 128, 16),
    CCM(0x1305, 128, 8),
    /* RSA, DHE, ECDHE with AES-GCM */
    GCM128(0x009c),
    GCM256(0x009d),
    GCM128(0x009e),
    GCM256(0x009f),
    GCM128(0x00a2),
    GCM256(0x00a3),
    GCM128(0x00a8),
    GCM256(0x00a9),
    GCM128(0x00a6),
    GCM256(0x00a7),
    GCM128(0xc02b),
    GCM256(0xc02c),
    GCM128(0xc02d),
    GCM256(0xc02e),
    GCM128(0xc02f),
    GCM256(0xc030),
    GCM128(0xc031),
    GCM256(0xc032),
    /* ChaCha20-Poly1305 */
    CHACHA(0xcca8),
    CHACHA(0xcca9),
    CHACHA(0xccaa),
    CHACHA(0xccab),
    CHACHA(0xccac),
    CHACHA(0xccad),
    CHACHA(0xccae),
    /* CCM */
    CCM(0xc09c, 128, 16),
    CCM(0xc09d, 256, 16),
    CCM(0xc09e, 128, 16),
    CCM(0xc09f, 256, 16),
    CCM(0xc0a0, 128, 8),
    CCM(0xc0a1, 256, 8),
    CCM(0xc0a2, 128, 8),
    CCM(0xc0a3, 256, 8),
    CCM(0xc0ac, 128, 16),
    CCM(0xc0ad, 256, 16),
    CCM(0xc0ae, 128, 8),
    CCM(0xc0af, 256, 8),
    /* AES-CBC */
    CBC_SHA1(0x002f, 128),
    CBC_SHA1(0x0035, 256),
    CBC_SHA1(0x0032, 128),
    CBC_SHA1(0x0038, 256),
    CBC_SHA1(0x0033, 128),
    CBC_SHA1(0x0039, 256),
    CBC_SHA1(0x0034, 128),
    CBC_SHA1(0x003a, 256),
    CBC_SHA1(0x008c, 128),
    CBC_SHA1(0x008d, 256),
    CBC_SHA1(0xc004, 128),
    CBC_SHA1(0xc005, 256),
    CBC_SHA1(0xc009, 128),
    CBC_SHA1(0xc00a, 256),
    CBC_SHA1(0xc00e, 128),
    CBC_SHA1(0xc00f, 256),
    CBC_SHA1(0xc013, 128),
    CBC_SHA1(0xc014, 256),
    CBC_SHA1(0xc018, 128),
    CBC_SHA1(0xc019, 256),
    CBC_SHA256(0x003c, 128),
    CBC_SHA256(0x003d, 256),
    CBC_SHA256(0x0067, 128),
    CBC_SHA256(0x006b, 256),
    CBC_SHA256(0x0040, 128),
    CBC_SHA256(0x006a, 256),
    CBC_SHA256(0xc023, 128),
    CBC_SHA256(0xc025, 128),
    CBC_SHA256(0xc027, 128),
    CBC_SHA256(0xc029, 128),
    CBC_SHA384(0xc024),
    CBC_SHA384(0xc026),
    CBC_SHA384(0xc028),
    CBC_SHA384(0xc02a),
    DES3(0x000a),
    DES3(0x0013),
    DES3(0x0016),
    DES3(0xc003),
    DES3(0xc008),
    DES3(0xc00d),
    DES3(0xc012),
    CAMELLIA(0x0041, 128),
    CAMELLIA(0x0044, 128),
    CAMELLIA(0x0045, 128),
    CAMELLIA(0x0084, 256),
    CAMELLIA(0x0087, 256),
    CAMELLIA(0x0088, 256),
    /* integrity only */
    { 0x0001, NULL, TLS_PLAIN, 0, 0, 0, "MD5", 16, "SHA256" },
    { 0x0002, NULL, TLS_PLAIN, 0, 0, 0, "SHA1", 20, "SHA256" },
    { 0x003b, NULL, TLS_PLAIN, 0, 0, 0, "SHA256", 32, "SHA256" },
};

const struct tls_suite *tls_suite_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].id == id) return &suites[i];
    return NULL;
}

struct tls_cipher {
    const struct tls_suite *suite;
    EVP_CIPHER *evp;
    EVP_CIPHER_CTX *ctx;
    uint16_t version;
    bool encrypt_then_mac, unverified;
    uint8_t key[32], iv[16], mac_key[48];
};

void tls_cipher_free(struct tls_cipher *c)
{
    if (!c) return;
    EVP_CIPHER_CTX_free(c->ctx);
    EVP_CIPHER_free(c->evp);
    OPENSSL_cleanse(c, sizeof *c);
    free(c);
}

static struct tls_cipher *cipher_new(const struct tls_suite *s, uint16_t version,
                                     const uint8_t *key, const uint8_t *iv)
{
    struct tls_cipher *c = mem_alloc(1, sizeof *c);
    size_t iv_n = version >= 0x0304 ? 12 : s->iv_n;
    c->suite = s;
    c->version = version;
    if (s->key_n) memcpy(c->key, key, s->key_n);
    if (iv_n) memcpy(c->iv, iv, iv_n);
    if (s->kind == TLS_PLAIN) return c;
    c->evp = EVP_CIPHER_fetch(NULL, s->cipher, NULL);
    c->ctx = EVP_CIPHER_CTX_new();
    bool ok = c->evp && c->ctx && EVP_DecryptInit_ex(c->ctx, c->evp, NULL, NULL, NULL) == 1;
    if (ok && s->kind == TLS_CCM)
        ok = EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) == 1 &&
             EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, s->tag_n, NULL) == 1;
    if (ok) ok = EVP_DecryptInit_ex(c->ctx, NULL, NULL, c->key, NULL) == 1;
    if (ok) return c;
    tls_cipher_free(c);
    return NULL;
}

/* ---- derivation ---- */

/* P_hash of RFC 5246 5, XORed into out: TLS 1.0's PRF is two of them. */
static bool p_hash(const char *digest, struct slice secret, struct slice seed, uint8_t *out,
                   size_t n)
{
    uint8_t a[64], block[64];
    size_t a_n = 0, block_n;
    struct buf text = BUF_INIT(4096);
    bool ok = enc_hmac(digest, secret, seed, a, &a_n);
    for (size_t at = 0; ok && at < n; at += block_n) {
        buf_reset(&text);
        buf_add(&text, (struct slice){ (char *)a, a_n });
        buf_add(&text, seed);
        ok = enc_hmac(digest, secret, buf_slice(&text), block, &block_n) && block_n;
        for (size_t i = 0; ok && i < block_n && at + i < n; i++)
            out[at + i] ^= block[i];
        uint8_t next[64];
        ok = ok && enc_hmac(digest, secret, (struct slice){ (char *)a, a_n }, next, &a_n);
        memcpy(a, next, sizeof a);
    }
    buf_free(&text);
    return ok;
}

static bool prf(const struct tls12 *t, struct slice secret, struct slice seed, uint8_t *out,
                size_t n)
{
    memset(out, 0, n);
    if (t->version >= 0x0303) return p_hash(t->suite->prf, secret, seed, out, n);
    size_t half = (secret.n + 1) / 2; /* RFC 2246 5 */
    return p_hash("MD5", slice_sub(secret, 0, half), seed, out, n) &&
           p_hash("SHA1", slice_from(secret, secret.n - half), seed, out, n);
}

bool tls12_master(const struct tls12 *t, struct slice premaster, struct slice session_hash,
                  uint8_t out[48])
{
    struct buf seed = BUF_INIT(256);
    buf_addz(&seed, session_hash.n ? "extended master secret" : "master secret");
    buf_add(&seed, session_hash.n ? session_hash : t->client_random);
    if (!session_hash.n) buf_add(&seed, t->server_random);
    bool ok = prf(t, premaster, buf_slice(&seed), out, 48);
    buf_free(&seed);
    return ok;
}

/* RFC 5246 6.3: client MAC, server MAC, client key, server key, client IV, server IV. */
struct tls_cipher *tls12_cipher(const struct tls12 *t, struct slice master, bool of_client)
{
    const struct tls_suite *s = t->suite;
    uint8_t block[2 * (48 + 32 + 16)] = { 0 };
    bool block_iv =
        s->kind != TLS_CBC || t->version < 0x0302; /* later CBC has one in each record */
    size_t iv_n = block_iv ? s->iv_n : 0, side = of_client ? 0 : 1;
    struct buf seed = BUF_INIT(256);
    buf_addz(&seed, "key expansion");
    buf_add(&seed, t->server_random);
    buf_add(&seed, t->client_random);
    bool ok = master.n &&
              prf(t, master, buf_slice(&seed), block, 2U * ((size_t)s->mac_n + s->key_n + iv_n));
    buf_free(&seed);
    if (!ok && master.n) return NULL;
    const uint8_t *macs = block, *keys = macs + 2U * s->mac_n, *ivs = keys + 2U * s->key_n;
    static const uint8_t no_iv[16];
    struct tls_cipher *c =
        cipher_new(s, t->version, keys + side * s->key_n, block_iv ? ivs + side * iv_n : no_iv);
    if (!c) return NULL;
    c->unverified = !master.n;
    memcpy(c->mac_key, macs + side * s->mac_n, s->mac_n);
    c->encrypt_then_mac = t->encrypt_then_mac && s->kind == TLS_CBC;
    OPENSSL_cleanse(block, sizeof block);
    return c;
}

/* HKDF-Expand-Label for outputs of at most one digest (RFC 8446 7.1). */
static bool expand_label(const struct tls_suite *s, struct slice secret, const char *label,
                         uint8_t *out, size_t n)
{
    struct buf info = BUF_INIT(128);
    uint8_t block[64];
    size_t block_n = 0;
    buf_addc(&info, (char)(n >> 8));
    buf_addc(&info, (char)n);
    buf_addc(&info, (char)(6 + strlen(label)));
    buf_addz(&info, "tls13 ");
    buf_addz(&info, label);
    buf_addc(&info, 0); /* no context */
    buf_addc(&info, 1); /* the first block */
    bool ok = enc_hmac(s->prf, secret, buf_slice(&info), block, &block_n) && n <= block_n;
    if (ok) memcpy(out, block, n);
    buf_free(&info);
    return ok;
}

struct tls_cipher *tls13_cipher(const struct tls_suite *s, struct slice secret)
{
    uint8_t key[32], iv[12];
    if (!expand_label(s, secret, "key", key, s->key_n) || !expand_label(s, secret, "iv", iv, 12))
        return NULL;
    return cipher_new(s, 0x0304, key, iv);
}

bool tls13_next_secret(const struct tls_suite *s, struct slice secret, uint8_t *out)
{
    return expand_label(s, secret, "traffic upd", out, secret.n);
}

/* ---- records ---- */

static void put_be64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
}

static void pseudo_header(uint8_t out[13], uint64_t seq, const struct tls_record *r, size_t n)
{
    put_be64(out, seq);
    out[8] = r->type;
    out[9] = (uint8_t)(r->version >> 8);
    out[10] = (uint8_t)r->version;
    out[11] = (uint8_t)(n >> 8);
    out[12] = (uint8_t)n;
}

/* The nonce; takes the explicit part off the text. False if it is too short. */
static bool make_nonce(const struct tls_cipher *c, uint64_t seq, struct slice *text,
                       uint8_t nonce[12])
{
    memcpy(nonce, c->iv, 12);
    if (c->version < 0x0304 && c->suite->kind != TLS_CHACHA) {
        if (text->n < 8) return false;
        memcpy(nonce + 4, text->p, 8);
        *text = slice_from(*text, 8);
        return true;
    }
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(seq >> (56 - 8 * i));
    return true;
}

/* CCM wants its tag and the text's length in advance, the others the tag at the end. */
static bool aead_init(struct tls_cipher *c, const uint8_t nonce[12], void *tag, int text_n)
{
    int n = 0, tag_n = c->suite->tag_n;
    bool ccm = c->suite->kind == TLS_CCM;
    if (ccm && EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, tag_n, tag) != 1) return false;
    if (EVP_DecryptInit_ex(c->ctx, NULL, NULL, ccm ? c->key : NULL, nonce) != 1) return false;
    if (!ccm) return EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, tag_n, tag) == 1;
    return EVP_DecryptUpdate(c->ctx, NULL, &n, NULL, text_n) == 1;
}

static bool aead(struct tls_cipher *c, const uint8_t nonce[12], struct slice aad, struct slice text,
                 uint8_t *out)
{
    int n = 0, text_n = (int)text.n - c->suite->tag_n;
    const uint8_t *in = (const uint8_t *)text.p;
    if (!aead_init(c, nonce, (void *)(uintptr_t)(in + text_n), text_n)) return false;
    if (EVP_DecryptUpdate(c->ctx, NULL, &n, (const uint8_t *)aad.p, (int)aad.n) != 1) return false;
    if (EVP_DecryptUpdate(c->ctx, out, &n, in, text_n) != 1) return false;
    return c->suite->kind == TLS_CCM || EVP_DecryptFinal_ex(c->ctx, out + n, &n) == 1;
}

static bool open_aead(struct tls_cipher *c, uint64_t seq, const struct tls_record *r,
                      struct buf *out)
{
    uint8_t nonce[12], head[13];
    struct slice text = r->fragment, aad = { (char *)head, 13 };
    if (!make_nonce(c, seq, &text, nonce) || text.n < c->suite->tag_n) return false;
    size_t n = text.n - c->suite->tag_n;
    if (c->version >= 0x0304) {
        pseudo_header(head, seq, r, r->fragment.n);
        aad = (struct slice){ (char *)head + 8, 5 }; /* the record's own header */
    } else {
        pseudo_header(head, seq, r, n);
    }
    uint8_t *room = (uint8_t *)buf_room(out, n + 16);
    if (!room || !aead(c, nonce, aad, text, room)) return false;
    buf_grew(out, n);
    return true;
}

static bool mac_fits(const struct tls_cipher *c, uint64_t seq, const struct tls_record *r,
                     struct slice text, const char *mac)
{
    struct buf all = BUF_INIT(20000);
    uint8_t head[13], sum[64];
    size_t n = 0;
    pseudo_header(head, seq, r, text.n);
    buf_add(&all, (struct slice){ (char *)head, 13 });
    buf_add(&all, text);
    struct slice key = { (const char *)c->mac_key, c->suite->mac_n };
    bool ok = enc_hmac(c->suite->mac, key, buf_slice(&all), sum, &n) && n == c->suite->mac_n &&
              memcmp(sum, mac, n) == 0;
    buf_free(&all);
    return ok;
}

/* Every padding byte tells their number (RFC 5246 6.2.3.2). */
static bool strip_padding(struct slice *text)
{
    if (!text->n) return false;
    size_t pad = (uint8_t)text->p[text->n - 1];
    if (pad + 1 > text->n) return false;
    for (size_t i = 0; i <= pad; i++)
        if ((uint8_t)text->p[text->n - 1 - i] != pad) return false;
    text->n -= pad + 1;
    return true;
}

/* The IV: in the record, or (TLS 1.0) the last block of the record before. */
static bool cbc_decrypt(struct tls_cipher *c, struct slice text, uint8_t *room, struct slice *plain)
{
    size_t block = c->suite->iv_n;
    int n = 0;
    uint8_t iv[16];
    memcpy(iv, c->iv, block);
    if (c->version >= 0x0302) {
        if (text.n < block) return false;
        memcpy(iv, text.p, block);
        text = slice_from(text, block);
    }
    if (!text.n || text.n % block) return false;
    if (EVP_DecryptInit_ex(c->ctx, NULL, NULL, NULL, iv) != 1) return false;
    EVP_CIPHER_CTX_set_padding(c->ctx, 0);
    if (EVP_DecryptUpdate(c->ctx, room, &n, (const uint8_t *)text.p, (int)text.n) != 1)
        return false;
    memcpy(c->iv, text.p + text.n - block, block);
    *plain = (struct slice){ (char *)room, (size_t)n };
    return true;
}

static bool open_cbc(struct tls_cipher *c, uint64_t seq, const struct tls_record *r,
                     struct buf *out)
{
    struct slice text = r->fragment, plain;
    size_t mac_n = c->suite->mac_n;
    if (text.n < mac_n) return false;
    if (c->encrypt_then_mac) {
        text.n -= mac_n;
        if (!mac_fits(c, seq, r, text, text.p + text.n)) return false;
    }
    uint8_t *room = (uint8_t *)buf_room(out, text.n + 32);
    if (!room || !cbc_decrypt(c, text, room, &plain) || !strip_padding(&plain)) return false;
    if (!c->encrypt_then_mac) {
        if (plain.n < mac_n) return false;
        plain.n -= mac_n;
        if (!mac_fits(c, seq, r, plain, plain.p + plain.n)) return false;
    }
    buf_grew(out, plain.n);
    return true;
}

static bool open_plain(const struct tls_cipher *c, uint64_t seq, const struct tls_record *r,
                       struct buf *out)
{
    struct slice text = r->fragment;
    if (text.n < c->suite->mac_n) return false;
    text.n -= c->suite->mac_n;
    return (c->unverified || mac_fits(c, seq, r, text, text.p + text.n)) && buf_add(out, text);
}

/* TLS 1.3: the type is the last byte that is not zero (RFC 8446 5.4). */
static bool inner_type(struct buf *out, size_t before, uint8_t *type)
{
    while (out->n > before && out->p[out->n - 1] == 0)
        out->n--;
    if (out->n == before) return false;
    *type = (uint8_t)out->p[--out->n];
    return true;
}

bool tls_open(struct tls_cipher *c, uint64_t seq, const struct tls_record *r, struct buf *out,
              uint8_t *type)
{
    size_t before = out->n;
    bool ok = false;
    *type = r->type;
    switch (c->suite->kind) {
    case TLS_GCM:
    case TLS_CHACHA:
    case TLS_CCM: ok = open_aead(c, seq, r, out); break;
    case TLS_CBC: ok = open_cbc(c, seq, r, out); break;
    case TLS_PLAIN: ok = open_plain(c, seq, r, out); break;
    }
    if (ok && c->version >= 0x0304) ok = inner_type(out, before, type);
    if (!ok) out->n = before;
    return ok;
}
