/* The HTML pages as they stand in the repository, embedded, and how data gets into them.
 *
 * Called by the writers of reports and comparisons. The assembler reads the files from the top folder, where
 * make runs. */
#include "results/page.h"

__asm__(".section .rodata\n"
        ".global results_page_report, results_page_report_end\n"
        "results_page_report:\n"
        ".incbin \"results/report.html\"\n"
        "results_page_report_end: .byte 0\n"
        ".global results_page_compare, results_page_compare_end\n"
        "results_page_compare:\n"
        ".incbin \"results/compare.html\"\n"
        "results_page_compare_end: .byte 0\n"
        ".previous\n");
extern const char results_page_report[], results_page_report_end[];
extern const char results_page_compare[], results_page_compare_end[];

struct slice page_report(void)
{
    return (struct slice){ results_page_report,
                           (size_t)(results_page_report_end - results_page_report) };
}

struct slice page_compare(void)
{
    return (struct slice){ results_page_compare,
                           (size_t)(results_page_compare_end - results_page_compare) };
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

void page_write(struct buf *out, struct slice page, struct slice json)
{
    struct slice mark = SL("/*DATA*/null");
    size_t at = slice_find(page, mark);
    buf_add(out, slice_sub(page, 0, at));
    add_for_script(out, json);
    buf_add(out, slice_from(page, at + mark.n));
}
