/* Lists of curl commands ("Copy as cURL") to a scenario: one task, a request for each URL.
 *
 * Called through foreign.c. What the options mean is curl's manual's; those about the connection, output
 * and proxies are passed over, logins but Basic and files of cookies are told. */
#include "scenarios/foreign/curl.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/mem.h"
#include "base/num.h"

struct curl_request {
    struct slice method, url, data, user, upload;
    struct fields headers;
    struct form_part *parts;
    size_t parts_n;
    double timeout_s;
    bool get, head, follow, data_set, json, digest, binary_file, compressed;
};

struct curl_list {
    struct foreign *f;
    struct curl_request r;
    struct steps *out;
};

enum curl_what {
    C_SKIP, /* takes a value that does not matter */
    C_METHOD,
    C_HEADER,
    C_DATA,
    C_DATA_RAW,
    C_DATA_ENCODE,
    C_JSON,
    C_FORM,
    C_FORM_STRING,
    C_COOKIE,
    C_USER,
    C_AGENT,
    C_REFERER,
    C_UPLOAD,
    C_URL,
    C_TIME,
    C_FLAG,
    C_GET,
    C_HEAD,
    C_FOLLOW,
    C_NEXT,
    C_DIGEST,
    C_COMPRESSED
};

struct curl_option {
    char letter;
    const char *name;
    enum curl_what what;
};

static const struct curl_option options[] = {
    { 'X', "request", C_METHOD },
    { 'H', "header", C_HEADER },
    { 'd', "data", C_DATA },
    { 0, "data-ascii", C_DATA },
    { 0, "data-binary", C_DATA },
    { 0, "data-raw", C_DATA_RAW },
    { 0, "data-urlencode", C_DATA_ENCODE },
    { 0, "json", C_JSON },
    { 'F', "form", C_FORM },
    { 0, "form-string", C_FORM_STRING },
    { 'b', "cookie", C_COOKIE },
    { 'u', "user", C_USER },
    { 'A', "user-agent", C_AGENT },
    { 'e', "referer", C_REFERER },
    { 'T', "upload-file", C_UPLOAD },
    { 0, "url", C_URL },
    { 'm', "max-time", C_TIME },
    { 'G', "get", C_GET },
    { 'I', "head", C_HEAD },
    { 'L', "location", C_FOLLOW },
    { 0, "next", C_NEXT },
    { ':', "next", C_NEXT },
    { 0, "digest", C_DIGEST },
    { 0, "ntlm", C_DIGEST },
    { 0, "negotiate", C_DIGEST },
    { 0, "compressed", C_COMPRESSED },
    { 'c', "cookie-jar", C_SKIP },
    { 'o', "output", C_SKIP },
    { 'x', "proxy", C_SKIP },
    { 'U', "proxy-user", C_SKIP },
    { 'w', "write-out", C_SKIP },
    { 'E', "cert", C_SKIP },
    { 'D', "dump-header", C_SKIP },
    { 'K', "config", C_SKIP },
    { 'r', "range", C_SKIP },
    { 'y', "speed-time", C_SKIP },
    { 'Y', "speed-limit", C_SKIP },
    { 'z', "time-cond", C_SKIP },
    { 't', "telnet-option", C_SKIP },
    { 'P', "ftp-port", C_SKIP },
    { 'Q', "quote", C_SKIP },
    { 'C', "continue-at", C_SKIP },
    { 0, "connect-timeout", C_SKIP },
    { 0, "key", C_SKIP },
    { 0, "cacert", C_SKIP },
    { 0, "capath", C_SKIP },
    { 0, "retry", C_SKIP },
    { 0, "retry-delay", C_SKIP },
    { 0, "retry-max-time", C_SKIP },
    { 0, "resolve", C_SKIP },
    { 0, "connect-to", C_SKIP },
    { 0, "interface", C_SKIP },
    { 0, "limit-rate", C_SKIP },
    { 0, "max-redirs", C_SKIP },
    { 0, "cert-type", C_SKIP },
    { 0, "key-type", C_SKIP },
    { 0, "pass", C_SKIP },
    { 0, "ciphers", C_SKIP },
    { 0, "proxy-header", C_SKIP },
    { 0, "socks5", C_SKIP },
    { 0, "socks5-hostname", C_SKIP },
    { 0, "socks4", C_SKIP },
    { 0, "noproxy", C_SKIP },
    { 0, "unix-socket", C_SKIP },
    { 0, "trace", C_SKIP },
    { 0, "trace-ascii", C_SKIP },
    { 0, "stderr", C_SKIP },
    { 0, "oauth2-bearer", C_SKIP },
    { 0, "aws-sigv4", C_SKIP },
    { 0, "tls-max", C_SKIP },
    { 0, "max-filesize", C_SKIP },
    { 0, "keepalive-time", C_SKIP },
    { 0, "dns-servers", C_SKIP },
    { 0, "request-target", C_SKIP },
    { 0, "output-dir", C_SKIP },
};

