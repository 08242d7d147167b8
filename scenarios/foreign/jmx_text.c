/* JMeter's variables and functions: ${name}, ${__Random(1,6)}. Called by the other files of the JMX reader.
 *
 * Properties (__P) take their defaults. A function that we have none for is left out with a warning. */
#include "scenarios/foreign/jmx.h"

#include "base/num.h"
#include "scenarios/template.h"

#define TEXT_MAX ((size_t)64 << 20)

struct jmx_function {
    const char *name, *ours; /* %1 %2: its arguments as they stand; NULL: see code */
};

static const struct jmx_function functions[] = {
    { "__UUID", "uuid()" },       { "__Random", "random(%1, %2)" },    { "__threadNum", "vu" },
    { "__counter", "counter()" }, { "__RandomString", "randstr(%1)" },
};

/* The nth argument (from 1) of "name(a,b)", without blanks. */
static struct slice argument(struct slice call, size_t nth)
{
    struct slice name, args = { 0 }, one = { 0 };
    if (!slice_cut(call, '(', &name, &args)) return one;
    if (slice_ends(args, SL(")"))) args = slice_sub(args, 0, args.n - 1);
    while (nth > 0 && slice_next(&args, ',', &one))
        nth--;
    return nth == 0 ? slice_trim(one) : (struct slice){ 0 };
}

static void add_call(struct buf *out, const char *ours, struct slice call)
{
    buf_addz(out, "${");
    for (; *ours; ours++) {
        if (*ours != '%') {
            buf_addc(out, *ours);
            continue;
        }
        struct slice a = argument(call, (size_t)(*++ours - '0'));
        double number;
        buf_add(out, num_f64(a, &number) ? a : SL("1"));
    }
    buf_addz(out, "}");
}

static bool add_time(struct buf *out, struct slice call)
{
    struct slice format = argument(call, 1);
    if (format.n == 0) return buf_addz(out, "${now_ms()}");
    if (slice_eq(format, SL("/1000"))) return buf_addz(out, "${now()}");
    return false;
}

static bool add_function(struct jmx *j, struct buf *out, struct slice call, enum foreign_encode how)
{
    struct slice name = slice_sub(call, 0, slice_chr(call, '('));
    if (slice_eq(name, SL("__P")) || slice_eq(name, SL("__property"))) {
        size_t at = slice_eq(name, SL("__P")) ? 2 : 3;
        struct slice value = argument(call, at);
        if (value.n == 0) value = at == 2 ? SL("1") : argument(call, 1);
        foreign_add_text(out, value, how);
        foreign_warn(j->f, ADVICE_LOOK,
                     "the property %.*s of JMeter is taken with its default \"%.*s\"",
                     SL_FMT(argument(call, 1)), SL_FMT(value));
        return true;
    }
    if (slice_eq(name, SL("__time"))) return add_time(out, call);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (slice_eq(name, slice_z(functions[i].name))) {
            add_call(out, functions[i].ours, call);
            return true;
        }
    return false;
}

static void add_expr(struct jmx *j, struct buf *out, struct slice expr, enum foreign_encode how)
{
    if (!slice_starts(expr, SL("__"))) {
        foreign_add_var(j->f, out, expr, how);
        return;
    }
    if (add_function(j, out, expr, how)) return;
    foreign_warn(j->f, ADVICE_ADD,
                 "the function ${%.*s} of JMeter has no counterpart: it is left out",
                 (int)(expr.n < 80 ? expr.n : 80), expr.p);
}

