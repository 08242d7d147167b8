/* The pcap and pcapng reader. Called by the merging source (source.c) and by the key pre-scan.
 *
 * Invariant: a record is looked at only when all of it is buffered. Lengths are compared with
 * RECORD_MAX before they are believed, so that a damaged file ends the reading and not the process.
 * Limits: 1,024 interfaces in a section. */
#include "capture/sniff/pcapfile.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "capture/sniff/bytes.h"

#define RECORD_MAX (16U << 20)
#define INTERFACES_MAX 1024

enum { MAGIC_US = 0xa1b2c3d4, MAGIC_NS = 0xa1b23c4d, MAGIC_MODIFIED = 0xa1b2cd34 };
enum { BLOCK_SHB = 0x0a0d0d0a, BLOCK_IDB = 1, BLOCK_PB = 2, BLOCK_SPB = 3, BLOCK_ISB = 5 };
enum { BLOCK_EPB = 6, BLOCK_DSB = 10, ORDER_MAGIC = 0x1a2b3c4d, SECRETS_TLS = 0x544c534b };

struct interface {
    uint32_t link, snaplen;
    uint8_t resolution; /* if_tsresol: power of ten, or of two with the top bit */
    int64_t offset_s;
    uint64_t drops;
};

struct pcapfile {
    struct input *in;
    bool big, blocks, ended;
    const char *trouble;
    uint32_t link, unit_ns;  /* pcap */
    size_t head_bytes;       /* pcap: of a record */
    struct interface *faces; /* pcapng, of this section */
    size_t faces_n, faces_cap;
    uint64_t drops; /* of closed sections */
    int64_t last_ns;
};

static uint32_t u32(const struct pcapfile *f, const uint8_t *p)
{
    return f->big ? be32(p) : le32(p);
}

static uint16_t u16(const struct pcapfile *f, const uint8_t *p)
{
    return f->big ? be16(p) : le16(p);
}

static bool known_magic(uint32_t magic)
{
    return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_MODIFIED;
}

static bool open_pcap(struct pcapfile *f)
{
    const uint8_t *p = input_peek(f->in, 24);
    if (!p) return false;
    f->big = known_magic(be32(p));
    uint32_t magic = u32(f, p);
    if (!known_magic(magic)) return false;
    f->unit_ns = magic == MAGIC_NS ? 1 : 1000;
    f->head_bytes = magic == MAGIC_MODIFIED ? 24 : 16;
    f->link = u32(f, p + 20) & 0x03ffffff; /* above: length of the frame check sequence */
    return input_skip(f->in, 24);
}

struct pcapfile *pcapfile_new(struct input *in, const char *name, struct err *err)
{
    struct pcapfile *f = mem_alloc(1, sizeof *f);
    f->in = in;
    const uint8_t *p = input_peek(in, 4);
    f->blocks = p && be32(p) == BLOCK_SHB;
    if (f->blocks || open_pcap(f)) return f;
    if (input_trouble(in))
        err_set(err, ERR_INPUT, "%s: %s", name, input_trouble(in));
    else
        err_set(err, ERR_INPUT, "%s: not a pcap or pcapng file%s", name,
                input_left(in) ? "" : " (it is empty)");
    pcapfile_free(f);
    return NULL;
}

void pcapfile_free(struct pcapfile *f)
{
    if (!f) return;
    input_free(f->in);
    free(f->faces);
    free(f);
}

static enum pcap_event cut(struct pcapfile *f, const char *trouble)
{
    f->ended = true;
    f->trouble = input_trouble(f->in) ? input_trouble(f->in) : trouble;
    return PCAP_CUT;
}

static enum pcap_event ended(struct pcapfile *f)
{
    if (input_left(f->in) || input_trouble(f->in)) return cut(f, "cut short inside a record");
    f->ended = true;
    return PCAP_END;
}

