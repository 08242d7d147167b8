/* Digests of text through OpenSSL: SHA-256 for archives, any by name for templates, HMAC.
 *
 * The only file of base/ that knows OpenSSL. A digest that OpenSSL cannot compute for want of memory ends
 * the process, as in base/mem. */
#include "base/enc.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/mem.h"

struct sha256 {
    EVP_MD_CTX *ctx;
};

static void must(bool ok)
{
    if (!ok) abort();
}

struct sha256 *sha256_new(void)
{
    struct sha256 *h = mem_alloc(1, sizeof *h);
    h->ctx = EVP_MD_CTX_new();
    must(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
    return h;
}

void sha256_add(struct sha256 *h, struct slice s)
{
    if (s.n) must(EVP_DigestUpdate(h->ctx, s.p, s.n) == 1);
}

void sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES])
{
    must(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
    must(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
}

void sha256_free(struct sha256 *h)
{
    if (!h) return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void sha256_of(struct slice s, unsigned char out[SHA256_BYTES])
{
    must(EVP_Digest(s.p ? s.p : "", s.n, out, NULL, EVP_sha256(), NULL) == 1);
}

bool enc_digest(const char *name, struct slice s, unsigned char out[64], size_t *n)
{
    const EVP_MD *md = EVP_get_digestbyname(name);
    unsigned len = 0;
    if (!md || EVP_MD_get_size(md) > 64) return false;
    if (EVP_Digest(s.p ? s.p : "", s.n, out, &len, md, NULL) != 1) return false;
    *n = len;
    return true;
}

bool enc_hmac(const char *name, struct slice key, struct slice s, unsigned char out[64], size_t *n)
{
    const EVP_MD *md = EVP_get_digestbyname(name);
    unsigned len = 0;
    if (!md || EVP_MD_get_size(md) > 64 || key.n > INT_MAX) return false;
    const unsigned char *text = (const unsigned char *)(s.p ? s.p : "");
    if (!HMAC(md, key.p ? key.p : "", (int)key.n, text, s.n, out, &len)) return false;
    *n = len;
    return true;
}
