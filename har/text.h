/* JSON text for the HAR writer: strings and numbers appended at memory speed. Private to har/. */
#ifndef HAR_TEXT_H
#define HAR_TEXT_H

#include "base/buf.h"

void text_json(struct buf *out, struct slice s); /* with quotes; bytes that are no UTF-8: U+FFFD */
void text_base64(struct buf *out, struct slice s); /* with quotes */
bool text_is_utf8(struct slice s);
/* Nanoseconds as milliseconds with at most six decimals; "-1" for a negative one. */
void text_ms(struct buf *out, int64_t ns);
/* "2026-11-23T01:02:03.456789Z" with quotes; the date is made once a second. */
struct text_clock {
    int64_t second;
    char date[24];
    size_t n;
};
void text_time(struct buf *out, struct text_clock *c, int64_t utc_ns);

#endif
