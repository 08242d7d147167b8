/* The packet decoder: a loop over layers, each a function that eats its header and names the next.
 * Called for every packet by engine.c.
 *
 * Invariant: `c` is what is left of the packet; a header that does not fit ends the walk with LAYER_SHORT.
 * Limits: 24 layers, so that a packet that nests for ever ends. */
#include "capture/sniff/decode.h"

#include <stdlib.h>

#include "base/mem.h"
#include "capture/sniff/bytes.h"
#include "capture/sniff/frag.h"
#include "capture/sniff/link.h"

#define LAYERS_MAX 24

enum { IPPROTO_IPV4_ = 4, IPPROTO_TCP_ = 6, IPPROTO_UDP_ = 17, IPPROTO_IPV6_ = 41 };
enum { IPPROTO_GRE_ = 47, IPPROTO_AH_ = 51 };

struct decoder {
    struct frag_table *frags;
    const struct packet *packet;
    struct segment *out;
    struct cursor c;
    uint32_t wire_left; /* of the innermost IP datagram: may be more than was captured */
    uint8_t protocol;   /* next IP protocol */
    bool held;          /* a fragment went into the table */
    bool whole;         /* c is a reassembled datagram: not a fragment again */
};

struct decoder *decoder_new(void)
{
    struct decoder *d = mem_alloc(1, sizeof *d);
    d->frags = frag_new();
    return d;
}

void decoder_free(struct decoder *d)
{
    if (!d) return;
    frag_free(d->frags);
    free(d);
}

uint64_t decoder_lost_fragments(const struct decoder *d)
{
    return frag_lost(d->frags);
}

/* Cuts the cursor to what the IP header says (Ethernet pads) and notes what is missing (snap length).
 * A length of zero is a segment that the network card was still to cut up: take what there is. */
static void bound(struct decoder *d, size_t ip_says)
{
    if (ip_says == 0) ip_says = d->c.n;
    d->wire_left = (uint32_t)ip_says;
    if (d->c.n > ip_says) d->c.n = ip_says;
}

static enum layer fragment(struct decoder *d, uint32_t id, uint32_t offset, bool more)
{
    struct fragment f = { .ts_ns = d->packet->ts_ns, .offset = offset, .more = more };
    memcpy(f.key.src, d->out->src.ip, 16);
    memcpy(f.key.dst, d->out->dst.ip, 16);
    f.key.id = id;
    f.key.protocol = d->protocol;
    f.data = cursor_rest(&d->c);
    if (d->c.n < d->wire_left) return LAYER_SHORT; /* cut by the snap length: a hole in it */
    d->held = true;
    struct slice whole;
    if (!frag_push(d->frags, &f, &whole)) return LAYER_NONE;
    d->held = false;
    d->c = cursor_of(whole);
    d->wire_left = (uint32_t)whole.n;
    return LAYER_TRANSPORT;
}

static void map_v4(uint8_t ip[16], const uint8_t *v4)
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
    memcpy(ip, prefix, 12);
    memcpy(ip + 12, v4, 4);
}

static enum layer ipv4(struct decoder *d)
{
    const uint8_t *p = d->c.p;
    if (d->c.n < 20 || p[0] >> 4 != 4) return LAYER_SHORT;
    size_t head = (size_t)(p[0] & 15) * 4, total = be16(p + 2);
    if (head < 20 || head > d->c.n || (total && total < head)) return LAYER_SHORT;
    map_v4(d->out->src.ip, p + 12);
    map_v4(d->out->dst.ip, p + 16);
    d->protocol = p[9];
    cursor_take(&d->c, head);
    bound(d, total ? total - head : 0);
    uint16_t bits = be16(p + 6);
    if ((bits & 0x3fff) == 0) return LAYER_TRANSPORT;
    return fragment(d, be16(p + 4), (bits & 0x1fffU) * 8, bits & 0x2000);
}

