/* reprise capture: packets of an interface, of capture files, or of a program that it runs, to a HAR.
 *
 * Order of a live capture: the device is opened (the only thing that needs privileges), privileges are
 * given up, the HAR is created, the program started. Signals are blocked and asked for between steps:
 * an interrupted live capture is a finished one. */
#include "cli/cmd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "capture/capture.h"
#include "cli/capture_child.h"
#include "cli/capture_out.h"
#include "cli/opt.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SILENT_STEPS 3     /* of 100 ms: then the program's last packets have come */
#define LINGER_NS NS_PER_S /* and where others are never silent, after this time */
#define DRAIN_STEPS 20

struct settings {
    const char *device, *filter, *keylog, *out, *user, *json;
    struct opt_list files;
    uint64_t duration_ns, idle_ns, buffer_bytes, body_bytes, memory_bytes;
    unsigned split;
    bool mask, quiet, list;
};

static const struct opt options[] = {
    { OPT_HEADING, 0, NULL, NULL, 0, "What to record", NULL },
    { OPT_TEXT, 'i', "interface", "IF", offsetof(struct settings, device),
      "Sniff this interface, \"any\" for all; with a command the default is any.", NULL },
    { OPT_FLAG, 'D', "list-interfaces", NULL, offsetof(struct settings, list),
      "List the interfaces, and end.", NULL },
    { OPT_LIST, 'r', "read", "FILE", offsetof(struct settings, files),
      "Read a pcap or pcapng file, gzip or not; \"-\" is standard input. Several files are read "
      "together in order of time.",
      NULL },
    { OPT_TEXT, 'f', "filter", "BPF", offsetof(struct settings, filter),
      "Only packets that pass this filter, in tcpdump's language.", NULL },
    { OPT_TEXT, 'k', "keylog", "FILE", offsetof(struct settings, keylog),
      "TLS key log (SSLKEYLOGFILE); followed while it grows. Secrets inside a pcapng are used too.",
      NULL },
    { OPT_DURATION, 't', "duration", "T", offsetof(struct settings, duration_ns),
      "End a live capture after this time.", NULL },
    { OPT_HEADING, 0, NULL, NULL, 0, "What to write", NULL },
    { OPT_TEXT, 'o', "output", "FILE", offsetof(struct settings, out),
      "The HAR, mode 0600 (session.har); \"-\" is standard output.", NULL },
    { OPT_TEXT, 0, "json", "FILE", offsetof(struct settings, json),
      "The completeness report as JSON; \"-\" is standard output.", NULL },
    { OPT_FLAG, 0, "mask", NULL, offsetof(struct settings, mask),
      "Mask cookies, credentials and tokens. A masked session cannot log in again.", NULL },
    { OPT_CHOICE, 0, "split", "BY", offsetof(struct settings, split),
      "One HAR for each client address, connection or session cookie: session-KEY.har.",
      "no|client|connection|cookie" },
    { OPT_FLAG, 'q', "quiet", NULL, offsetof(struct settings, quiet),
      "No counters and no report on standard error.", NULL },
    { OPT_HEADING, 0, NULL, NULL, 0, "Limits and rights", NULL },
    { OPT_TEXT, 0, "user", "NAME", offsetof(struct settings, user),
      "Become this user once the interface is open (who called sudo).", NULL },
    { OPT_BYTES, 0, "buffer", "N", offsetof(struct settings, buffer_bytes),
      "Kernel buffer of a live capture (64M).", NULL },
    { OPT_BYTES, 0, "max-body", "N", offsetof(struct settings, body_bytes),
      "Bytes kept of one body (64M).", NULL },
    { OPT_BYTES, 0, "memory", "N", offsetof(struct settings, memory_bytes),
      "Bytes held for all unfinished exchanges together (512M).", NULL },
    { OPT_DURATION, 0, "idle", "T", offsetof(struct settings, idle_ns),
      "A connection without packets for this time has ended (5m).", NULL },
};

static const struct opt_cmd command = {
    .name = "capture",
    .usage = "(-i IF | -r FILE... | -- COMMAND [ARG...] | -D) [options]",
    .about =
        "Turns network traffic into a session: TCP is put together, TLS decrypted where a key is "
        "known, HTTP/1, HTTP/2 and WebSocket decoded. Ends with a report of what was found and "
        "what was lost.",
    .after = "Examples:\n"
             "  reprise capture -i lo -f 'port 8080' -o session.har\n"
             "  reprise capture -r trace.pcapng -k keys.log -o session.har\n"
             "  reprise capture -i lo -- curl -k https://localhost:8443/\n",
    .opts = options,
    .opts_n = COUNT(options),
};

