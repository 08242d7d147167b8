/* Ed25519 signatures (RFC 8032) of archives, on OpenSSL's EVP. Called by the archive's writer and by
 * verify. The one place in results that includes OpenSSL. */
#include "results/archive.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

void *sign_key_read(const char *path, bool private_key, struct err *err)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        err_sys(err, ERR_INPUT, errno, "open %s", path);
        return NULL;
    }
    EVP_PKEY *key = private_key ? PEM_read_PrivateKey(f, NULL, NULL, NULL)
                                : PEM_read_PUBKEY(f, NULL, NULL, NULL);
    fclose(f);
    if (key && EVP_PKEY_base_id(key) == EVP_PKEY_ED25519) return key;
    EVP_PKEY_free(key);
    err_set(err, ERR_INPUT, "%s: not an Ed25519 %s key in PEM (openssl genpkey -algorithm ed25519)",
            path, private_key ? "private" : "public");
    return NULL;
}

void sign_key_free(void *key)
{
    EVP_PKEY_free(key);
}

bool sign_make(void *key, struct slice message, char out[89])
{
    unsigned char raw[64];
    size_t n = sizeof raw;
    struct buf text = BUF_INIT(100);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(ctx, raw, &n, (const unsigned char *)message.p, message.n) == 1;
    ok = ok && enc_base64(&text, (struct slice){ (const char *)raw, n }, false) && text.n == 88;
    if (ok) memcpy(out, buf_z(&text), 89);
    EVP_MD_CTX_free(ctx);
    buf_free(&text);
    return ok;
}

bool sign_check(void *key, struct slice message, struct slice base64)
{
    struct buf raw = BUF_INIT(256);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && enc_unbase64(&raw, base64) && raw.n == 64 &&
              EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, (const unsigned char *)raw.p, raw.n,
                               (const unsigned char *)message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    buf_free(&raw);
    return ok;
}
