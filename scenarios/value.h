/* What a text looks like on its own: how much it can hold, what shape it has, what its name says.
 *
 * The correlator's judgement starts here: a value with many bits is a token wherever it turns up, one with
 * few needs a relation between the two places. Nothing here knows HTTP. Private to the room. */
#ifndef SCENARIOS_VALUE_H
#define SCENARIOS_VALUE_H

#include "base/slice.h"

#define BITS_STRONG 40.0 /* a token by itself */
#define BITS_MEDIUM 20.0 /* a token where names agree */

/* A careful estimate of the information in s: words, dates, versions and repetitions count little. */
double value_bits(struct slice s);
bool value_is_digits(struct slice s);
bool value_is_key(struct slice s); /* "DEMO-57", "INC0010123"; not "utf8" */
bool value_is_moment(
    struct slice s); /* "2026-11-23T02:13:22.000Z", also with . _ or a blank for T */
bool value_is_uuid(struct slice s);
bool value_has_digit(struct slice s);
size_t value_case_turns(struct slice s); /* places where capitals and small letters meet */
/* "A7-Pui9V", "hyDneCcl": no slug. What looks like words may be a token where the rest agrees. */
bool value_is_mixed(struct slice s);
/* A field name that is itself a token (Joomla): letters and digits only, and random. */
bool value_is_token_name(struct slice s);
bool value_is_jwt(struct slice s);
bool value_is_printable(struct slice s); /* UTF-8 text without control characters */
bool value_is_hex(struct slice s);       /* even number of digits, 8 or more */
/* Only A-Z a-z 0-9 - . _ ~: the same under every encoding of URLs. */
bool value_is_plain(struct slice s);

bool name_is_token(struct slice name); /* csrf, nonce, session, ticket… */
bool name_is_id(struct slice name);    /* id, userId, user_id, rev, version… */
bool name_is_stamp(struct slice name); /* time, version or revision of a record */
bool name_is_password(struct slice name);
bool name_is_user(struct slice name);
bool name_is_logout(struct slice path_or_url);
/* Equal but for case and '_', '-', '.', '[', ']'. */
bool name_eq(struct slice a, struct slice b);
/* The noun in front of an id: "userId" user, "bid" b, "id" "", "items" item. Lower case into out. */
size_t name_stem(struct slice name, char out[32]);
/* Two names of one thing: equal stems, or one begins with the other; a bare "id" agrees with none. */
bool name_agrees(struct slice a, struct slice b);

#endif