/* A capture in progress, as the command sees it. */
struct run {
    const struct settings *set;
    const char *const *child_argv; /* NULL: no program */
    struct capture_cfg cfg;
    struct capture_report report;
    struct capture *capture;
    struct capture_out *out;
    pid_t child;
    int child_code;
    uint64_t start_ns, last_told_ns, ended_ns; /* ended: the program */
    unsigned silent;
    bool interrupted;
    char keylog[4096]; /* made for the program; empty: none */
};

static bool signalled(void)
{
    struct timespec now = { 0 };
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    return sigtimedwait(&ends, NULL, &now) > 0;
}

static void block_signals(sigset_t *old)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, old);
}

/* Once a second, while live. */
static void tell(struct run *r)
{
    uint64_t now = clock_mono_ns();
    const struct capture_report *p = &r->report;
    if (r->cfg.files_n || now - r->last_told_ns < NS_PER_S) return;
    r->last_told_ns = now;
    capture_update(r->capture);
    if (r->set->quiet) return;
    fprintf(stderr,
            "%6.1f s  %llu packets  %llu flows  %llu exchanges  %llu incomplete  "
            "%llu lost by the kernel\n",
            (double)(now - r->start_ns) / (double)NS_PER_S, (unsigned long long)p->packets,
            (unsigned long long)p->flows, (unsigned long long)p->complete,
            (unsigned long long)p->incomplete, (unsigned long long)p->kernel_drops);
}

/* Whether the program has ended and its last packets have come. */
static bool program_over(struct run *r)
{
    if (r->child > 0 && child_ended(r->child, &r->child_code)) {
        r->child = 0;
        r->silent = 0;
        r->ended_ns = clock_mono_ns();
    }
    if (!r->child_argv || r->child > 0) return false;
    r->silent = capture_last_packets(r->capture) ? 0 : r->silent + 1;
    return r->silent >= SILENT_STEPS || clock_mono_ns() - r->ended_ns >= LINGER_NS;
}

static bool over(struct run *r)
{
    r->interrupted = signalled();
    if (r->interrupted) return true;
    if (r->cfg.files_n) return false;
    uint64_t limit = r->set->duration_ns;
    return program_over(r) || (limit && clock_mono_ns() - r->start_ns >= limit);
}

/* The kernel's buffer holds what came just before the end. */
static bool drain(struct run *r, struct err *err)
{
    for (unsigned i = 0; i < DRAIN_STEPS && !r->cfg.files_n; i++) {
        if (capture_step(r->capture, err) == CAPTURE_FAILED) return false;
        if (!capture_last_packets(r->capture)) break;
    }
    return true;
}

static bool loop(struct run *r, struct err *err)
{
    r->start_ns = r->last_told_ns = clock_mono_ns();
    if (!r->cfg.files_n && !r->set->quiet) fprintf(stderr, "capturing on %s\n", r->cfg.device);
    while (!over(r)) {
        switch (capture_step(r->capture, err)) {
        case CAPTURE_FAILED: return false;
        case CAPTURE_END: return true;
        case CAPTURE_GO: break;
        }
        if (!r->cfg.files_n && !capture_out_flush(r->out, err)) return false;
        tell(r);
    }
    return drain(r, err);
}

static bool start_program(struct run *r, struct err *err)
{
    const char *keylog = r->set->keylog;
    if (!r->child_argv) return true;
    if (!keylog) {
        if (!make_keylog(r->keylog, sizeof r->keylog, err)) return false;
        keylog = r->keylog;
        capture_set_keylog(r->capture, keylog);
    }
    r->child = start_child(r->child_argv, keylog, err);
    return r->child > 0;
}

/* The sink before the HAR exists: capture_open gives nothing yet. */
static bool put(void *arg, const struct exchange *ex, struct err *err)
{
    struct run *r = arg;
    struct capture_sink sink = capture_out_sink(r->out);
    return sink.put(sink.arg, ex, err);
}

