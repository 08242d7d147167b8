/* Encodings and digests of text: percent, base64, hex, HTML entities, JSON escapes; SHA-256, HMAC.
 *
 * Encoders append to a bounded buffer and return false when it is full. Decoders refuse bad input and
 * then leave the buffer as it was. OpenSSL is used here for digests and nowhere else in base/. */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/buf.h"

enum enc_percent {
    ENC_COMPONENT, /* RFC 3986 unreserved stay: A-Z a-z 0-9 - . _ ~ */
    ENC_FORM, /* application/x-www-form-urlencoded: blank is '+', unreserved without ~, with * stay */
    ENC_PATH, /* like component, but '/' and sub-delims stay */
};

bool enc_percent(struct buf *out, struct slice s, enum enc_percent how);
/* Decodes %XX (and '+' if form). A '%' without two hex digits is kept as it is, as browsers do. */
bool enc_unpercent(struct buf *out, struct slice s, bool form);
bool enc_base64(struct buf *out, struct slice s,
                bool url_safe); /* url_safe: '-', '_', no padding */
/* Accepts both alphabets, with or without padding, and line breaks. */
bool enc_unbase64(struct buf *out, struct slice s);
bool enc_hex(struct buf *out, struct slice s); /* lower case */
bool enc_unhex(struct buf *out, struct slice s);
bool enc_json(struct buf *out, struct slice s); /* inside the quotes; bad UTF-8 becomes U+FFFD */
bool enc_html(struct buf *out, struct slice s); /* & < > " ' */
/* The same, and what XML 1.0 cannot hold (control characters, bytes that are not UTF-8) as U+FFFD. */
bool enc_xml(struct buf *out, struct slice s);
/* Named (the common ones), decimal and hexadecimal character references. */
bool enc_unhtml(struct buf *out, struct slice s);
bool enc_utf8(struct buf *out, uint32_t code_point);
bool enc_is_utf8(struct slice s);
/* UTF-16 with a byte order mark to UTF-8. */
bool enc_utf16(struct buf *out, struct slice s);

#define SHA256_BYTES 32
struct sha256;                   /* incremental */
struct sha256 *sha256_new(void); /* gives */
void sha256_add(struct sha256 *h, struct slice s);
void sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES]); /* and starts anew */
void sha256_free(struct sha256 *h);
void sha256_of(struct slice s, unsigned char out[SHA256_BYTES]);
/* Any digest OpenSSL knows by name ("SHA1", "SHA256", "MD5"); *n <= 64. False for an unknown name. */
bool enc_digest(const char *name, struct slice s, unsigned char out[64], size_t *n);
bool enc_hmac(const char *name, struct slice key, struct slice s, unsigned char out[64], size_t *n);

#endif
