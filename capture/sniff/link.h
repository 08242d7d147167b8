/* What lies below IP: link layers and what they wrap, one step at a time. Used by decode.c. */
#ifndef SNIFF_LINK_H
#define SNIFF_LINK_H

#include "capture/sniff/bytes.h"

/* What the cursor stands at. Up to LAYER_SHORT the walk is over. */
enum layer {
    LAYER_NONE, /* nothing of interest follows */
    LAYER_SEGMENT,
    LAYER_QUIC,
    LAYER_UNKNOWN, /* a link type that is not understood */
    LAYER_SHORT,
    LAYER_IP,
    LAYER_EXTENSION,
    LAYER_TRANSPORT,
    LAYER_ETHERNET,
    LAYER_VLAN,
    LAYER_MPLS,
    LAYER_PPPOE,
    LAYER_PPP,
    LAYER_LLC,
    LAYER_SLL,
    LAYER_SLL2,
    LAYER_NULL,
    LAYER_CHDLC,
    LAYER_NFLOG,
    LAYER_RADIOTAP,
    LAYER_PPI,
    LAYER_80211,
};

enum layer link_first(uint32_t link_type);
enum layer link_ether_type(uint16_t type);
/* Eats one link layer header; layers above are not its business (LAYER_NONE). */
enum layer link_step(struct cursor *c, enum layer layer);

#endif
