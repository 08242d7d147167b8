/* reprise try: one user, once; every step's live answer beside what the recording had.
 *
 * Runs the scenario as `reprise run -u 1 --loops 1` in a child with an archive of all answers, reads that
 * archive and lays the answers beside the scenario's recorded status and size. Says which steps did not
 * hold, which answers are a login page in disguise, and which recorded values a refused request still
 * carried. The exit code is 0 only if the whole walk held. */
#include "cli/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/opt.h"
#include "base/file.h"
#include "base/gz.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "scenarios/scenarios.h"

#define MEMBER_MAX ((size_t)256 << 20)
#define ARCHIVE_MAX ((size_t)1 << 30)

extern char **environ;

struct live {
    uint64_t step;
    int status;
    struct slice head, body;
    bool taken;
};

struct trial {
    struct scenario *s;
    struct arena *a;
    struct live *live;
    size_t live_n, live_cap;
    struct request_step **requests; /* in the scenario's order */
    const struct live **answers;    /* of each request, NULL: none */
    size_t requests_n, requests_cap;
    size_t failed, seen_password, on_stop_at, fixed;
};

/* ---- the command line ----------------------------------------------------------------------------- */

struct settings {
    const char *fix, *host, *cacert, *cert, *key, *proxy, *timeout, *user_agent;
    struct opt_list env, allow_host, resolve;
    bool all_hosts, http2, h2c, insecure;
};

static const struct opt opts[] = {
    { OPT_TEXT, 'H', "host", "URL", offsetof(struct settings, host),
      "Where to send: replaces the scenario's target.", NULL },
    { OPT_TEXT, 0, "fix", "FILE", offsetof(struct settings, fix),
      "Write the scenario with what was suggested.", NULL },
    { OPT_LIST, 'e', "env", "KEY=VALUE", offsetof(struct settings, env),
      "A value for ${env(KEY)}; may be given again.", NULL },
    { OPT_LIST, 0, "allow-host", "HOST", offsetof(struct settings, allow_host),
      "Another host of the scenario that may be sent to; may be given again.", NULL },
    { OPT_FLAG, 0, "all-hosts", NULL, offsetof(struct settings, all_hosts),
      "Every host of the scenario may be sent to.", NULL },
    { OPT_LIST, 0, "resolve", "HOST:PORT:ADDR", offsetof(struct settings, resolve),
      "Use this address for a host.", NULL },
    { OPT_TEXT, 0, "timeout", "TIME", offsetof(struct settings, timeout), "Of a request (60s).",
      NULL },
    { OPT_TEXT, 0, "proxy", "URL", offsetof(struct settings, proxy), "Send through this proxy.",
      NULL },
    { OPT_TEXT, 0, "user-agent", "TEXT", offsetof(struct settings, user_agent),
      "Where the scenario has none.", NULL },
    { OPT_FLAG, 0, "http2", NULL, offsetof(struct settings, http2), "Offer HTTP/2 over TLS.",
      NULL },
    { OPT_FLAG, 0, "h2c", NULL, offsetof(struct settings, h2c),
      "HTTP/2 over clear text, by prior knowledge.", NULL },
    { OPT_FLAG, 'k', "insecure", NULL, offsetof(struct settings, insecure),
      "Do not verify certificates.", NULL },
    { OPT_TEXT, 0, "cacert", "FILE", offsetof(struct settings, cacert),
      "Trust these certificates (PEM).", NULL },
    { OPT_TEXT, 0, "cert", "FILE", offsetof(struct settings, cert), "Client certificate (PEM).",
      NULL },
    { OPT_TEXT, 0, "key", "FILE", offsetof(struct settings, key), "Its key (PEM).", NULL },
};

static const struct opt_cmd command = {
    .name = "try",
    .usage = "SCENARIO [options]",
    .about = "One user, once: each step's live answer beside the recorded one. A refused request's "
             "recorded values are named, with what to extract instead.",
    .after = "Exit code 0 if every step held, 1 if one did not.\n",
    .opts = opts,
    .opts_n = sizeof opts / sizeof *opts,
};

