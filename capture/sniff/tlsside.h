/* What is known of a TLS connection's handshake, and the read state of one of its directions. */
#ifndef SNIFF_TLSSIDE_H
#define SNIFF_TLSSIDE_H

#include "base/buf.h"
#include "capture/sniff/keys.h"
#include "capture/sniff/tlscrypt.h"
#include "capture/sniff/tlshello.h"

#define TLS_LOST_RECORDS 256 /* at most so many records in a hole, to find the number of the next */

/* Copies of what the hellos said, and what was derived from them. */
struct tls_hello {
    uint16_t version;
    const struct tls_suite *suite;
    uint8_t client_random[32], server_random[32], session_id[32];
    uint8_t session_id_n, compression;
    bool resumed_id; /* the server has repeated the client's session id */
    bool extended_master, encrypt_then_mac, client_etm, client_ems;
    char sni[80];
    uint8_t offered_id[32];
    uint8_t offered_id_n;
    struct buf offered_ticket, given_ticket, premaster; /* premaster: as sent, encrypted */
    uint8_t session_hash[64];
    size_t session_hash_n;
    uint8_t master[48];
    size_t master_n;
};

enum tls_phase {
    PHASE_PLAIN,
    PHASE_TLS12, /* behind ChangeCipherSpec */
    PHASE_EARLY, /* TLS 1.3: 0-RTT data */
    PHASE_HANDSHAKE,
    PHASE_DATA,
    PHASE_UPDATE, /* behind KeyUpdate: the next secret of PHASE_DATA */
};

struct tls_side {
    enum tls_phase phase;
    struct tls_cipher *cipher; /* NULL: to be derived */
    uint64_t seq;
    struct inflate *inflate; /* TLS compression (RFC 3749): lives as long as the direction's keys */
    uint8_t secret[48];      /* TLS 1.3, of the phase */
    size_t secret_n;
    struct buf record, handshake; /* begun, not complete */
    bool early;                   /* the client has said that it sends early data */
    bool awaits_word;             /* the server has not said yet whether it takes it */
    bool skip_undecryptable, finished, broken;
    bool lost, syncing; /* records are missing: number unknown; place unknown */
    bool waiting, fin_waits;
    int64_t waiting_ns;
};

void tls_hello_client(struct tls_hello *h, const struct client_hello *c);
void tls_hello_server(struct tls_hello *h, const struct server_hello *s);
void tls_hello_ticket(struct tls_hello *h, struct slice ticket);
void tls_hello_premaster(struct tls_hello *h, struct slice client_key_exchange);
void tls_hello_session_hash(struct tls_hello *h, struct slice transcript);
void tls_hello_free(struct tls_hello *h);

/* The direction's next records are under other keys. */
void tls_side_enter(struct tls_side *s, enum tls_phase phase);
/* Makes the cipher of the phase; false while a secret is missing. */
bool tls_side_derive(struct tls_side *s, struct tls_hello *h, struct keys *k, bool of_client);
/* Undoes TLS compression of one record's text, in place; true if there is none. */
bool tls_side_expand(struct tls_side *s, struct buf *text);
void tls_side_free(struct tls_side *s);

#endif
