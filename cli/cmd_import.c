/* reprise import: recordings to a scenario, tokens found, with a report.
 *
 * Reads every recording (import_read.c), correlates, and writes (import_write.c). What a recording is and
 * what is found in it is not decided here. */
#include "cli/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_list.h"
#include "cli/import_read.h"
#include "cli/import_write.h"
#include "base/file.h"
#include "base/mem.h"
#include "scenarios/scenarios.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SCENARIO_MAX ((size_t)2 << 30)
#define FEED_MAX ((size_t)256 << 20)
#define RECORDING_MAX 16

struct settings {
    struct import_files to;
    const char *feed;
    struct opt_list unique, hosts;
    struct import_choice choice;
    bool keep_static, keep_third_party, keep_names, explain, quiet, list;
    double pause_factor;
};

static const struct opt options[] = {
    { OPT_TEXT, 'o', "output", "FILE", offsetof(struct settings, to.out),
      "The scenario to write; - for standard output, the default.", NULL },
    { OPT_TEXT, 0, "feed", "CSV", offsetof(struct settings, feed),
      "Accounts, one a line under a header line: each user logs in as its own row.", NULL },
    { OPT_LIST, 0, "unique", "TEXT", offsetof(struct settings, unique),
      "A recorded text that must differ for each user and iteration; may be given again.", NULL },
    { OPT_FLAG, 0, "keep-names", NULL, offsetof(struct settings, keep_names),
      "Keep the names of created pages and projects as recorded; else they differ for each user.",
      NULL },
    { OPT_LIST, 0, "hosts", "HOST", offsetof(struct settings, hosts),
      "Keep only requests to these hosts and their subdomains; may be given again.", NULL },
    { OPT_TEXT, 0, "format", "NAME", offsetof(struct settings, choice.format),
      "The recording's format, when its content does not tell: har, pcap, burp, charles, chlsj, "
      "saz, "
      "har.zip, jtl, gor, mitmproxy, messages, base64; of plans jmx, tsung, postman, curl.",
      NULL },
    { OPT_TEXT, 'k', "keylog", "FILE", offsetof(struct settings, choice.keylog),
      "TLS keys of a packet capture (SSLKEYLOGFILE).", NULL },
    { OPT_CHOICE, 0, "split", "BY", offsetof(struct settings, choice.split),
      "Take one capture for the walks of several users, told apart by client address, connection "
      "or session cookie.",
      "no|client|connection|cookie" },
    { OPT_FLAG, 0, "list", NULL, offsetof(struct settings, list),
      "Only print the entries as a table.", NULL },
    { OPT_LIST, 0, "only", "PATTERN", offsetof(struct settings, choice.only),
      "Keep only entries that match: a METHOD, a /path, a host or a URL, with * and ?; may be "
      "given "
      "again.",
      NULL },
    { OPT_LIST, 0, "exclude", "PATTERN", offsetof(struct settings, choice.exclude),
      "Leave out entries that match; may be given again.", NULL },
    { OPT_TEXT, 0, "between", "FROM..TO", offsetof(struct settings, choice.between),
      "Keep only entries of that time: 2026-01-02T10:15:00Z, 10:15 (UTC) or 30s from the start.",
      NULL },
    { OPT_LIST, 0, "pages", "PAGE", offsetof(struct settings, choice.pages),
      "Keep only entries of pages with this id or title, with * and ?; may be given again.", NULL },
    { OPT_FLAG, 0, "keep-static", NULL, offsetof(struct settings, keep_static),
      "Keep static assets of other hosts too.", NULL },
    { OPT_FLAG, 0, "keep-third-party", NULL, offsetof(struct settings, keep_third_party),
      "Keep analytics and other hosts that the walk does not visit.", NULL },
    { OPT_F64, 0, "pauses", "FACTOR", offsetof(struct settings, pause_factor),
      "Recorded pauses times this; 1 is as recorded, 0 none.", NULL },
    { OPT_TEXT, 0, "report", "FILE", offsetof(struct settings, to.report),
      "Write the report as JSON; - or json for standard output.", NULL },
    { OPT_TEXT, 0, "graph", "FILE", offsetof(struct settings, to.graph),
      "Write the flow of tokens as a picture in Graphviz's language (dot -Tsvg FILE).", NULL },
    { OPT_FLAG, 0, "explain", NULL, offsetof(struct settings, explain),
      "Print for each token all its uses, how sure it is and what else was looked at.", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, offsetof(struct settings, quiet), "Print no report.", NULL },
};

static const struct opt_cmd command = {
    .name = "import",
    .usage = "RECORDING... [options]",
    .about = "Turns recordings of one walk (HAR, packets, Burp, Charles, Fiddler, mitmproxy and "
             "others) into a scenario that finds its own tokens: values that "
             "answers give and later requests carry are extracted and put in their places.",
    .after = "  reprise import session.har -o shop.yaml --feed accounts.csv\n",
    .opts = options,
    .opts_n = COUNT(options),
};

struct import {
    struct settings set;
    struct session *sessions[RECORDING_MAX];
    size_t n;
    struct scenario *plan; /* instead of sessions */
    struct file feed;
    struct arena *a;
    struct slice *unique, *hosts;
    struct import_report report;
    struct import_cfg cfg;
};

static struct slice *slices(struct arena *a, const struct opt_list *l)
{
    struct slice *v = arena_many(a, l->n ? l->n : 1, struct slice);
    for (size_t i = 0; i < l->n; i++)
        v[i] = slice_z(l->v[i]);
    return v;
}

