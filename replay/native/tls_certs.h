/* The certificates that servers show a worker, each kept once however many connections it came over. Private to
 * replay/native. */
#ifndef REPLAY_NATIVE_TLS_CERTS_H
#define REPLAY_NATIVE_TLS_CERTS_H

#include <openssl/ssl.h>

struct tls_certs;

struct tls_certs *tls_certs_new(void); /* gives */
void tls_certs_free(struct tls_certs *k);
/* For SSL_CTX_set_cert_verify_callback, with the struct tls_certs as its argument: puts the known
 * certificates in the place of equal ones, then verifies as OpenSSL does. */
int tls_certs_verify(X509_STORE_CTX *chain, void *certs);

#endif
