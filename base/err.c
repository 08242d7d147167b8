/* Errors as values: the setters. Whatever can fail calls these; only cli/ reads the result.
 *
 * The first error wins, NULL is fine, and every setter returns false. Texts longer than the field are
 * cut. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool open_for(const struct err *e)
{
    return e && e->code == ERR_NONE;
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (!open_for(e)) return false;
    va_list ap;
    va_start(ap, fmt);
    e->code = code;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

bool err_sys(struct err *e, enum err_code code, int errnum, const char *fmt, ...)
{
    if (!open_for(e)) return false;
    va_list ap;
    va_start(ap, fmt);
    e->code = code;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    char why[200];
    size_t n = strlen(e->text);
    snprintf(e->text + n, sizeof e->text - n, ": %s", strerror_r(errnum, why, sizeof why));
    return false;
}

bool err_at(struct err *e, const char *file, unsigned line, unsigned column, const char *fmt, ...)
{
    if (!open_for(e)) return false;
    e->code = ERR_INPUT;
    int n = snprintf(e->text, sizeof e->text, "%s:", file);
    size_t at = n > 0 ? (size_t)n : 0;
    if (at < sizeof e->text && line)
        at += (size_t)snprintf(e->text + at, sizeof e->text - at, "%u:", line);
    if (at < sizeof e->text && line && column)
        at += (size_t)snprintf(e->text + at, sizeof e->text - at, "%u:", column);
    if (at + 1 >= sizeof e->text) return false;
    e->text[at++] = ' ';
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text + at, sizeof e->text - at, fmt, ap);
    va_end(ap);
    return false;
}

void err_context(struct err *e, const char *fmt, ...)
{
    if (!err_is(e)) return;
    char text[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t at = n > 0 ? (size_t)n : 0;
    if (at >= sizeof text) at = sizeof text - 1;
    size_t room = sizeof text - at;
    if (room > 3) snprintf(text + at, room, ": %.*s", (int)room - 3, e->text);
    memcpy(e->text, text, sizeof text);
}

bool err_is(const struct err *e)
{
    return e && e->code != ERR_NONE;
}

int err_exit_code(const struct err *e)
{
    if (!e) return 0;
    switch (e->code) {
    case ERR_NONE: return 0;
    case ERR_USAGE: return 2;
    case ERR_INPUT: return 3;
    case ERR_INTERNAL: break;
    }
    return 4;
}
