/* Where packets come from: capture files merged in order of time, or a live interface. */
#ifndef SNIFF_SOURCE_H
#define SNIFF_SOURCE_H

#include "capture/capture.h"
#include "capture/sniff/pcapfile.h"

struct source;

/* The files of cfg, opened and found to be capture files. NULL with err set on failure. Gives. */
struct source *source_open(const struct capture_cfg *cfg, struct err *err);
void source_free(struct source *s);
/* The next packet in order of time, or secrets. PCAP_END when all files have ended. A file that is cut
 * ends, and is counted in the report. */
enum pcap_event source_next(struct source *s, struct packet *packet, struct slice *secrets);
void source_update(const struct source *s, struct capture_report *r); /* drops and damage */
/* Calls fn with all secrets of those files that can be read twice, before any packet is. */
void source_scan_secrets(const struct capture_cfg *cfg, void (*fn)(void *arg, struct slice secrets),
                         void *arg);

#endif