static bool is_extension(uint8_t protocol)
{
    switch (protocol) {
    case 0:   /* hop-by-hop */
    case 43:  /* routing */
    case 44:  /* fragment */
    case 51:  /* authentication */
    case 60:  /* destination */
    case 135: /* mobility */
    case 139: /* host identity */
    case 140: /* shim6 */ return true;
    default: return false;
    }
}

/* One extension header (RFC 8200 4, RFC 4302): LAYER_TRANSPORT when there is none. */
static enum layer ipv6_extension(struct decoder *d)
{
    size_t n;
    const uint8_t *p = d->c.p;
    if (!is_extension(d->protocol)) return LAYER_TRANSPORT;
    if (d->c.n < 8) return LAYER_SHORT;
    n = d->protocol == 44 ? 8 : d->protocol == IPPROTO_AH_ ? (p[1] + 2U) * 4U : (p[1] + 1U) * 8U;
    if (n > d->c.n) return LAYER_SHORT;
    bool frag = d->protocol == 44;
    d->protocol = p[0];
    cursor_take(&d->c, n);
    d->wire_left -= n < d->wire_left ? (uint32_t)n : d->wire_left;
    uint16_t bits = be16(p + 2);
    if (!frag || (bits & 0xfff9) == 0) return LAYER_EXTENSION; /* an atomic fragment is none */
    return fragment(d, be32(p + 4), bits & 0xfff8U, bits & 1);
}

static enum layer ipv6(struct decoder *d)
{
    const uint8_t *p = d->c.p;
    if (d->c.n < 40 || p[0] >> 4 != 6) return LAYER_SHORT;
    memcpy(d->out->src.ip, p + 8, 16);
    memcpy(d->out->dst.ip, p + 24, 16);
    d->protocol = p[6];
    cursor_take(&d->c, 40);
    bound(d, be16(p + 4)); /* 0: a jumbogram or an offloaded segment */
    return LAYER_EXTENSION;
}

static enum layer tcp(struct decoder *d)
{
    const uint8_t *p = d->c.p;
    if (d->c.n < 20) return LAYER_SHORT;
    size_t head = (size_t)(p[12] >> 4) * 4;
    if (head < 20 || head > d->wire_left) return LAYER_SHORT;
    struct segment *s = d->out;
    s->src.port = be16(p);
    s->dst.port = be16(p + 2);
    s->seq = be32(p + 4);
    s->ack = be32(p + 8);
    s->flags = p[13];
    s->wire_bytes = d->wire_left - (uint32_t)head;
    cursor_take(&d->c, head < d->c.n ? head : d->c.n);
    s->data = cursor_rest(&d->c);
    return LAYER_SEGMENT;
}

/* GRE (RFC 2784, 2890, version 1 of RFC 2637 with PPP inside); ERSPAN II and III carry Ethernet. */
static enum layer gre(struct decoder *d)
{
    const uint8_t *p = cursor_take(&d->c, 4);
    if (!p) return LAYER_SHORT;
    uint16_t flags = be16(p), type = be16(p + 2);
    size_t n = 0;
    if (flags & 0xc000) n += 4; /* checksum, or routing: both words are there */
    if (flags & 0x2000) n += 4;
    if (flags & 0x1000) n += 4;
    if ((flags & 7) == 1 && flags & 0x0080) n += 4; /* acknowledgement number */
    if (type == 0x88be && flags & 0x1000) n += 8;   /* ERSPAN II; type I has no header of its own */
    if (type == 0x22eb) n += 12;
    return cursor_take(&d->c, n) ? link_ether_type(type) : LAYER_SHORT;
}

static enum layer geneve(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 8);
    if (!p || !cursor_take(c, (p[0] & 0x3fU) * 4U)) return LAYER_SHORT;
    return link_ether_type(be16(p + 2));
}

