/* Templates: what a scenario's ${…} becomes. */
#include "scenarios/template.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

struct fixture {
    struct arena *arena;
    struct scope *scope;
    struct slice values[8];
    struct rnd rnd;
    uint64_t counter;
    struct template_memo *memo;
    struct template_env env;
    struct buf out;
};

static void setup(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->arena = arena_new();
    f->scope = scope_new(f->arena);
    f->values[scope_slot(f->scope, SL("token"))] = SL("abc/+=");
    f->values[scope_slot(f->scope, SL("account.user"))] = SL("Jos\xc3\xa9 <x>");
    scope_slot(f->scope, SL("unset"));
    f->values[scope_slot(f->scope, SL("empty"))] = SL("");
    rnd_seed(&f->rnd, 1, 2);
    buf_init(&f->out, 100000);
    f->env =
        (struct template_env){ .values = f->values,
                               .rnd = &f->rnd,
                               .now_utc_ns = 1769860800123000000, /* 2026-01-31T12:00:00.123Z */
                               .vu = 7,
                               .iteration = 3,
                               .run = 12345,
                               .counter = &f->counter,
                               .memo = &f->memo,
                               .scratch = arena_new() };
}

static void teardown(struct fixture *f)
{
    template_memo_free(f->memo);
    arena_free(f->env.scratch);
    arena_free(f->arena);
    buf_free(&f->out);
}

static const struct template *compile(struct fixture *f, struct slice text)
{
    struct err err = { 0 };
    const struct template *t = template_compile(f->arena, f->scope, text, NULL, &err);
    if (!t) test_fail(__FILE__, __LINE__, "%.*s: %s", SL_FMT(text), err.text);
    return t;
}

static struct slice render(struct fixture *f, struct slice text)
{
    struct slice unset;
    buf_reset(&f->out);
    if (!template_render(compile(f, text), &f->env, &f->out, &unset))
        test_fail(__FILE__, __LINE__, "%.*s does not render, unset %.*s", SL_FMT(text),
                  SL_FMT(unset));
    arena_reset(f->env.scratch);
    return buf_slice(&f->out);
}

