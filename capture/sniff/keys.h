/* TLS secrets by connection: what key logs (draft-ietf-tls-keylogfile, NSS format) and Decryption Secrets
 * Blocks hold, and master secrets of sessions that were seen and may be resumed. */
#ifndef SNIFF_KEYS_H
#define SNIFF_KEYS_H

#include "base/err.h"
#include "base/slice.h"

enum key_label {
    KEY_MASTER,       /* CLIENT_RANDOM: TLS 1.2 master secret */
    KEY_CLIENT_EARLY, /* TLS 1.3 traffic secrets … */
    KEY_CLIENT_HANDSHAKE,
    KEY_SERVER_HANDSHAKE,
    KEY_CLIENT_TRAFFIC,
    KEY_SERVER_TRAFFIC,
    KEY_PREMASTER, /* PMS_CLIENT_RANDOM */
    KEY_RSA,       /* RSA: premaster by the first 8 bytes of its encrypted form */
    KEY_SESSION,   /* master secret by session id or ticket */
};

struct keys;

struct keys *keys_new(void); /* gives */
void keys_free(struct keys *k);
void keys_add(struct keys *k, struct slice lines);
/* Reads the file now and, through keys_poll, what is appended to it. A file that does not exist is an
 * error only when err is given. */
bool keys_follow(struct keys *k, const char *path, struct err *err);
void keys_poll(struct keys *k);
/* The secret of that label for id (client random, mostly); empty if there is none. Valid until
 * keys_free. */
struct slice keys_get(const struct keys *k, enum key_label label, struct slice id);
void keys_put(struct keys *k, enum key_label label, struct slice id, struct slice secret);
uint64_t keys_count(const struct keys *k); /* grows when something was added */

#endif