/* ---- the run -------------------------------------------------------------------------------------- */

struct args {
    char **v;
    size_t n, cap;
};

static void arg(struct args *a, const char *text)
{
    mem_grow(&a->v, &a->cap, a->n + 2, sizeof *a->v);
    a->v[a->n++] = mem_dup(text, strlen(text));
    a->v[a->n] = NULL;
}

/* The options that are run's too, each with its value; an option's type says where the value lies. */
static void forward(struct args *a, const struct settings *set)
{
    for (size_t i = 0; i < command.opts_n; i++) {
        const struct opt *o = &opts[i];
        const char *at = (const char *)set + o->at;
        const struct opt_list one = { .v = (const char **)(uintptr_t)at, .n = 1 };
        const struct opt_list *l =
            o->type == OPT_LIST ? (const struct opt_list *)(const void *)at : &one;
        if (strcmp(o->name, "fix") == 0) continue;
        char name[32];
        snprintf(name, sizeof name, "--%s", o->name);
        if (o->type == OPT_FLAG) {
            if (*(const bool *)at) arg(a, name);
            continue;
        }
        for (size_t k = 0; k < l->n && l->v[k]; k++) {
            arg(a, name);
            arg(a, l->v[k]);
        }
    }
}

static bool wait_for_run(char **argv, struct err *err)
{
    posix_spawn_file_actions_t fa;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int why = posix_spawn(&pid, "/proc/self/exe", &fa, NULL, argv, environ), status = 0;
    posix_spawn_file_actions_destroy(&fa);
    if (why) return err_sys(err, ERR_INTERNAL, why, "start reprise run");
    waitpid(pid, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 4;
    if (code == 0 || code == 1 || code == 99) return true;
    enum err_code as = code == 2 ? ERR_USAGE : code == 3 ? ERR_INPUT : ERR_INTERNAL;
    return err_set(err, as, "the walk could not be run (exit code %d)", code);
}

static bool spawn_run(const char *scenario, const struct settings *set, const char *archive,
                      struct err *err)
{
    static const char *const own[] = {
        "-u",  "1",        "--loops", "1", "--headless", "--think-factor", "0", "--archive-bodies",
        "all", "--archive"
    };
    struct args a = { 0 };
    arg(&a, "reprise");
    arg(&a, "run");
    arg(&a, scenario);
    forward(&a, set);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        arg(&a, own[i]);
    arg(&a, archive);
    bool ok = wait_for_run(a.v, err);
    for (size_t i = 0; i < a.n; i++)
        free(a.v[i]);
    free(a.v);
    return ok;
}

/* ---- the archive ---------------------------------------------------------------------------------- */

static void take_answer(struct trial *t, struct slice line)
{
    struct json j;
    struct live l = { 0 };
    json_init(&j, line);
    json_next(&j);
    while (json_next(&j) == JSON_KEY) {
        struct slice key = json_str(&j, t->a);
        enum json_tok v = json_next(&j);
        if (slice_eq(key, SL("step")) && v == JSON_NUMBER)
            for (size_t i = 0; i < j.raw.n; i++)
                l.step = l.step * 10 + (uint64_t)(j.raw.p[i] - '0');
        if (slice_eq(key, SL("head"))) l.head = arena_dup(t->a, json_str(&j, t->a));
        if (slice_eq(key, SL("body"))) l.body = arena_dup(t->a, json_str(&j, t->a));
        if (!json_skip(&j)) return;
    }
    size_t blank = slice_chr(l.head, ' ');
    for (size_t i = blank + 1; blank != SLICE_NONE && i < l.head.n && i < blank + 4; i++)
        l.status = l.status * 10 + (l.head.p[i] - '0');
    mem_grow(&t->live, &t->live_cap, t->live_n + 1, sizeof l);
    t->live[t->live_n++] = l;
}

static bool read_archive(struct trial *t, const char *path, struct err *err)
{
    struct file f;
    if (!file_read(&f, path, ARCHIVE_MAX, err)) return false;
    struct buf text = BUF_INIT(MEMBER_MAX);
    size_t at = 0;
    while (gz_next(f.text, &at, &text) == GZ_MEMBER) {
        struct slice rest = buf_slice(&text), line;
        while (slice_next(&rest, '\n', &line))
            if (slice_starts(line, SL("{\"type\":\"answer\""))) take_answer(t, line);
    }
    buf_free(&text);
    file_close(&f);
    return true;
}

/* ---- the walk ------------------------------------------------------------------------------------- */

static void gather(struct trial *t, const struct step *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gather(t, v[i].steps, v[i].steps_n);
        if (!v[i].request) continue;
        mem_grow(&t->requests, &t->requests_cap, t->requests_n + 1, sizeof *t->requests);
        t->requests[t->requests_n++] = v[i].request;
    }
}

