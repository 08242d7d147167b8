/* Unit tests of base/log. */
#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/test.h"

static struct slice masked(struct buf *b, struct slice secret)
{
    buf_reset(b);
    log_mask(b, secret);
    return buf_slice(b);
}

TEST(log_masks_secrets)
{
    struct buf b = BUF_INIT(1000);
    char long_one[843];
    memset(long_one, 'x', sizeof long_one);
    memcpy(long_one, "ey", 2);
    memcpy(long_one + 841, "9Q", 2);
    CHECK_S(masked(&b, (struct slice){ long_one, sizeof long_one }), SL("ey…9Q (843)"));
    CHECK_S(masked(&b, SL("hunter2")), SL("…"));
    CHECK_S(masked(&b, SL("12345678901")), SL("…"));
    CHECK_S(masked(&b, SL("123456789012")), SL("12…12 (12)"));
    CHECK_S(masked(&b, SL("")), SL("…"));
    CHECK_S(masked(&b, SL("éàxxxxxxxxxxxxxxüö")), SL("éà…üö (22)"));
    CHECK_S(masked(&b, SL("\n\033xxxxxxxxxxxx\r\n")), SL("\?\?…\?\? (16)"));
    CHECK_S(masked(&b, SL("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80")), SL("…"));
    buf_free(&b);
}

TEST(log_knows_secret_names)
{
    const struct slice secret[] = {
        SL("Authorization"), SL("proxy-authorization"),
        SL("Cookie"),        SL("Set-Cookie"),
        SL("password"),      SL("user[password]"),
        SL("new_passwd"),    SL("access_token"),
        SL("X-API-Key"),     SL("apiKey"),
        SL("PHPSESSID"),     SL("JSESSIONID"),
        SL("client_secret"), SL("X-CSRF-Token"),
        SL("session"),       SL("pin"),
    };
    const struct slice open[] = { SL("Accept"), SL("Host"),   SL("author"), SL("content-type"),
                                  SL("q"),      SL("side"),   SL(""),       SL("shipping"),
                                  SL("key"),    SL("passage") };
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        if (!log_is_secret_name(secret[i])) CHECK_S(secret[i], SL("a secret"));
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (log_is_secret_name(open[i])) CHECK_S(open[i], SL("no secret"));
}

TEST(log_writes_up_to_its_level)
{
    enum log_level level;
    char got[200];
    int p[2];
    CHECK(pipe(p) == 0 && dup2(p[1], STDERR_FILENO) == STDERR_FILENO);
    CHECK(log_level_parse(SL("Warning"), &level) && level == LOG_WARN);
    CHECK(log_level_parse(SL("debug"), &level) && !log_level_parse(SL("loud"), &level));
    log_set_level(LOG_WARN);
    log_line(LOG_INFO, "not this");
    log_line(LOG_WARN, "but %s", "this");
    ssize_t n = read(p[0], got, sizeof got);
    CHECK(n > 0);
    CHECK_S(((struct slice){ got, (size_t)n }), SL("warning: but this\n"));
}