static enum pcap_event next_record(struct pcapfile *f, struct packet *k)
{
    const uint8_t *p = input_peek(f->in, f->head_bytes);
    if (!p) return ended(f);
    uint32_t caplen = u32(f, p + 8);
    if (caplen > RECORD_MAX) return cut(f, "damaged: a record is too long");
    p = input_peek(f->in, f->head_bytes + caplen);
    if (!p) return cut(f, "cut short inside a record");
    k->ts_ns = (int64_t)u32(f, p) * (int64_t)NS_PER_S + (int64_t)u32(f, p + 4) * f->unit_ns;
    k->wire_len = u32(f, p + 12);
    k->link = f->link;
    k->p = p + f->head_bytes;
    k->n = caplen;
    input_skip(f->in, f->head_bytes + caplen); /* leaves the bytes where they are */
    return PCAP_PACKET;
}

/* Units of an interface to nanoseconds since 1970. */
static int64_t to_ns(const struct interface *face, uint64_t units)
{
    unsigned __int128 v = units;
    unsigned power = face->resolution & 0x7f;
    if (face->resolution & 0x80)
        v = power > 63 ? 0 : (v * NS_PER_S) >> power;
    else
        for (; power > 9 && v; power--)
            v /= 10;
    if (!(face->resolution & 0x80))
        for (; power < 9; power++)
            v *= 10;
    if (v > (uint64_t)INT64_MAX / 2) v = (uint64_t)INT64_MAX / 2;
    int64_t offset = face->offset_s;
    if (offset > 4000000000 || offset < -4000000000) offset = 0;
    return (int64_t)v + offset * (int64_t)NS_PER_S;
}

/* Walks options: false at the end. */
static bool next_option(const struct pcapfile *f, struct cursor *c, uint16_t *code,
                        struct cursor *value)
{
    const uint8_t *p = cursor_take(c, 4);
    if (!p) return false;
    *code = u16(f, p);
    size_t n = u16(f, p + 2);
    *value = cursor_sub(c, n);
    if (*code == 0 || value->bad) return false;
    cursor_take(c, c->n < (4 - n % 4) % 4 ? c->n : (4 - n % 4) % 4);
    return true;
}

static uint64_t option_u64(const struct pcapfile *f, const uint8_t *p)
{
    uint64_t a = u32(f, p), b = u32(f, p + 4);
    return f->big ? a << 32 | b : b << 32 | a;
}

static void read_interface(struct pcapfile *f, struct cursor body)
{
    const uint8_t *p = cursor_take(&body, 8);
    if (!p || f->faces_n == INTERFACES_MAX) return;
    mem_grow(&f->faces, &f->faces_cap, f->faces_n + 1, sizeof *f->faces);
    struct interface *face = &f->faces[f->faces_n++];
    *face = (struct interface){ .link = u16(f, p), .snaplen = u32(f, p + 4), .resolution = 6 };
    struct cursor value;
    for (uint16_t code; next_option(f, &body, &code, &value);) {
        if (code == 9 && value.n >= 1) face->resolution = value.p[0];
        if (code == 14 && value.n >= 8) face->offset_s = (int64_t)option_u64(f, value.p);
    }
}

/* Interface statistics: isb_ifdrop (5) and isb_osdrop (7) are totals, so that the last one counts. */
static void read_statistics(struct pcapfile *f, struct cursor body)
{
    const uint8_t *p = cursor_take(&body, 12);
    if (!p || u32(f, p) >= f->faces_n) return;
    uint64_t drops = 0;
    struct cursor value;
    for (uint16_t code; next_option(f, &body, &code, &value);)
        if ((code == 5 || code == 7) && value.n >= 8) drops += option_u64(f, value.p);
    f->faces[u32(f, p)].drops = drops;
}

static bool fill_packet(struct pcapfile *f, struct packet *k, uint32_t face, struct cursor data)
{
    if (face >= f->faces_n) return false;
    k->link = f->faces[face].link;
    k->p = data.p;
    k->n = data.n;
    f->last_ns = k->ts_ns;
    return true;
}

/* Enhanced and obsolete packet blocks: interface, time, lengths, data. */
static bool read_packet(struct pcapfile *f, uint32_t type, struct cursor body, struct packet *k)
{
    const uint8_t *p = cursor_take(&body, 20);
    if (!p) return false;
    uint32_t face = type == BLOCK_EPB ? u32(f, p) : u16(f, p), caplen = u32(f, p + 12);
    if (caplen > body.n || face >= f->faces_n) return false;
    k->ts_ns = to_ns(&f->faces[face], (uint64_t)u32(f, p + 4) << 32 | u32(f, p + 8));
    k->wire_len = u32(f, p + 16);
    body.n = caplen;
    return fill_packet(f, k, face, body);
}

