/* libpcap: the live device and the filters' compiler. Called by capture.c.
 *
 * The device is non-blocking and waiting is poll's: the kernel hands over blocks of its ring when they
 * are full, or after 50 ms, so that a busy network costs few wakeups. The ring is mapped: all of it
 * counts as memory of this process once it has been filled.
 * Promiscuous mode is left off: traffic of this host is what is recorded. */
#include "capture/sniff/live.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/num.h"
#include "capture/sniff/devices.h"

#define SNAPLEN 262144
#define FILTER_LINKS 16
#define KERNEL_BYTES (64U << 20)

struct live {
    pcap_t *pcap;
    int fd;
    uint32_t link;
    int64_t unit_ns;
    void (*fn)(void *arg, const struct packet *p);
    void *arg;
};

static bool no_device(const char *device, struct err *err)
{
    char near[64];
    device_near(device, near, sizeof near);
    if (*near)
        return err_set(err, ERR_USAGE,
                       "%s: no such interface; did you mean %s? `reprise capture -D` lists them",
                       device, near);
    return err_set(err, ERR_USAGE, "%s: no such interface; `reprise capture -D` lists them",
                   device);
}

static bool fail(const char *device, pcap_t *p, int status, struct err *err)
{
    const char *more = p ? pcap_geterr(p) : "";
    if (status == PCAP_ERROR_PERM_DENIED)
        return err_set(err, ERR_INTERNAL,
                       "%s: no permission to capture: run as root, or allow it once with "
                       "`sudo setcap cap_net_raw=ep $(command -v reprise)`",
                       device);
    if (status == PCAP_ERROR_NO_SUCH_DEVICE) return no_device(device, err);
    return err_set(err, ERR_INTERNAL, "%s: %s%s%s", device, pcap_statustostr(status),
                   *more ? ": " : "", more);
}

static bool set_filter(pcap_t *p, const char *filter, struct err *err)
{
    struct bpf_program program;
    if (!filter) return true;
    if (pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return err_set(err, ERR_USAGE, "filter \"%s\": %s", filter, pcap_geterr(p));
    int rc = pcap_setfilter(p, &program);
    pcap_freecode(&program);
    return rc == 0 || err_set(err, ERR_INTERNAL, "filter: %s", pcap_geterr(p));
}

/* Each packet of lo passes the kernel's tap twice, sent and received; libpcap throws the first away only
 * when it has filled half of the ring. Best effort: Linux before 4.20 does not know the option. */
static void skip_sent_copies(const char *device, pcap_t *p)
{
    int on = 1;
    if (strcmp(device, "lo") == 0)
        setsockopt(pcap_fileno(p), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

static bool activate(pcap_t *p, const char *device, uint64_t kernel_bytes, struct err *err)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_set_snaplen(p, SNAPLEN);
    pcap_set_promisc(p, 0);
    pcap_set_timeout(p, 50);
    pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
    pcap_set_buffer_size(p, (int)(kernel_bytes > INT32_MAX ? INT32_MAX : kernel_bytes));
    int status = pcap_activate(p);
    if (status < 0) return fail(device, p, status, err);
    skip_sent_copies(device, p);
    if (pcap_setnonblock(p, 1, text) != 0)
        return err_set(err, ERR_INTERNAL, "%s: %s", device, text);
    return true;
}

struct live *live_open(const char *device, const char *filter, uint64_t kernel_bytes,
                       struct err *err)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t *p = pcap_create(device, text);
    if (!p) {
        err_set(err, ERR_INTERNAL, "%s: %s", device, text);
        return NULL;
    }
    if (!activate(p, device, kernel_bytes ? kernel_bytes : KERNEL_BYTES, err) ||
        !set_filter(p, filter, err)) {
        pcap_close(p);
        return NULL;
    }
    struct live *l = mem_alloc(1, sizeof *l);
    l->pcap = p;
    l->fd = pcap_get_selectable_fd(p);
    l->link = (uint32_t)pcap_datalink(p);
    l->unit_ns = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    return l;
}

void live_free(struct live *l)
{
    if (!l) return;
    pcap_close(l->pcap);
    free(l);
}

static void on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
    struct live *l = (struct live *)user;
    struct packet p = { .link = l->link, .wire_len = h->len, .p = bytes, .n = h->caplen };
    p.ts_ns = (int64_t)h->ts.tv_sec * (int64_t)NS_PER_S + (int64_t)h->ts.tv_usec * l->unit_ns;
    l->fn(l->arg, &p);
}

int live_read(struct live *l, int wait_ms, int max, void (*fn)(void *, const struct packet *),
              void *arg, struct err *err)
{
    struct pollfd wait = { .fd = l->fd, .events = POLLIN };
    if (poll(&wait, 1, wait_ms) < 0 && errno != EINTR) {
        err_sys(err, ERR_INTERNAL, errno, "wait for packets");
        return -1;
    }
    l->fn = fn;
    l->arg = arg;
    int n = pcap_dispatch(l->pcap, max, on_packet, (u_char *)l);
    if (n >= 0) return n;
    err_set(err, ERR_INTERNAL, "read packets: %s", pcap_geterr(l->pcap));
    return -1;
}

uint64_t live_drops(struct live *l)
{
    struct pcap_stat st;
    return pcap_stats(l->pcap, &st) == 0 ? (uint64_t)st.ps_drop + st.ps_ifdrop : 0;
}

/* ---- filters for files ---- */

struct filter {
    const char *text;
    struct {
        uint32_t link;
        struct bpf_program program;
    } of[FILTER_LINKS];
    size_t n;
};

void filter_free(struct filter *f)
{
    if (!f) return;
    for (size_t i = 0; i < f->n; i++)
        pcap_freecode(&f->of[i].program);
    free(f);
}

/* LINKTYPE_RAW is DLT_RAW (12 on Linux) to the compiler; all others of interest are the same. */
static bool compile(struct filter *f, uint32_t link, struct err *err)
{
    pcap_t *p = pcap_open_dead(link == 101 ? DLT_RAW : (int)link, SNAPLEN);
    if (!p) return err_set(err, ERR_INTERNAL, "out of memory");
    bool ok = pcap_compile(p, &f->of[f->n].program, f->text, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (ok)
        f->of[f->n++].link = link;
    else
        err_set(err, ERR_USAGE, "filter \"%s\": %s", f->text, pcap_geterr(p));
    pcap_close(p);
    return ok;
}

/* What compiles for none of these has a mistake. */
static bool compiles(struct filter *f, struct err *err)
{
    static const uint32_t links[] = { DLT_EN10MB, DLT_LINUX_SLL, 101, DLT_IEEE802_11 };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (compile(f, links[i], i ? NULL : err)) {
            if (err) *err = (struct err){ 0 };
            return true;
        }
    return false;
}

struct filter *filter_new(const char *text, struct err *err)
{
    struct filter *f = mem_alloc(1, sizeof *f);
    f->text = text;
    if (compiles(f, err)) return f;
    filter_free(f);
    return NULL;
}

bool filter_passes(struct filter *f, const struct packet *k, struct err *err)
{
    size_t i = 0;
    while (i < f->n && f->of[i].link != k->link)
        i++;
    if (i == FILTER_LINKS) return err_set(err, ERR_INPUT, "too many link types for a filter");
    if (i == f->n && !compile(f, k->link, err)) return false;
    struct pcap_pkthdr h = { .caplen = (bpf_u_int32)k->n, .len = k->wire_len };
    return pcap_offline_filter(&f->of[i].program, &h, k->p) != 0;
}
