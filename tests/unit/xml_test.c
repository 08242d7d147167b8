/* base/xml: what recordings hold and XML forbids, hostile documents, positions, cuts at every place. */
#include "base/xml.h"

#include <string.h>

#include "base/buf.h"
#include "tests/unit/test.h"

/* The document as one line: "<a x=1>text</a>". */
static void flatten(const struct xml_node *n, struct buf *out)
{
    for (; n; n = n->next) {
        buf_addf(out, "<%.*s", SL_FMT(n->name));
        for (size_t i = 0; i < n->attrs_n; i++)
            buf_addf(out, " %.*s=%.*s", SL_FMT(n->attrs[i].name), SL_FMT(n->attrs[i].value));
        buf_addz(out, ">");
        buf_add(out, n->text);
        flatten(n->child, out);
        buf_addz(out, "/");
    }
}

static bool read_flat(struct slice text, struct buf *out, struct err *err)
{
    char *guarded = test_guarded(text.p, text.n);
    struct arena *a = arena_new();
    struct xml *x = xml_open((struct slice){ guarded, text.n }, "t.xml");
    enum xml_event ev = xml_next(x);
    if (ev == XML_START) flatten(xml_tree(x, a), out);
    while (ev != XML_EOF && ev != XML_BAD)
        ev = xml_next(x);
    bool ok = xml_ok(x, err);
    xml_close(x);
    arena_free(a);
    test_guarded_free(guarded, text.n);
    return ok;
}

static void check_flat(struct slice text, struct slice want)
{
    struct buf out = BUF_INIT(1 << 20);
    struct err err = { 0 };
    if (!read_flat(text, &out, &err)) test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_S(buf_slice(&out), want);
    buf_free(&out);
}

static void check_bad(struct slice text, const char *part)
{
    struct buf out = BUF_INIT(1 << 20);
    struct err err = { 0 };
    CHECK(!read_flat(text, &out, &err));
    CHECK_U(err.code, ERR_INPUT);
    if (!strstr(err.text, part)) test_fail(__FILE__, __LINE__, "%s", err.text);
    buf_free(&out);
}

TEST(xml_elements_attributes_and_text)
{
    check_flat(SL("<a x='1' y=\"&lt;2&gt;\">t<b/>u</a>"), SL("<a x=1 y=<2>>tu<b>//"));
    check_flat(SL("<p:a xmlns:p='u'><p:b>&amp;&#65;&#x42;</p:b></p:a>"), SL("<a p=u><b>&AB//"));
    check_flat(SL("<a>\r\n  <b>1</b>\r\n  <b>2</b>\r\n</a>\r\n"), SL("<a>\n  <b>1/<b>2//"));
}

TEST(xml_declaration_doctype_comments_are_passed_over)
{
    check_flat(
        SL("\xef\xbb\xbf<?xml version=\"1.1\"?>\n<!-- > -->\n<!DOCTYPE a [\n<!ELEMENT a (b*)>\n"
           "<!-- ]> -->\n<!ATTLIST a x CDATA \"]>\">\n]>\n<a><!-- c --><?p i?>t</a>"),
        SL("<a>t/"));
    check_flat(SL("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>"), SL("<a>/"));
}

TEST(xml_bytes_that_xml_forbids_come_out_as_they_were)
{
    check_flat(SL("<a><![CDATA[a\0b\r\nc\x01\xff<&>]]></a>"), SL("<a>a\0b\r\nc\x01\xff<&>/"));
    check_flat(SL("<a>\xee\x80\x80\xee\x83\xbf &#0;&#x1b;&#13;</a>"),
               SL("<a>\xee\x80\x80\xee\x83\xbf \0\x1b\r/"));
    check_flat(SL("<a>\xed\xa0\x80 caf\xc3\xa9 \xf0\x9f\x98\x80 \xc3</a>"),
               SL("<a>\xed\xa0\x80 caf\xc3\xa9 \xf0\x9f\x98\x80 \xc3/"));
    check_flat(SL("<a x='\x01'/>"), SL("<a x=\x01>/"));
}

TEST(xml_long_doctype_and_blanks_keep_the_lines)
{
    struct buf b = BUF_INIT(1 << 16);
    buf_addz(&b, "<?xml version='1.0'?>\r\n\r\n<!DOCTYPE a [\n");
    for (int i = 0; i < 300; i++)
        buf_addz(&b, "<!ELEMENT b (c, d, e)>\n");
    buf_addz(&b, "]>\n\n<a>\n<!--");
    for (int i = 0; i < 300; i++)
        buf_addz(&b, " comment\n");
    size_t n = b.n;
    char want[400] = "<a>";
    memset(want + 3, '\n', 301);
    struct slice flat = { want, 304 + 5 };
    memcpy(want + 304, "<b>//", 5);
    buf_addz(&b, "--><b/></a>");
    check_flat(buf_slice(&b), flat);
    b.n = n;
    buf_addz(&b, "--><b></a>");
    check_bad(buf_slice(&b), "t.xml:607: not well-formed XML: ");
    buf_free(&b);
}

