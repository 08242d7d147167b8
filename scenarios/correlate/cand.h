/* Candidates: what answers offer, matched with what requests carry. Private to the room.
 *
 * A scan reads one text: an answer's body, or a text found inside it (HTML in a JSON string), in which
 * case base says how that text is found. Modules call scan_value for every text they meet; only when a
 * request carries that very text do they pay for describing where it stands. */
#ifndef CORRELATE_CAND_H
#define CORRELATE_CAND_H

#include "scenarios/correlate/flow.h"

struct scan {
    struct flow *f;
    struct item *it;
    struct slice text;          /* what is being read */
    const struct extract *base; /* how text is found; NULL: it is the body */
    unsigned depth;
};

/* The value if it is worth describing: carried by a later request, or by any if it must be known as a
 * constant. Weak values only where their name means something to a use. */
struct value *scan_value(struct scan *s, struct slice text, struct slice name,
                         enum origin_kind kind);
/* A new origin of v in this answer; NULL when there are enough of them. Ways are added by the caller. */
struct origin *scan_origin(struct scan *s, struct value *v, enum origin_kind kind,
                           struct slice name);

/* way.c: ways to find a text again */
void way_add(struct origin *o, struct extract way);
/* The text at part (a slice of s->text) between what stands around it; coding: how it is written. */
void way_between(struct scan *s, struct origin *o, struct slice part, enum coding coding);
/* A part of a URL that stands at url in s->text: by the fixed pieces of that URL. */
void way_url(struct scan *s, struct origin *o, struct slice url, struct slice part,
             enum coding coding);
/* Of a URL found whole by u->whole (a Location, a JSON string): a pattern over it. */
struct cand_url;
void way_url_of(struct scan *s, struct origin *o, const struct cand_url *u, struct slice part,
                enum coding coding);
void pattern_quote(struct buf *out, struct slice text); /* for PCRE */

/* The modules. */
void cand_headers(struct scan *s);
void cand_html(struct scan *s);
void cand_json(struct scan *s);
void cand_script(struct scan *s);
void cand_script_in(struct scan *s, struct slice part); /* a stretch of s->text */
void cand_xml(struct scan *s);
void cand_text(struct scan *s);
/* Parts of a URL: path segments and parameters. whole: way to the URL, NULL: by its place in s->text. */
struct cand_url {
    struct slice url;   /* raw, in s->text or found by whole */
    enum coding coding; /* of the URL in s->text (HTML in attributes, JSON in strings) */
    const struct extract *whole;
    enum origin_kind kind;
    struct slice form; /* action of the form around it */
};
void cand_url(struct scan *s, const struct cand_url *u);
/* Random parts of a value, up to a mark in it or from one: "pi_1_secret_2" holds "pi_1". *at starts at 0;
 * false: there is no further one. */
struct cand_piece {
    struct value *value;
    struct slice pattern; /* finds it in the whole value */
};
bool cand_piece(struct scan *s, struct slice text, size_t *at, struct cand_piece *p);
/* A text that may hold HTML, JSON or code: read with way as its base. */
void cand_nested(struct scan *s, struct slice text, const struct extract *way);
/* Claims of a JWT that way finds. */
void cand_jwt(struct scan *s, struct slice jwt, const struct extract *way);
/* Long runs of letters and digits, wherever they stand. */
void cand_runs(struct scan *s, struct slice text);

#endif
