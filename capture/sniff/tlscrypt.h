/* TLS record protection and key derivation with OpenSSL's primitives: TLS 1.0 to 1.3. */
#ifndef SNIFF_TLSCRYPT_H
#define SNIFF_TLSCRYPT_H

#include "base/buf.h"

enum tls_kind { TLS_GCM, TLS_CHACHA, TLS_CCM, TLS_CBC, TLS_PLAIN };

struct tls_suite {
    uint16_t id;
    const char *cipher; /* OpenSSL's name */
    enum tls_kind kind;
    uint8_t key_n, iv_n, tag_n; /* iv_n: what the key block holds; TLS 1.3 always 12 */
    const char *mac;            /* CBC, PLAIN */
    uint8_t mac_n;
    const char *prf; /* digest of key derivation from TLS 1.2 on */
};

const struct tls_suite *tls_suite_find(uint16_t id); /* NULL: not supported */

/* The read state of one direction. */
struct tls_cipher;
void tls_cipher_free(struct tls_cipher *c);

struct tls_record {
    uint8_t type;
    uint16_t version;
    struct slice fragment;
};

/* Decrypts and verifies record number seq; the text is appended to out, *type is the content's type (for
 * TLS 1.3 the inner one). False if it does not verify; out is as before then. */
bool tls_open(struct tls_cipher *c, uint64_t seq, const struct tls_record *r, struct buf *out,
              uint8_t *type);

struct tls12 {
    const struct tls_suite *suite;
    uint16_t version;
    bool encrypt_then_mac;
    struct slice client_random, server_random;
};
/* The read state for what the client (or the server) sends. Without a master only TLS_PLAIN can be read,
 * unverified. Gives; NULL if it cannot be made. */
struct tls_cipher *tls12_cipher(const struct tls12 *t, struct slice master, bool of_client);
/* Master secret from premaster (RFC 5246 8.1); seed: both randoms, or the session hash (RFC 7627). */
bool tls12_master(const struct tls12 *t, struct slice premaster, struct slice session_hash,
                  uint8_t out[48]);
/* RFC 8446 7.3 and 7.2 */
struct tls_cipher *tls13_cipher(const struct tls_suite *s, struct slice secret);
bool tls13_next_secret(const struct tls_suite *s, struct slice secret, uint8_t *out);

#endif
