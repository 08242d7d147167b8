/* What protocol the first bytes of a direction speak. Pure functions over a slice. */
#ifndef SNIFF_JUDGE_H
#define SNIFF_JUDGE_H

#include "base/slice.h"

enum verdict {
    JUDGE_MORE, /* could still be one of them: more bytes are needed */
    JUDGE_REQUEST,
    JUDGE_RESPONSE,
    JUDGE_H2_CLIENT, /* the connection preface (RFC 9113 3.4) */
    JUDGE_H2_FRAMES, /* a chain of plausible frames without a preface */
    JUDGE_TLS_CLIENT,
    JUDGE_TLS_SERVER,
    JUDGE_TLS_MIDDLE, /* records, but no hello */
    JUDGE_SSL2,
    JUDGE_PROXY, /* a PROXY protocol header, *skip bytes long, in front of the real thing */
    JUDGE_OTHER,
};

#define JUDGE_LINE_MAX 32768 /* longest request line that is waited for */

enum verdict judge(struct slice s, size_t *skip);
/* An HTTP/1 message starts here, as far as can be seen (at least its first 8 bytes). */
bool judge_message_start(struct slice s, bool request);

#endif
