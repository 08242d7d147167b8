/* The HTML pages as they stand in the repository, embedded, and how data gets into them.
 *
 * Called by the writers of reports and comparisons. The assembler reads the files from the top folder, where
 * make runs. */
#include "results/page.h"

#define EMBED(name, file)                                           \
    __asm__(".section .rodata\n"                                    \
            ".global " name ", " name "_end\n" name ":\n"           \
            ".incbin \"results/" file "\"\n" name "_end: .byte 0\n" \
            ".previous\n")

EMBED("results_page_frame", "page.html");
EMBED("results_page_report", "report.html");
EMBED("results_page_compare", "compare.html");
extern const char results_page_frame[], results_page_frame_end[];
extern const char results_page_report[], results_page_report_end[];
extern const char results_page_compare[], results_page_compare_end[];

static struct slice between(const char *from, const char *to)
{
    return (struct slice){ from, (size_t)(to - from) };
}

struct slice page_report(void)
{
    return between(results_page_report, results_page_report_end);
}

struct slice page_compare(void)
{
    return between(results_page_compare, results_page_compare_end);
}

/* Inside <script>, "<" may end it: written as its escape, which means the same in JSON. */
static void add_for_script(struct buf *out, struct slice json)
{
    for (size_t at; (at = slice_chr(json, '<')) != SLICE_NONE; json = slice_from(json, at + 1)) {
        buf_add(out, slice_sub(json, 0, at));
        buf_addz(out, "\\u003c");
    }
    buf_add(out, json);
}

/* What stands before the mark goes out, *rest is what stands behind it. */
static void add_up_to(struct buf *out, struct slice *rest, struct slice mark)
{
    size_t at = slice_find(*rest, mark);
    buf_add(out, slice_sub(*rest, 0, at));
    *rest = slice_from(*rest, at + mark.n);
}

void page_write(struct buf *out, struct slice page, struct slice json)
{
    struct slice frame = between(results_page_frame, results_page_frame_end);
    add_up_to(out, &frame, SL("/*DATA*/null"));
    add_for_script(out, json);
    add_up_to(out, &frame, SL("<!--PAGE-->"));
    buf_add(out, page);
    buf_add(out, frame);
}