static bool read_simple(struct pcapfile *f, struct cursor body, struct packet *k)
{
    const uint8_t *p = cursor_take(&body, 4);
    if (!p || f->faces_n == 0) return false;
    k->ts_ns = f->last_ns; /* the block has no time of its own */
    k->wire_len = u32(f, p);
    if (body.n > k->wire_len) body.n = k->wire_len;
    if (f->faces[0].snaplen && body.n > f->faces[0].snaplen) body.n = f->faces[0].snaplen;
    return fill_packet(f, k, 0, body);
}

static bool read_secrets(struct pcapfile *f, struct cursor body, struct slice *secrets)
{
    const uint8_t *p = cursor_take(&body, 8);
    if (!p || u32(f, p) != SECRETS_TLS || u32(f, p + 4) > body.n) return false;
    *secrets = (struct slice){ (const char *)body.p, u32(f, p + 4) };
    return true;
}

static uint64_t section_drops(const struct pcapfile *f)
{
    uint64_t n = 0;
    for (size_t i = 0; i < f->faces_n; i++)
        n += f->faces[i].drops;
    return n;
}

/* A section header sets the byte order for what follows and forgets the interfaces. */
static bool start_section(struct pcapfile *f, const uint8_t *p)
{
    f->drops += section_drops(f);
    f->faces_n = 0;
    f->big = be32(p + 8) == ORDER_MAGIC;
    return f->big || le32(p + 8) == ORDER_MAGIC;
}

enum { BLOCK_OTHER = -1 };

/* What a whole block holds: an event to tell, or BLOCK_OTHER. */
static int read_block(struct pcapfile *f, uint32_t type, struct cursor body, struct packet *k,
                      struct slice *secrets)
{
    switch (type) {
    case BLOCK_IDB: read_interface(f, body); return BLOCK_OTHER;
    case BLOCK_ISB: read_statistics(f, body); return BLOCK_OTHER;
    case BLOCK_EPB:
    case BLOCK_PB: return read_packet(f, type, body, k) ? PCAP_PACKET : BLOCK_OTHER;
    case BLOCK_SPB: return read_simple(f, body, k) ? PCAP_PACKET : BLOCK_OTHER;
    case BLOCK_DSB: return read_secrets(f, body, secrets) ? PCAP_SECRETS : BLOCK_OTHER;
    default: return BLOCK_OTHER;
    }
}

static enum pcap_event next_block(struct pcapfile *f, struct packet *k, struct slice *secrets)
{
    for (;;) {
        const uint8_t *p = input_peek(f->in, 12);
        if (!p) return ended(f);
        bool section = be32(p) == BLOCK_SHB;
        if (section && !start_section(f, p)) return cut(f, "damaged: unknown byte order");
        uint32_t type = u32(f, p), n = u32(f, p + 4);
        if (n < 12 || n % 4 || n > RECORD_MAX) return cut(f, "damaged: a block has a wrong length");
        p = input_peek(f->in, n);
        if (!p) return cut(f, "cut short inside a block");
        struct cursor body = { .p = p + 8, .n = n - 12 };
        int event = section ? BLOCK_OTHER : read_block(f, type, body, k, secrets);
        input_skip(f->in, n);
        if (event != BLOCK_OTHER) return (enum pcap_event)event;
    }
}

enum pcap_event pcapfile_next(struct pcapfile *f, struct packet *packet, struct slice *secrets)
{
    if (f->ended) return f->trouble ? PCAP_CUT : PCAP_END;
    return f->blocks ? next_block(f, packet, secrets) : next_record(f, packet);
}

bool pcapfile_has_blocks(const struct pcapfile *f)
{
    return f->blocks;
}

uint64_t pcapfile_drops(const struct pcapfile *f)
{
    return f->drops + section_drops(f);
}

const char *pcapfile_trouble(const struct pcapfile *f)
{
    return f->trouble ? f->trouble : "";
}
