/* TLS connections: records to plaintext, where a key is known, and the plaintext to another decoder.
 *
 * Made by detect.c. The handshake is followed in both directions; each direction has a read state that
 * changes at ChangeCipherSpec (to TLS 1.2), at Finished, EndOfEarlyData and KeyUpdate (TLS 1.3).
 * Invariant: bytes are handled in order of arrival. While a secret is awaited (live: its line in the key
 * log may come a moment later) or the server's word on early data, chunks wait in a queue of bounded
 * size, which counts against the capture's memory. After a loss the direction looks for the next record
 * that verifies. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/mem.h"
#include "capture/sniff/bytes.h"
#include "capture/sniff/conn.h"
#include "capture/sniff/keys.h"
#include "capture/sniff/tlscrypt.h"
#include "capture/sniff/tlshello.h"
#include "capture/sniff/tlsside.h"

#define QUEUE_MAX (2U << 20)
#define HANDSHAKE_MAX (256U << 10)
#define RECORD_MAX (16384 + 2048)
#define RECORD_HEAD 5

enum { REC_CCS = 20, REC_ALERT = 21, REC_HANDSHAKE = 22, REC_DATA = 23 };
enum { ALERT_FATAL = 2 };

enum step { STEP_NEXT, STEP_WAIT };

/* Bytes that wait for a secret. */
struct chunk {
    struct chunk *next;
    int dir;
    int64_t ts_ns;
    size_t n;
    char data[];
};

struct tls {
    struct proto base;
    struct proto *child;
    struct tls_side side[2];
    struct tls_hello hello;
    enum capture_tls outcome;
    bool over; /* nothing more can be read */
    bool have_client, have_server;
    int64_t hello_ns;
    struct chunk *first, *last;
    size_t queued;
    struct buf plain;      /* of one record */
    struct buf transcript; /* handshake so far, for the session hash (RFC 7627) */
};

static struct keys *keys_of(const struct tls *t)
{
    return t->base.conn->sniff->keys;
}

static void finish_with(struct tls *t, enum capture_tls outcome)
{
    if (t->outcome != TLS_DECRYPTED) t->outcome = outcome;
    t->over = true;
}

/* Something of the plaintext is lost for good. */
static void lose(struct tls *t, int dir)
{
    proto_gap(t->child, dir, UINT64_MAX);
}

/* ---- handshake messages ---- */

static void on_client_hello(struct tls *t, struct slice body, int64_t ts_ns)
{
    struct client_hello h;
    if (!client_hello_parse(body, &h)) return;
    tls_hello_client(&t->hello, &h);
    if (!t->hello_ns) t->hello_ns = ts_ns;
    t->have_client = true;
    t->have_server = false;
    /* Renegotiation begins with a new hello: what was derived is not of this handshake. */
    t->hello.master_n = 0;
    if (!t->side[TO_SERVER].early) t->side[TO_SERVER].early = h.early_data;
}

static void on_server_hello(struct tls *t, struct slice body)
{
    struct server_hello h;
    if (!server_hello_parse(body, &h)) return;
    if (h.retry) {
        t->side[TO_SERVER].early = false; /* RFC 8446 4.1.2: early data is refused by it */
        t->side[TO_SERVER].skip_undecryptable = true;
        return;
    }
    tls_hello_server(&t->hello, &h);
    t->have_server = true;
    uint16_t oldest = t->hello.suite && t->hello.suite->kind == TLS_PLAIN ? 0x0300 : 0x0301;
    if (!t->hello.suite || h.version < oldest || h.version > 0x0304) {
        finish_with(t, TLS_UNSUPPORTED);
        return;
    }
    if (h.version < 0x0304) {
        t->side[TO_SERVER].early = false;
        return;
    }
    tls_side_enter(&t->side[TO_CLIENT], PHASE_HANDSHAKE);
    tls_side_enter(&t->side[TO_SERVER], t->side[TO_SERVER].early ? PHASE_EARLY : PHASE_HANDSHAKE);
    t->side[TO_SERVER].awaits_word = t->side[TO_SERVER].early;
}

/* The handshake is over with the last Finished: the client's, but for TLS 1.2 resumption. */
static void on_finished(struct tls *t, int dir, int64_t ts_ns)
{
    struct conn *c = t->base.conn;
    t->side[dir].finished = true;
    if (t->hello.version >= 0x0304) tls_side_enter(&t->side[dir], PHASE_DATA);
    bool both = t->side[0].finished && t->side[1].finished;
    if (both && c->tls_ns == TIME_UNKNOWN && t->hello_ns) c->tls_ns = ts_ns - t->hello_ns;
}

