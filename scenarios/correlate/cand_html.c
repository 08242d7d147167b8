/* Candidates in a page: form fields, metas, data- attributes, links and actions, scripts, other text.
 *
 * Reads pages and HTML inside JSON strings. Whole pages give XPath by name (never by position), fragments
 * a pattern over what their base finds. Knows the form around a field, because a hidden field that comes
 * back in a post to that form's action is a token whatever its value looks like. */
#include "scenarios/correlate/cand.h"

#include "scenarios/correlate/coding.h"
#include "scenarios/html_scan.h"
#include "scenarios/value.h"

struct html_page {
    struct scan *s;
    struct html_scan h;
    struct slice form_action; /* resolved; p == NULL: not in a form */
    struct slice form_id, form_name, form_action_raw;
    struct slice select; /* name of the select around */
    size_t select_options;
};

static struct slice undo(struct html_page *p, struct slice raw)
{
    struct slice text = raw;
    coding_decode(p->s->f->a, CODING_HTML, raw, &text);
    return text;
}

/* An XPath string literal; empty if the text has both quotes. */
static struct slice literal(struct html_page *p, struct slice s)
{
    if (slice_chr(s, '\'') == SLICE_NONE) return arena_printf(p->s->f->a, "'%.*s'", SL_FMT(s));
    if (slice_chr(s, '"') == SLICE_NONE) return arena_printf(p->s->f->a, "\"%.*s\"", SL_FMT(s));
    return (struct slice){ 0 };
}

static void xpath(struct html_page *p, struct origin *o, struct slice path)
{
    if (p->s->base || !path.n) return;
    o->page_end = p->h.at;
    way_add(o, (struct extract){ .kind = EXTRACT_HTML, .expr = path });
}

/* ---- forms ---------------------------------------------------------------------------------------- */

static void open_form(struct html_page *p)
{
    struct slice action = undo(p, html_attr(&p->h, SL("action")));
    p->form_id = html_attr(&p->h, SL("id"));
    p->form_name = html_attr(&p->h, SL("name"));
    p->form_action_raw = action;
    p->form_action = url_resolve(p->s->f->a, p->s->it->ex->request.url, action);
    if (!p->form_action.p) p->form_action = SL("");
}

/* The form around, by what names it best; empty: nothing does. */
static struct slice form_path(struct html_page *p)
{
    struct arena *a = p->s->f->a;
    if (!p->form_action.p) return (struct slice){ 0 };
    if (p->form_id.n && value_bits(p->form_id) < BITS_MEDIUM)
        return arena_printf(a, "//form[@id=%.*s]", SL_FMT(literal(p, p->form_id)));
    if (p->form_name.n && value_bits(p->form_name) < BITS_MEDIUM)
        return arena_printf(a, "//form[@name=%.*s]", SL_FMT(literal(p, p->form_name)));
    struct slice act = p->form_action_raw;
    size_t q = slice_chr(act, '?');
    if (q != SLICE_NONE) act = slice_sub(act, 0, q);
    size_t last = act.n;
    while (last > 0 && act.p[last - 1] != '/')
        last--;
    if (act.n && value_bits(act) < BITS_MEDIUM)
        return arena_printf(a, "//form[starts-with(@action,%.*s)]", SL_FMT(literal(p, act)));
    return (struct slice){ 0 };
}

static void field_ways(struct html_page *p, struct origin *o, const char *element,
                       struct slice name)
{
    struct arena *a = p->s->f->a;
    struct slice quoted = literal(p, name), form = form_path(p);
    if (!quoted.n) return;
    xpath(p, o, arena_printf(a, "//%s[@name=%.*s]/@value", element, SL_FMT(quoted)));
    if (form.n)
        xpath(
            p, o,
            arena_printf(a, "%.*s//%s[@name=%.*s]/@value", SL_FMT(form), element, SL_FMT(quoted)));
}

