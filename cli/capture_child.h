/* What `reprise capture` does to processes: gives up privileges, runs the program it records. */
#ifndef CLI_CAPTURE_CHILD_H
#define CLI_CAPTURE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Root becomes the user (NULL: who called sudo, else root it stays); in any case the capability to
 * capture, which only opening needs, is given up. */
bool give_up_privileges(const char *user, struct err *err);
/* Runs argv with SSLKEYLOGFILE set; -1 with err set if it cannot be started. */
pid_t start_child(const char *const *argv, const char *keylog, struct err *err);
/* True when it has ended: *code as a shell tells it. */
bool child_ended(pid_t pid, int *code);
/* A private temporary file for secrets: its path into out. */
bool make_keylog(char *out, size_t size, struct err *err);

#endif
