/* Extractors and checks, compiled once, run on answers without malloc where the kind allows it.
 *
 * What `expr` means, by kind:
 *   json      a JSON path (scenarios/jsonpath.h): text unescaped, numbers as written, objects and arrays as
 *             their text; null counts as not found
 *   header    the header's name; nth picks among several
 *   cookie    the name of a cookie that the answer sets
 *   html      an XPath, or a CSS selector (scenarios/css.h); an element's value is its text, of input and
 *             meta found by CSS the value and content attribute
 *   xml       an XPath; prefixes of the root element may be used
 *   regex     PCRE2; group 1 if there is one, otherwise all of the match
 *   between   the left boundary, `right` the right one; empty: from the start, to the end
 *   location  empty: the Location header (the answer's own URL if it is no redirect); a name: that
 *             parameter of its query, else of its fragment, decoded; "/2": the second segment of its path,
 *             "/-1" the last
 *   body      nothing: the whole text without blanks at its ends
 * What was found goes through `regex`, then through `decode` in order. */
#ifndef SCENARIOS_EXTRACT_H
#define SCENARIOS_EXTRACT_H

#include "scenarios/model.h"

/* Documents that were parsed from one answer, shared by its extractors and checks. One per worker: reset
 * before each answer. */
struct answer_docs;
struct answer_docs *answer_docs_new(void); /* gives */
void answer_docs_reset(struct answer_docs *d);
void answer_docs_free(struct answer_docs *d);

/* An answer as replay has it: head and body borrowed, body decoded. */
struct answer {
    int status;
    const struct headers *headers;
    struct slice body;
    struct slice url; /* of the request, for Location */
    uint64_t time_ns;
    struct answer_docs *docs; /* NULL: each html and xml extractor parses for itself */
};

struct extractor;
struct extractor *extractor_compile(struct arena *a, const struct extract *e, struct err *err);
bool extractor_needs_body(const struct extractor *x);
/* The value, in the answer or in scratch; false if it is not there. Thread-safe: the compiled form is
 * const; scratch is the caller's. A value that was found has p != NULL, even when it is empty. */
bool extractor_run(const struct extractor *x, const struct answer *a, struct arena *scratch,
                   struct slice *out);
void extractor_free(struct extractor *x); /* what the arena cannot free: compiled patterns */

struct checker;
struct checker *checker_compile(struct arena *a, const struct check *c, struct err *err);
bool checker_needs_body(const struct checker *c);
/* Its value is a text that may hold ${…}: a header's, a JSON value, what the body holds or does not. */
bool check_has_text(const struct check *c);
/* False with a short reason ("status 500, want 2xx") appended to why. want: the value with its variables
 * filled in, for checks that have text; the reason shows it as the scenario has it. */
bool checker_run(const struct checker *c, const struct answer *a, struct slice want,
                 struct arena *scratch, struct buf *why);
void checker_free(struct checker *c);

#endif
