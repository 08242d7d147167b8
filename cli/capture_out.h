/* Where `reprise capture` writes: one HAR, or one for each client, connection or cookie. */
#ifndef CLI_CAPTURE_OUT_H
#define CLI_CAPTURE_OUT_H

#include "capture/capture.h"

struct capture_out;

/* path: the HAR; with a split "session.har" becomes "session-KEY.har". Keeps path. NULL with err set if
 * it cannot be created. Gives. */
struct capture_out *capture_out_open(const char *path, enum capture_split split, bool mask,
                                     struct err *err);
struct capture_sink capture_out_sink(struct capture_out *o);
bool capture_out_flush(struct capture_out *o, struct err *err);
size_t capture_out_files(const struct capture_out *o);
bool capture_out_close(struct capture_out *o, struct err *err); /* completes and frees; NULL ok */

#endif
