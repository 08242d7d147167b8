/* Link layer headers. Called by decode.c, layer by layer.
 *
 * Sources: the link-layer header types of libpcap, IEEE 802.1Q/802.1ad, RFC 1661 (PPP), RFC 2516
 * (PPPoE), RFC 3032 (MPLS), radiotap.org. Encrypted 802.11 frames are not understood. */
#include "capture/sniff/link.h"

enum layer link_first(uint32_t link_type)
{
    switch (link_type) {
    case 1: return LAYER_ETHERNET;
    case 0: /* NULL: host order */
    case 108: /* LOOP: network order */ return LAYER_NULL;
    case 12:
    case 14:
    case 101: /* RAW */
    case 228:
    case 229: return LAYER_IP;
    case 9:
    case 50:
    case 166: return LAYER_PPP;
    case 51: return LAYER_PPPOE;
    case 104: return LAYER_CHDLC;
    case 113: return LAYER_SLL;
    case 276: return LAYER_SLL2;
    case 239: return LAYER_NFLOG;
    case 105: return LAYER_80211;
    case 127: return LAYER_RADIOTAP;
    case 192: return LAYER_PPI;
    default: return LAYER_UNKNOWN;
    }
}

enum layer link_ether_type(uint16_t type)
{
    switch (type) {
    case 0x0800:
    case 0x86dd: return LAYER_IP;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200: return LAYER_VLAN;
    case 0x8847:
    case 0x8848: return LAYER_MPLS;
    case 0x8864: return LAYER_PPPOE;
    case 0x880b: return LAYER_PPP;
    case 0x6558:
    case 0x88be:
    case 0x22eb: return LAYER_ETHERNET;
    default: return type < 0x0600 ? LAYER_LLC : LAYER_NONE; /* a length: 802.3 */
    }
}

static enum layer ethernet(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 14);
    return p ? link_ether_type(be16(p + 12)) : LAYER_SHORT;
}

static enum layer vlan(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? link_ether_type(be16(p + 2)) : LAYER_SHORT;
}

/* Labels until the bottom of the stack; what follows has no name and is guessed (RFC 4928 3). */
static enum layer mpls(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    if (!p) return LAYER_SHORT;
    if (!(p[2] & 1)) return LAYER_MPLS;
    if (c->n == 0) return LAYER_SHORT;
    if (c->p[0] >> 4 == 4 || c->p[0] >> 4 == 6) return LAYER_IP;
    if (c->p[0] >> 4 == 0) cursor_take(c, 4); /* pseudowire control word (RFC 4385) */
    return LAYER_ETHERNET;
}

static enum layer ppp_protocol(uint16_t protocol)
{
    switch (protocol) {
    case 0x0021:
    case 0x0057: return LAYER_IP;
    case 0x0281:
    case 0x0283: return LAYER_MPLS;
    default: return LAYER_NONE;
    }
}

static enum layer ppp(struct cursor *c)
{
    if (c->n >= 2 && c->p[0] == 0xff && c->p[1] == 0x03) cursor_take(c, 2); /* address, control */
    if (c->n < 2) return LAYER_SHORT;
    if (c->p[0] & 1) return ppp_protocol((uint16_t)cursor_u8(c)); /* compressed protocol field */
    return ppp_protocol((uint16_t)cursor_u16(c));
}

static enum layer pppoe(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 6);
    if (!p) return LAYER_SHORT;
    return p[1] == 0 ? LAYER_PPP : LAYER_NONE; /* code 0: session data */
}

static enum layer llc(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 3);
    if (!p) return LAYER_SHORT;
    if (p[0] == 0x06 && p[1] == 0x06) return LAYER_IP;
    if (p[0] != 0xaa || p[1] != 0xaa) return LAYER_NONE;
    p = cursor_take(c, 5); /* SNAP */
    return p ? link_ether_type(be16(p + 3)) : LAYER_SHORT;
}

static enum layer sll(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 16);
    if (!p) return LAYER_SHORT;
    return be16(p + 14) == 4 ? LAYER_LLC : link_ether_type(be16(p + 14));
}

static enum layer sll2(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 20);
    if (!p) return LAYER_SHORT;
    return be16(p) == 4 ? LAYER_LLC : link_ether_type(be16(p));
}

/* BSD loopback: the address family in the recorder's byte order; AF_INET6 differs between systems. */
static enum layer null_loop(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    if (!p) return LAYER_SHORT;
    uint32_t family = be32(p) > 0xffff ? le32(p) : be32(p);
    bool ip =
        family == 2 || family == 10 || family == 23 || family == 24 || family == 28 || family == 30;
    return ip ? LAYER_IP : LAYER_NONE;
}

static enum layer chdlc(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? link_ether_type(be16(p + 2)) : LAYER_SHORT;
}

/* Netfilter log: type-length-value records in host order; 9 is the packet. */
static enum layer nflog(struct cursor *c)
{
    cursor_take(c, 4);
    while (!c->bad && c->n >= 4) {
        bool big = c->p[0] == 0 && c->p[1] != 0;
        size_t n = big ? be16(c->p) : le16(c->p);
        uint16_t type = (big ? be16(c->p + 2) : le16(c->p + 2)) & 0x7fff;
        if (n < 4) return LAYER_SHORT;
        if (type == 9) return cursor_take(c, 4) ? LAYER_IP : LAYER_SHORT;
        cursor_take(c, (n + 3) / 4 * 4);
    }
    return LAYER_NONE;
}

static enum layer radiotap(struct cursor *c)
{
    if (c->n < 8) return LAYER_SHORT;
    return cursor_take(c, le16(c->p + 2)) ? LAYER_80211 : LAYER_SHORT;
}

static enum layer ppi(struct cursor *c)
{
    if (c->n < 8) return LAYER_SHORT;
    uint32_t link = le32(c->p + 4);
    return cursor_take(c, le16(c->p + 2)) ? link_first(link) : LAYER_SHORT;
}

/* Data frames in the clear, with QoS and four addresses. */
static enum layer wlan(struct cursor *c)
{
    if (c->n < 24) return LAYER_SHORT;
    uint8_t type = c->p[0], flags = c->p[1];
    bool data = (type & 0x0c) == 0x08 && !(type & 0x40), encrypted = flags & 0x40;
    if (!data || encrypted) return LAYER_NONE;
    size_t n = 24U + ((flags & 3) == 3 ? 6U : 0U) + (type & 0x80 ? 2U : 0U) +
               (type & 0x80 && flags & 0x80 ? 4U : 0U);
    return cursor_take(c, n) ? LAYER_LLC : LAYER_SHORT;
}

enum layer link_step(struct cursor *c, enum layer layer)
{
    switch (layer) {
    case LAYER_ETHERNET: return ethernet(c);
    case LAYER_VLAN: return vlan(c);
    case LAYER_MPLS: return mpls(c);
    case LAYER_PPPOE: return pppoe(c);
    case LAYER_PPP: return ppp(c);
    case LAYER_LLC: return llc(c);
    case LAYER_SLL: return sll(c);
    case LAYER_SLL2: return sll2(c);
    case LAYER_NULL: return null_loop(c);
    case LAYER_CHDLC: return chdlc(c);
    case LAYER_NFLOG: return nflog(c);
    case LAYER_RADIOTAP: return radiotap(c);
    case LAYER_PPI: return ppi(c);
    case LAYER_80211: return wlan(c);
    default: return LAYER_NONE;
    }
}
