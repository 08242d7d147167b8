/* What the servers of the engines' tests share: a socket on 127.0.0.1, a port from the kernel, and a thread for
 * each connection. */
#ifndef TESTS_LISTENER_H
#define TESTS_LISTENER_H

#include <stdint.h>

struct listener;
/* serve runs in the connection's thread, with fd blocking; the listener closes fd when it returns. */
struct listener *listener_new(void (*serve)(void *server, int fd), void *server); /* gives */
uint16_t listener_port(const struct listener *l);
void listener_free(struct listener *l); /* shuts connections down, waits for their threads */

#endif
