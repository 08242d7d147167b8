/* From hellos and stored secrets to read states. Called by tlsconn.c.
 *
 * Invariant: a master secret belongs to the handshake whose randoms are in the hello; master_n is 0 until
 * it is known. Masters that become known are stored by session id and ticket, because a resumed session
 * (RFC 5246 7.3, RFC 5077) uses them again and not every program logs them twice. */
#include "capture/sniff/tlsside.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/inflate.h"
#include "capture/sniff/bytes.h"

#define TICKET_MAX 65536
#define EXPANDED_MAX 20000 /* RFC 3749 2: a record is at most 2^14 bytes, with room to spare */

static struct slice bytes(const uint8_t *p, size_t n)
{
    return (struct slice){ (const char *)p, n };
}

static void keep(struct buf *b, struct slice s)
{
    b->max = TICKET_MAX;
    buf_reset(b);
    buf_add(b, s);
}

void tls_hello_client(struct tls_hello *h, const struct client_hello *c)
{
    memcpy(h->client_random, c->random.p, 32);
    h->offered_id_n = (uint8_t)(c->session_id.n > 32 ? 32 : c->session_id.n);
    memcpy(h->offered_id, c->session_id.p, h->offered_id_n);
    keep(&h->offered_ticket, c->ticket);
    buf_reset(&h->given_ticket);
    buf_reset(&h->premaster);
    h->client_ems = c->extended_master;
    h->client_etm = c->encrypt_then_mac;
    h->session_hash_n = 0;
    size_t n = c->sni.n < sizeof h->sni - 1 ? c->sni.n : sizeof h->sni - 1;
    for (size_t i = 0; i < n; i++)
        h->sni[i] = c->sni.p[i] > ' ' && c->sni.p[i] < 0x7f ? c->sni.p[i] : '?';
    h->sni[n] = '\0';
}

void tls_hello_server(struct tls_hello *h, const struct server_hello *s)
{
    h->version = s->version;
    h->suite = tls_suite_find(s->suite);
    h->compression = s->compression;
    memcpy(h->server_random, s->random.p, 32);
    h->session_id_n = (uint8_t)(s->session_id.n > 32 ? 32 : s->session_id.n);
    memcpy(h->session_id, s->session_id.p, h->session_id_n);
    h->resumed_id =
        slice_eq(bytes(h->session_id, h->session_id_n), bytes(h->offered_id, h->offered_id_n));
    h->extended_master = s->extended_master && h->client_ems;
    h->encrypt_then_mac = s->encrypt_then_mac && h->client_etm;
}

void tls_hello_ticket(struct tls_hello *h, struct slice ticket)
{
    keep(&h->given_ticket, ticket);
}

/* RSA key exchange: a length (not in SSL 3) and the encrypted premaster. */
void tls_hello_premaster(struct tls_hello *h, struct slice body)
{
    keep(&h->premaster, body.n > 10 ? slice_from(body, 2) : body);
}

void tls_hello_session_hash(struct tls_hello *h, struct slice transcript)
{
    if (!h->suite || h->version < 0x0303) return; /* before TLS 1.2 it is MD5 and SHA-1 */
    if (!enc_digest(h->suite->prf, transcript, h->session_hash, &h->session_hash_n))
        h->session_hash_n = 0;
}

void tls_hello_free(struct tls_hello *h)
{
    buf_free(&h->offered_ticket);
    buf_free(&h->given_ticket);
    buf_free(&h->premaster);
}

void tls_side_enter(struct tls_side *s, enum tls_phase phase)
{
    tls_cipher_free(s->cipher);
    s->cipher = NULL;
    inflate_free(s->inflate);
    s->inflate = NULL;
    s->phase = phase;
    s->seq = 0;
}

void tls_side_free(struct tls_side *s)
{
    tls_cipher_free(s->cipher);
    inflate_free(s->inflate);
    buf_free(&s->record);
    buf_free(&s->handshake);
}

bool tls_side_expand(struct tls_side *s, struct buf *text)
{
    struct slice in = buf_slice(text);
    struct buf out = BUF_INIT(EXPANDED_MAX);
    enum inflate_status st = INFLATE_MORE;
    if (!s->inflate) return true;
    for (size_t got = 1; (in.n || got) && st == INFLATE_MORE;) {
        char *room = buf_room(&out, 4096);
        if (!room) break;
        st = inflate_run(s->inflate, &in, room, 4096, &got);
        buf_grew(&out, got);
    }
    buf_reset(text);
    bool ok = st == INFLATE_MORE && !out.bad && buf_add(text, buf_slice(&out));
    buf_free(&out);
    return ok;
}

