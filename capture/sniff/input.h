/* Bytes of a capture file, a pipe or standard input, gunzipped when they are gzip.
 *
 * Read through one buffer, not mapped: a capture may be larger than memory is meant to be, and a pipe
 * has no size. input_peek's bytes are valid until the next peek or skip. */
#ifndef SNIFF_INPUT_H
#define SNIFF_INPUT_H

#include "base/err.h"
#include "base/slice.h"

#define INPUT_PEEK_MAX (32U << 20)

struct input;

/* "-" is standard input. Gives; NULL with err set if it cannot be opened. */
struct input *input_open(const char *path, struct err *err);
struct input *input_memory(struct slice bytes); /* borrows the bytes; not gunzipped; gives */
void input_free(struct input *in);
/* n contiguous bytes (n <= INPUT_PEEK_MAX), NULL if the input ends before. */
const uint8_t *input_peek(struct input *in, size_t n);
bool input_skip(struct input *in, size_t n); /* false if the input ends before */
size_t input_left(const struct input *in);   /* bytes buffered: after a failed peek, all there is */
uint64_t input_offset(const struct input *in);
bool input_is_regular(const struct input *in); /* a file that can be opened a second time */
/* A read error, or damaged gzip data, that made the input end early; NULL if it ended well. */
const char *input_trouble(const struct input *in);

#endif