static void input(struct html_page *p)
{
    struct slice name = undo(p, html_attr(&p->h, SL("name"))), raw = html_attr(&p->h, SL("value"));
    struct slice type = html_attr(&p->h, SL("type"));
    bool hidden = slice_ieq(type, SL("hidden"));
    /* Joomla and others: the token is the field's name. */
    if (hidden && value_is_token_name(name)) {
        struct value *v = scan_value(p->s, name, SL("name"), ORIGIN_INPUT);
        struct origin *o = v ? scan_origin(p->s, v, ORIGIN_INPUT, SL("name")) : NULL;
        if (o) way_between(p->s, o, html_attr(&p->h, SL("name")), CODING_NONE);
    }
    if (!raw.n) return;
    struct slice text = undo(p, raw);
    struct value *v = scan_value(p->s, text, name, ORIGIN_INPUT);
    struct origin *o = v ? scan_origin(p->s, v, ORIGIN_INPUT, name) : NULL;
    if (!o) {
        struct cand_url u = { .url = raw, .kind = ORIGIN_LINK, .coding = CODING_HTML };
        if (hidden && slice_chr(raw, '/') != SLICE_NONE) cand_url(p->s, &u);
        return;
    }
    o->hidden = hidden;
    o->form = p->form_action;
    field_ways(p, o, "input", name);
    struct slice id = html_attr(&p->h, SL("id"));
    if (!name.n && id.n)
        xpath(p, o, arena_printf(p->s->f->a, "//input[@id=%.*s]/@value", SL_FMT(literal(p, id))));
    way_between(p->s, o, raw, text.n == raw.n ? CODING_NONE : CODING_HTML);
}

/* An option: by its select and whether the page had it selected. */
static void option(struct html_page *p)
{
    struct slice raw = html_attr(&p->h, SL("value")), text = undo(p, raw);
    p->select_options++;
    struct value *v = raw.n ? scan_value(p->s, text, p->select, ORIGIN_OPTION) : NULL;
    struct origin *o = v ? scan_origin(p->s, v, ORIGIN_OPTION, p->select) : NULL;
    if (!o) return;
    struct arena *a = p->s->f->a;
    struct slice name = literal(p, p->select);
    bool selected = html_has(&p->h, SL("selected"));
    o->chosen = selected || p->select_options == 1;
    o->form = p->form_action;
    struct html_scan ahead = p->h;
    struct slice label =
        html_scan_next(&ahead) == HTML_TEXT ? slice_trim(undo(p, ahead.body)) : SL("");
    o->record = slice_chr(label, '@') != SLICE_NONE || (text.n >= 3 && !value_is_digits(label));
    if (selected && name.n)
        xpath(p, o,
              arena_printf(a, "//select[@name=%.*s]//option[@selected]/@value", SL_FMT(name)));
    else if (p->select_options == 1 && name.n)
        xpath(p, o, arena_printf(a, "//select[@name=%.*s]//option[1]/@value", SL_FMT(name)));
    if (label.n && label.n < 80 && name.n && literal(p, label).n)
        xpath(p, o,
              arena_printf(a, "//select[@name=%.*s]//option[normalize-space()=%.*s]/@value",
                           SL_FMT(name), SL_FMT(literal(p, label))));
    way_between(p->s, o, raw, text.n == raw.n ? CODING_NONE : CODING_HTML);
}

/* ---- other attributes ----------------------------------------------------------------------------- */

static void meta(struct html_page *p)
{
    struct slice raw = html_attr(&p->h, SL("content")), text = undo(p, raw), name, key = SL("name");
    name = html_attr(&p->h, SL("name"));
    if (!name.n) {
        key = SL("property");
        name = html_attr(&p->h, key);
    }
    struct value *v = raw.n && name.n ? scan_value(p->s, text, name, ORIGIN_META) : NULL;
    struct origin *o = v ? scan_origin(p->s, v, ORIGIN_META, name) : NULL;
    if (!o) return;
    xpath(p, o,
          arena_printf(p->s->f->a, "//meta[@%.*s=%.*s]/@content", SL_FMT(key),
                       SL_FMT(literal(p, name))));
    way_between(p->s, o, raw, text.n == raw.n ? CODING_NONE : CODING_HTML);
}

static bool is_url_attr(struct slice name)
{
    static const char *const names[] = { "href",     "action",    "src",         "formaction",
                                         "data-url", "data-href", "data-action", "data-remote",
                                         "hx-get",   "hx-post",   "cite" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_ieq(name, slice_z(names[i]))) return true;
    return false;
}

static void url_attr(struct html_page *p, struct slice raw)
{
    struct cand_url u = { .url = raw, .kind = ORIGIN_LINK, .coding = CODING_HTML };
    if (slice_ieq(p->h.tag, SL("form"))) u.form = p->form_action;
    cand_url(p->s, &u);
}

static bool looks_like_text(struct slice s)
{
    return s.n > 1 && (s.p[0] == '{' || s.p[0] == '[' || slice_chr(s, '(') != SLICE_NONE);
}

