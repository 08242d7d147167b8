/* The session model: what a recording holds, whatever tool made it.
 *
 * Made by har/ and capture/, read by scenarios/. Everything lives in the session's arena and is borrowed
 * from there; text is kept as it was recorded, byte for byte. Exchanges are in order of start once
 * session_sort has run. A time of -1 means that the recording did not have it. */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

#include "base/arena.h"

#define TIME_UNKNOWN (-1)

struct header {
    struct slice name, value; /* name as recorded; value without blanks at its ends */
};

struct headers {
    struct header *v;
    size_t n;
};

enum body_state {
    BODY_NONE, /* the message had no body */
    BODY_WHOLE,
    BODY_MISSING, /* there was one, the recording does not hold it */
    BODY_DAMAGED, /* holds it, but not the bytes that were sent (binary through text, cut, undecodable) */
};

/* A field of a form post as a recorder took it apart; used only when the text is not there. */
struct post_param {
    struct slice name, value, file_name, content_type;
    bool is_file;
};

struct request {
    struct slice method, url; /* absolute URL without fragment */
    struct slice version;     /* "HTTP/1.1", "h2"…: as recorded */
    struct headers headers;   /* without pseudo-headers */
    struct slice body, mime;
    enum body_state body_state;
    struct post_param *params;
    size_t params_n;
};

struct response {
    int status; /* 0: no answer came */
    struct slice reason, version;
    struct headers headers;
    struct slice body; /* content codings undone */
    struct slice mime;
    enum body_state body_state;
    struct slice redirect; /* absolute or relative, as recorded; empty if none */
    struct slice error;    /* why there is no answer */
    int64_t wire_bytes;    /* body bytes on the wire, -1 unknown */
};

enum ws_direction { WS_SEND, WS_RECEIVE };
struct ws_message {
    enum ws_direction direction;
    int64_t time_ns; /* UTC */
    int opcode;      /* RFC 6455 5.2: 1 text, 2 binary */
    struct slice data;
};

enum served_from { FROM_NETWORK, FROM_CACHE, FROM_SERVICE_WORKER, FROM_PUSH };

struct exchange {
    int64_t start_ns; /* UTC; TIME_UNKNOWN if the recording had none */
    /* Durations, or TIME_UNKNOWN. tls_ns is not part of connect_ns (HAR's connect holds both). */
    int64_t blocked_ns, dns_ns, connect_ns, tls_ns, send_ns, wait_ns, receive_ns;
    int64_t total_ns;
    struct slice connection; /* id of the connection, empty if unknown */
    struct slice client;     /* who sent it (address:port or a name), empty if unknown */
    struct slice server_ip;
    struct slice page;      /* id of the page that it belongs to, empty if none */
    struct slice initiator; /* URL of the document or script that caused it, empty if unknown */
    struct slice resource;  /* recorder's word: document, xhr, fetch, script, image… or empty */
    enum served_from from;
    struct request request;
    struct response response;
    struct ws_message *ws;
    size_t ws_n;
    bool incomplete;      /* part of it was lost in capture */
    struct slice comment; /* recorder's or capture's remark */
    size_t order;         /* place in the recording: breaks ties of start_ns */
};

struct page {
    struct slice id, title;
    int64_t start_ns;
};

struct file;

/* What a reader could not give; reasons are short stable words ("cached", "no-answer", "tunnel"). */
struct session_drop {
    struct slice reason;
    size_t count;
};

/* One sentence for the user, and what to do about it. */
struct warning {
    struct slice text, advice;
};

struct session {
    struct arena *arena;
    struct slice creator; /* "WebInspector 537.36" */
    struct slice source;  /* file name, for messages */
    struct exchange **exchanges;
    size_t n, cap;
    struct page *pages;
    size_t pages_n;
    struct session_drop *drops;
    size_t drops_n;
    struct warning *warnings;
    size_t warnings_n;
    size_t entries_read; /* rows of the recording, dropped ones included */
    bool no_answers;     /* it holds requests only: status 0 is not a failure */
    struct file *
        *files; /* mapped recordings that the text may point into; closed with the session */
    size_t files_n;
    struct session *joined; /* sessions whose memory this one uses; freed with it */
};

struct session *session_new(void); /* gives */
void session_free(struct session *s);
struct exchange *session_add(struct session *s); /* a zeroed exchange, all times TIME_UNKNOWN */
void session_dropped(struct session *s, const char *reason);
/* Keeps a sentence and the advice (a constant); a sentence that is there already is not kept twice. */
void session_warn(struct session *s, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Counts over all exchanges what the recording could not give, and warns of it, for a reader that is done.
 * Sets no_answers when not a single answer is in it and not every request failed. */
void session_warn_losses(struct session *s);
/* Warns of headers that a reader left out, if there were any. */
void session_warn_headers(struct session *s, size_t left_out);
/* Stable order of start; exchanges without a time keep their place behind their predecessor. */
void session_sort(struct session *s);
/* Takes other, whose exchanges, pages, drops and warnings become s's behind its own (several recordings
 * of one walk). Page ids that both have are told apart. Sort afterwards. */
void session_join(struct session *s, struct session *other);
/* Takes an open file (made by base/mem): text of s may point into it from now on. */
void session_keep_file(struct session *s, struct file *f);
/* Once it was read, most of a recording's text is not looked at again: it need not stay in memory. */
void session_forget_files(const struct session *s);

/* The first value of a header, empty slice if absent (ask headers_has for the difference). */
struct slice headers_get(const struct headers *h, struct slice name);
bool headers_has(const struct headers *h, struct slice name);
/* Appends; *cap starts at 0 and belongs to h. */
void headers_add(struct arena *a, struct headers *h, size_t *cap, struct slice name,
                 struct slice value);

#endif
