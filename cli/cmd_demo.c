/* reprise demo: the demo target alone (--serve), or the whole way once against it.
 *
 * --serve prints the base URL as its first line and serves until SIGINT or SIGTERM. */
#include "cli/cmd.h"

#include <signal.h>
#include <stdio.h>

#include "cli/demo.h"
#include "cli/opt.h"
#include "base/num.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct settings {
    bool serve;
    uint32_t port;
    uint64_t delay_ns;
    struct demo_way_cfg way;
};

static const struct opt options[] = {
    { OPT_FLAG, 0, "serve", NULL, offsetof(struct settings, serve),
      "Only serve the demo target: its base URL is the first line of the output.", NULL },
    { OPT_U32, 0, "port", "P", offsetof(struct settings, port),
      "With --serve: port on 127.0.0.1; 0, the default: any free one.", NULL },
    { OPT_DURATION, 0, "delay", "TIME", offsetof(struct settings, delay_ns),
      "With --serve: an answer waits about so long, as for a database (log-normal, the median).",
      NULL },
    { OPT_TEXT, 'u', "users", "N", offsetof(struct settings, way.users),
      "Virtual users of the load (50).", NULL },
    { OPT_TEXT, 't', "run-time", "TIME", offsetof(struct settings, way.run_time),
      "How long the load lasts (10s).", NULL },
    { OPT_TEXT, 0, "folder", "FOLDER", offsetof(struct settings, way.folder),
      "Where scenario and archive go, made if it is not there; a new one in /tmp if not given.",
      NULL },
};

static const struct opt_cmd command = {
    .name = "demo",
    .usage = "[options]",
    .about =
        "The whole way once: starts the demo target, a small shop with three kinds of login, on "
        "127.0.0.1; imports a recorded visit to it; replays that as load; prints the table, the "
        "archive's path and what the shop itself counted. With --serve only the shop: GET /truth "
        "tells what it counted.",
    .opts = options,
    .opts_n = COUNT(options),
};

static void print_truth(const struct demo_truth *truth)
{
    struct buf text = BUF_INIT(4096);
    demo_truth_json(truth, &text);
    fputs(buf_z(&text), stdout);
    buf_free(&text);
}

/* SIGINT and SIGTERM are blocked before the server's thread exists, so that they arrive here only. */
static int serve(uint16_t port, uint64_t delay_ns, struct err *err)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    struct demo *d = demo_start(port, delay_ns, err);
    if (!d) return 0;
    printf("http://127.0.0.1:%u\n", demo_port(d));
    fflush(stdout);
    int signum = 0;
    sigwait(&ends, &signum);
    struct demo_truth truth;
    demo_stop(d, &truth);
    print_truth(&truth);
    return 0;
}

static int demo(void *settings, const struct opt_rest *rest, struct err *err)
{
    const struct settings *set = settings;
    if (rest->n > 0)
        return err_set(err, ERR_USAGE, "\"%s\" is not understood: demo has no operands",
                       rest->v[0]);
    if (set->port > UINT16_MAX)
        return err_set(err, ERR_USAGE, "port %u is larger than %u", set->port, UINT16_MAX);
    return set->serve ? serve((uint16_t)set->port, set->delay_ns, err) : demo_way(&set->way, err);
}

static int run(int argc, char **argv)
{
    struct settings set = { .way = { .users = "50", .run_time = "10s" } };
    return cmd_with_options(&command, &set, argc, argv, demo);
}

const struct cmd cmd_demo = { "demo", "the embedded demo shop and the whole way once", run };