static const struct curl_option flag = { 0, "", C_FLAG };

static const struct curl_option *by_letter(char c)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].letter == c) return &options[i];
    return &flag;
}

static const struct curl_option *by_name(struct slice name)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (slice_eq(name, slice_z(options[i].name))) return &options[i];
    return &flag;
}

static bool takes_value(enum curl_what w)
{
    return w < C_FLAG;
}

/* ---- values --------------------------------------------------------------------------------------- */

/* "name=content", "=content", "content": the content percent-encoded, variables too. */
static struct slice encoded(struct curl_list *l, struct slice v)
{
    struct buf b = BUF_INIT(v.n * 3 + 64);
    size_t eq = slice_chr(v, '=');
    if (eq != SLICE_NONE && eq > 0) buf_add(&b, slice_sub(v, 0, eq + 1));
    struct slice rest = eq == SLICE_NONE ? v : slice_from(v, eq + 1);
    size_t at, end;
    while ((at = slice_find(rest, SL("${"))) != SLICE_NONE &&
           (end = slice_chr(slice_from(rest, at), '}')) != SLICE_NONE) {
        enc_percent(&b, slice_sub(rest, 0, at), ENC_COMPONENT);
        buf_addf(&b, "${urlencode(%.*s)}", (int)(end - 2), rest.p + at + 2);
        rest = slice_from(rest, at + end + 1);
    }
    enc_percent(&b, rest, ENC_COMPONENT);
    struct slice out = arena_dup(l->f->a, buf_slice(&b));
    buf_free(&b);
    return out;
}

static void add_data(struct curl_list *l, struct slice v)
{
    struct curl_request *r = &l->r;
    r->data = r->data_set && !r->json
                  ? arena_printf(l->f->a, "%.*s&%.*s", SL_FMT(r->data), SL_FMT(v))
                  : arena_printf(l->f->a, "%.*s%.*s", SL_FMT(r->data), SL_FMT(v));
    r->data_set = true;
}

static void data(struct curl_list *l, struct slice v)
{
    bool file = slice_starts(v, SL("@"));
    if (file && slice_eq(v, SL("@-"))) {
        foreign_warn(l->f, ADVICE_ADD, "a body from standard input is not in the list");
        l->r.data_set = true;
    } else if (file && !l->r.data_set) {
        l->r.upload = slice_from(v, 1);
        l->r.binary_file = true;
    } else if (file) {
        foreign_warn(l->f, ADVICE_ADD, "a file among other data (%.*s) is left out", SL_FMT(v));
    } else {
        add_data(l, v);
    }
}

static void header(struct curl_list *l, struct slice v)
{
    struct slice name, value;
    if (slice_cut(v, ':', &name, &value) && slice_trim(name).n && slice_trim(value).n)
        foreign_set_field(l->f, &l->r.headers, slice_trim(name), slice_trim(value));
    else if (slice_cut(v, ';', &name, &value))
        foreign_set_field(l->f, &l->r.headers, slice_trim(name), SL(""));
}

static struct slice unquoted(struct curl_list *l, struct slice v)
{
    if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"') return v;
    char *out = arena_z(l->f->a, slice_sub(v, 1, v.n - 1));
    size_t n = 0;
    for (size_t i = 0; i < v.n - 2; i++) {
        if (out[i] == '\\' && i + 1 < v.n - 2) i++;
        out[n++] = out[i];
    }
    return (struct slice){ out, n };
}

static void form(struct curl_list *l, struct slice v, bool plain)
{
    struct form_part p = { 0 };
    struct slice value, more;
    if (!slice_cut(v, '=', &p.name, &value)) return;
    size_t type = plain ? SLICE_NONE : slice_find(value, SL(";type="));
    if (type != SLICE_NONE) {
        more = slice_from(value, type + 6);
        p.content_type = slice_sub(more, 0, slice_chr(more, ';'));
        value = slice_sub(value, 0, type);
    }
    size_t named = plain ? SLICE_NONE : slice_find(value, SL(";filename="));
    if (named != SLICE_NONE) {
        p.file_name = unquoted(l, slice_from(value, named + 10));
        value = slice_sub(value, 0, named);
    }
    bool at = !plain && (slice_starts(value, SL("@")) || slice_starts(value, SL("<")));
    if (at) {
        struct slice path = unquoted(l, slice_from(value, 1)), head, base = path;
        while (slice_cut(base, '/', &head, &base))
            ;
        p.file = foreign_path(l->f, path);
        p.has_file_name = value.p[0] == '@';
        if (p.has_file_name && !p.file_name.n) p.file_name = base;
        if (p.has_file_name && !p.content_type.n) p.content_type = SL("application/octet-stream");
    } else {
        p.value = plain ? value : unquoted(l, value);
        p.has_file_name = p.file_name.n > 0;
    }
    struct curl_request *r = &l->r;
    r->parts = foreign_room(l->f, r->parts, r->parts_n, sizeof p);
    r->parts[r->parts_n++] = p;
}