TEST(xml_other_encodings_become_utf8)
{
    check_flat(SL("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>"), SL("<a>\xc3\xa9/"));
    check_flat(SL("<?xml version='1.0' encoding='windows-1252'?><a>\x80\x9f</a>"),
               SL("<a>\xe2\x82\xac\xc5\xb8/"));
    check_flat(SL("\xff\xfe<\0a\0>\0\xe9\0<\0/\0a\0>\0"), SL("<a>\xc3\xa9/"));
}

TEST(xml_entities_of_a_dtd_do_not_exist)
{
    check_bad(SL("<!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;\">]>\n<l>&b;</l>"),
              "t.xml:2: entities of a DTD are not taken (&b;)");
    check_bad(SL("<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><l>&x;</l>"),
              "entities of a DTD are not taken");
    check_bad(SL("<!DOCTYPE l [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><l a='&x;'/>"),
              "entities of a DTD are not taken");
}

TEST(xml_errors_name_the_place)
{
    check_bad(SL("<a>\n<b>\n</a>"), "t.xml:3: not well-formed XML: ");
    check_bad(SL(""), "t.xml");
    check_bad(SL("<a><![CDATA[x"), "ends inside a CDATA section");
    check_bad(SL("<a><!-- x"), "ends inside a comment");
    check_bad(SL("<!DOCTYPE a ["), "its DOCTYPE");
}

TEST(xml_depth_is_limited)
{
    struct buf b = BUF_INIT(1 << 20);
    for (int i = 0; i < 100000; i++)
        buf_addz(&b, "<a>");
    check_bad(buf_slice(&b), "nested deeper than 200 levels");
    buf_free(&b);
}

TEST(xml_one_text_is_limited)
{
    struct buf b = BUF_INIT(80 << 20);
    buf_addz(&b, "<a>\n");
    char *room = buf_room(&b, 70 << 20);
    memset(room, 'x', 70 << 20);
    buf_grew(&b, 70 << 20);
    check_bad(buf_slice(&b), "a text longer than 24 MiB");
    memset(b.p + 1, 'b', 2 << 20);
    check_bad(buf_slice(&b), "a tag longer than 1 MiB");
    buf_free(&b);
}

TEST(xml_long_cdata_is_linear)
{
    struct buf b = BUF_INIT(40 << 20);
    buf_addz(&b, "<a><![CDATA[");
    char *room = buf_room(&b, 20 << 20);
    memset(room, '<', 20 << 20);
    buf_grew(&b, 20 << 20);
    buf_addz(&b, "]]></a>");
    struct arena *a = arena_new();
    struct xml *x = xml_open(buf_slice(&b), "t.xml");
    CHECK(xml_next(x) == XML_START);
    struct xml_node *n = xml_tree(x, a);
    CHECK(n);
    CHECK_U(n->text.n, 20 << 20);
    xml_close(x);
    arena_free(a);
    buf_free(&b);
}

TEST(xml_cut_anywhere_is_refused)
{
    struct slice all = SL("<?xml version='1.1'?><!DOCTYPE a [<!ELEMENT a (b)>]><a x='1'><!-- c -->"
                          "<b><![CDATA[<x>\r\n]]>&amp;</b></a>");
    for (size_t n = 0; n < all.n; n++)
        check_bad(slice_sub(all, 0, n), "t.xml");
}

TEST(xml_children_and_attributes_are_found)
{
    struct arena *a = arena_new();
    struct xml *x = xml_open(SL("<a><b k='1'> u </b><c/><b k='2'/></a>"), "t.xml");
    CHECK(xml_next(x) == XML_START);
    struct xml_node *n = xml_tree(x, a);
    struct xml_node *b = xml_child(n, SL("b"));
    CHECK_S(xml_attr(b, SL("k")), SL("1"));
    CHECK_S(xml_attr(xml_again(b, SL("b")), SL("k")), SL("2"));
    CHECK(!xml_again(xml_again(b, SL("b")), SL("b")));
    CHECK_S(xml_child_text(n, SL("b")), SL("u"));
    CHECK_U(xml_child_text(NULL, SL("b")).n, 0);
    CHECK_U(xml_attr(b, SL("none")).n, 0);
    xml_close(x);
    arena_free(a);
}

TEST(xml_root_name_of_a_start)
{
    CHECK_S(xml_root_name(
                SL("\xef\xbb\xbf<?xml version='1.1'?>\n<!-- n --><!DOCTYPE items [<!ELEMENT x>]>"
                   "<items burp")),
            SL("items"));
    CHECK_S(xml_root_name(SL("<con:soapui-project id=")), SL("soapui-project"));
    CHECK_S(xml_root_name(SL("  <tsung>")), SL("tsung"));
    CHECK_U(xml_root_name(SL("{\"a\":1}")).n, 0);
    CHECK_U(xml_root_name(SL("<!DOCTYPE a [")).n, 0);
    CHECK_U(xml_root_name(SL("")).n, 0);
}
