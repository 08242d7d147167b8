/* An incremental HTTP/1 parser (RFC 9112) for both directions. Fed with bytes, owns no socket.
 *
 * The answer is the same however the bytes are split. Body bytes are handed out as slices of what was
 * fed (not copied). Heads are gathered in the parser's own buffer up to the limit; start line and headers
 * are slices of that buffer, valid until http_parser_next_message. With `borrow` set a head that lies
 * whole in one feed is not copied: then the slices point into the fed bytes, which must stay until
 * http_parser_next_message. Obsolete line folding is unfolded to one blank; a bare LF ends a line; empty
 * lines before a message are passed over; blanks before ':', NUL or a bare CR anywhere and bytes in names
 * that are no token (RFC 9110 5.6.2) are refused. */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/session.h"

enum parse_kind { PARSE_REQUEST, PARSE_RESPONSE };

/* What http_parser_feed stopped for. */
enum parse_event {
    PARSE_MORE, /* all eaten, feed more */
    PARSE_HEAD, /* the head is complete: start line and headers can be read */
    PARSE_BODY, /* a piece of body: p->piece */
    PARSE_DONE, /* the message is complete; call http_parser_next_message before feeding the rest */
    PARSE_BAD,  /* not HTTP, or over a limit: p->error says which; stays so */
};

/* How the body's end is known (RFC 9112 6.3). */
enum parse_framing { FRAME_NONE, FRAME_LENGTH, FRAME_CHUNKED, FRAME_CLOSE, FRAME_TUNNEL };

struct parse_limits {
    /* start line and headers together, trailers and chunk lines too; 0: 64 KiB */
    size_t head_bytes;
    size_t headers;      /* number; 0: 200 */
    uint64_t body_bytes; /* 0: no limit */
};

struct http_parser {
    enum parse_kind kind;
    struct parse_limits limits;
    bool borrow; /* set by the caller after init, see above */
    /* Set by the caller after init, for reading what others have said to each other: header lines that are
     * refused above are left out, and a Content-Length that makes no sense is none. */
    bool lenient;
    /* Of the current message, valid from PARSE_HEAD on. */
    struct slice method, target; /* requests */
    int status;                  /* responses */
    struct slice reason;
    int version_minor; /* HTTP/1.x */
    struct headers headers;
    struct headers trailers; /* valid at PARSE_DONE */
    struct slice head;       /* the whole head as it stood, without its last empty line */
    enum parse_framing framing;
    uint64_t content_length;  /* FRAME_LENGTH */
    uint64_t body_bytes;      /* handed out so far */
    bool keep_alive, upgrade; /* upgrade: 101, or a CONNECT answered with 2xx: tunnel follows */
    struct slice piece;       /* PARSE_BODY */
    const char *error;        /* PARSE_BAD: one sentence */
    /* Responses: set before the head arrives, by who knows the request (RFC 9112 6.3). They outlive an
     * interim response (1xx but 101), whose final one follows, and are cleared behind the final one. */
    bool answers_head, answers_connect;
    struct parse_state *state; /* private */
};

/* A limit of 0 is the default. */
void http_parser_init(struct http_parser *p, enum parse_kind kind, struct parse_limits limits);
void http_parser_free(struct http_parser *p);
/* Eats from *in (which moves forward) until something is to be told. Call it again, also with an empty
 * *in, until it answers PARSE_MORE. A tunnel is PARSE_DONE right behind its head: the rest of *in is not
 * HTTP/1. */
enum parse_event http_parser_feed(struct http_parser *p, struct slice *in);
/* The stream ended: PARSE_DONE if a close-delimited body is complete by it, PARSE_MORE if between
 * messages, else PARSE_BAD ("closed in the middle of …"). */
enum parse_event http_parser_eof(struct http_parser *p);
/* The rest of a head that has begun is lost (a recording with holes): PARSE_HEAD with the lines that are
 * whole and FRAME_NONE, PARSE_BAD if not even the first is. */
enum parse_event http_parser_cut_head(struct http_parser *p);
/* A borrowed head is copied into the parser's own buffer: the fed bytes may go before the message ends. */
void http_parser_keep(struct http_parser *p);
/* Ready for the next message on the connection; keeps the buffers. */
void http_parser_next_message(struct http_parser *p);

#endif