static void on_encrypted_extensions(struct tls *t, struct slice body)
{
    struct tls_side *client = &t->side[TO_SERVER];
    if (!client->awaits_word) return;
    client->awaits_word = false;
    if (encrypted_extensions_accept_early(body)) return;
    tls_side_enter(client, PHASE_HANDSHAKE);
    client->skip_undecryptable = true; /* what was sent in vain */
}

static void on_ticket(struct tls *t, struct slice body)
{
    struct cursor c = cursor_of(body);
    cursor_u32(&c);
    struct cursor ticket = cursor_sub(&c, cursor_u16(&c));
    if (t->hello.version < 0x0304 && !ticket.bad) tls_hello_ticket(&t->hello, cursor_rest(&ticket));
}

/* The server's direction may lack its ticket's master until its keys are derived: see tls12_ready. */
static void on_message(struct tls *t, int dir, uint8_t type, struct slice body, int64_t ts_ns)
{
    switch (type) {
    case TLS_CLIENT_HELLO: on_client_hello(t, body, ts_ns); break;
    case TLS_SERVER_HELLO: on_server_hello(t, body); break;
    case TLS_NEW_TICKET: on_ticket(t, body); break;
    case TLS_END_OF_EARLY_DATA:
        if (dir == TO_SERVER) tls_side_enter(&t->side[dir], PHASE_HANDSHAKE);
        break;
    case TLS_ENCRYPTED_EXTENSIONS: on_encrypted_extensions(t, body); break;
    case TLS_CLIENT_KEY_EXCHANGE: tls_hello_premaster(&t->hello, body); break;
    case TLS_FINISHED: on_finished(t, dir, ts_ns); break;
    case TLS_KEY_UPDATE: tls_side_enter(&t->side[dir], PHASE_UPDATE); break;
    default: break;
    }
}

static void keep_transcript(struct tls *t, uint8_t type, struct slice whole)
{
    if (type == TLS_CLIENT_HELLO) { /* renegotiation has a hash of its own */
        buf_reset(&t->transcript);
        t->hello.session_hash_n = 0;
    }
    if (t->hello.session_hash_n) return;
    buf_add(&t->transcript, whole);
    if (type == TLS_CLIENT_KEY_EXCHANGE && !t->transcript.bad)
        tls_hello_session_hash(&t->hello, buf_slice(&t->transcript));
    if (type == TLS_CLIENT_KEY_EXCHANGE) buf_free(&t->transcript);
}

/* Gathers handshake bytes and takes the whole messages off them. */
static void on_handshake(struct tls *t, int dir, struct slice text, int64_t ts_ns)
{
    struct buf *hs = &t->side[dir].handshake;
    buf_add(hs, text);
    while (hs->n >= 4 && !t->over) {
        const uint8_t *p = (const uint8_t *)hs->p;
        size_t n = 4 + be24(p + 1);
        if (n > HANDSHAKE_MAX || hs->bad) {
            finish_with(t, TLS_FAILED);
            return;
        }
        if (hs->n < n) return;
        struct slice whole = slice_sub(buf_slice(hs), 0, n);
        keep_transcript(t, p[0], whole);
        on_message(t, dir, p[0], slice_from(whole, 4), ts_ns);
        buf_drop(hs, n);
    }
}

/* ---- keys ---- */

/* A secret is missing. While keys may still come the bytes wait, else the connection is given up. */
static enum step no_key(struct tls *t)
{
    if (t->base.conn->sniff->may_get_keys) return STEP_WAIT;
    finish_with(t, t->have_client && t->have_server ? TLS_NO_KEY : TLS_MIDDLE);
    return STEP_NEXT;
}

/* The read state for the next record of a direction; NULL while there is none. */
static struct tls_cipher *cipher_for(struct tls *t, int dir)
{
    struct tls_side *s = &t->side[dir];
    if (s->cipher) return s->cipher;
    bool found = tls_side_derive(s, &t->hello, keys_of(t), dir == TO_SERVER);
    if (!found && t->base.conn->sniff->may_get_keys) {
        keys_poll(keys_of(t));
        found = tls_side_derive(s, &t->hello, keys_of(t), dir == TO_SERVER);
    }
    return found ? s->cipher : NULL;
}

/* ---- records ---- */

/* A fatal alert in the clear ends a handshake: a certificate that is not trusted, no common version. */
static void on_alert(struct tls *t, struct slice text)
{
    if (text.n == 2 && text.p[0] == ALERT_FATAL) finish_with(t, TLS_REFUSED);
}

