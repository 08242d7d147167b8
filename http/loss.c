/* What a recording could not give, told in the same words whatever tool made it. See session.h.
 *
 * Called by the readers of har/ and capture/ once all exchanges are there. Each sentence comes with what to
 * do about it; what is dropped later on is counted there and not told twice. */
#include "http/session.h"

struct losses {
    size_t request_missing, request_damaged, answer_missing, answer_damaged, no_time;
    size_t answers, unanswered; /* unanswered: without an answer and without a reason for it */
};

static void count(struct losses *l, const struct exchange *ex)
{
    l->request_missing += ex->request.body_state == BODY_MISSING;
    l->request_damaged += ex->request.body_state == BODY_DAMAGED;
    l->answer_missing += ex->response.body_state == BODY_MISSING;
    l->answer_damaged += ex->response.body_state == BODY_DAMAGED;
    l->no_time += ex->start_ns == TIME_UNKNOWN;
    l->answers += ex->response.status != 0;
    l->unanswered += ex->response.status == 0 && ex->response.error.n == 0;
}

static void warn(struct session *s, size_t n, const char *one, const char *many, const char *advice)
{
    if (n > 0) session_warn(s, advice, "%zu %s", n, n == 1 ? one : many);
}

static void warn_bodies(struct session *s, const struct losses *l)
{
    warn(s, l->request_missing, "request body is not in the recording",
         "request bodies are not in the recording",
         "write them into the scenario, or record with a proxy (mitmproxy, Fiddler) or reprise "
         "capture, which keep them");
    warn(s, l->request_damaged, "request body is damaged: binary data kept as text, or cut short",
         "request bodies are damaged: binary data kept as text, or cut short",
         "let the scenario send the file itself (upload), or record with a proxy (mitmproxy, "
         "Fiddler) "
         "or reprise capture");
    warn(s, l->answer_missing,
         "response body is not in the recording: tokens in it cannot be found",
         "response bodies are not in the recording: tokens in them cannot be found",
         "record again with the developer tools open from the start and \"Preserve log\" on, and "
         "save "
         "with content");
    warn(s, l->answer_damaged, "response body is cut short or damaged",
         "response bodies are cut short or damaged",
         "if a token is missing below, record again without a limit on bodies");
}

void session_warn_losses(struct session *s)
{
    struct losses l = { 0 };
    for (size_t i = 0; i < s->n; i++)
        count(&l, s->exchanges[i]);
    if (l.answers == 0 && l.unanswered > 0) s->no_answers = true;
    warn_bodies(s, &l);
    if (s->no_answers && l.answers == 0 && s->n > 0)
        session_warn(
            s, "to have tokens found, record with answers (HAR with content)",
            "the recording holds requests only: tokens cannot be found, cookies and logins "
            "are sent as recorded");
    warn(s, l.no_time, "entry has no start time: its pause is unknown",
         "entries have no start time: they keep their order, pauses are unknown",
         "set wait: or think: in the scenario");
}

void session_warn_headers(struct session *s, size_t left_out)
{
    warn(s, left_out, "header was left out: HTTP does not allow its name or value",
         "headers were left out: HTTP does not allow their names or values",
         "nothing, unless the server needs them: no client can send them");
}
