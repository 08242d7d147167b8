/* Packets to exchanges: from capture files or a live interface (the public surface of this room).
 *
 *   capture_open -> capture_step until CAPTURE_END -> capture_finish -> capture_free
 *
 * Exchanges go to the sink as they complete, in order of completion; everything they point to is valid
 * during the call only. Memory is bounded by the limits of the configuration, not by the length of the
 * capture. What could not be decoded is counted in the report, never guessed. */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "base/buf.h"
#include "base/err.h"
#include "capture/import/import.h"
#include "http/session.h"

struct capture_cfg {
    const char *const *files; /* "-" is standard input; read together in order of time */
    size_t files_n;
    const char *device;    /* live, when there are no files: "lo", "any" */
    const char *filter;    /* BPF, NULL for all */
    const char *keylog;    /* TLS key log (NSS format), NULL for none; read again while it grows */
    uint64_t kernel_bytes; /* live buffer; 0: 64 MiB */
    uint64_t body_bytes;   /* kept of one body; 0: 64 MiB */
    uint64_t memory_bytes; /* for bodies and early segments of all connections; 0: 512 MiB */
    uint64_t idle_ns;      /* a connection without packets ends; 0: 5 minutes */
};

struct capture_sink {
    bool (*put)(void *arg, const struct exchange *ex, struct err *err); /* false ends the capture */
    void *arg;
};

/* Why an exchange is incomplete. Names: capture_lost_name. */
enum capture_lost {
    LOST_NOTHING,
    LOST_GAP,        /* packets were missing */
    LOST_NO_ANSWER,  /* the connection ended before an answer */
    LOST_NO_REQUEST, /* an answer whose request was not captured; not given to the sink */
    LOST_RESET,      /* reset in the middle */
    LOST_CLOSED,     /* closed in the middle */
    LOST_CUT_OFF,    /* the capture ended in the middle */
    LOST_MALFORMED,  /* not what its protocol wants */
    LOST_TOO_BIG,    /* a body over the limit, or memory used up: kept up to there */
    LOST_IDLE,       /* given up after a long silence */
};
#define CAPTURE_LOST 10
const char *capture_lost_name(enum capture_lost lost);

enum capture_protocol {
    PROTO_HTTP1,
    PROTO_HTTP2,
    PROTO_HTTP2_MIDDLE, /* joined in the middle: the header table is not known */
    PROTO_WEBSOCKET,
    PROTO_TLS,
    PROTO_SSL2,
    PROTO_OTHER,  /* something that is not HTTP */
    PROTO_SILENT, /* no data */
};
#define CAPTURE_PROTOCOLS 8
const char *capture_protocol_name(enum capture_protocol p);

/* What became of TLS connections. */
enum capture_tls {
    TLS_DECRYPTED,
    TLS_NO_KEY,
    TLS_MIDDLE,      /* joined in the middle: the handshake was not captured */
    TLS_GAP,         /* packets were missing: decrypted up to there, or not at all */
    TLS_UNSUPPORTED, /* a version or cipher that reprise does not know */
    TLS_FAILED,      /* the key did not fit, or the records are damaged */
    TLS_INCOMPLETE,  /* the handshake did not end */
    TLS_REFUSED,     /* a fatal alert ended it: an untrusted certificate, no common version */
};
#define CAPTURE_TLS 8
const char *capture_tls_name(enum capture_tls t);

#define CAPTURE_HOSTS 64
struct capture_host {
    char name[80];
    uint64_t n;
};

struct capture_report {
    uint64_t packets, bytes, kernel_drops;
    uint64_t not_tcp, quic, fragments, fragments_lost, unknown_link, short_headers;
    uint64_t tcp_segments, retransmitted, out_of_order, differing, cut, gaps, gap_bytes;
    uint64_t flows, open_flows;
    uint64_t complete, incomplete, lost[CAPTURE_LOST];
    uint64_t protocol[CAPTURE_PROTOCOLS], tls[CAPTURE_TLS];
    struct capture_host no_key[CAPTURE_HOSTS]; /* server names of TLS connections without a key */
    size_t no_key_n;
    uint64_t pushed, web_socket_messages, skipped_bytes; /* skipped: to find the next message */
    uint64_t evicted_flows, expired_flows, held_peak_bytes;
    uint64_t damaged_files; /* that ended inside a record */
    char trouble[200];      /* the first of them, one sentence */
};
/* The machine's view (one JSON object) and the people's. */
void capture_report_json(const struct capture_report *r, struct buf *out);
void capture_report_text(const struct capture_report *r, struct buf *out);

/* What can be captured on: a line for each interface, name first. */
bool capture_devices(struct buf *out, struct err *err);

enum capture_step { CAPTURE_GO, CAPTURE_END, CAPTURE_FAILED };

struct capture;

/* Opens the files or the device (which may need privileges; nothing later does). NULL with err set on
 * failure. Keeps cfg's strings and the report. Gives. */
struct capture *capture_open(const struct capture_cfg *cfg, struct capture_sink sink,
                             struct capture_report *report, struct err *err);
/* The key log may be named later (a program that is started once the device is open). */
void capture_set_keylog(struct capture *c, const char *path);
/* Handles some thousand packets, or, live, what comes within 100 ms. */
enum capture_step capture_step(struct capture *c, struct err *err);
/* Live: packets handled by the last step; 0 when the network was silent. */
uint64_t capture_last_packets(const struct capture *c);
void capture_update(struct capture *c); /* brings the report's counters up to date */
/* Ends what is open, gives the last exchanges to the sink, completes the report. */
bool capture_finish(struct capture *c, struct err *err);
void capture_free(struct capture *c);

/* The exchange with cookies, credentials and tokens masked, in a (valid until that is reset). */
const struct exchange *capture_mask(struct arena *a, const struct exchange *ex);
/* Sessions of several users in one capture. */
enum capture_split {
    CAPTURE_SPLIT_NO,
    CAPTURE_SPLIT_CLIENT, /* address */
    CAPTURE_SPLIT_CONNECTION,
    CAPTURE_SPLIT_COOKIE, /* the session cookie; followed when it is renewed */
};
struct capture_splitter;
struct capture_splitter *capture_splitter_new(enum capture_split by); /* gives */
void capture_splitter_free(struct capture_splitter *p);
/* The number of the exchange's session: 0, 1, 2 … in order of appearance. */
size_t capture_splitter_group(struct capture_splitter *p, const struct exchange *ex);
/* The address or the connection that names it; a cookie is no name to show. Borrowed from ex. */
struct slice capture_split_key(enum capture_split by, const struct exchange *ex);
/* Copies of the exchanges of s as sessions of their own, the first max of them; gives how many there are. */
size_t capture_split(const struct session *s, enum capture_split by, struct session **out,
                     size_t max);
/* A copy of an exchange, made with the session's memory. */
struct exchange *capture_copy(struct session *s, const struct exchange *ex);

/* A whole session from capture files: what `reprise import FILE.pcapng` reads. Sorted. NULL on failure. */
struct session *capture_to_session(const struct capture_cfg *cfg, struct capture_report *report,
                                   struct err *err);

#endif