static void on_plain(struct tls *t, int dir, int64_t ts_ns, uint8_t type, struct slice text)
{
    struct tls_side *s = &t->side[dir];
    switch (type) {
    case REC_HANDSHAKE: on_handshake(t, dir, text, ts_ns); break;
    case REC_CCS: /* TLS 1.3 sends one that means nothing (RFC 8446 D.4) */
        if (t->hello.version < 0x0304 && t->have_server) tls_side_enter(s, PHASE_TLS12);
        break;
    case REC_DATA:
        if (!t->child) t->child = detect_new(t->base.conn, true, true);
        proto_data(t->child, dir, ts_ns, text);
        break;
    case REC_ALERT: on_alert(t, text); break;
    default: break;
    }
}

/* A record that did not verify: early data in vain, the end of it, or the end of what can be read. */
static void not_opened(struct tls *t, int dir)
{
    struct tls_side *s = &t->side[dir];
    if (s->skip_undecryptable || s->lost) return;
    lose(t, dir);
    s->broken = true;
    finish_with(t, TLS_FAILED);
}

/* Opens a record with the side's keys: its number is known, or, behind a loss, one of the next ones. */
static bool open_with(struct tls *t, struct tls_side *s, bool lost, const struct tls_record *r,
                      uint8_t *type)
{
    uint64_t tries = lost ? TLS_LOST_RECORDS : 1;
    buf_reset(&t->plain);
    for (uint64_t i = 0; i < tries; i++)
        if (tls_open(s->cipher, s->seq + i, r, &t->plain, type)) {
            s->seq += i + 1;
            return true;
        }
    return false;
}

/* Early data has no mark at its end but a record under the next keys; a loss may have held the Finished
 * that ends the handshake. */
static bool open_next_phase(struct tls *t, int dir, const struct tls_record *r, uint8_t *type)
{
    struct tls_side *s = &t->side[dir];
    bool early = s->phase == PHASE_EARLY;
    if (!early && !(s->phase == PHASE_HANDSHAKE && s->lost)) return false;
    struct tls_side next = { .phase = early ? PHASE_HANDSHAKE : PHASE_DATA };
    if (!tls_side_derive(&next, &t->hello, keys_of(t), dir == TO_SERVER)) return false;
    if (!open_with(t, &next, s->lost, r, type)) {
        tls_cipher_free(next.cipher);
        return false;
    }
    tls_side_enter(s, next.phase);
    s->cipher = next.cipher;
    s->seq = next.seq;
    memcpy(s->secret, next.secret, sizeof s->secret);
    s->secret_n = next.secret_n;
    return true;
}

static bool open_record(struct tls *t, int dir, const struct tls_record *r, uint8_t *type)
{
    struct tls_side *s = &t->side[dir];
    bool ok = open_with(t, s, s->lost, r, type) || open_next_phase(t, dir, r, type);
    if (ok) s->lost = s->skip_undecryptable = false;
    return ok;
}

static enum step on_encrypted(struct tls *t, int dir, int64_t ts_ns, const struct tls_record *r)
{
    uint8_t type;
    struct tls_side *s = &t->side[dir];
    if (s->awaits_word) return STEP_WAIT;
    if (!cipher_for(t, dir)) {
        /* Early data without its key: what follows may still be read. */
        if (s->phase != PHASE_EARLY) return no_key(t);
        buf_reset(&t->plain);
        if (!open_next_phase(t, dir, r, &type)) return STEP_NEXT;
    } else if (!open_record(t, dir, r, &type)) {
        not_opened(t, dir);
        return STEP_NEXT;
    }
    if (!tls_side_expand(s, &t->plain)) {
        not_opened(t, dir);
        return STEP_NEXT;
    }
    t->outcome = TLS_DECRYPTED;
    struct buf plain = t->plain; /* what it holds may bring the next record's turn */
    t->plain = (struct buf){ .max = plain.max };
    on_plain(t, dir, ts_ns, type, buf_slice(&plain));
    buf_free(&t->plain);
    t->plain = plain;
    return STEP_NEXT;
}

