/* What the files of the HAR reader share: the reader's state and what an entry holds before it is judged.
 *
 * Every har_*_read function is called with r->j on the first token of a value and leaves it on the
 * value's last one. A value of another type than expected is passed over, as if it were absent: only
 * text that is no JSON ends the reading (har_bad). */
#ifndef HAR_READER_H
#define HAR_READER_H

#include "base/json.h"
#include "har/har.h"

/* One element of headers, cookies, queryString or params. */
struct har_item {
    struct slice name, value, file_name, content_type; /* p is NULL if absent */
    struct slice path, domain, expires;
    bool http_only, secure;
};

struct har_list {
    struct har_item *v; /* base/mem, used again for every entry */
    size_t n, cap;
};

/* postData or content */
struct har_body {
    struct slice mime, text, encoding, file, state; /* p is NULL if absent */
    struct har_list params;
    int64_t size;
};

struct har_message {
    struct slice method, url, version, reason, redirect, error;
    int64_t status, body_size;
    struct har_list headers, cookies, query;
    struct har_body body;
    bool seen, cached, worker;
};

struct har_entry {
    int64_t start_ns, total_ns, blocked_ns, dns_ns, connect_ns, tls_ns, send_ns, wait_ns,
        receive_ns;
    struct slice connection, connection_id, client, server_ip, page, initiator, resource, comment;
    struct slice error, from_cache, fetch_type;
    bool worker, pushed, incomplete;
    struct har_message request, response;
    struct ws_message *ws; /* base/mem, used again */
    size_t ws_n, ws_cap;
};

#define HAR_RECENT 1024

struct har_reader {
    struct json j;
    struct session *s;
    const char *path; /* NULL: not read from a file */
    const struct har_options *opt;
    size_t max_bytes, max_entries;
    struct har_entry entry; /* the one that is being read */
    struct slice creator_name, creator_version, version;
    size_t version_at, log_at;
    bool log_seen, entries_seen, secrets; /* secrets: a cookie or credentials were seen */
    bool too_many;
    size_t bad_headers, lost_files;
    struct slice *recent; /* HAR_RECENT small texts that were kept, by their hash */
};

/* How the value of a member is stored at its offset. */
enum har_kind {
    HAR_TEXT,   /* struct slice; numbers and words as written */
    HAR_ANY,    /* the same, objects and arrays as raw JSON */
    HAR_NS,     /* int64_t; milliseconds, TIME_UNKNOWN if negative or no number */
    HAR_NUMBER, /* int64_t; kept as it was if no number */
    HAR_TIME,   /* int64_t; ISO 8601 or an epoch number, TIME_UNKNOWN if neither */
    HAR_FLAG,   /* bool; true, a number but 0, "true", "1" */
    HAR_CALL,   /* call(r, address) */
};

struct har_field {
    struct slice name;
    enum har_kind kind;
    size_t at;
    void (*call)(struct har_reader *r, void *to);
};
#define HAR_COUNT(v) (sizeof(v) / sizeof(v)[0])

/* fields.c */
bool har_bad(const struct har_reader *r);
void har_object_read(struct har_reader *r, const struct har_field *f, size_t n, void *to);
void har_array_read(struct har_reader *r, void (*item)(struct har_reader *r, void *to), void *to);
/* An array of objects with name and value, appended to a struct har_list. */
void har_list_read(struct har_reader *r, void *list);

/* entry.c */
void har_entry_read(struct har_reader *r, void *unused); /* one element of log.entries */
void har_entry_free(struct har_entry *e);

/* message.c: what an entry's messages become in the session. */
void har_request_fill(struct har_reader *r, struct har_message *m, struct request *out);
void har_response_fill(struct har_reader *r, struct har_message *m, struct slice method,
                       struct response *out);
/* Set-Cookie values that a recorder merged with commas, taken apart again. always: it merges all (Safari);
 * else only behind a ';', where no value can hold a comma and a name. */
void har_split_cookies(struct session *s, struct headers *h, bool always);

/* body.c */
void har_request_body(struct har_reader *r, struct har_message *m, struct request *out);
void har_response_body(struct har_reader *r, struct har_message *m, struct slice method,
                       struct response *out);

/* params.c: the body that the fields of a form give; false if they do not tell it. length: of the body
 * that was sent, -1 if unknown. */
bool har_params_body(struct har_reader *r, const struct har_list *params, struct slice content_type,
                     int64_t length, struct slice *body);

/* load.c: the text of a file, decompressed and in UTF-8; kept by s. */
bool har_load(struct session *s, const char *path, size_t max_bytes, struct slice *text,
              struct err *err);
bool har_attachment(struct har_reader *r, struct slice name, struct slice *text);

#endif
