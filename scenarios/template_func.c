/* The functions of ${…}: one const table, one small function each.
 *
 * Called by template.c with arguments already evaluated. A function appends its result to a bounded
 * buffer and returns false when it does not fit; it allocates nothing. What can be refused before the run
 * (a range turned around, an unknown digest) is refused by the entry's check while compiling. */
#include "scenarios/template_func.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/num.h"

#define RANDSTR_MAX 4096
#define DIGEST_MAX 64

static bool run_uuid(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)a;
    char text[37];
    rnd_uuid(env->rnd, text);
    return buf_add(out, (struct slice){ text, 36 });
}

static bool check_random(const struct tfunc_args *a, struct err *err)
{
    if (a->n[0] <= a->n[1]) return true;
    return err_set(err, ERR_INPUT, "random(a, b): a (%lld) is larger than b (%lld)",
                   (long long)a->n[0], (long long)a->n[1]);
}

static bool add_i64(struct buf *out, int64_t v)
{
    if (v < 0) return buf_addc(out, '-') && buf_addu(out, 0 - (uint64_t)v);
    return buf_addu(out, (uint64_t)v);
}

static bool run_random(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    uint64_t range = (uint64_t)a->n[1] - (uint64_t)a->n[0] + 1; /* 0: all 64 bits */
    uint64_t r = range ? rnd_below(env->rnd, range) : rnd_u64(env->rnd);
    return add_i64(out, (int64_t)((uint64_t)a->n[0] + r));
}

static bool check_randstr(const struct tfunc_args *a, struct err *err)
{
    if (a->n[0] >= 1 && a->n[0] <= RANDSTR_MAX) return true;
    return err_set(err, ERR_INPUT, "randstr(n): n must be 1 to %d", RANDSTR_MAX);
}

static bool run_randstr(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t n = (size_t)a->n[0];
    char *p = buf_room(out, n);
    if (!p) return false;
    for (size_t i = 0; i < n; i++)
        p[i] = letters[rnd_below(env->rnd, sizeof letters - 1)];
    buf_grew(out, n);
    return true;
}

static int64_t now_with_offset(const struct tfunc_args *a, const struct template_env *env)
{
    return env->now_utc_ns + (a->count ? a->n[0] : 0);
}

static bool run_now(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    return add_i64(out, now_with_offset(a, env) / (int64_t)NS_PER_S);
}

static bool run_now_ms(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    return add_i64(out, now_with_offset(a, env) / (int64_t)NS_PER_MS);
}

static bool run_now_iso(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    clock_add_iso(out, now_with_offset(a, env));
    return !out->bad;
}

static bool run_today(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    clock_add_iso(out, now_with_offset(a, env));
    if (!out->bad) out->n -= sizeof "T12:00:00.000Z" - 1;
    return !out->bad;
}

static bool run_base64(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return enc_base64(out, a->t[0], false);
}

static bool run_base64url(const struct tfunc_args *a, const struct template_env *env,
                          struct buf *out)
{
    (void)env;
    return enc_base64(out, a->t[0], true);
}

static bool run_unbase64(const struct tfunc_args *a, const struct template_env *env,
                         struct buf *out)
{
    (void)env;
    return enc_unbase64(out, a->t[0]) || buf_add(out, a->t[0]);
}

static bool run_urlencode(const struct tfunc_args *a, const struct template_env *env,
                          struct buf *out)
{
    (void)env;
    return enc_percent(out, a->t[0], ENC_COMPONENT);
}

static bool run_formencode(const struct tfunc_args *a, const struct template_env *env,
                           struct buf *out)
{
    (void)env;
    return enc_percent(out, a->t[0], ENC_FORM);
}

static bool run_urldecode(const struct tfunc_args *a, const struct template_env *env,
                          struct buf *out)
{
    (void)env;
    return enc_unpercent(out, a->t[0], true);
}

static bool run_html(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return enc_html(out, a->t[0]);
}

static bool run_json(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return enc_json(out, a->t[0]);
}

static bool run_hex(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return enc_hex(out, a->t[0]);
}

static bool run_unhex(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return enc_unhex(out, a->t[0]) || buf_add(out, a->t[0]);
}

static bool add_mapped(struct buf *out, struct slice s, int (*map)(int))
{
    char *p = buf_room(out, s.n);
    if (!p) return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        p[i] = c < 128 ? (char)map(c) : s.p[i];
    }
    buf_grew(out, s.n);
    return true;
}

static bool run_upper(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return add_mapped(out, a->t[0], toupper);
}

static bool run_lower(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return add_mapped(out, a->t[0], tolower);
}

