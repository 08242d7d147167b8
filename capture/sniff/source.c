/* Several capture files as one stream of packets. Called by capture.c.
 *
 * Invariant: each open file has its next packet ready; the earliest goes first, equal times in order of
 * the files' names on the command line. The packet given out stays valid until the next call, because a
 * file is advanced only then. Cost: one comparison for each file and packet. */
#include "capture/sniff/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct member {
    struct pcapfile *file;
    const char *name;
    struct packet packet;
    bool ready, ended, cut;
};

struct source {
    struct member *v;
    size_t n;
    struct member *given; /* whose packet was given out last */
};

static struct pcapfile *open_one(const char *path, struct err *err)
{
    struct input *in = input_open(path, err);
    return in ? pcapfile_new(in, path, err) : NULL;
}

struct source *source_open(const struct capture_cfg *cfg, struct err *err)
{
    struct source *s = mem_alloc(1, sizeof *s);
    s->v = mem_alloc(cfg->files_n, sizeof *s->v);
    for (size_t i = 0; i < cfg->files_n; i++) {
        s->v[i].name = cfg->files[i];
        s->v[i].file = open_one(cfg->files[i], err);
        s->n++;
        if (s->v[i].file) continue;
        source_free(s);
        return NULL;
    }
    return s;
}

void source_free(struct source *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n; i++)
        pcapfile_free(s->v[i].file);
    free(s->v);
    free(s);
}

/* Makes the member's next packet ready; true if secrets came instead. */
static bool advance(struct member *m, struct slice *secrets)
{
    switch (pcapfile_next(m->file, &m->packet, secrets)) {
    case PCAP_PACKET: m->ready = true; return false;
    case PCAP_SECRETS: return true;
    case PCAP_CUT: m->cut = true; break;
    case PCAP_END: break;
    }
    m->ended = true;
    return false;
}

enum pcap_event source_next(struct source *s, struct packet *packet, struct slice *secrets)
{
    struct member *first = NULL;
    if (s->given) s->given->ready = false;
    s->given = NULL;
    for (struct member *m = s->v; m < s->v + s->n; m++) {
        if (!m->ready && !m->ended && advance(m, secrets)) return PCAP_SECRETS;
        if (m->ready && (!first || m->packet.ts_ns < first->packet.ts_ns)) first = m;
    }
    if (!first) return PCAP_END;
    s->given = first;
    *packet = first->packet;
    return PCAP_PACKET;
}

void source_update(const struct source *s, struct capture_report *r)
{
    r->kernel_drops = r->damaged_files = 0;
    for (const struct member *m = s->v; m < s->v + s->n; m++) {
        r->kernel_drops += pcapfile_drops(m->file);
        if (!m->cut) continue;
        if (!r->damaged_files++)
            snprintf(r->trouble, sizeof r->trouble, "%.100s: %s", m->name,
                     pcapfile_trouble(m->file));
    }
}

static void scan_one(struct pcapfile *f, void (*fn)(void *, struct slice), void *arg)
{
    struct packet packet;
    struct slice secrets;
    for (;;) {
        switch (pcapfile_next(f, &packet, &secrets)) {
        case PCAP_PACKET: break;
        case PCAP_SECRETS: fn(arg, secrets); break;
        case PCAP_END:
        case PCAP_CUT: return;
        }
    }
}

void source_scan_secrets(const struct capture_cfg *cfg, void (*fn)(void *, struct slice), void *arg)
{
    for (size_t i = 0; i < cfg->files_n; i++) {
        struct input *in = input_open(cfg->files[i], NULL);
        bool twice = in && input_is_regular(in);
        if (!twice) {
            input_free(in);
            continue;
        }
        struct pcapfile *f = pcapfile_new(in, cfg->files[i], NULL);
        if (f && pcapfile_has_blocks(f)) scan_one(f, fn, arg);
        pcapfile_free(f);
    }
}
