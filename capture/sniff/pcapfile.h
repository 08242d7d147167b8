/* Capture files: pcap (micro- and nanoseconds, both byte orders, the "modified" variant) and pcapng
 * (draft-ietf-opsawg-pcapng: sections, interfaces with link types and resolutions of their own,
 * enhanced, simple and obsolete packet blocks, statistics, decryption secrets).
 *
 * libpcap's reader is not used: it hands over neither secrets nor files whose interfaces differ. */
#ifndef SNIFF_PCAPFILE_H
#define SNIFF_PCAPFILE_H

#include "base/err.h"
#include "capture/sniff/input.h"

struct packet {
    int64_t ts_ns;     /* UTC */
    uint32_t link;     /* LINKTYPE_… */
    uint32_t wire_len; /* length on the wire; larger than n if cut by the snap length */
    const uint8_t *p;  /* valid until the next call */
    size_t n;
};

enum pcap_event {
    PCAP_PACKET,
    PCAP_SECRETS, /* lines of an NSS key log */
    PCAP_END,
    PCAP_CUT, /* the file ends inside a record, or is damaged there; what came before is good */
};

struct pcapfile;

/* Keeps in (frees it with itself, also on failure). NULL with err set if it is not a capture file. */
struct pcapfile *pcapfile_new(struct input *in, const char *name, struct err *err);
void pcapfile_free(struct pcapfile *f);
/* Fills the packet or the secrets. After END or CUT every further call gives the same. */
enum pcap_event pcapfile_next(struct pcapfile *f, struct packet *packet, struct slice *secrets);
bool pcapfile_has_blocks(const struct pcapfile *f); /* pcapng: may hold secrets */
uint64_t pcapfile_drops(
    const struct pcapfile *f); /* packets lost by the recorder, by its own account */
const char *pcapfile_trouble(const struct pcapfile *f); /* after PCAP_CUT: one clause */

#endif