/* ---- TLS 1.2 and before ---- */

static struct tls12 view(const struct tls_hello *h)
{
    return (struct tls12){ .suite = h->suite,
                           .version = h->version,
                           .encrypt_then_mac = h->encrypt_then_mac,
                           .client_random = bytes(h->client_random, 32),
                           .server_random = bytes(h->server_random, 32) };
}

/* The premaster: logged by client random, or by the first eight bytes of its encrypted form. */
static bool from_premaster(struct tls_hello *h, const struct keys *k)
{
    struct tls12 t = view(h);
    struct slice pms = keys_get(k, KEY_PREMASTER, t.client_random);
    if (!pms.n) pms = keys_get(k, KEY_RSA, slice_sub(buf_slice(&h->premaster), 0, 8));
    if (!pms.n || (h->extended_master && !h->session_hash_n)) return false;
    struct slice hash = bytes(h->session_hash, h->extended_master ? h->session_hash_n : 0);
    return tls12_master(&t, pms, hash, h->master);
}

static bool find_master(struct tls_hello *h, const struct keys *k)
{
    struct slice m = keys_get(k, KEY_MASTER, bytes(h->client_random, 32));
    if (!m.n && h->session_id_n)
        m = keys_get(k, KEY_SESSION, bytes(h->session_id, h->session_id_n));
    if (!m.n && !h->premaster.n && h->offered_ticket.n)
        m = keys_get(k, KEY_SESSION, buf_slice(&h->offered_ticket));
    if (m.n == 48) memcpy(h->master, m.p, 48);
    if (m.n != 48 && !from_premaster(h, k)) return false;
    h->master_n = 48;
    return true;
}

static void remember_master(const struct tls_hello *h, struct keys *k)
{
    struct slice master = bytes(h->master, 48);
    if (h->session_id_n) keys_put(k, KEY_SESSION, bytes(h->session_id, h->session_id_n), master);
    if (h->given_ticket.n) keys_put(k, KEY_SESSION, buf_slice(&h->given_ticket), master);
}

static bool derive12(struct tls_side *s, struct tls_hello *h, struct keys *k, bool of_client)
{
    struct tls12 t = view(h);
    bool found = h->master_n || find_master(h, k);
    if (!found && h->suite->kind != TLS_PLAIN) return false; /* integrity only: readable without */
    if (found) remember_master(h, k);
    s->cipher = tls12_cipher(&t, bytes(h->master, found ? 48 : 0), of_client);
    if (h->compression && !s->inflate) s->inflate = inflate_new(INFLATE_ZLIB);
    return s->cipher != NULL;
}

/* ---- TLS 1.3 ---- */

static enum key_label label_of(enum tls_phase phase, bool of_client)
{
    if (phase == PHASE_EARLY) return KEY_CLIENT_EARLY;
    if (phase == PHASE_HANDSHAKE) return of_client ? KEY_CLIENT_HANDSHAKE : KEY_SERVER_HANDSHAKE;
    return of_client ? KEY_CLIENT_TRAFFIC : KEY_SERVER_TRAFFIC;
}

static bool next_secret(struct tls_side *s, const struct tls_hello *h)
{
    uint8_t next[48];
    if (!s->secret_n || !tls13_next_secret(h->suite, bytes(s->secret, s->secret_n), next))
        return false;
    memcpy(s->secret, next, s->secret_n);
    s->phase = PHASE_DATA;
    return true;
}

static bool derive13(struct tls_side *s, struct tls_hello *h, const struct keys *k, bool of_client)
{
    if (s->phase == PHASE_UPDATE) {
        if (!next_secret(s, h)) return false;
    } else {
        struct slice secret =
            keys_get(k, label_of(s->phase, of_client), bytes(h->client_random, 32));
        if (!secret.n && s->phase == PHASE_HANDSHAKE) {
            /* Only traffic secrets were logged: the handshake is passed over unread. */
            secret = keys_get(k, label_of(PHASE_DATA, of_client), bytes(h->client_random, 32));
            if (secret.n) s->phase = PHASE_DATA;
            s->skip_undecryptable = secret.n > 0;
        }
        if (!secret.n || secret.n > sizeof s->secret) return false;
        memcpy(s->secret, secret.p, secret.n);
        s->secret_n = secret.n;
    }
    s->cipher = tls13_cipher(h->suite, bytes(s->secret, s->secret_n));
    return s->cipher != NULL;
}

bool tls_side_derive(struct tls_side *s, struct tls_hello *h, struct keys *k, bool of_client)
{
    if (!h->suite) return false;
    return h->version >= 0x0304 ? derive13(s, h, k, of_client) : derive12(s, h, k, of_client);
}
