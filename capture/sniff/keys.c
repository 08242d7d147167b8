/* The store of TLS secrets. Called by tlsconn.c (lookups) and capture.c (sources).
 *
 * Invariant: table keys are a label byte and the id; everything lives in the arena until the end. Lines
 * that are not understood are passed over, as other readers of this format do. Limits: 1,000,000
 * secrets, ids of 64 KiB (session tickets). */
#include "capture/sniff/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/map.h"
#include "base/mem.h"

#define SECRETS_MAX 1000000
#define LINE_MAX_ (256U << 10)

struct secret {
    struct slice value;
};

struct keys {
    struct arena *arena;
    struct map *map;
    struct buf scratch, line; /* line: the last one of the followed file, not yet ended */
    char *path;
    int fd;
};

struct keys *keys_new(void)
{
    struct keys *k = mem_alloc(1, sizeof *k);
    k->arena = arena_new();
    k->map = map_new();
    k->fd = -1;
    buf_init(&k->scratch, LINE_MAX_);
    buf_init(&k->line, LINE_MAX_);
    return k;
}

void keys_free(struct keys *k)
{
    if (!k) return;
    if (k->fd >= 0) close(k->fd);
    map_free(k->map);
    arena_free(k->arena);
    buf_free(&k->scratch);
    buf_free(&k->line);
    free(k->path);
    free(k);
}

static struct slice table_key(struct buf *b, enum key_label label, struct slice id)
{
    buf_reset(b);
    buf_addc(b, (char)label);
    buf_add(b, id);
    return buf_slice(b);
}

struct slice keys_get(const struct keys *k, enum key_label label, struct slice id)
{
    struct buf b = BUF_INIT(LINE_MAX_);
    struct secret *s = map_get(k->map, table_key(&b, label, id));
    buf_free(&b);
    return s ? s->value : (struct slice){ 0 };
}

void keys_put(struct keys *k, enum key_label label, struct slice id, struct slice secret)
{
    struct buf b = BUF_INIT(LINE_MAX_);
    struct slice key = table_key(&b, label, id);
    if (!b.bad && !map_get(k->map, key) && map_count(k->map) < SECRETS_MAX) {
        struct secret *s = arena_one(k->arena, struct secret);
        s->value = arena_dup(k->arena, secret);
        *map_at(k->map, arena_dup(k->arena, key)) = s;
    }
    buf_free(&b);
}

uint64_t keys_count(const struct keys *k)
{
    return map_count(k->map);
}

static const struct {
    const char *name;
    enum key_label label;
} labels[] = {
    { "CLIENT_RANDOM", KEY_MASTER },
    { "CLIENT_EARLY_TRAFFIC_SECRET", KEY_CLIENT_EARLY },
    { "CLIENT_HANDSHAKE_TRAFFIC_SECRET", KEY_CLIENT_HANDSHAKE },
    { "SERVER_HANDSHAKE_TRAFFIC_SECRET", KEY_SERVER_HANDSHAKE },
    { "CLIENT_TRAFFIC_SECRET_0", KEY_CLIENT_TRAFFIC },
    { "SERVER_TRAFFIC_SECRET_0", KEY_SERVER_TRAFFIC },
    { "PMS_CLIENT_RANDOM", KEY_PREMASTER },
    { "RSA", KEY_RSA },
};

static void add_hex(struct keys *k, enum key_label label, struct slice id, struct slice secret)
{
    size_t id_n;
    buf_reset(&k->scratch);
    if (!enc_unhex(&k->scratch, id)) return;
    id_n = k->scratch.n;
    if (!enc_unhex(&k->scratch, secret)) return;
    struct slice all = buf_slice(&k->scratch);
    size_t n = all.n - id_n;
    bool fits = label == KEY_MASTER || label == KEY_SESSION ? n == 48 : n == 32 || n == 48;
    if (label == KEY_PREMASTER || label == KEY_RSA) fits = n > 0;
    if (id_n && fits) keys_put(k, label, slice_sub(all, 0, id_n), slice_from(all, id_n));
}

/* "LABEL ID SECRET", or "RSA Session-ID:ID Master-Key:SECRET". */
static void add_line(struct keys *k, struct slice line)
{
    struct slice name, id, secret, session = SL("Session-ID:"), master = SL("Master-Key:");
    line = slice_trim(line);
    if (!line.n || line.p[0] == '#' || !slice_cut(line, ' ', &name, &line)) return;
    if (!slice_cut(slice_trim(line), ' ', &id, &secret)) return;
    secret = slice_trim(secret);
    if (slice_starts(id, session) && slice_starts(secret, master)) {
        add_hex(k, KEY_SESSION, slice_from(id, session.n), slice_from(secret, master.n));
        return;
    }
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (slice_eq(name, slice_z(labels[i].name))) add_hex(k, labels[i].label, id, secret);
}

void keys_add(struct keys *k, struct slice lines)
{
    struct slice line;
    while (slice_next(&lines, '\n', &line))
        add_line(k, line);
}

/* Whole lines go in; the rest waits for its end. */
static void add_text(struct keys *k, struct slice text)
{
    struct slice line;
    while (slice_cut(text, '\n', &line, &text)) {
        buf_add(&k->line, line);
        add_line(k, buf_slice(&k->line));
        buf_reset(&k->line);
    }
    buf_add(&k->line, text);
}

void keys_poll(struct keys *k)
{
    char text[16384];
    ssize_t n;
    if (k->fd < 0 && k->path) k->fd = open(k->path, O_RDONLY | O_CLOEXEC);
    if (k->fd < 0) return;
    while ((n = read(k->fd, text, sizeof text)) > 0)
        add_text(k, (struct slice){ text, (size_t)n });
}

bool keys_follow(struct keys *k, const char *path, struct err *err)
{
    free(k->path);
    k->path = mem_dup(path, slice_z(path).n);
    keys_poll(k);
    if (k->fd >= 0) {
        add_line(k, buf_slice(&k->line)); /* a file need not end in a line's end */
        return true;
    }
    return !err || err_sys(err, ERR_INPUT, errno, "open %s", path);
}
