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

static void warn_count(struct session *s, size_t n, const char *one, const char *many)
{
    if (n > 0) session_warn(s, "%zu %s", n, n == 1 ? one : many);
}

/* What the recording could not give, in the same words as for HARs. */
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
    size_t lost = 0, damaged = 0, answer_lost = 0, answer_damaged = 0, none = 0, no_time = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct exchange *ex = s->exchanges[i];
        lost += ex->request.body_state == BODY_MISSING;
        damaged += ex->request.body_state == BODY_DAMAGED;
        answer_lost += ex->response.body_state == BODY_MISSING;
        answer_damaged += ex->response.body_state == BODY_DAMAGED;
        none += ex->response.status == 0;
        no_time += ex->start_ns == TIME_UNKNOWN;
    }
    warn_count(s, lost, "request body is not in the recording",
               "request bodies are not in the recording");
    warn_count(s, damaged, "request body is damaged or cut short",
               "request bodies are damaged or cut short");
    warn_count(s, answer_lost,
               "response body is not in the recording: tokens in it cannot be found",
               "response bodies are not in the recording: tokens in them cannot be found");
    warn_count(s, answer_damaged, "response body is cut short or damaged",
               "response bodies are cut short or damaged");
    if (none == s->n && s->no_answers)
        session_warn(s, "the recording holds requests only: tokens cannot be found, cookies and "
                        "logins are sent as recorded");
    else
        warn_count(s, none, "entry has no response", "entries have no response");
    warn_count(s, no_time, "entry has no start time: its pause is unknown",
               "entries have no start time: they keep their order, pauses are unknown");
    if (s->n > 0 && !has_secrets(s))
        session_warn(s, "no cookie and no Authorization in the whole recording: if the site has a "
                        "login, record it too, and without masking");
    warn_count(s, im->bad_headers, "header was left out: HTTP does not allow its name or value",
               "headers were left out: HTTP does not allow their names or values");
}