static void cookie(struct curl_list *l, struct slice v)
{
    if (slice_chr(v, '=') != SLICE_NONE)
        foreign_set_field(l->f, &l->r.headers, SL("Cookie"), v);
    else
        foreign_warn(l->f, ADVICE_ADD, "cookies from the file %.*s are left out", SL_FMT(v));
}

/* ---- the request ---------------------------------------------------------------------------------- */

static bool has_header(const struct curl_request *r, struct slice name)
{
    for (size_t i = 0; i < r->headers.n; i++)
        if (slice_ieq(r->headers.v[i].name, name)) return true;
    return false;
}

static void default_header(struct curl_list *l, struct slice name, struct slice value)
{
    if (!has_header(&l->r, name)) foreign_add_field(l->f, &l->r.headers, name, value);
}

static void authorise(struct curl_list *l)
{
    if (l->r.digest)
        foreign_warn(l->f, ADVICE_ADD, "a login that is not Basic is left out");
    else
        default_header(l, SL("Authorization"), foreign_basic(l->f, l->r.user));
}

static struct slice method_of(const struct curl_request *r)
{
    if (r->method.n) return r->method;
    if (r->head) return SL("HEAD");
    if (r->get) return SL("GET");
    if (r->data_set || r->parts_n || r->binary_file) return SL("POST");
    return r->upload.n ? SL("PUT") : SL("GET");
}

static void fill_body(struct curl_list *l, struct request_step *q)
{
    struct curl_request *r = &l->r;
    if (r->get && r->data_set) {
        q->url = arena_printf(l->f->a, "%.*s%c%.*s", SL_FMT(q->url),
                              slice_chr(q->url, '?') == SLICE_NONE ? '?' : '&', SL_FMT(r->data));
    } else if (r->parts_n) {
        q->body_kind = BODY_KIND_MULTIPART;
        q->parts = r->parts;
        q->parts_n = r->parts_n;
        for (size_t i = 0; i < r->headers.n; i++) /* its boundary is not ours */
            if (slice_ieq(r->headers.v[i].name, SL("Content-Type")))
                r->headers.v[i] = r->headers.v[--r->headers.n];
    } else if (r->upload.n) {
        q->body_kind = BODY_KIND_FILE;
        q->body = foreign_path(l->f, r->upload);
        if (slice_find(r->upload, SL("${")) != SLICE_NONE)
            foreign_warn(l->f, ADVICE_ADD, "a file's name with a variable in it");
    } else if (r->data_set) {
        q->body_kind = BODY_KIND_RAW;
        q->body = r->data;
    }
    if ((r->data_set && !r->get) || r->binary_file)
        default_header(l, SL("Content-Type"),
                       r->json ? SL("application/json") : SL("application/x-www-form-urlencoded"));
}

static void end_request(struct curl_list *l)
{
    struct curl_request *r = &l->r;
    if (r->url.n) {
        struct request_step *q = foreign_request(l->f, l->out);
        l->f->report->entries_read++;
        bool scheme = slice_find(r->url, SL("://")) != SLICE_NONE || slice_starts(r->url, SL("${"));
        struct slice url = slice_sub(r->url, 0, slice_chr(r->url, '#'));
        q->url = scheme ? url : arena_printf(l->f->a, "http://%.*s", SL_FMT(url));
        q->method = method_of(r);
        if (r->user.n) authorise(l);
        if (r->compressed) default_header(l, SL("Accept-Encoding"), SL("deflate, gzip, br, zstd"));
        fill_body(l, q);
        q->headers = r->headers;
        q->redirects = r->follow ? 10 : 0;
        if (r->timeout_s > 0) q->timeout_ns = (uint64_t)(r->timeout_s * 1e9);
        foreign_host(l->f, q->url);
    }
    *r = (struct curl_request){ 0 };
}