/* Any other attribute: whole, by its own name, then what it holds. */
static void other_attr(struct html_page *p, const struct html_attr *at)
{
    struct slice text = undo(p, at->value);
    bool data = slice_istarts(at->name, SL("data-"));
    struct value *v = scan_value(p->s, text, at->name, ORIGIN_DATA);
    struct origin *o = v ? scan_origin(p->s, v, ORIGIN_DATA, at->name) : NULL;
    if (o) {
        struct slice id = html_attr(&p->h, SL("id"));
        if (id.n && !slice_ieq(at->name, SL("id")) && value_bits(id) < BITS_MEDIUM)
            xpath(p, o,
                  arena_printf(p->s->f->a, "//*[@id=%.*s]/@%.*s", SL_FMT(literal(p, id)),
                               SL_FMT(at->name)));
        if (data)
            xpath(p, o,
                  arena_printf(p->s->f->a, "//*[@%.*s]/@%.*s", SL_FMT(at->name), SL_FMT(at->name)));
        way_between(p->s, o, at->value, text.n == at->value.n ? CODING_NONE : CODING_HTML);
        return;
    }
    if (data && (slice_chr(at->value, '/') != SLICE_NONE)) url_attr(p, at->value);
    if (looks_like_text(at->value))
        cand_script_in(p->s, at->value);
    else
        cand_runs(p->s, at->value);
}

static void attributes(struct html_page *p)
{
    bool link = slice_ieq(p->h.tag, SL("link")) || slice_ieq(p->h.tag, SL("script")) ||
                slice_ieq(p->h.tag, SL("img"));
    if (link) return; /* addresses of assets are no tokens */
    for (unsigned i = 0; i < p->h.attrs_n; i++) {
        const struct html_attr *at = &p->h.attrs[i];
        bool own = slice_ieq(at->name, SL("value")) || slice_ieq(at->name, SL("name")) ||
                   slice_ieq(at->name, SL("class")) || slice_ieq(at->name, SL("style")) ||
                   slice_ieq(at->name, SL("content"));
        if (!at->value.n || at->value.n > 100000 || own) continue;
        if (is_url_attr(at->name))
            url_attr(p, at->value);
        else
            other_attr(p, at);
    }
}

/* ---- the page ------------------------------------------------------------------------------------- */

static void button(struct html_page *p)
{
    struct slice raw = html_attr(&p->h, SL("value")), name = html_attr(&p->h, SL("name"));
    struct value *v = raw.n && name.n ? scan_value(p->s, undo(p, raw), name, ORIGIN_INPUT) : NULL;
    struct origin *o =
        v && v->bits >= BITS_STRONG ? scan_origin(p->s, v, ORIGIN_INPUT, name) : NULL;
    if (!o) return;
    o->form = p->form_action;
    field_ways(p, o, "button", name);
}

static void open_tag(struct html_page *p)
{
    struct slice tag = p->h.tag;
    if (slice_ieq(tag, SL("form"))) open_form(p);
    if (slice_ieq(tag, SL("select"))) {
        p->select = undo(p, html_attr(&p->h, SL("name")));
        p->select_options = 0;
    }
    if (slice_ieq(tag, SL("input")))
        input(p);
    else if (slice_ieq(tag, SL("option")))
        option(p);
    else if (slice_ieq(tag, SL("meta")))
        meta(p);
    else if (slice_ieq(tag, SL("button")))
        button(p);
    attributes(p);
}

/* A script or a textarea: read in place, so that boundaries are those of the whole page. */
static void raw_text(struct html_page *p)
{
    struct slice tag = p->h.tag;
    if (slice_ieq(tag, SL("style")) || slice_ieq(tag, SL("title"))) return;
    if (slice_ieq(tag, SL("textarea"))) {
        cand_runs(p->s, p->h.body);
        return;
    }
    cand_script_in(p->s, p->h.body);
}

void cand_html(struct scan *s)
{
    struct html_page *p = arena_one(s->f->a, struct html_page);
    p->s = s;
    html_scan_init(&p->h, s->text);
    for (enum html_tok t = html_scan_next(&p->h); t != HTML_END; t = html_scan_next(&p->h)) {
        if (t == HTML_OPEN)
            open_tag(p);
        else if (t == HTML_CLOSE && slice_ieq(p->h.tag, SL("form")))
            p->form_action = (struct slice){ 0 };
        else if (t == HTML_TEXT)
            cand_runs(s, p->h.body);
        else if (t == HTML_RAW)
            raw_text(p);
    }
}