/* Steps of one name and method are one row of the statistics, so one number in the archive. */
static uint64_t step_number(const struct trial *t, size_t at)
{
    uint64_t number = 0;
    for (size_t i = 0; i <= at; i++) {
        size_t k = 0;
        const struct request_step *r = t->requests[i];
        while (k < i && !(slice_eq(request_shown(t->a, t->requests[k]), request_shown(t->a, r)) &&
                          slice_eq(t->requests[k]->method, r->method)))
            k++;
        if (i == at && k < i) return step_number(t, k);
        if (i == at) return number;
        number += k == i;
    }
    return number;
}

static struct live *live_of(struct trial *t, uint64_t number)
{
    for (size_t i = 0; i < t->live_n; i++) {
        if (t->live[i].step != number || t->live[i].taken) continue;
        t->live[i].taken = true;
        return &t->live[i];
    }
    return NULL;
}

static struct slice title_of(struct slice body)
{
    size_t from = slice_ifind(body, SL("<title"));
    if (from == SLICE_NONE) return (struct slice){ 0 };
    struct slice rest = slice_from(body, from);
    size_t open = slice_chr(rest, '>');
    if (open == SLICE_NONE) return (struct slice){ 0 };
    rest = slice_from(rest, open + 1);
    return slice_trim(slice_sub(slice_sub(rest, 0, slice_chr(rest, '<')), 0, 60));
}

static bool sends_password(const struct request_step *r)
{
    for (size_t i = 0; i < r->form.n; i++)
        if (slice_ifind(r->form.v[i].name, SL("pass")) != SLICE_NONE) return true;
    return slice_ifind(r->body, SL("\"password\"")) != SLICE_NONE;
}

static bool is_login_page(struct slice body)
{
    return slice_ifind(body, SL("type=\"password\"")) != SLICE_NONE ||
           slice_ifind(body, SL("type='password'")) != SLICE_NONE ||
           slice_ifind(body, SL("type=password")) != SLICE_NONE;
}

/* ---- suggestions ---------------------------------------------------------------------------------- */

static struct headers parse_head(struct trial *t, struct slice head)
{
    struct headers h = { 0 };
    size_t cap = 0;
    struct slice line, name, value;
    while (slice_next(&head, '\n', &line))
        if (slice_cut(line, ':', &name, &value))
            headers_add(t->a, &h, &cap, name, slice_trim(value));
    return h;
}

