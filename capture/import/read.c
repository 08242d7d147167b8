/* What the readers of other tools' files share: limits, rows, and the sentences at the end.
 *
 * Called by every reader and by formats.c. Invariant: what is unpacked or decoded is counted before it is
 * kept, so that a bomb ends at the limit whatever it hides in. */
#include "capture/import/read.h"

bool import_row(struct import *im, size_t done, struct err *err)
{
    if (im->s->entries_read >= im->max_entries)
        return err_set(err, ERR_INPUT, "%s: more than %zu entries", im->path, im->max_entries);
    im->s->entries_read++;
    if (im->o && im->o->progress && im->s->entries_read % 64 == 0)
        im->o->progress(im->o->progress_arg, done, im->text.n);
    return true;
}

bool import_unpacked(struct import *im, size_t n, struct err *err)
{
    if (n <= im->max_unpacked - im->unpacked) {
        im->unpacked += n;
        return true;
    }
    im->unpacked = im->max_unpacked;
    return err_set(err, ERR_INPUT, "%s: larger than %zu MiB when unpacked", im->path,
                   im->max_unpacked >> 20);
}

struct slice import_keep(struct import *im, struct slice s)
{
    return s.n ? arena_dup(im->s->arena, s) : (struct slice){ 0 };
}

/* Whether any message has a cookie or credentials. */
static bool has_secrets(const struct session *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct headers *q = &s->exchanges[i]->request.headers;
        if (headers_has(q, SL("Cookie")) || headers_has(q, SL("Authorization"))) return true;
        if (headers_has(&s->exchanges[i]->response.headers, SL("Set-Cookie"))) return true;
    }
    return false;
}

void import_warn(struct import *im)
{
    struct session *s = im->s;
    session_warn_losses(s);
    session_warn_headers(s, im->bad_headers);
    if (s->n > 0 && !has_secrets(s))
        session_warn(s, "if the site has a login, record it too, and without masking",
                     "no cookie and no Authorization in the whole recording");
}
