/* Certificates kept once: equal ones give way to the first, verification says what it said before. */
#include "replay/native/tls_certs.h"

#include "tests/unit/test.h"

static X509 *self_signed(long serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *c = X509_new();
    X509_NAME *name = X509_get_subject_name(c);
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
    X509_gmtime_adj(X509_getm_notBefore(c), -60);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"one", -1, -1, 0);
    X509_set_issuer_name(c, name);
    X509_set_pubkey(c, key);
    CHECK(X509_sign(c, key, EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return c;
}

/* As OpenSSL does with a chain of one: the certificate that the connection keeps, its to free. */
static X509 *shown(struct tls_certs *k, X509_STORE *trust, const X509 *cert, int want)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *own = X509_dup(cert);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    sk_X509_push(chain, own);
    CHECK(X509_STORE_CTX_init(ctx, trust, own, chain) == 1);
    CHECK(tls_certs_verify(ctx, k) == want);
    CHECK(X509_STORE_CTX_get0_cert(ctx) == sk_X509_value(chain, 0));
    X509_STORE_CTX_free(ctx);
    X509 *kept = sk_X509_pop(chain);
    sk_X509_free(chain);
    return kept;
}

TEST(tls_certs)
{
    struct tls_certs *k = tls_certs_new();
    X509_STORE *trust = X509_STORE_new();
    X509 *good = self_signed(1), *bad = self_signed(2);
    X509_STORE_add_cert(trust, good);
    X509 *a = shown(k, trust, good, 1), *b = shown(k, trust, good, 1);
    X509 *c = shown(k, trust, bad, 0), *d = shown(k, trust, bad, 0);
    CHECK(a == b && c == d && a != c);
    CHECK(X509_cmp(a, good) == 0 && X509_cmp(c, bad) == 0);
    tls_certs_free(k); /* what connections keep outlives it */
    X509 *all[] = { a, b, c, d, good, bad };
    CHECK(X509_cmp(a, good) == 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        X509_free(all[i]);
    X509_STORE_free(trust);
}
