/* The shape of an answer: what it is made of, without its data, so that two answers can be compared.
 *
 * A set of words, each a kind and a text: "type text/html", "title Notes", "location /notes", "field csrf"
 * (inputs, selects and text areas of forms), "password" (the page asks for one), "key $.items[].id" and
 * "true $.ok" of JSON. Import keeps it in the scenario, `reprise try` holds the live answer's against it.
 * Names that look made (ids, random text) become '*'. Bounded: SHAPE_WORDS words of SHAPE_BYTES. */
#ifndef SCENARIOS_SHAPE_H
#define SCENARIOS_SHAPE_H

#include "base/arena.h"

#define SHAPE_WORDS 48

struct shape {
    struct slice *v; /* each once, in order of appearance */
    size_t n;
};

struct shape_of {
    struct slice type; /* Content-Type, parameters and all; empty: unknown */
    struct slice location, body;
};
/* The words live in a. */
struct shape shape_take(struct arena *a, const struct shape_of *of);
bool shape_has(const struct shape *s, struct slice word);
/* "title Notes" of kind "title" gives "Notes"; empty slice if the shape has none. */
struct slice shape_word(const struct shape *s, const char *kind);

#endif
