/* reprise report: archives to text and files. Several archives become the report of one run.
 *
 * Prints the text tables unless only files were asked for with --quiet. */
#include "cli/cmd.h"

#include <stdio.h>

#include "cli/opt.h"
#include "results/results.h"
#include "base/file.h"
#include "base/num.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TEXT_MAX (64U << 20)

struct settings {
    const char *csv, *html, *json, *junit, *markdown, *jtl, *jtl_xml, *hlog, *vegeta, *requests;
    const char *step, *group, *status;
    uint64_t from_ns, to_ns;
    bool quiet;
};

#define AT(field) offsetof(struct settings, field)
static const struct opt options[] = {
    { OPT_HEADING, 0, NULL, NULL, 0, "Files", NULL },
    { OPT_TEXT, 0, "csv", "PREFIX", AT(csv), "Locust's four CSV files.", NULL },
    { OPT_TEXT, 0, "html", "FILE", AT(html), "One self-contained page with charts.", NULL },
    { OPT_TEXT, 0, "json", "FILE", AT(json), "The summary (results/summary.schema.json).", NULL },
    { OPT_TEXT, 0, "junit", "FILE", AT(junit), "JUnit XML: a testcase per threshold and step.",
      NULL },
    { OPT_TEXT, 0, "markdown", "FILE", AT(markdown), "A table for a CI job's summary.", NULL },
    { OPT_TEXT, 0, "jtl", "FILE", AT(jtl), "JMeter's results, CSV.", NULL },
    { OPT_TEXT, 0, "jtl-xml", "FILE", AT(jtl_xml), "JMeter's results, XML.", NULL },
    { OPT_TEXT, 0, "hlog", "FILE", AT(hlog), "HdrHistogram's interval log.", NULL },
    { OPT_TEXT, 0, "vegeta", "FILE", AT(vegeta), "Every sample as vegeta's CSV.", NULL },
    { OPT_TEXT, 0, "requests", "FILE", AT(requests), "Every sample as Locust's request log.",
      NULL },
    { OPT_HEADING, 0, NULL, NULL, 0, "Filters", NULL },
    { OPT_DURATION, 0, "from", "TIME", AT(from_ns), "Only from this time of the run on.", NULL },
    { OPT_DURATION, 0, "to", "TIME", AT(to_ns), "Only up to this time of the run.", NULL },
    { OPT_TEXT, 0, "step", "NAME", AT(step), "Only the step of this name.", NULL },
    { OPT_TEXT, 0, "group", "NAME", AT(group), "Only the steps of this group.", NULL },
    { OPT_TEXT, 0, "status", "CODE", AT(status), "Only answers with this status: 503, or 5xx.",
      NULL },
    { OPT_HEADING, 0, NULL, NULL, 0, "Output", NULL },
    { OPT_FLAG, 'q', "quiet", NULL, AT(quiet), "Do not print the tables.", NULL },
};

static const struct opt_cmd command = {
    .name = "report",
    .usage = "ARCHIVE... [options]",
    .about = "Reads archives and prints their tables; several archives, from several machines, are "
             "merged exactly. \"-\" as a FILE is the standard output.",
    .opts = options,
    .opts_n = COUNT(options),
};

static bool read_status(const char *text, uint32_t *out, struct err *err)
{
    struct slice s = slice_z(text);
    uint64_t v = 0;
    *out = 0;
    if (s.n == 0) return true;
    bool family = s.n == 3 && slice_eq(slice_from(s, 1), SL("xx"));
    if (!num_u64(family ? slice_sub(s, 0, 1) : s, 999, &v) || v == 0)
        return err_set(err, ERR_USAGE, "--status %s: expected a status like 503 or 5xx", text);
    *out = (uint32_t)v;
    return true;
}

static bool export_samples(const struct settings *set, const struct archive_set *archives,
                           struct err *err)
{
    const struct {
        const char *path, *format;
    } outputs[] = { { set->jtl, "jtl" },
                    { set->jtl_xml, "jtl-xml" },
                    { set->vegeta, "vegeta" },
                    { set->requests, "requests" } };
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT(outputs); i++)
        if (outputs[i].path) ok = archive_export(archives, outputs[i].format, outputs[i].path, err);
    return ok && (!set->hlog || archive_export_hlog(archives, set->hlog, err));
}

static void print_text(const struct archive_load *l)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    stats_write_text(archive_load_stats(l), &text);
    fwrite(text.p, 1, text.n, stdout);
    if (archive_load_truncated(l))
        puts("ARCHIVE NOT WHOLE: it was cut or altered; this is the report of what is good\n"
             "(`reprise verify` tells more).");
    buf_free(&text);
}

/* What cannot be meant: an archive that is overwritten, or counted twice; no time at all. */
static bool makes_sense(const struct settings *set, const struct opt_rest *rest, struct err *err)
{
    const char *const files[] = { set->html,    set->json, set->junit,  set->markdown, set->jtl,
                                  set->jtl_xml, set->hlog, set->vegeta, set->requests };
    if (rest->n == 0) return err_set(err, ERR_USAGE, "which archive?");
    if (set->to_ns && set->from_ns >= set->to_ns)
        return err_set(err, ERR_USAGE, "--from is not before --to");
    for (size_t i = 0; i < COUNT(files); i++)
        if (!cmd_keeps_inputs(rest, files[i], err)) return false;
    for (size_t i = 1; i < rest->n; i++)
        for (size_t k = 0; k < i; k++)
            if (file_is_same(rest->v[k], rest->v[i]))
                return err_set(err, ERR_USAGE, "%s: given twice", rest->v[i]);
    return true;
}

static int report(void *settings, const struct opt_rest *rest, struct err *err)
{
    const struct settings *set = settings;
    struct archive_filter filter = { .from_ns = set->from_ns,
                                     .to_ns = set->to_ns,
                                     .step = slice_z(set->step),
                                     .group = slice_z(set->group) };
    struct archive_set archives = { rest->v, rest->n, &filter };
    struct result_files files = { .json = set->json,
                                  .html = set->html,
                                  .junit = set->junit,
                                  .markdown = set->markdown,
                                  .csv = set->csv,
                                  .csv_history = true };
    if (!makes_sense(set, rest, err) || !read_status(set->status, &filter.status, err)) return 0;
    struct archive_load *l = archive_load(rest->v, rest->n, &filter, err);
    if (!l) return 0;
    if (archive_load_mixed(l))
        fputs(
            "reprise report: the archives are of different scenarios: totals are of all together\n",
            stderr);
    bool ok = stats_write_files(archive_load_stats(l), &files, err) &&
              export_samples(set, &archives, err);
    if (ok && !set->quiet) print_text(l);
    archive_load_free(l);
    return 0;
}

static int run(int argc, char **argv)
{
    return cmd_with_options(&command, &(struct settings){ 0 }, argc, argv, report);
}

const struct cmd cmd_report = { "report", "archives to text, HTML, CSV, JTL, JUnit, JSON", run };