static bool open_all(struct run *r, struct err *err)
{
    struct capture_sink sink = { put, r };
    r->capture = capture_open(&r->cfg, sink, &r->report, err);
    if (!r->capture) return false;
    if (!r->cfg.files_n && !give_up_privileges(r->set->user, err)) return false;
    r->out = capture_out_open(r->set->out, (enum capture_split)r->set->split, r->set->mask, err);
    return r->out && start_program(r, err);
}

static bool write_report(const struct run *r, struct err *err)
{
    struct buf text = BUF_INIT(1 << 20);
    bool ok = true;
    if (!r->set->quiet) {
        capture_report_text(&r->report, &text);
        fputs(buf_z(&text), stderr);
    }
    buf_reset(&text);
    capture_report_json(&r->report, &text);
    if (r->set->json && strcmp(r->set->json, "-") == 0)
        fputs(buf_z(&text), stdout);
    else if (r->set->json)
        ok = file_write(r->set->json, buf_slice(&text), err);
    buf_free(&text);
    return ok;
}

static void close_all(struct run *r, struct err *err)
{
    bool opened = r->capture && r->out;
    if (opened) capture_finish(r->capture, err);
    capture_free(r->capture);
    capture_out_close(r->out, err);
    if (r->keylog[0]) unlink(r->keylog);
    if (r->child > 0) kill(r->child, SIGTERM);
    if (opened) write_report(r, err);
}

static int record(struct run *r, struct err *err)
{
    sigset_t old;
    block_signals(&old);
    if (open_all(r, err)) loop(r, err);
    close_all(r, err);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (err_is(err)) return cmd_fail(command.name, err);
    if (r->interrupted && r->cfg.files_n) return 130;
    return r->child_code;
}

/* Options and operands to a configuration: exactly one kind of source. */
static bool configure(struct run *r, struct settings *set, struct opt_rest *rest, struct err *err)
{
    size_t program = rest->n - rest->before_dashes;
    for (size_t i = 0; i < rest->before_dashes; i++) { /* -r a.pcap b.pcap */
        if (!set->files.n)
            return err_set(err, ERR_USAGE,
                           "\"%s\": a filter goes behind -f, a file behind -r, a command behind --",
                           rest->v[i]);
    }
    r->child_argv = program ? rest->v + rest->before_dashes : NULL;
    if (set->files.n && (program || set->device))
        return err_set(err, ERR_USAGE, "-r reads files: neither -i nor a command goes with it");
    if (!set->files.n && !program && !set->device)
        return err_set(err, ERR_USAGE,
                       "nothing to record: -i IF (-D lists them), -r FILE or -- COMMAND is needed");
    if (set->user && set->files.n) return err_set(err, ERR_USAGE, "--user is for live captures");
    r->cfg.device = set->device ? set->device : "any";
    r->cfg.filter = set->filter;
    r->cfg.keylog = set->keylog;
    r->cfg.kernel_bytes = set->buffer_bytes;
    r->cfg.body_bytes = set->body_bytes;
    r->cfg.memory_bytes = set->memory_bytes;
    r->cfg.idle_ns = set->idle_ns;
    return true;
}

static int list_interfaces(void)
{
    struct err err = { 0 };
    struct buf text = BUF_INIT(1 << 20);
    bool ok = capture_devices(&text, &err);
    fputs(buf_z(&text), stdout);
    buf_free(&text);
    return ok ? 0 : cmd_fail(command.name, &err);
}

#define FILES_MAX 4096

static int run(int argc, char **argv)
{
    struct settings set = { .out = "session.har" };
    struct opt_rest rest = { 0 };
    struct err err = { 0 };
    struct run r = { .set = &set };
    const char *files[FILES_MAX];
    int code = 0;
    enum opt_go go = opts_read(&command, &set, argc, argv, &rest, &err);
    if (go == OPT_GO && set.list) {
        code = list_interfaces();
    } else if (go == OPT_GO && configure(&r, &set, &rest, &err)) {
        for (size_t i = 0; i < set.files.n + rest.before_dashes && set.files.n; i++)
            if (r.cfg.files_n < FILES_MAX)
                files[r.cfg.files_n++] = i < set.files.n ? set.files.v[i] : rest.v[i - set.files.n];
        r.cfg.files = files;
        code = record(&r, &err);
    } else if (err_is(&err)) {
        code = cmd_fail(command.name, &err);
    }
    opts_free(&command, &set, &rest);
    return code;
}

const struct cmd cmd_capture = { "capture",
                                 "traffic of an interface or a capture file to a session", run };
