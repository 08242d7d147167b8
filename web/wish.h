/* What a person or a script asks for, from a JSON object or a form, into struct web_wish. Private to web. */
#ifndef WEB_WISH_H
#define WEB_WISH_H

#include "web/ask.h"
#include "web/web.h"

/* JSON: {"users": 10, "spawn_rate": 2, "rate": …, "host", "run_time", "stages", "thresholds",
 * "confirmed"}. Unknown members and wrong types are refused by name. */
bool wish_from_json(struct slice text, struct arena *a, struct web_wish *out, struct err *err);
/* Locust's form: user_count, spawn_rate, host, run_time; other fields are let be, as Locust does. */
bool wish_from_form(struct slice text, struct arena *a, struct web_wish *out, struct err *err);

#endif
