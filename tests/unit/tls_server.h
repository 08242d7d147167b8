/* A TLS server that does one thing wrong at a time, and the certificates for it, made when it starts. On 127.0.0.1, a
 * port from the kernel, one connection after the other. */
#ifndef TESTS_TLS_SERVER_H
#define TESTS_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_cert {
    CERT_GOOD,
    CERT_UNTRUSTED,
    CERT_WRONG_HOST,
    CERT_WRONG_ADDRESS,
    CERT_EXPIRED,
    CERT_NOT_YET,
    CERTS
};
enum tls_hello {
    HELLO_SHAKE, /* hands, as one does */
    HELLO_CLOSE,
    HELLO_RESET,
    HELLO_STALL,
    HELLO_TEXT,  /* answers the ClientHello in clear text */
    HELLO_ALERT, /* handshake_failure */
    HELLO_HALF,  /* a record that ends in its middle */
};
enum tls_alpn { ALPN_NONE, ALPN_H1, ALPN_REFUSED };
enum tls_end {
    TLS_KEEP,
    TLS_NOTIFY, /* close_notify, then close */
    TLS_CUT,    /* closes without it */
    TLS_RESET,
    TLS_SILENT, /* stays open, says no more */
    TLS_JUNK,   /* clear text where a record should be, then close */
};

struct tls_script {
    const char *name;
    const char *answer;
    enum tls_cert cert;
    enum tls_hello hello;
    enum tls_alpn alpn;
    enum tls_end end;
    int version; /* the only one, 0: any from 1.2 on */
    bool drip;   /* a record for each byte */
    bool wants_cert;
    bool tickets;  /* sessions can be resumed */
    size_t filler; /* so many 'x' behind the answer */
};

struct tls_server;
struct tls_server *tls_server_new(void); /* gives */
uint16_t tls_server_port(const struct tls_server *s);
const char *tls_server_ca(const struct tls_server *s); /* a PEM file */
void tls_server_play(struct tls_server *s,
                     const struct tls_script *script); /* from the next connection or request on */
unsigned tls_server_resumed(const struct tls_server *s); /* handshakes that resumed a session */
void tls_server_free(struct tls_server *s);

#endif