static const struct {
    const char *text, *want;
} renders[] = {
    { "", "" },
    { "plain $ text $x {y}", "plain $ text $x {y}" },
    { "Bearer ${token}", "Bearer abc/+=" },
    { "${token}${token}", "abc/+=abc/+=" },
    { "a${ token }b", "aabc/+=b" },
    { "$${token}", "${token}" },
    { "$$${token}", "$${token}" },
    { "cost: $${", "cost: ${" },
    { "${'$'}${token}", "$abc/+=" },
    { "${empty}", "" },
    { "${account.user}", "Jos\xc3\xa9 <x>" },
    { "${\"}\"}", "}" },
    { "${'it\\'s' + \" \\\"q\\\"\"}", "it's \"q\"" },
    { "${'a' + token + 'b'}", "aabc/+=b" },
    { "${urlencode(token)}", "abc%2F%2B%3D" },
    { "${formencode(account.user)}", "Jos%C3%A9+%3Cx%3E" },
    { "${urldecode('a%20b+c')}", "a b c" },
    { "${html(account.user)}", "Jos\xc3\xa9 &lt;x&gt;" },
    { "${json('say \\\"hi\\\"')}", "say \\\"hi\\\"" },
    { "${base64(token)}", "YWJjLys9" },
    { "${base64('?>' + '?>')}", "Pz4/Pg==" },
    { "${base64url('?>' + '?>')}", "Pz4_Pg" },
    { "${unbase64('YWJj')}", "abc" },
    { "${base64(upper(substr(token, 0, 3)) + '!')}", "QUJDIQ==" },
    { "${hex('AZ')}", "415a" },
    { "${unhex('415a')}", "AZ" },
    { "${lower('ABC')}${upper('abc')}", "abcABC" },
    { "${trim('  x ')}", "x" },
    { "${substr('abcdef', 2)}", "cdef" },
    { "${substr('abcdef', -2)}", "ef" },
    { "${substr('abcdef', -9, 2)}", "ab" },
    { "${substr('abc', 9)}", "" },
    { "${default(empty, 'x')}", "x" },
    { "${md5('')}", "d41d8cd98f00b204e9800998ecf8427e" },
    { "${sha1('abc')}", "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "${sha256('abc')}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "${sha256hex('abc')}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "${sha256('abc', base64)}", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" },
    { "${base64url(sha256('abc', raw))}", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" },
    /* RFC 4231 test case 2. */
    { "${hmac(sha256, 'Jefe', 'what do ya want for nothing?')}",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    /* RFC 7636 appendix B. */
    { "${pkce_challenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')}",
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" },
    { "${now()} ${now_ms()}", "1769860800 1769860800123" },
    { "${now_iso()}", "2026-01-31T12:00:00.123Z" },
    { "${today()} ${today(+1d)}T09:00", "2026-01-31 2026-02-01T09:00" },
    { "${now_iso(+1h30m)} ${now_iso(-1d)}", "2026-01-31T13:30:00.123Z 2026-01-30T12:00:00.123Z" },
    { "${vu}/${iteration}", "7/3" },
    { "${random(5, 5)}${random(-2,-2)}", "5-2" },
    { "${counter()}${counter()}", "12" },
    { "${unique()}", "xi9000u7i3" },
    { "${42 + '-' + 1.5}", "42-1.5" },
    { "${env(REPRISE_NO_SUCH, 'none')}", "none" },
    { "${env(REPRISE_TEST_VALUE)}", "from outside" },
};

TEST(template_renders)
{
    struct fixture f;
    setup(&f);
    setenv("REPRISE_TEST_VALUE", "from outside", 1);
    for (size_t i = 0; i < sizeof renders / sizeof *renders; i++) {
        struct slice text = slice_z(renders[i].text), got = render(&f, text);
        if (!slice_eq(got, slice_z(renders[i].want)))
            test_fail(__FILE__, __LINE__, "%s gives \"%.*s\", want \"%s\"", renders[i].text,
                      SL_FMT(got), renders[i].want);
        f.counter = 0;
    }
    teardown(&f);
}

static const struct {
    const char *text;
    size_t at;
    const char *says;
} mistakes[] = {
    { "ab${tokn}", 4, "unknown variable \"tokn\", did you mean \"token\"?" },
    { "${accout.user}", 2, "did you mean \"account.user\"?" },
    { "${}", 2, "is missing here" },
    { "${token", 7, "'}' is missing here" },
    { "${token token}", 8, "'}' is missing here" },
    { "${'open}", 2, "is not closed" },
    { "${bas64(token)}", 2, "unknown function \"bas64\", did you mean \"base64\"?" },
    { "${uuid}", 2, "uuid is a function: write uuid()" },
    { "${base64()}", 9, "is missing here" },
    { "${base64(token, token)}", 14, "')' is missing here" },
    { "${random(1)}", 10, "one more argument" },
    { "${random(9, 1)}", 9, "is larger than" },
    { "${random(token, 1)}", 9, "whole number" },
    { "${randstr(0)}", 10, "n must be" },
    { "${hmac(sha255, 'a', 'b')}", 7, "unknown digest" },
    { "${sha256('a', octal)}", 9, "no form of a digest" },
    { "${now_iso(soon)}", 10, "a time like" },
    { "${env(REPRISE_NO_SUCH)}", 6, "give -e REPRISE_NO_SUCH=VALUE" },
    { "${base64(base64(base64(base64(base64(base64(base64(base64(base64(base64(base64(base64("
      "base64(base64(base64(base64(base64(1)))))))))))))))))}",
      0, "nested deeper" },
};

TEST(template_mistakes_have_a_place)
{
    struct fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err err = { 0 };
        size_t at = 0;
        struct slice text = slice_z(mistakes[i].text);
        CHECK(!template_compile(f.arena, f.scope, text, &at, &err));
        if (!strstr(err.text, mistakes[i].says))
            test_fail(__FILE__, __LINE__, "%s: %s", mistakes[i].text, err.text);
        if (mistakes[i].at && at != mistakes[i].at)
            test_fail(__FILE__, __LINE__, "%s: at %zu, want %zu", mistakes[i].text, at,
                      mistakes[i].at);
    }
    teardown(&f);
}

TEST(template_names_the_variable_without_a_value)
{
    struct fixture f;
    struct slice unset;
    setup(&f);
    CHECK(!template_render(compile(&f, SL("x${unset}")), &f.env, &f.out, &unset));
    CHECK_S(unset, SL("unset"));
    CHECK(!template_render(compile(&f, SL("${base64('a' + unset)}")), &f.env, &f.out, &unset));
    CHECK_S(unset, SL("unset"));
    teardown(&f);
}

TEST(template_full_buffer_is_no_unset_variable)
{
    struct fixture f;
    struct slice unset;
    setup(&f);
    struct buf small = BUF_INIT(4);
    CHECK(!template_render(compile(&f, SL("${token}")), &f.env, &small, &unset));
    CHECK_U(unset.n, 0);
    buf_free(&small);
    teardown(&f);
}

TEST(template_tag_lasts_one_iteration)
{
    struct fixture f;
    char first[100];
    setup(&f);
    struct slice got = render(&f, SL("${uuid(a)} ${uuid(a)} ${uuid(b)} ${uuid()}"));
    CHECK_U(got.n, 147);
    memcpy(first, got.p, 36);
    CHECK(memcmp(got.p, got.p + 37, 36) == 0);
    CHECK(memcmp(got.p, got.p + 74, 36) != 0);
    CHECK(memcmp(got.p, got.p + 111, 36) != 0);
    CHECK(memcmp(render(&f, SL("${uuid(a)}")).p, first, 36) == 0);
    CHECK(memcmp(render(&f, SL("${base64(uuid(a))}")).p, first, 36) != 0);
    template_memo_reset(f.memo);
    CHECK(memcmp(render(&f, SL("${uuid(a)}")).p, first, 36) != 0);
    CHECK_U(render(&f, SL("${randstr(12, x)}")).n, 12);
    teardown(&f);
}

TEST(template_random_stays_in_range)
{
    struct fixture f;
    setup(&f);
    const struct template *t = compile(&f, SL("${random(3, 5)}"));
    unsigned seen[3] = { 0 };
    for (int i = 0; i < 300; i++) {
        struct slice unset;
        buf_reset(&f.out);
        CHECK(template_render(t, &f.env, &f.out, &unset));
        CHECK(f.out.n == 1 && f.out.p[0] >= '3' && f.out.p[0] <= '5');
        seen[f.out.p[0] - '3']++;
    }
    for (int i = 0; i < 3; i++)
        CHECK(seen[i] > 60);
    teardown(&f);
}

TEST(template_knows_what_is_static_and_used)
{
    struct fixture f;
    setup(&f);
    const struct template *t = compile(&f, SL("a$${b} ${'c'}"));
    CHECK(template_is_static(t));
    CHECK_S(template_static_text(t), SL("a${b} c"));
    CHECK(template_is_static(compile(&f, SL(""))));
    t = compile(&f, SL("${base64(hmac(sha1, token, 'x'))}"));
    CHECK(!template_is_static(t));
    CHECK(template_uses(t, scope_slot(f.scope, SL("token"))));
    CHECK(!template_uses(t, scope_slot(f.scope, SL("empty"))));
    teardown(&f);
}

TEST(template_escape_survives_compiling)
{
    static const char *const texts[] = { "",   "$",      "${",    "$${",        "a${b}c$",
                                         "$$", "x${${$", "{$}{$", "plain text", "$$${$$" };
    struct fixture f;
    setup(&f);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf escaped = BUF_INIT(1000), want = BUF_INIT(1000);
        CHECK(template_escape(&escaped, slice_z(texts[i])));
        CHECK_S(render(&f, buf_slice(&escaped)), slice_z(texts[i]));
        buf_addz(&escaped, "${token}");
        buf_addf(&want, "%sabc/+=", texts[i]);
        CHECK_S(render(&f, buf_slice(&escaped)), buf_slice(&want));
        buf_free(&escaped);
        buf_free(&want);
    }
    teardown(&f);
}

TEST(template_truncated_anywhere_is_text_or_an_error)
{
    static const char text[] = "a${hmac(sha256, 'k' + token, base64(account.user), hex)}$${b}${vu}";
    struct fixture f;
    setup(&f);
    for (size_t n = 0; n < sizeof text; n++) {
        char *guarded = test_guarded(text, n);
        struct err err = { 0 };
        size_t at = 0;
        const struct template *t =
            template_compile(f.arena, f.scope, (struct slice){ guarded, n }, &at, &err);
        CHECK((t != NULL) != err_is(&err));
        CHECK(at <= n);
        test_guarded_free(guarded, n);
    }
    teardown(&f);
}