static enum step on_record(struct tls *t, int dir, int64_t ts_ns, const struct tls_record *r)
{
    struct tls_side *s = &t->side[dir];
    bool tls13 = t->hello.version >= 0x0304 && t->have_server;
    /* Early data comes before the answer that tells its cipher. */
    if (s->early && !t->have_server && r->type == REC_DATA) return STEP_WAIT;
    bool encrypted = s->phase != PHASE_PLAIN && !(tls13 && r->type == REC_CCS);
    if (tls13 && r->type == REC_ALERT && r->fragment.n == 2) encrypted = false;
    if (encrypted) return on_encrypted(t, dir, ts_ns, r);
    if (r->type == REC_DATA && s->skip_undecryptable) return STEP_NEXT; /* early, and refused */
    if (r->type == REC_DATA) { /* data before any hello, or the answer's direction is missing */
        if (t->have_client && t->base.conn->sniff->may_get_keys && !t->have_server)
            return STEP_WAIT;
        finish_with(t, TLS_MIDDLE);
        return STEP_NEXT;
    }
    on_plain(t, dir, ts_ns, r->type, r->fragment);
    return STEP_NEXT;
}

/* ---- the flow of bytes ---- */

static bool plausible(const uint8_t *p)
{
    return p[0] >= REC_CCS && p[0] <= REC_DATA + 1 && p[1] == 3 && p[2] <= 4 &&
           be16(p + 3) <= RECORD_MAX;
}

/* After a loss: the next place where a record of data, or a chain of records, may begin. */
static void resync(struct tls_side *s, struct slice *in)
{
    while (in->n >= RECORD_HEAD) {
        const uint8_t *p = (const uint8_t *)in->p;
        size_t n = RECORD_HEAD + be16(p + 3);
        if (plausible(p) && p[2] != 0 && n > RECORD_HEAD + 16 &&
            (n + RECORD_HEAD > in->n || plausible(p + n)))
            break;
        *in = slice_from(*in, 1);
    }
    if (in->n >= RECORD_HEAD) s->syncing = false;
}

/* Handles whole records of `in`; gives how many bytes it has eaten. *wait: it stopped for a key. */
static size_t eat(struct tls *t, int dir, int64_t ts_ns, struct slice in, bool *wait)
{
    struct tls_side *s = &t->side[dir];
    struct slice rest = in;
    *wait = false;
    while (!t->over && !s->broken) {
        if (s->syncing) resync(s, &rest);
        if (rest.n < RECORD_HEAD || s->syncing) break;
        const uint8_t *p = (const uint8_t *)rest.p;
        size_t n = be16(p + 3);
        if (!plausible(p)) {
            lose(t, dir);
            finish_with(t, TLS_FAILED);
            break;
        }
        if (rest.n < RECORD_HEAD + n) break;
        struct tls_record r = { p[0], be16(p + 1), { rest.p + RECORD_HEAD, n } };
        *wait = on_record(t, dir, ts_ns, &r) == STEP_WAIT;
        if (*wait) break;
        rest = slice_from(rest, RECORD_HEAD + n);
    }
    return in.n - rest.n;
}