static bool run_trim(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return buf_add(out, slice_trim(a->t[0]));
}

/* substr(text, from[, length]): from counts from 0, or from the end when negative. */
static bool run_substr(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    struct slice s = a->t[0];
    int64_t from = a->n[1] < 0 ? (int64_t)s.n + a->n[1] : a->n[1];
    if (from < 0) from = 0;
    struct slice rest = slice_from(s, (size_t)from);
    if (a->count > 2 && a->n[2] >= 0) rest = slice_sub(rest, 0, (size_t)a->n[2]);
    return buf_add(out, rest);
}

static bool run_default(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return buf_add(out, a->t[0].n ? a->t[0] : a->t[1]);
}

/* ---- digests -------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *openssl;
} digests[] = {
    { "md5", "MD5" },       { "sha1", "SHA1" },     { "sha224", "SHA224" },
    { "sha256", "SHA256" }, { "sha384", "SHA384" }, { "sha512", "SHA512" },
};

static const char *digest_name(struct slice word)
{
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
        if (slice_ieq(word, slice_z(digests[i].name))) return digests[i].openssl;
    return NULL;
}

static const char *const forms[] = { "hex", "base64", "base64url", "raw" };

static bool form_known(struct slice form, struct err *err)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (slice_eq(form, slice_z(forms[i]))) return true;
    return err_set(err, ERR_INPUT, "\"%.*s\" is no form of a digest: hex, base64, base64url or raw",
                   SL_FMT(form));
}

static bool add_digest(struct buf *out, struct slice raw, struct slice form)
{
    if (slice_eq(form, SL("base64"))) return enc_base64(out, raw, false);
    if (slice_eq(form, SL("base64url"))) return enc_base64(out, raw, true);
    if (slice_eq(form, SL("raw"))) return buf_add(out, raw);
    return enc_hex(out, raw);
}

static bool check_digest(const struct tfunc_args *a, struct err *err)
{
    return a->count < 2 || form_known(a->t[1], err);
}

static bool digest(const char *name, const struct tfunc_args *a, struct buf *out)
{
    unsigned char raw[DIGEST_MAX];
    size_t n = 0;
    if (!enc_digest(name, a->t[0], raw, &n)) return false;
    struct slice form = a->count > 1 ? a->t[1] : SL("hex");
    return add_digest(out, (struct slice){ (const char *)raw, n }, form);
}

static bool run_md5(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return digest("MD5", a, out);
}

static bool run_sha1(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return digest("SHA1", a, out);
}

static bool run_sha256(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return digest("SHA256", a, out);
}

static bool run_sha512(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    return digest("SHA512", a, out);
}

static bool check_hmac(const struct tfunc_args *a, struct err *err)
{
    if (!digest_name(a->t[0]))
        return err_set(err, ERR_INPUT,
                       "hmac: unknown digest \"%.*s\": md5, sha1, sha224, sha256, sha384 or sha512",
                       SL_FMT(a->t[0]));
    return a->count < 4 || form_known(a->t[3], err);
}

static bool run_hmac(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    unsigned char raw[DIGEST_MAX];
    size_t n = 0;
    if (!enc_hmac(digest_name(a->t[0]), a->t[1], a->t[2], raw, &n)) return false;
    struct slice form = a->count > 3 ? a->t[3] : SL("hex");
    return add_digest(out, (struct slice){ (const char *)raw, n }, form);
}

/* RFC 7636 4.2: S256. */
static bool run_pkce(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)env;
    unsigned char raw[SHA256_BYTES];
    sha256_of(a->t[0], raw);
    return enc_base64(out, (struct slice){ (const char *)raw, sizeof raw }, true);
}

/* ---- who am I ------------------------------------------------------------------------------------- */

static bool run_counter(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)a;
    return buf_addu(out, env->counter ? ++*env->counter : 0);
}

static bool run_vu(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    (void)a;
    return buf_addu(out, env->vu);
}

static bool run_iteration(const struct tfunc_args *a, const struct template_env *env,
                          struct buf *out)
{
    (void)a;
    return buf_addu(out, env->iteration);
}

/* Letters that differ in every run, user and iteration, and are the same within one iteration. */
static bool run_unique(const struct tfunc_args *a, const struct template_env *env, struct buf *out)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char run[6];
    uint64_t r = env->run;
    for (size_t i = 0; i < sizeof run; i++, r /= 36)
        run[i] = digits[r % 36];
    if (a->count) buf_add(out, a->t[0]);
    buf_add(out, (struct slice){ run, sizeof run });
    buf_addc(out, 'u');
    buf_addu(out, env->vu);
    buf_addc(out, 'i');
    buf_addu(out, env->iteration);
    return !out->bad;
}

