/* HTTP/1.1 on an open connection: one flight at a time, its bytes out in one send, its answer parsed where
 * it was received. Called by conn.c.
 *
 * A body that comes whole in one piece is handed on without a copy; other bodies are gathered only when
 * the call wants them. A kept connection that the server closed before any byte of the answer is no
 * failure: the flight goes again on another one, once, as browsers do (RFC 9112 9.3.1). */
#include "replay/native/native.h"

static void h1_start(struct conn *c, struct flight *f)
{
    struct call *call = f->call;
    c->at.flight = f;
    call->bytes_out = call->head.n + call->body.n;
    conn_send(c, call->head, call->body);
}

static void fill_answer(struct flight *f)
{
    struct call *call = f->call;
    const struct http_parser *p = flight_parser(f);
    call->status = p->status;
    call->reason = p->reason;
    call->headers = p->headers;
}

/* The answer is complete; whether the connection can carry another. */
static void finish(struct conn *c, struct flight *f, bool keep)
{
    struct call *call = f->call;
    fill_answer(f);
    if (!call->answer_body.p) call->answer_body = buf_slice(&f->body);
    c->at.flight = NULL;
    c->served = true;
    if (keep)
        conn_rest(c);
    else
        conn_drop(c);
    flight_end(f, OUTCOME_OK, NULL);
}

static void break_off(struct conn *c, struct flight *f, enum outcome outcome, const char *trouble)
{
    c->at.flight = NULL;
    conn_drop(c);
    flight_end(f, outcome, trouble);
}

static bool take_piece(struct flight *f)
{
    struct call *call = f->call;
    const struct http_parser *p = flight_parser(f);
    if (!call->want_body) return true;
    if (p->framing == FRAME_LENGTH && p->piece.n == p->content_length) {
        call->answer_body = p->piece;
        return true;
    }
    return flight_gather(f, p->piece);
}

/* An interim answer (RFC 9110 15.2) is passed over; 101 was not asked for by anybody. */
static bool is_interim(const struct http_parser *p)
{
    return p->status >= 100 && p->status < 200 && p->status != 101;
}

static void h1_data(struct conn *c, struct slice bytes)
{
    struct flight *f = c->at.flight;
    if (!f) { /* bytes that no request asked for */
        conn_drop(c);
        return;
    }
    struct http_parser *p = flight_parser(f);
    flight_answer_bytes(f, bytes.n);
    for (;;) {
        switch (http_parser_feed(p, &bytes)) {
        case PARSE_MORE: http_parser_keep(p); return;
        case PARSE_HEAD: continue;
        case PARSE_BODY:
            if (take_piece(f)) continue;
            break_off(c, f, OUTCOME_PROTOCOL, "the answer's body is over the limit");
            return;
        case PARSE_BAD: break_off(c, f, OUTCOME_PROTOCOL, p->error); return;
        case PARSE_DONE:
            if (!is_interim(p)) {
                finish(c, f, p->keep_alive && !p->upgrade && bytes.n == 0);
                return;
            }
            http_parser_next_message(p);
        }
    }
}

static void h1_eof(struct conn *c, int errnum, const char *trouble)
{
    struct flight *f = c->at.flight;
    if (!f) {
        conn_drop(c);
        return;
    }
    if (flight_can_retry(f)) {
        c->at.flight = NULL;
        conn_drop(c);
        flight_retry(f);
        return;
    }
    if (errnum == 0 && f->answered && http_parser_eof(flight_parser(f)) == PARSE_DONE)
        finish(c, f, false);
    else
        break_off(c, f, OUTCOME_RESET, trouble);
}

static void h1_cancel(struct conn *c, struct flight *f)
{
    (void)f;
    c->at.flight = NULL;
    conn_drop(c);
}

static bool h1_has_room(const struct conn *c)
{
    return !c->at.flight;
}

static bool h1_in_use(const struct conn *c)
{
    return c->at.flight;
}

static void h1_free(struct conn *c)
{
    (void)c;
}

const struct protocol protocol_h1 = { h1_start,    h1_data,   h1_eof, h1_cancel,
                                      h1_has_room, h1_in_use, h1_free };
