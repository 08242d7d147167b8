/* What a TLS handshake says in the clear: the parts that decryption needs (RFC 5246, RFC 8446). */
#ifndef SNIFF_TLSHELLO_H
#define SNIFF_TLSHELLO_H

#include "base/slice.h"

enum {
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_NEW_TICKET = 4,
    TLS_END_OF_EARLY_DATA = 5,
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_KEY_UPDATE = 24,
};

/* Slices of the message that was given. */
struct client_hello {
    struct slice random, session_id, sni, ticket;
    bool extended_master, encrypt_then_mac, early_data;
};

struct server_hello {
    struct slice random, session_id;
    uint16_t version; /* the one chosen: 0x0303 is TLS 1.2, 0x0304 TLS 1.3 */
    uint16_t suite;
    uint8_t compression;                           /* 0: none, 1: DEFLATE (RFC 3749) */
    bool extended_master, encrypt_then_mac, retry; /* retry: a HelloRetryRequest */
};

/* body: the handshake message behind its four bytes of type and length. False if it is malformed. */
bool client_hello_parse(struct slice body, struct client_hello *out);
bool server_hello_parse(struct slice body, struct server_hello *out);
bool encrypted_extensions_accept_early(struct slice body);

#endif
