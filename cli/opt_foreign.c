/* What options of other tools (Locust, k6, JMeter, GoReplay, wrk, hey, tshark) are called here, for the
 * message about an unknown option. Called by cli/opt.c. A letter that means two things elsewhere tells
 * both. Nothing here is understood as an option. */
#include <string.h>

#include "base/slice.h"
#include "cli/opt.h"

struct foreign {
    const char *command;
    const char *words; /* separated by blanks */
    const char *hint;
};

static const struct foreign table[] = {
    { "run", "-f --locustfile --class-picker",
      "the scenario has no option: reprise run shop.yaml" },
    { "run", "--vus -c --clients --concurrency", "use --users" },
    { "run", "--no-web --non-gui", "use --headless" },
    { "run", "-n", "use --iterations, or --headless for JMeter's -n" },
    { "run", "--requests", "use --iterations" },
    { "run", "--hatch-rate --ramp-up", "use --spawn-rate" },
    { "run", "-d --duration -z --time", "use --run-time" },
    { "run", "-R --rps --qps", "use --rate" },
    { "run", "--threads", "use --users; --workers for threads" },
    { "run", "-J -p --param", "use --env" },
    { "run", "--header --headers", "the scenario has them: defaults: { headers: { … } }" },
    { "run", "--insecure-skip-tls-verify", "use --insecure" },
    { "run", "--no-vu-connection-reuse --no-connection-reuse", "use --new-visitor" },
    { "run", "--local-ips", "use --source-ip" },
    { "run", "--dns", "use --dns-refresh" },
    { "run", "--blacklist-ip --block-hostnames",
      "nothing is sent but to the target and to --allow-host" },
    { "run", "--max-redirects", "the scenario has it: redirects: of a request" },
    { "run", "-v --verbose --http-debug", "reprise try shows every step" },
    { "run", "-l --list --show-task-ratio", "reprise check shows the plan; reprise report --jtl" },
    { "run", "--jtl", "reprise report ARCHIVE --jtl FILE" },
    { "run", "--json --summary-export", "use --json-file" },
    { "run", "-o --out --output",
      "use --json-file, --csv, --html, --influx, --statsd or --otlp; --archive has every request" },
    { "run", "-L --loglevel --logfile", "use --quiet or --only-summary" },
    { "run", "--config", "every option is also a variable of the environment: REPRISE_USERS" },
    { "run", "--reset-stats", "use --warm-up" },
    { "run", "--address", "use --web-host and --web-port" },
    { "run", "--web-login", "use --web-token" },
    { "run", "--master --worker --expect-workers --master-host",
      "use --processes; of several machines reprise report merges the archives" },
    { "run", "-T --tags -E --exclude-tags --scenarios", "a task with weight: 0 is left out" },
    { "run", "--input-file", "name the recording: reprise run FILE --timeline" },
    { "run", "--input-raw", "reprise capture -i IF -o FILE records" },
    { "run", "--input-file-loop", "use --copies" },
    { "run", "--output-http", "use --host" },
    { "import", "--http-allow-url --http-allow-method", "use --only" },
    { "import", "--http-disallow-url --skip", "use --exclude" },
    { "import", "--out", "use --output" },
    { "capture", "-w --write --out --output-file", "use --output" },
    { "capture", "-Y --display-filter -R", "use --filter, in tcpdump's language" },
    { "capture", "-a --autostop", "use --duration" },
    { "capture", "-c", "use --duration or --filter" },
    { "capture", "-s --snapshot-length", "packets are taken whole" },
    { "capture", "--input-raw", "use --interface, and --filter 'port 8080'" },
    { "report", "--json-file", "use --json" },
};

static bool has_word(const char *words, struct slice word)
{
    struct slice rest = slice_z(words), piece;
    while (slice_next(&rest, ' ', &piece))
        if (slice_eq(piece, word)) return true;
    return false;
}

const char *opt_foreign(const char *command, struct slice word)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].command, command) == 0 && has_word(table[i].words, word))
            return table[i].hint;
    return NULL;
}