/* Where a live answer holds a value of that name: what import would have written. */
static bool find_live(struct trial *t, const struct live *l, struct slice name, struct extract *x,
                      struct slice *got)
{
    const struct extract ways[] = {
        { .kind = EXTRACT_HTML,
          .expr = arena_printf(t->a, "//input[@name='%.*s']/@value", SL_FMT(name)) },
        { .kind = EXTRACT_HTML,
          .expr = arena_printf(t->a, "//meta[@name='%.*s']/@content", SL_FMT(name)) },
        { .kind = EXTRACT_JSON, .expr = arena_printf(t->a, "$..['%.*s']", SL_FMT(name)) },
        { .kind = EXTRACT_HEADER, .expr = name },
        { .kind = EXTRACT_COOKIE, .expr = name },
    };
    struct headers h = parse_head(t, l->head);
    struct answer a = { .status = l->status, .headers = &h, .body = l->body };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct err err = { 0 };
        struct extractor *e = extractor_compile(t->a, &ways[i], &err);
        bool ok = e && extractor_run(e, &a, t->a, got) && got->n > 0;
        extractor_free(e);
        if (ok) *x = ways[i];
        if (ok) return true;
    }
    return false;
}

static void add_extract(struct trial *t, struct request_step *r, struct extract x)
{
    struct extract *v = arena_many(t->s->arena, r->extract_n + 1, struct extract);
    for (size_t i = 0; i < r->extract_n; i++)
        v[i] = r->extract[i];
    x.name = arena_dup(t->s->arena, x.name);
    x.expr = arena_dup(t->s->arena, x.expr);
    v[r->extract_n] = x;
    r->extract = v;
    r->extract_n++;
}

static struct slice variable(struct trial *t, struct slice name)
{
    struct slice v = arena_printf(t->a, "try_%zu_%.*s", t->fixed + 1, SL_FMT(name));
    char *p = arena_z(t->a, v);
    for (size_t i = 0; i < v.n; i++) {
        bool word = (p[i] >= '0' && p[i] <= '9') || ((p[i] | 32) >= 'a' && (p[i] | 32) <= 'z');
        if (!word) p[i] = '_';
    }
    return (struct slice){ p, v.n };
}

/* The latest earlier answer that holds another value under that name; the scenario is changed to take it,
 * which --fix writes. */
static void suggest(struct trial *t, size_t at, struct slice name, struct slice *value)
{
    for (size_t k = at; k-- > 0;) {
        struct extract x;
        struct slice got;
        if (!t->answers[k] || !find_live(t, t->answers[k], name, &x, &got)) continue;
        if (slice_eq(got, *value)) continue;
        x.name = variable(t, name);
        printf("      suggestion: step %zu (%.*s %.*s) extract %.*s\n", k,
               SL_FMT(t->requests[k]->method), SL_FMT(slice_sub(t->requests[k]->url, 0, 60)),
               SL_FMT(x.expr));
        add_extract(t, t->requests[k], x);
        *value = arena_printf(t->s->arena, "${%.*s}", SL_FMT(x.name));
        t->fixed++;
        return;
    }
}

static void say_literal(struct trial *t, size_t at, const char *where, struct field *f)
{
    if (slice_find(f->value, SL("${")) != SLICE_NONE || !value_may_be_token(f->value)) return;
    struct buf b = BUF_INIT(4096);
    log_mask(&b, f->value);
    printf("      still as recorded: %s %.*s = %.*s\n", where, SL_FMT(f->name),
           SL_FMT(buf_slice(&b)));
    buf_free(&b);
    suggest(t, at, f->name, &f->value);
}

/* What a refused request carried that may be a token of the recording. */
static void say_literals(struct trial *t, size_t at)
{
    struct request_step *r = t->requests[at];
    for (size_t i = 0; i < r->form.n; i++)
        say_literal(t, at, "form", &r->form.v[i]);
    for (size_t i = 0; i < r->parts_n; i++) {
        struct field f = { r->parts[i].name, r->parts[i].value };
        say_literal(t, at, "part", &f);
        r->parts[i].value = f.value;
    }
    for (size_t i = 0; i < r->headers.n; i++)
        if (slice_istarts(r->headers.v[i].name, SL("x-")) ||
            slice_ieq(r->headers.v[i].name, SL("authorization")))
            say_literal(t, at, "header", &r->headers.v[i]);
}

