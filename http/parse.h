/* An incremental HTTP/1 parser (RFC 9112) for both directions. Fed with bytes, owns no socket.
 *
 * The answer is the same however the bytes are split. Heads are gathered in the parser's own buffer up to
 * the limit; body bytes are handed out as slices of what was fed (not copied). Headers and start line are
 * slices of the parser's buffer, valid until parse_next_message. Obsolete line folding is unfolded to one
 * blank; a bare LF ends a line; blanks before ':' and control characters in names are refused. */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/session.h"

enum parse_kind { PARSE_REQUEST, PARSE_RESPONSE };

/* What parse_feed stopped for. */
enum parse_event {
    PARSE_MORE,  /* all eaten, feed more */
    PARSE_HEAD,  /* the head is complete: start line and headers can be read */
    PARSE_BODY,  /* a piece of body: p->piece */
    PARSE_DONE,  /* the message is complete; call parse_next_message before feeding the rest */
    PARSE_BAD,   /* not HTTP, or over a limit: p->error says which */
};

/* How the body's end is known (RFC 9112 6.3). */
enum parse_framing { FRAME_NONE, FRAME_LENGTH, FRAME_CHUNKED, FRAME_CLOSE, FRAME_TUNNEL };

struct parse_limits {
    size_t head_bytes;    /* start line and headers together; 0: 64 KiB */
    size_t headers;       /* number; 0: 200 */
    uint64_t body_bytes;  /* 0: no limit */
};

struct http_parser {
    enum parse_kind kind;
    struct parse_limits limits;
    /* Of the current message, valid from PARSE_HEAD on. */
    struct slice method, target;   /* requests */
    int status;                    /* responses */
    struct slice reason;
    int version_minor;             /* HTTP/1.x */
    struct headers headers;
    struct headers trailers;       /* valid at PARSE_DONE */
    enum parse_framing framing;
    uint64_t content_length;       /* FRAME_LENGTH */
    bool keep_alive, upgrade;      /* upgrade: 101, or a CONNECT answered with 2xx: tunnel follows */
    struct slice piece;            /* PARSE_BODY */
    const char *error;             /* PARSE_BAD: one sentence */
    /* Responses: set before the head arrives, by who knows the request (RFC 9112 6.3). */
    bool answers_head, answers_connect;
    struct parse_state *state;     /* private */
};

void http_parser_init(struct http_parser *p, enum parse_kind kind, struct parse_limits limits);
void http_parser_free(struct http_parser *p);
/* Eats from *in (which moves forward) until something is to be told. */
enum parse_event http_parser_feed(struct http_parser *p, struct slice *in);
/* The stream ended: PARSE_DONE if a close-delimited body is complete by it, PARSE_MORE if between
 * messages, else PARSE_BAD ("closed in the middle of …"). */
enum parse_event http_parser_eof(struct http_parser *p);
/* Ready for the next message on the connection; keeps the buffers. */
void http_parser_next_message(struct http_parser *p);

#endif
