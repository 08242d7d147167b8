/* What a user can do about rows of a recording that became no step: one sentence per reason. See import_report.h.
 *
 * Called by the report's writer. The reasons are the stable words of readers (har/, capture/import/), of
 * filter.c and of the plans' readers; one without a sentence here would leave its user alone, which a test
 * looks for. */
#include "scenarios/import_report.h"

struct advice {
    const char *reason, *sentence;
};

static const struct advice table[] = {
    { "cached", "nothing: the browser's cache answered; to have them, record with its cache off" },
    { "service-worker",
      "nothing: a service worker answered; to have them, record with \"Bypass for "
      "network\" on" },
    { "no-answer",
      "nothing if they failed or were cut off; else record until the answer is there" },
    { "websocket", "nothing: WebSockets are not replayed" },
    { "websocket-flow", "nothing: WebSockets are not replayed" },
    { "tunnel",
      "nothing if what went through it was recorded too; else let the proxy decrypt TLS" },
    { "not-http", "nothing: no request went to a server" },
    { "no-url", "export it again with URLs; in JMeter set jmeter.save.saveservice.url, "
                ".requestHeaders, .responseHeaders, .samplerData and .response_data to true" },
    { "malformed", "export the recording again: the row holds no request" },
    { "third-party", "nothing, or --keep-third-party if they are part of the test" },
    { "static-of-other-host", "nothing, or --keep-static if they are part of the test" },
    { "host-not-listed", "nothing: --hosts left them out" },
    { "not-chosen", "nothing: --only, --exclude, --between or --pages left them out" },
    { "disabled", "enable them in JMeter and save the plan if they are wanted" },
    { "disabled-group", "enable it in JMeter and save the plan if it is wanted" },
    { "refused-then-repeated",
      "nothing: the accepted repetition is kept, and what renewed the token" },
    { "recorder", "nothing: requests to the recorder itself" },
};

struct slice import_report_advice(struct slice reason)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (slice_eq(reason, slice_z(table[i].reason))) return slice_z(table[i].sentence);
    return (struct slice){ 0 };
}
