/* Reads --source-ip. Whether an address is this machine's is tried with bind: a run that finds out later would
 * fail with every connection.
 *
 * Limit: 65,536 addresses, so IPv4 blocks from /16 and IPv6 blocks from /112 on. */
#include "cli/sources.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

#define MAX_BITS 16

static bool parse_address(struct slice text, struct sockaddr_storage *out)
{
    char z[INET6_ADDRSTRLEN];
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
    *out = (struct sockaddr_storage){ 0 };
    if (text.n >= sizeof z) return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    out->ss_family = AF_INET;
    if (inet_pton(AF_INET, z, &four->sin_addr) == 1) return true;
    out->ss_family = AF_INET6;
    return inet_pton(AF_INET6, z, &six->sin6_addr) == 1;
}

static bool is_ours(const struct sockaddr_storage *a)
{
    socklen_t n =
        a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool ours = bind(fd, (const struct sockaddr *)a, n) == 0;
    close(fd);
    return ours;
}

/* The last 32 bits of an address, where a block counts. */
static uint8_t *last_bytes(struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) return (uint8_t *)&((struct sockaddr_in *)(void *)a)->sin_addr;
    return (uint8_t *)&((struct sockaddr_in6 *)(void *)a)->sin6_addr + 12;
}

/* The block's n-th address. */
static struct sockaddr_storage address_in(struct sockaddr_storage first, unsigned host_bits,
                                          uint32_t n)
{
    uint32_t word;
    memcpy(&word, last_bytes(&first), sizeof word);
    word = htonl((ntohl(word) & ~((1U << host_bits) - 1)) + n);
    memcpy(last_bytes(&first), &word, sizeof word);
    return first;
}

struct list {
    struct sources *out;
    size_t cap;
};

static bool not_one(struct err *err, struct slice text, const char *why)
{
    return err_set(err, ERR_USAGE, "--source-ip: \"%.*s\" %s", SL_FMT(text), why);
}

static void keep(struct list *l, struct sockaddr_storage a)
{
    mem_grow(&l->out->v, &l->cap, l->out->n + 1, sizeof a);
    l->out->v[l->out->n++] = a;
}

static bool add_block(struct list *l, struct slice text, struct err *err)
{
    struct slice addr, bits;
    struct sockaddr_storage first;
    uint64_t prefix;
    size_t before = l->out->n;
    slice_cut(text, '/', &addr, &bits);
    if (!parse_address(addr, &first)) return not_one(err, text, "is not an address or a block");
    unsigned width = first.ss_family == AF_INET ? 32 : 128;
    if (!num_u64(bits, width, &prefix)) return not_one(err, text, "is not an address or a block");
    unsigned host_bits = width - (unsigned)prefix;
    if (host_bits > MAX_BITS) return not_one(err, text, "has more than 65,536 addresses");
    for (uint32_t i = 0; i < 1U << host_bits; i++) {
        struct sockaddr_storage a = address_in(first, host_bits, i);
        if (is_ours(&a)) keep(l, a);
    }
    return l->out->n > before || not_one(err, text, "holds no address of this machine");
}

static bool add_one(struct list *l, struct slice text, struct err *err)
{
    struct sockaddr_storage a;
    if (slice_chr(text, '/') != SLICE_NONE) return add_block(l, text, err);
    if (!parse_address(text, &a)) return not_one(err, text, "is not an address or a block");
    if (!is_ours(&a)) return not_one(err, text, "is no address of this machine");
    keep(l, a);
    return true;
}

bool sources_read(const struct opt_list *texts, struct arena *a, struct sources *out,
                  struct err *err)
{
    struct sources all = { 0 };
    struct list l = { .out = &all };
    bool ok = true;
    for (size_t i = 0; ok && i < texts->n; i++) {
        struct slice rest = slice_z(texts->v[i]), one;
        while (ok && slice_next(&rest, ',', &one))
            ok = add_one(&l, slice_trim(one), err);
    }
    for (size_t i = 1; ok && i < all.n; i++)
        if (all.v[i].ss_family != all.v[0].ss_family)
            ok = err_set(err, ERR_USAGE, "--source-ip: IPv4 and IPv6 in one list");
    *out = (struct sources){ arena_many(a, all.n, struct sockaddr_storage), all.n };
    if (all.n) memcpy(out->v, all.v, all.n * sizeof *all.v);
    free(all.v);
    return ok;
}
