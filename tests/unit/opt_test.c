/* cli/opt: values from words and the environment, mistakes named. */
#include "cli/opt.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "tests/unit/test.h"

struct settings {
    uint32_t users;
    bool quiet, archive;
    uint64_t time_ns;
    double rate;
    unsigned engine;
    const char *host;
    struct opt_list env;
};

static const struct opt table[] = {
    { OPT_HEADING, 0, NULL, NULL, 0, "Load", NULL },
    { OPT_U32, 'u', "users", "N", offsetof(struct settings, users), "users", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, offsetof(struct settings, quiet), "quiet", NULL },
    { OPT_NO, 0, "no-archive", NULL, offsetof(struct settings, archive), "none", NULL },
    { OPT_DURATION, 't', "run-time", "TIME", offsetof(struct settings, time_ns), "time", NULL },
    { OPT_RATE, 0, "rate", "RATE", offsetof(struct settings, rate), "rate", NULL },
    { OPT_CHOICE, 0, "engine", "NAME", offsetof(struct settings, engine), "which", "native|curl" },
    { OPT_TEXT, 'H', "host", "URL", offsetof(struct settings, host), "where", NULL },
    { OPT_LIST, 'e', "env", "K=V", offsetof(struct settings, env), "values", NULL },
};
static const struct opt_cmd cmd = { "run", "FILE", "About.",
                                    NULL,  table,  sizeof table / sizeof *table };

/* Parses the words of one line. */
static enum opt_go parse(const char *line, struct settings *s, struct opt_rest *rest,
                         struct err *err)
{
    static char text[200];
    char *argv[20] = { text };
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *p = text; p && *p; argc++) {
        argv[argc] = p;
        p = strchr(p, ' ');
        if (p) *p++ = '\0';
    }
    return opts_read(&cmd, s, argc, argv, rest, err);
}

TEST(opt_reads_every_type)
{
    struct settings s = { .archive = true };
    struct opt_rest rest;
    struct err err = { 0 };
    CHECK(
        parse(
            "run a.yaml -u5 -q --no-archive --run-time=1m30s --rate 50/s --engine curl -H http://x "
            "-e A=1 --env B=2 b.yaml -- -c d",
            &s, &rest, &err) == OPT_GO);
    CHECK_U(s.users, 5);
    CHECK(s.quiet && !s.archive && s.rate > 49.9 && s.rate < 50.1);
    CHECK_U(s.time_ns, 90 * NS_PER_S);
    CHECK_U(s.engine, 1);
    CHECK_Z(s.host, "http://x");
    CHECK_U(s.env.n, 2);
    CHECK_Z(s.env.v[1], "B=2");
    CHECK_U(rest.n, 4);
    CHECK_U(rest.before_dashes, 2);
    CHECK_Z(rest.v[2], "-c");
    opts_free(&cmd, &s, &rest);
}

static void fails(const char *line, const char *want)
{
    struct settings s = { 0 };
    struct opt_rest rest;
    struct err err = { 0 };
    CHECK(parse(line, &s, &rest, &err) == OPT_ERROR);
    CHECK_U(err.code, ERR_USAGE);
    CHECK_Z(err.text, want);
    opts_free(&cmd, &s, &rest);
}

TEST(opt_names_mistakes)
{
    fails("run --userz 5", "unknown option --userz; did you mean --users?");
    fails("run --frobnicate", "unknown option --frobnicate");
    fails("run -z", "unknown option -z: use --run-time");
    fails("run -u", "--users needs a value: N");
    fails("run -u five", "--users: \"five\" is not a whole number below 4294967296");
    fails("run -u 4294967296", "--users: \"4294967296\" is not a whole number below 4294967296");
    fails("run --engine jet", "--engine: \"jet\" is not one of native|curl");
    fails("run --quiet=1", "--quiet takes no value");
}

TEST(opt_environment_is_below_the_command_line)
{
    struct settings s = { .archive = true };
    struct opt_rest rest;
    struct err err = { 0 };
    setenv("REPRISE_USERS", "7", 1);
    setenv("REPRISE_NO_ARCHIVE", "yes", 1);
    setenv("REPRISE_ENV", "A=1,B=2", 1);
    setenv("REPRISE_RUN_TIME", "10s", 1);
    CHECK(parse("run -t 5", &s, &rest, &err) == OPT_GO);
    CHECK_U(s.users, 7);
    CHECK(!s.archive);
    CHECK_U(s.env.n, 2);
    CHECK_U(s.time_ns, 5 * NS_PER_S);
    opts_free(&cmd, &s, &rest);
    setenv("REPRISE_USERS", "x", 1);
    fails("run", "REPRISE_USERS: \"x\" is not a whole number below 4294967296");
}
