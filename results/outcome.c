/* The names of a request's fates: archives, reports and metrics use them, so they never change. */
#include "results/results.h"

static const char *const names[OUTCOMES] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_STATUS] = "status",
    [OUTCOME_CHECK] = "check",
    [OUTCOME_EXTRACT] = "extract",
    [OUTCOME_RESOLVE] = "resolve",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_CONNECT] = "connect",
    [OUTCOME_TLS] = "tls",
    [OUTCOME_TIMEOUT] = "timeout",
    [OUTCOME_RESET] = "reset",
    [OUTCOME_PROTOCOL] = "protocol",
    [OUTCOME_CANCELLED] = "cancelled",
};

const char *outcome_name(enum outcome o)
{
    return (unsigned)o < OUTCOMES ? names[o] : "unknown";
}

bool outcome_parse(struct slice name, enum outcome *out)
{
    for (unsigned i = 0; i < OUTCOMES; i++) {
        if (!slice_eq(name, slice_z(names[i]))) continue;
        *out = (enum outcome)i;
        return true;
    }
    return false;
}

bool outcome_is_failure(enum outcome o)
{
    return o != OUTCOME_OK && o != OUTCOME_CANCELLED;
}
