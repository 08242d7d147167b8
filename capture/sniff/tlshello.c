/* Hello messages. Called by tlsconn.c. Malformed extensions end the walk over extensions, not the message:
 * what was read up to there is used, as a capture's job is to understand, not to refuse. */
#include "capture/sniff/tlshello.h"

#include "capture/sniff/bytes.h"

enum { X_SNI = 0, X_ENCRYPT_THEN_MAC = 22, X_EXTENDED_MASTER = 23, X_TICKET = 35 };
enum { X_EARLY_DATA = 42, X_VERSIONS = 43 };

/* RFC 8446 4.1.3: the random of a ServerHello that asks for another ClientHello. */
static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static bool next_extension(struct cursor *c, uint32_t *type, struct cursor *value)
{
    if (c->n < 4 || c->bad) return false;
    *type = cursor_u16(c);
    *value = cursor_sub(c, cursor_u16(c));
    return !value->bad;
}

static struct slice server_name(struct cursor c)
{
    cursor_u16(&c);
    if (cursor_u8(&c) != 0) return (struct slice){ 0 };
    struct cursor name = cursor_sub(&c, cursor_u16(&c));
    return name.bad ? (struct slice){ 0 } : cursor_rest(&name);
}

bool client_hello_parse(struct slice body, struct client_hello *out)
{
    struct cursor c = cursor_of(body), value;
    *out = (struct client_hello){ 0 };
    cursor_u16(&c);
    struct cursor random = cursor_sub(&c, 32);
    struct cursor id = cursor_sub(&c, cursor_u8(&c));
    cursor_sub(&c, cursor_u16(&c)); /* cipher suites */
    cursor_sub(&c, cursor_u8(&c));  /* compression */
    if (c.bad || random.bad || id.bad) return false;
    out->random = cursor_rest(&random);
    out->session_id = cursor_rest(&id);
    struct cursor all = cursor_sub(&c, c.n < 2 ? 0 : cursor_u16(&c));
    for (uint32_t type; next_extension(&all, &type, &value);) {
        if (type == X_SNI) out->sni = server_name(value);
        if (type == X_TICKET) out->ticket = cursor_rest(&value);
        if (type == X_EXTENDED_MASTER) out->extended_master = true;
        if (type == X_ENCRYPT_THEN_MAC) out->encrypt_then_mac = true;
        if (type == X_EARLY_DATA) out->early_data = true;
    }
    return true;
}

bool server_hello_parse(struct slice body, struct server_hello *out)
{
    struct cursor c = cursor_of(body), value;
    *out = (struct server_hello){ .version = (uint16_t)cursor_u16(&c) };
    struct cursor random = cursor_sub(&c, 32);
    struct cursor id = cursor_sub(&c, cursor_u8(&c));
    out->suite = (uint16_t)cursor_u16(&c);
    out->compression = (uint8_t)cursor_u8(&c);
    if (c.bad || random.bad || id.bad) return false;
    out->random = cursor_rest(&random);
    out->session_id = cursor_rest(&id);
    out->retry = memcmp(out->random.p, retry_random, 32) == 0;
    struct cursor all = cursor_sub(&c, c.n < 2 ? 0 : cursor_u16(&c));
    for (uint32_t type; next_extension(&all, &type, &value);) {
        if (type == X_VERSIONS && value.n == 2) out->version = (uint16_t)cursor_u16(&value);
        if (type == X_EXTENDED_MASTER) out->extended_master = true;
        if (type == X_ENCRYPT_THEN_MAC) out->encrypt_then_mac = true;
    }
    return true;
}

bool encrypted_extensions_accept_early(struct slice body)
{
    struct cursor c = cursor_of(body), value;
    struct cursor all = cursor_sub(&c, cursor_u16(&c));
    for (uint32_t type; next_extension(&all, &type, &value);)
        if (type == X_EARLY_DATA) return true;
    return false;
}