/* A plan is a scenario already: the only input. */
static bool read_plan(struct import *im, const char *path, const struct import_source *src,
                      struct err *err)
{
    const struct import_choice *c = &im->set.choice;
    if (c->only.n || c->exclude.n || c->between || c->pages.n)
        return err_set(err, ERR_USAGE,
                       "%s: --only, --exclude, --between and --pages are for recordings; this is a "
                       "plan (%s)",
                       path, import_format(src)->what);
    if (im->n > 0 || im->plan)
        return err_set(err, ERR_USAGE, "%s: a plan (%s) cannot be joined with other recordings",
                       path, import_format(src)->what);
    im->plan = foreign_read(import_format(src)->name, path, import_text(src), &im->report, err);
    return im->plan != NULL;
}

/* The walks of several users in one recording, each as if it were a recording of its own. */
static bool add_session(struct import *im, const char *path, struct session *s, struct err *err)
{
    size_t room = RECORDING_MAX - im->n, n;
    if (!im->set.choice.split) {
        im->sessions[im->n++] = s;
        return true;
    }
    n = capture_split(s, (enum capture_split)im->set.choice.split, im->sessions + im->n, room);
    session_free(s);
    im->n += n < room ? n : room;
    if (n <= room) return true;
    return err_set(
        err, ERR_INPUT,
        "%s: %zu sessions, more than the %d that are compared: `reprise capture --split` "
        "writes each to a file of its own",
        path, n, RECORDING_MAX);
}

static bool read_one(struct import *im, const char *path, struct err *err)
{
    struct import_source *src = import_read_open(path, &im->set.choice, err);
    if (src && import_format(src)->kind == IMPORT_PLAN) {
        bool ok = read_plan(im, path, src, err);
        import_close(src);
        return ok;
    }
    struct session *s = src ? import_read_session(src, &im->set.choice, err) : NULL;
    if (s && im->n == 0) im->report.format = slice_z(import_format(src)->name);
    bool ok = s && add_session(im, path, s, err);
    import_close(src);
    return ok;
}

static void print_list(const struct import *im)
{
    struct buf text = BUF_INIT(SCENARIO_MAX);
    unsigned width = import_list_width();
    for (size_t i = 0; i < im->n; i++)
        import_list(im->sessions[i], width, &text);
    if (im->plan) import_list_plan(im->plan, &im->report, width, &text);
    fwrite(text.p, 1, text.n, stdout);
    buf_free(&text);
}

static bool read_all(struct import *im, const struct opt_rest *rest, struct err *err)
{
    if (rest->n == 0) return err_set(err, ERR_USAGE, "no recording was given");
    if (rest->n > RECORDING_MAX)
        return err_set(err, ERR_USAGE, "more than %d recordings", RECORDING_MAX);
    for (size_t i = 0; i < rest->n; i++)
        if (!read_one(im, rest->v[i], err)) return false;
    return true;
}

/* A feed's path is read from the scenario's folder: an absolute one is right from everywhere. */
static bool open_feed(struct import *im, struct err *err)
{
    if (!im->set.feed) return true;
    if (!file_read(&im->feed, im->set.feed, FEED_MAX, err)) return false;
    char *full = realpath(im->set.feed, NULL);
    im->cfg.feed = arena_z(im->a, slice_z(full ? full : im->set.feed));
    im->cfg.feed_text = im->feed.text;
    free(full);
    return true;
}

static bool import(struct import *im, const struct opt_rest *rest, struct err *err)
{
    if (!read_all(im, rest, err)) return false;
    if (im->set.list) {
        print_list(im);
        return true;
    }
    if (!open_feed(im, err)) return false;
    struct slice secrets;
    if (!import_files_name(&im->set.to, im->a, rest->v[0], &secrets, err)) return false;
    im->cfg.secrets_file = arena_z(im->a, secrets);
    im->cfg.unique = slices(im->a, &im->set.unique);
    im->cfg.unique_n = im->set.unique.n;
    im->cfg.keep_names = im->set.keep_names;
    im->cfg.hosts = slices(im->a, &im->set.hosts);
    im->cfg.hosts_n = im->set.hosts.n;
    im->cfg.keep_static = im->set.keep_static;
    im->cfg.keep_third_party = im->set.keep_third_party;
    im->cfg.pause_factor = im->set.pause_factor;
    struct scenario *s = im->plan;
    if (!s)
        s = correlate((const struct session *const *)im->sessions, im->n, &im->cfg, &im->report,
                      err);
    if (!s) return false;
    s->name = arena_dup(s->arena, import_stem(slice_z(rest->v[0])));
    bool ok = import_files_write(&im->set.to, im->a, s, &im->report, err);
    if (ok && !im->set.quiet) import_files_tell(&im->set.to, &im->report, im->set.explain);
    scenario_free(s);
    im->plan = NULL;
    return ok;
}

static int run(int argc, char **argv)
{
    struct import im = { .set = { .pause_factor = 1 }, .a = arena_new() };
    struct opt_rest rest = { 0 };
    struct err err = { 0 };
    int code = 0;
    enum opt_go go = opts_read(&command, &im.set, argc, argv, &rest, &err);
    if (go == OPT_GO) import(&im, &rest, &err);
    if (err_is(&err)) code = cmd_fail(command.name, &err);
    for (size_t i = 0; i < im.n; i++)
        session_free(im.sessions[i]);
    scenario_free(im.plan);
    file_close(&im.feed);
    opts_free(&command, &im.set, &rest);
    arena_free(im.a);
    return code;
}

const struct cmd cmd_import = { "import", "recordings to a scenario, tokens found", run };