static void drop_queue(struct tls *t)
{
    for (struct chunk *c = t->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    sniff_give(t->base.conn->sniff, t->queued);
    t->first = t->last = NULL;
    t->queued = 0;
}

/* False when there is no room for it. */
static bool enqueue(struct tls *t, int dir, int64_t ts_ns, struct slice data)
{
    if (t->queued + data.n > QUEUE_MAX || !sniff_take(t->base.conn->sniff, data.n)) return false;
    struct chunk *c = mem_resize(NULL, sizeof *c + data.n, 1);
    *c = (struct chunk){ .dir = dir, .ts_ns = ts_ns, .n = data.n };
    memcpy(c->data, data.p, data.n);
    *(t->last ? &t->last->next : &t->first) = c;
    t->last = c;
    t->queued += data.n;
    return true;
}

/* Feeds one direction: what is left of a record waits in side.record. True if it stopped for a key. */
static bool feed(struct tls *t, int dir, int64_t ts_ns, struct slice data)
{
    struct tls_side *s = &t->side[dir];
    bool wait;
    if (!s->record.n) {
        size_t n = eat(t, dir, ts_ns, data, &wait);
        buf_add(&s->record, slice_from(data, n));
        return wait;
    }
    buf_add(&s->record, data);
    buf_drop(&s->record, eat(t, dir, ts_ns, buf_slice(&s->record), &wait));
    return wait;
}

/* Tries again what waits, in order of arrival; a direction that still waits holds back its own only,
 * unless a key is missing, for which all must wait. */
static void pump(struct tls *t)
{
    bool moved = true;
    while (moved && !t->over) {
        moved = false;
        for (int d = 0; d < 2 && !t->over; d++) {
            if (!t->side[d].waiting) continue;
            t->side[d].waiting = feed(t, d, t->side[d].waiting_ns, (struct slice){ 0 });
            moved = moved || !t->side[d].waiting;
        }
        struct chunk **at = &t->first;
        struct chunk *before = NULL;
        while (*at && !t->over) {
            struct chunk *c = *at;
            if (t->side[c->dir].waiting) {
                before = c;
                at = &c->next;
                continue;
            }
            *at = c->next;
            if (t->last == c) t->last = before;
            t->queued -= c->n;
            sniff_give(t->base.conn->sniff, c->n);
            t->side[c->dir].waiting = feed(t, c->dir, c->ts_ns, (struct slice){ c->data, c->n });
            t->side[c->dir].waiting_ns = c->ts_ns;
            moved = true;
            free(c);
        }
    }
}

static void take_data(struct tls *t, int dir, int64_t ts_ns, struct slice data)
{
    struct tls_side *s = &t->side[dir];
    if (t->over) drop_queue(t);
    if (t->over || s->broken) return;
    if (t->side[0].waiting || t->side[1].waiting) {
        if (enqueue(t, dir, ts_ns, data)) {
            pump(t);
            return;
        }
        finish_with(t, TLS_NO_KEY);
        drop_queue(t);
        return;
    }
    s->waiting = feed(t, dir, ts_ns, data);
    s->waiting_ns = ts_ns;
}

static void tls_data(struct proto *p, int dir, int64_t ts_ns, struct slice data)
{
    struct tls *t = (struct tls *)p;
    take_data(t, dir, ts_ns, data);
    p->conn->waits = !t->over && (t->side[0].waiting || t->side[1].waiting);
}

static void tls_gap(struct proto *p, int dir, uint64_t bytes)
{
    struct tls *t = (struct tls *)p;
    struct tls_side *s = &t->side[dir];
    (void)bytes;
    if (t->over) return;
    lose(t, dir);
    if (!s->cipher || s->waiting) { /* in the handshake, or before its secret came */
        finish_with(t, TLS_GAP);
        return;
    }
    buf_reset(&s->record);
    buf_reset(&s->handshake);
    s->syncing = s->lost = true;
}

static void tls_fin(struct proto *p, int dir, int64_t ts_ns)
{
    struct tls *t = (struct tls *)p;
    if (t->side[dir].waiting)
        t->side[dir].fin_waits = true;
    else
        proto_fin(t->child, dir, ts_ns);
}

static void count_host(struct capture_report *r, const char *name)
{
    size_t i = 0;
    while (i < r->no_key_n && strcmp(r->no_key[i].name, name) != 0)
        i++;
    if (i == CAPTURE_HOSTS) return;
    if (i == r->no_key_n) memcpy(r->no_key[r->no_key_n++].name, name, strlen(name) + 1);
    r->no_key[i].n++;
}

static void report(struct tls *t)
{
    struct conn *c = t->base.conn;
    c->sniff->report->tls[t->outcome]++;
    if (t->outcome == TLS_NO_KEY)
        count_host(c->sniff->report, t->hello.sni[0] ? t->hello.sni : c->server_ip);
}

/* What waited for a secret that never came. */
static void last_try(struct tls *t)
{
    bool may = t->base.conn->sniff->may_get_keys;
    if (!t->side[0].waiting && !t->side[1].waiting) return;
    keys_poll(keys_of(t));
    t->base.conn->sniff->may_get_keys = false; /* now or never */
    t->side[TO_SERVER].awaits_word = false;
    pump(t);
    t->base.conn->sniff->may_get_keys = may;
    for (int d = 0; d < 2; d++)
        if (t->side[d].fin_waits) proto_fin(t->child, d, t->side[d].waiting_ns);
}

static void tls_free(struct proto *p)
{
    struct tls *t = (struct tls *)p;
    last_try(t);
    proto_free(t->child);
    report(t);
    drop_queue(t);
    tls_side_free(&t->side[0]);
    tls_side_free(&t->side[1]);
    tls_hello_free(&t->hello);
    buf_free(&t->plain);
    buf_free(&t->transcript);
    OPENSSL_cleanse(t, sizeof *t);
    free(t);
}

static const struct proto_ops tls_ops = { tls_data, tls_gap, tls_fin, tls_free };

struct proto *tlsconn_new(struct conn *c)
{
    struct tls *t = mem_alloc(1, sizeof *t);
    t->base = (struct proto){ .ops = &tls_ops, .conn = c };
    t->outcome = TLS_INCOMPLETE;
    buf_init(&t->plain, 2 * RECORD_MAX);
    buf_init(&t->transcript, HANDSHAKE_MAX);
    for (int d = 0; d < 2; d++) {
        buf_init(&t->side[d].record, QUEUE_MAX + (1U << 20));
        buf_init(&t->side[d].handshake, HANDSHAKE_MAX + RECORD_MAX);
    }
    return &t->base;
}
