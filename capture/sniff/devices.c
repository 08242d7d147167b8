/* Interfaces to choose from: for `capture -D`, and for the message about one that does not exist.
 *
 * Listing needs no privileges. Invariant: whatever libpcap gives is given back to it. */
#include "capture/sniff/devices.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "base/near.h"
#include "capture/capture.h"

#define NAMES_MAX 256

void device_near(const char *name, char *out, size_t size)
{
    char text[PCAP_ERRBUF_SIZE];
    const char *names[NAMES_MAX];
    size_t n = 0;
    pcap_if_t *all = NULL;
    if (pcap_findalldevs(&all, text) != 0) all = NULL;
    for (const pcap_if_t *d = all; d && n < NAMES_MAX; d = d->next)
        names[n++] = d->name;
    const char *near = near_name(slice_z(name), names, n);
    snprintf(out, size, "%s", near ? near : "");
    if (all) pcap_freealldevs(all);
}

static void add_word(struct buf *out, const char **between, const char *word)
{
    buf_addf(out, "%s%s", *between, word);
    *between = ", ";
}

static void add_state(struct buf *out, const pcap_if_t *d, const char **between)
{
    add_word(out, between, d->flags & PCAP_IF_UP ? "up" : "down");
    if (d->flags & PCAP_IF_UP && !(d->flags & PCAP_IF_RUNNING)) add_word(out, between, "no link");
    if (d->flags & PCAP_IF_LOOPBACK) add_word(out, between, "loopback");
    if (d->flags & PCAP_IF_WIRELESS) add_word(out, between, "wireless");
}

static void add_address(struct buf *out, const struct sockaddr *a, const char **between)
{
    char host[NI_MAXHOST];
    if (!a || (a->sa_family != AF_INET && a->sa_family != AF_INET6)) return;
    socklen_t n =
        a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (getnameinfo(a, n, host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0)
        add_word(out, between, host);
}

static void add_device(struct buf *out, const pcap_if_t *d)
{
    const char *between = "";
    buf_addf(out, "%-18s ", d->name);
    if (d->description)
        add_word(out, &between, d->description);
    else
        add_state(out, d, &between);
    for (const struct pcap_addr *a = d->addresses; a; a = a->next)
        add_address(out, a->addr, &between);
    buf_addc(out, '\n');
}

bool capture_devices(struct buf *out, struct err *err)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_if_t *all = NULL;
    if (pcap_findalldevs(&all, text) != 0)
        return err_set(err, ERR_INTERNAL, "list the interfaces: %s", text);
    for (const pcap_if_t *d = all; d; d = d->next)
        add_device(out, d);
    if (all) pcap_freealldevs(all);
    return true;
}
