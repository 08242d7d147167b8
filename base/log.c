/* Log lines to standard error, one write each so that threads do not mix, and the masking of secrets.
 *
 * Any room may log; what is logged passes log_mask where it may be a secret. The level below is one of
 * the program's two mutable globals. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4000
#define MASK_ALL_BELOW 12

static atomic_int level_now = LOG_INFO;

static const char *const level_names[] = { "error", "warning", "info", "debug" };

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

bool log_level_parse(struct slice name, enum log_level *out)
{
    for (unsigned i = 0; i < 4; i++) {
        if (!slice_ieq(name, slice_z(level_names[i]))) continue;
        *out = (enum log_level)i;
        return true;
    }
    if (!slice_ieq(name, SL("warn"))) return false;
    *out = LOG_WARN;
    return true;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if ((int)level > atomic_load_explicit(&level_now, memory_order_relaxed)) return;
    char line[LINE_MAX_BYTES];
    int head = snprintf(line, sizeof line, "%s: ", level_names[level]);
    size_t at = head > 0 ? (size_t)head : 0;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line + at, sizeof line - at, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    at = at + (size_t)n < sizeof line ? at + (size_t)n : sizeof line - 1;
    line[at++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, at);
    (void)written; /* nowhere left to complain */
}

static bool inside_char(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the first (or last) two UTF-8 characters. */
static size_t first_two(struct slice s)
{
    size_t n = 0;
    for (int chars = 0; chars < 2 && n < s.n; chars++)
        for (n++; n < s.n && inside_char(s.p[n]);)
            n++;
    return n;
}

static size_t last_two(struct slice s)
{
    size_t n = 0;
    for (int chars = 0; chars < 2 && n < s.n; chars++) {
        n++;
        while (n < s.n && inside_char(s.p[s.n - n]))
            n++;
    }
    return n;
}

/* Control characters would let a recorded value write log lines of its own. */
static void add_printable(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        buf_addc(out, c < 0x20 || c == 0x7f ? '?' : s.p[i]);
    }
}

void log_mask(struct buf *out, struct slice secret)
{
    size_t head = first_two(secret), tail = last_two(secret);
    if (secret.n < MASK_ALL_BELOW || head + tail > secret.n / 2) {
        buf_addz(out, "…");
        return;
    }
    add_printable(out, slice_sub(secret, 0, head));
    buf_addz(out, "…");
    add_printable(out, slice_from(secret, secret.n - tail));
    buf_addf(out, " (%zu)", secret.n);
}

/* Names without their separators, in lower case: a name that contains one of these is a secret's. */
static const char *const secret_parts[] = {
    "authorization", "cookie",  "password", "passwd",     "passphrase",   "secret",    "token",
    "apikey",        "session", "sessid",   "credential", "privatekey",   "accesskey", "jwt",
    "csrf",          "xsrf",    "bearer",   "authkey",    "samlresponse",
};
static const char *const secret_names[] = {
    "auth", "pass", "pwd", "sid", "pin", "otp", "cvv", "cvc"
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* name without '-', '_', '.', blanks and the like, in lower case; at most 64 characters matter. */
static struct slice plain_name(struct slice name, char out[64])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 64; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out[n++] = c;
    }
    return (struct slice){ out, n };
}

bool log_is_secret_name(struct slice name)
{
    char plain[64];
    struct slice s = plain_name(name, plain);
    for (size_t i = 0; i < COUNT(secret_names); i++)
        if (slice_eq(s, slice_z(secret_names[i]))) return true;
    for (size_t i = 0; i < COUNT(secret_parts); i++)
        if (slice_find(s, slice_z(secret_parts[i])) != SLICE_NONE) return true;
    return false;
}