/* A page with a password field behind the login and before the end, of another size than was recorded. */
static bool is_disguise(const struct trial *t, size_t i, const struct live *l)
{
    uint64_t was = t->requests[i]->recorded_bytes, is = l->body.n;
    bool other = is > was ? is - was > was / 4 : was - is > was / 4;
    return t->seen_password && i < t->on_stop_at && other && is_login_page(l->body);
}

static void try_step(struct trial *t, size_t i)
{
    const struct request_step *r = t->requests[i];
    const struct live *l = t->answers[i] = live_of(t, step_number(t, i));
    bool held = l && (l->status == r->recorded_status || r->recorded_status == 0);
    bool disguised = l && held && l->status == 200 && is_disguise(t, i, l);
    struct slice title = l ? title_of(l->body) : (struct slice){ 0 };
    printf("%s %3zu %-6.*s %.*s\n", held && !disguised ? "ok " : "BAD", i, SL_FMT(r->method),
           SL_FMT(slice_sub(r->url, 0, 100)));
    if (!l) printf("      no answer: it was not sent, or the connection failed\n");
    if (l)
        printf("      status %d, recorded %d; %zu bytes, recorded %llu%s%.*s\n", l->status,
               r->recorded_status, l->body.n, (unsigned long long)r->recorded_bytes,
               title.n ? "; title: " : "", SL_FMT(title));
    if (disguised) printf("      this is a login page\n");
    if (!held || disguised) {
        t->failed++;
        say_literals(t, i);
    }
    if (sends_password(r)) t->seen_password = i + 1;
}

static void walk(struct trial *t)
{
    gather(t, t->s->on_start, t->s->on_start_n);
    for (size_t i = 0; i < t->s->tasks_n; i++)
        gather(t, t->s->tasks[i].steps, t->s->tasks[i].steps_n);
    t->on_stop_at = t->requests_n;
    gather(t, t->s->on_stop, t->s->on_stop_n);
    t->answers = arena_many(t->a, t->requests_n + 1, const struct live *);
    for (size_t i = 0; i < t->requests_n; i++)
        try_step(t, i);
    printf("%zu of %zu steps held\n", t->requests_n - t->failed, t->requests_n);
}

static bool try_it(struct trial *t, const char *scenario, const struct settings *set,
                   struct err *err)
{
    char archive[PATH_MAX];
    if (!(t->s = scenario_read(scenario, err))) return false;
    snprintf(archive, sizeof archive, "%s/reprise-try-XXXXXX", file_temp_folder());
    int fd = mkstemp(archive);
    if (fd < 0) return err_sys(err, ERR_INTERNAL, errno, "create %s", archive);
    close(fd);
    unlink(archive); /* run makes its own, mode 0600 */
    bool ok = spawn_run(scenario, set, archive, err) && read_archive(t, archive, err);
    unlink(archive);
    if (ok) walk(t);
    if (!ok || !set->fix || !t->fixed) return ok;
    struct buf text = BUF_INIT(ARCHIVE_MAX);
    ok = scenario_write(t->s, &text) && file_write(set->fix, buf_slice(&text), err);
    if (ok) printf("%zu suggestions written to %s\n", t->fixed, set->fix);
    buf_free(&text);
    return ok;
}

static int run(int argc, char **argv)
{
    struct err err = { 0 };
    struct settings set = { 0 };
    struct opt_rest rest = { 0 };
    struct trial t = { .a = arena_new() };
    int code = 0;
    enum opt_go go = opts_read(&command, &set, argc, argv, &rest, &err);
    if (go == OPT_GO && rest.n != 1)
        err_set(&err, ERR_USAGE, "one scenario file is wanted");
    else if (go == OPT_GO && try_it(&t, rest.v[0], &set, &err))
        code = t.failed ? 1 : 0;
    if (err_is(&err)) code = cmd_fail(command.name, &err);
    opts_free(&command, &set, &rest);
    free(t.live);
    free(t.requests);
    scenario_free(t.s);
    arena_free(t.a);
    return code;
}

const struct cmd cmd_try = { "try", "one user once, every step beside the recording", run };