static const struct tfunc table[] = {
    { "base64", "t", 2, 8, run_base64, NULL, "base64(text)" },
    { "base64url", "t", 2, 8, run_base64url, NULL, "base64url(text): for URLs, without padding" },
    { "counter", "", 0, 24, run_counter, NULL, "counter(): 1, 2, 3... per user" },
    { "default", "tt", 1, 0, run_default, NULL, "default(text, other): other where text is empty" },
    { "formencode", "t", 3, 0, run_formencode, NULL,
      "formencode(text): for form bodies, a blank is '+'" },
    { "hex", "t", 2, 0, run_hex, NULL, "hex(text): its bytes as hexadecimal digits" },
    { "hmac", "wtt?w", 0, 128, run_hmac, check_hmac,
      "hmac(sha256, key, text[, base64]): also md5, sha1, sha384, sha512; hex, base64url, raw" },
    { "html", "t", 6, 0, run_html, NULL, "html(text): escaped for HTML" },
    { "iteration", NULL, 0, 24, run_iteration, NULL, "the user's iteration, from 0" },
    { "json", "t", 6, 0, run_json, NULL, "json(text): escaped for the inside of a JSON string" },
    { "lower", "t", 1, 0, run_lower, NULL, "lower(text)" },
    { "md5", "t?w", 0, 128, run_md5, check_digest,
      "md5(text[, base64]): hex, base64, base64url or raw" },
    { "now", "?d", 0, 24, run_now, NULL, "now([+1h]): seconds since 1970, moved by a duration" },
    { "now_iso", "?d", 0, 40, run_now_iso, NULL, "now_iso([-1d]): 2026-01-31T12:00:00.000Z" },
    { "now_ms", "?d", 0, 24, run_now_ms, NULL, "now_ms([+30s]): milliseconds since 1970" },
    { "pkce_challenge", "t", 0, 48, run_pkce, NULL, "pkce_challenge(verifier): S256 of RFC 7636" },
    { "random", "nn?g", 0, 24, run_random, check_random,
      "random(1, 6[, tag]): a whole number, both ends included" },
    { "randstr", "n?g", 0, RANDSTR_MAX, run_randstr, check_randstr,
      "randstr(12[, tag]): letters and digits" },
    { "sha1", "t?w", 0, 128, run_sha1, check_digest, "sha1(text[, base64])" },
    { "sha256", "t?w", 0, 128, run_sha256, check_digest,
      "sha256(text[, base64]): hex, base64, base64url or raw" },
    { "sha256hex", "t", 0, 128, run_sha256, NULL, "sha256hex(text): the same as sha256" },
    { "sha512", "t?w", 0, 160, run_sha512, check_digest, "sha512(text[, base64])" },
    { "substr", "tn?n", 1, 0, run_substr, NULL,
      "substr(text, from[, length]): from counts from 0, or from the end when negative" },
    { "today", "?d", 0, 40, run_today, NULL, "today([+30d]): 2026-01-31, in UTC" },
    { "trim", "t", 1, 0, run_trim, NULL, "trim(text): without blanks at its ends" },
    { "unbase64", "t", 1, 0, run_unbase64, NULL, "unbase64(text)" },
    { "unhex", "t", 1, 0, run_unhex, NULL, "unhex(digits)" },
    { "unique", "?t", 1, 48, run_unique, NULL,
      "unique([prefix]): differs in every run, user and iteration" },
    { "upper", "t", 1, 0, run_upper, NULL, "upper(text)" },
    { "urldecode", "t", 1, 0, run_urldecode, NULL, "urldecode(text): %XX and '+' undone" },
    { "urlencode", "t", 3, 0, run_urlencode, NULL, "urlencode(text): percent-encoded for a URL" },
    { "uuid", "?g", 0, 36, run_uuid, NULL,
      "uuid([tag]): a random one; with a tag the same until the iteration ends" },
    { "vu", NULL, 0, 24, run_vu, NULL, "the user's number, from 1" },
};

const struct tfunc *tfunc_at(size_t i)
{
    return i < sizeof table / sizeof *table ? &table[i] : NULL;
}

const struct tfunc *tfunc_find(struct slice name)
{
    const struct tfunc *f;
    for (size_t i = 0; (f = tfunc_at(i)); i++)
        if (slice_eq(name, slice_z(f->name))) return f;
    return NULL;
}

bool template_function(size_t i, const char **name, const char **help)
{
    const struct tfunc *f = tfunc_at(i);
    if (!f) return false;
    *name = f->name;
    *help = f->help;
    return true;
}
