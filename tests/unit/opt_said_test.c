/* What an archive tells of the command line: what was said, without secrets. */
#include "tests/unit/test.h"

#include "cli/opt.h"

struct settings {
    const char *host;
    struct opt_list env;
    uint32_t users;
    uint64_t time_ns;
    double rate;
    unsigned engine;
    bool quiet, keep;
};

#define AT(field) offsetof(struct settings, field)
static const struct opt options[] = {
    { OPT_HEADING, 0, NULL, NULL, 0, "Load", NULL },
    { OPT_TEXT, 'H', "host", "URL", AT(host), "", NULL },
    { OPT_LIST, 'e', "env", "K=V", AT(env), "", NULL },
    { OPT_U32, 'u', "users", "N", AT(users), "", NULL },
    { OPT_DURATION, 't', "run-time", "T", AT(time_ns), "", NULL },
    { OPT_F64, 'r', "spawn-rate", "R", AT(rate), "", NULL },
    { OPT_CHOICE, 0, "engine", "E", AT(engine), "", "native|curl" },
    { OPT_FLAG, 'q', "quiet", NULL, AT(quiet), "", NULL },
    { OPT_NO, 0, "no-archive", NULL, AT(keep), "", NULL },
};
static const struct opt_cmd command = { .name = "x", .opts = options, .opts_n = 9 };

static void said(struct opt_said *v, size_t n, const char *name, const char *value)
{
    for (size_t i = 0; i < n; i++) {
        if (!slice_eq(v[i].name, slice_z(name))) continue;
        CHECK_S(v[i].value, slice_z(value));
        return;
    }
    test_fail(__FILE__, __LINE__, "%s is not among what was said", name);
}

TEST(opts_said_are_those_that_differ)
{
    const char *env[] = { "USER=joe", "PASSWORD=correct-horse-battery" };
    struct arena *a = arena_new();
    struct opt_said *v;
    struct settings defaults = { .keep = true, .users = 1 }, set = defaults;
    CHECK_U(opts_said(&command, &set, &defaults, a, &v), 0);
    set = (struct settings){ .host = "http://joe:secret@127.0.0.1:80/x?token=1",
                             .env = { .v = env, .n = 2 },
                             .users = 50,
                             .time_ns = 90000000000,
                             .rate = 2.5,
                             .engine = 1,
                             .quiet = true };
    size_t n = opts_said(&command, &set, &defaults, a, &v);
    CHECK_U(n, 8);
    said(v, n, "host", "http://127.0.0.1:80/x");
    said(v, n, "users", "50");
    said(v, n, "run-time", "1m30s");
    said(v, n, "spawn-rate", "2.5");
    said(v, n, "engine", "curl");
    said(v, n, "quiet", "true");
    said(v, n, "no-archive", "true");
    for (size_t i = 0; i < n; i++)
        CHECK(slice_find(v[i].value, SL("correct-horse")) == SLICE_NONE &&
              slice_find(v[i].value, SL("secret")) == SLICE_NONE);
    arena_free(a);
}