struct slice jmx_text(struct jmx *j, struct slice text, enum foreign_encode how)
{
    struct buf b = BUF_INIT(TEXT_MAX);
    size_t at;
    if (text.n == 0) return (struct slice){ 0 };
    while ((at = slice_find(text, SL("${"))) != SLICE_NONE) {
        size_t end = template_expr_end(text, at);
        if (end == SLICE_NONE) break;
        foreign_add_text(&b, slice_sub(text, 0, at), how);
        add_expr(j, &b, slice_sub(text, at + 2, end - 1), how);
        text = slice_from(text, end);
    }
    foreign_add_text(&b, text, how);
    struct slice out = arena_dup(j->f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

bool jmx_number(struct jmx *j, struct slice text, double *out)
{
    text = slice_trim(text);
    if (num_f64(text, out)) return true;
    if (slice_find(text, SL("${")) == SLICE_NONE) return false;
    return num_f64(slice_trim(foreign_resolved(j->f, jmx_text(j, text, FOREIGN_PLAIN))), out);
}

/* ---- declarations --------------------------------------------------------------------------------- */

static void declare_arguments(struct jmx *j, const struct xml_node *n, struct slice list)
{
    const struct xml_node *c = jmx_prop_node(n, list);
    const struct xml_node *args =
        c && slice_eq(c->name, SL("elementProp")) ? jmx_prop_node(c, SL("Arguments.arguments")) : c;
    for (const struct xml_node *a = args ? args->child : NULL; a; a = a->next) {
        struct slice name = slice_trim(jmx_prop(a, SL("Argument.name")));
        if (name.n)
            foreign_constant(j->f, name,
                             jmx_text(j, jmx_prop(a, SL("Argument.value")), FOREIGN_PLAIN));
    }
}

static void declare_names(struct jmx *j, struct slice names, char separator)
{
    struct slice one;
    while (slice_next(&names, separator, &one))
        if (slice_trim(one).n) foreign_declare(j->f, slice_trim(one), (struct slice){ 0 });
}

static void declare_csv(struct jmx *j, const struct xml_node *n)
{
    struct slice delimiter = jmx_prop(n, SL("delimiter"));
    bool tab = slice_eq(delimiter, SL("\\t")) || slice_eq(delimiter, SL("tab"));
    struct foreign_csv csv = { .file = jmx_prop(n, SL("filename")),
                               .columns = jmx_prop(n, SL("variableNames")),
                               .skip_first = jmx_flag(n, SL("ignoreFirstLine")),
                               .recycle = !slice_eq(jmx_prop(n, SL("recycle")), SL("false")),
                               .stop_user = jmx_flag(n, SL("stopThread")) };
    csv.delimiter = tab ? '\t' : delimiter.n == 1 ? delimiter.p[0] : ',';
    if (csv.recycle) csv.stop_user = false;
    char *file = arena_z(j->f->a, csv.file);
    for (size_t i = 0; i < csv.file.n; i++)
        if (file[i] == '\\') file[i] = '/';
    csv.file.p = file;
    struct slice base = csv.file, head;
    while (slice_cut(base, '/', &head, &base))
        ;
    foreign_feed(j->f, slice_sub(base, 0, slice_chr(base, '.')), &csv);
}

static void declare_random(struct jmx *j, const struct xml_node *n)
{
    double from = 1, to = 1;
    struct slice name = jmx_prop(n, SL("variableName"));
    if (name.n == 0) return;
    if (!jmx_number(j, jmx_prop(n, SL("minimumValue")), &from)) from = 1;
    if (!jmx_number(j, jmx_prop(n, SL("maximumValue")), &to) || to < from) to = from;
    foreign_declare(j->f, name,
                    arena_printf(j->f->a, "random(%.0f, %.0f, %.*s)", from, to,
                                 SL_FMT(foreign_name(j->f, name))));
}

static void declare_one(struct jmx *j, const struct xml_node *n)
{
    static const struct slice names[] = {
        { "RegexExtractor.refname", 22 },  { "BoundaryExtractor.refname", 25 },
        { "HtmlExtractor.refname", 21 },   { "XPathExtractor.refname", 22 },
        { "XPathExtractor2.refname", 23 }, { "VAR", 3 }
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        declare_names(j, jmx_prop(n, names[i]), '\n');
    declare_names(j, jmx_prop(n, SL("JSONPostProcessor.referenceNames")), ';');
    if (jmx_is(n, SL("TestPlan"))) declare_arguments(j, n, SL("TestPlan.user_defined_variables"));
    if (jmx_is(n, SL("Arguments"))) declare_arguments(j, n, SL("Arguments.arguments"));
    if (jmx_is(n, SL("CSVDataSet"))) declare_csv(j, n);
    if (jmx_is(n, SL("RandomVariableConfig"))) declare_random(j, n);
    struct slice counter = jmx_prop(n, SL("CounterConfig.name"));
    if (counter.n) foreign_declare(j->f, counter, SL("counter()"));
}

void jmx_declare(struct jmx *j, const struct xml_node *tree)
{
    const struct xml_node *sub, *n = tree ? jmx_pair(tree->child, &sub) : NULL;
    while (n) {
        if (jmx_enabled(n)) {
            declare_one(j, n);
            if (sub) jmx_declare(j, sub);
        }
        n = jmx_pair(sub ? sub->next : n->next, &sub);
    }
}
