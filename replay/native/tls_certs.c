/* One parsed certificate for all connections that were shown the same bytes. Called by tls.c, once per full handshake.
 *
 * A parsed certificate takes 4 KiB, and OpenSSL keeps the server's chain with every connection and session. Before it
 * verifies a chain, each certificate in it gives way to the one that came first with the very same DER: nothing that
 * is verified changes. One worker owns this; what is beyond MOST is not shared. */
#include "replay/native/tls_certs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MOST 1024 /* a server that makes a certificate per connection must not fill the memory */

struct known {
    X509 *cert;
    unsigned char *der;
    int n;
};

struct tls_certs {
    struct known *v;
    size_t n, cap;
};

struct tls_certs *tls_certs_new(void)
{
    return mem_alloc(1, sizeof(struct tls_certs));
}

void tls_certs_free(struct tls_certs *k)
{
    if (!k) return;
    for (size_t i = 0; i < k->n; i++) {
        X509_free(k->v[i].cert);
        OPENSSL_free(k->v[i].der);
    }
    free(k->v);
    free(k);
}

static X509 *find(const struct tls_certs *k, const unsigned char *der, int n)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].n == n && memcmp(k->v[i].der, der, (size_t)n) == 0) return k->v[i].cert;
    return NULL;
}

/* The certificate that stands for all equal to cert: cert itself if it is the first. */
static X509 *representative(struct tls_certs *k, X509 *cert)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    if (n <= 0) return cert;
    X509 *same = find(k, der, n);
    if (same || k->n == MOST) {
        OPENSSL_free(der);
        return same ? same : cert;
    }
    mem_grow(&k->v, &k->cap, k->n + 1, sizeof *k->v);
    X509_up_ref(cert);
    k->v[k->n++] = (struct known){ cert, der, n };
    return cert;
}

int tls_certs_verify(X509_STORE_CTX *chain, void *certs)
{
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(chain); /* the session's own */
    for (int i = 0; i < sk_X509_num(shown); i++) {
        X509 *cert = sk_X509_value(shown, i);
        X509 *same = representative(certs, cert);
        if (same == cert) continue;
        X509_up_ref(same);
        sk_X509_set(shown, i, same);
        if (X509_STORE_CTX_get0_cert(chain) == cert) X509_STORE_CTX_set_cert(chain, same);
        X509_free(cert);
    }
    int ok = X509_verify_cert(chain);
    X509_STORE_CTX_set0_verified_chain(chain, NULL); /* else the connection keeps it */
    return ok;
}