static void apply(struct curl_list *l, enum curl_what what, struct slice v)
{
    struct curl_request *r = &l->r;
    switch (what) {
    case C_METHOD: r->method = v; return;
    case C_HEADER: header(l, v); return;
    case C_DATA: data(l, v); return;
    case C_DATA_RAW: add_data(l, v); return;
    case C_DATA_ENCODE: add_data(l, encoded(l, v)); return;
    case C_JSON:
        r->json = true;
        add_data(l, v);
        default_header(l, SL("Accept"), SL("application/json"));
        return;
    case C_FORM: form(l, v, false); return;
    case C_FORM_STRING: form(l, v, true); return;
    case C_COOKIE: cookie(l, v); return;
    case C_USER: r->user = v; return;
    case C_AGENT: foreign_set_field(l->f, &r->headers, SL("User-Agent"), v); return;
    case C_REFERER: foreign_set_field(l->f, &r->headers, SL("Referer"), v); return;
    case C_UPLOAD:
        if (r->method.n == 0) r->method = SL("PUT");
        if (!slice_eq(v, SL("-")))
            r->upload = v;
        else
            foreign_warn(l->f, ADVICE_ADD, "a body from standard input is not in the list");
        return;
    case C_URL:
        if (r->url.n) end_request(l);
        r->url = v;
        return;
    case C_TIME:
        if (!num_f64(v, &r->timeout_s) || r->timeout_s > 1e6) r->timeout_s = 0;
        return;
    case C_GET: r->get = true; return;
    case C_HEAD: r->head = true; return;
    case C_FOLLOW: r->follow = true; return;
    case C_NEXT: end_request(l); return;
    case C_DIGEST: r->digest = true; return;
    case C_COMPRESSED: r->compressed = true; return;
    case C_SKIP:
    case C_FLAG: return;
    }
}

/* -sSXPOST: letters up to the first that takes a value, which is the rest or the next word. */
static size_t letters(struct curl_list *l, const struct curl_command *c, size_t i)
{
    struct slice w = c->v[i];
    for (size_t k = 1; k < w.n; k++) {
        const struct curl_option *o = by_letter(w.p[k]);
        if (!takes_value(o->what)) {
            apply(l, o->what, (struct slice){ 0 });
            continue;
        }
        if (k + 1 < w.n)
            apply(l, o->what, slice_from(w, k + 1));
        else if (++i < c->n)
            apply(l, o->what, c->v[i]);
        break;
    }
    return i;
}

static void command(struct curl_list *l, const struct curl_command *c, size_t i)
{
    for (i++; i < c->n; i++) {
        struct slice w = c->v[i];
        if (slice_starts(w, SL("--")) && w.n > 2) {
            const struct curl_option *o = by_name(slice_from(w, 2));
            if (takes_value(o->what) && i + 1 < c->n)
                apply(l, o->what, c->v[++i]);
            else
                apply(l, o->what, (struct slice){ 0 });
        } else if (slice_starts(w, SL("-")) && w.n > 1) {
            i = letters(l, c, i);
        } else {
            apply(l, C_URL, w);
        }
    }
    end_request(l);
}

/* NAME=value in front of or instead of a command. */
static bool assignment(struct foreign *f, struct slice w)
{
    struct slice name, value;
    if (!slice_cut(w, '=', &name, &value) || name.n == 0) return false;
    for (size_t i = 0; i < name.n; i++)
        if (!((name.p[i] >= 'A' && name.p[i] <= 'Z') || (name.p[i] >= 'a' && name.p[i] <= 'z') ||
              name.p[i] == '_' || (i && name.p[i] >= '0' && name.p[i] <= '9')))
            return false;
    foreign_constant(f, name, value);
    return true;
}

bool curl_read(struct foreign *f, struct slice text, struct err *err)
{
    struct steps steps = { 0 };
    struct curl_list l = { .f = f, .out = &steps };
    struct curl_shell shell = { .f = f, .text = text, .word = BUF_INIT((size_t)64 << 20) };
    struct curl_command *c = mem_alloc(1, sizeof *c);
    (void)err;
    while (curl_next(&shell, c)) {
        size_t i = 0;
        while (i < c->n && (slice_eq(c->v[i], SL("$")) || slice_eq(c->v[i], SL("sudo")) ||
                            slice_eq(c->v[i], SL("exec")) || slice_eq(c->v[i], SL("export")) ||
                            assignment(f, c->v[i])))
            i++;
        bool is_curl =
            i < c->n && (slice_eq(c->v[i], SL("curl")) || slice_ends(c->v[i], SL("/curl")) ||
                         slice_eq(c->v[i], SL("curl.exe")));
        if (is_curl) command(&l, c, i);
    }
    free(c);
    buf_free(&shell.word);
    foreign_task(f, SL("requests"), 1, &steps);
    foreign_warn(f, ADVICE_RECORD,
                 "curl commands hold no answers: tokens cannot be found, cookies and logins are "
                 "sent as they stand");
    return true;
}
