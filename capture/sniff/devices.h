/* The network interfaces of this machine, as libpcap knows them. */
#ifndef SNIFF_DEVICES_H
#define SNIFF_DEVICES_H

#include <stddef.h>

/* The interface whose name is nearest to one that does not exist, "" if none is near. */
void device_near(const char *name, char *out, size_t size);

#endif