/* GTP-U (3GPP TS 29.281 5): a user's IP packet behind a header with optional parts. */
static enum layer gtp(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 8);
    if (!p || p[1] != 0xff || p[0] >> 5 != 1) return LAYER_NONE;
    if (p[0] & 7) {
        const uint8_t *more = cursor_take(c, 4);
        for (uint8_t next = more ? more[3] : 0; next;) {
            size_t n = c->n ? c->p[0] * 4U : 0;
            if (n == 0 || !cursor_take(c, n)) return LAYER_SHORT;
            next = c->p[-1];
        }
    }
    return c->n ? LAYER_IP : LAYER_SHORT;
}

/* Teredo (RFC 4380 5.1.1): IPv6 behind optional authentication and origin. */
static enum layer teredo(struct cursor *c)
{
    if (c->n > 4 && be16(c->p) == 1) cursor_take(c, 13U + c->p[2] + c->p[3]);
    if (c->n > 8 && be16(c->p) == 0) cursor_take(c, 8);
    return c->n >= 40 && c->p[0] >> 4 == 6 ? LAYER_IP : LAYER_NONE;
}

static bool is_quic(uint16_t a, uint16_t b, const struct cursor *c)
{
    if ((a != 443 && b != 443) || c->n < 20) return false;
    return (c->p[0] & 0x40) || (c->p[0] & 0x80);
}

static enum layer udp(struct decoder *d)
{
    const uint8_t *p = cursor_take(&d->c, 8);
    if (!p) return LAYER_SHORT;
    uint16_t from = be16(p), to = be16(p + 2);
    if (to == 4789 || to == 8472 || to == 6081) {
        if (to == 6081) return geneve(&d->c);
        return cursor_take(&d->c, 8) ? LAYER_ETHERNET : LAYER_SHORT; /* VXLAN (RFC 7348) */
    }
    if (to == 2152) return gtp(&d->c);
    if (to == 3544 || from == 3544) return teredo(&d->c);
    return is_quic(from, to, &d->c) ? LAYER_QUIC : LAYER_NONE;
}

static enum layer transport(struct decoder *d)
{
    switch (d->protocol) {
    case IPPROTO_TCP_: return tcp(d);
    case IPPROTO_UDP_: return udp(d);
    case IPPROTO_IPV4_:
    case IPPROTO_IPV6_: return LAYER_IP;
    case IPPROTO_GRE_: return gre(d);
    case IPPROTO_AH_: return ipv6_extension(d);
    case 137: return LAYER_MPLS;
    case 98: return LAYER_ETHERNET;
    default: return LAYER_NONE;
    }
}

static enum layer step(struct decoder *d, enum layer layer)
{
    switch (layer) {
    case LAYER_IP: return d->c.n && d->c.p[0] >> 4 == 6 ? ipv6(d) : ipv4(d);
    case LAYER_EXTENSION: return ipv6_extension(d);
    case LAYER_TRANSPORT: return transport(d);
    default: return link_step(&d->c, layer);
    }
}

static enum decode_result result_of(const struct decoder *d, enum layer layer)
{
    switch (layer) {
    case LAYER_SEGMENT: return DECODE_SEGMENT;
    case LAYER_QUIC: return DECODE_QUIC;
    case LAYER_SHORT: return DECODE_SHORT;
    case LAYER_UNKNOWN: return DECODE_LINK;
    default: return d->held ? DECODE_FRAGMENT : DECODE_OTHER;
    }
}

enum decode_result decode_packet(struct decoder *d, const struct packet *packet,
                                 struct segment *out)
{
    d->packet = packet;
    d->out = out;
    d->held = false;
    out->ts_ns = packet->ts_ns;
    d->c = (struct cursor){ .p = packet->p, .n = packet->n };
    enum layer layer = link_first(packet->link);
    for (int i = 0; layer > LAYER_SHORT && i < LAYERS_MAX; i++)
        layer = step(d, layer);
    return result_of(d, layer);
}
