/* What the readers of other tools' files share. Private to the room.
 *
 * A reader is given the whole text of a file and adds exchanges; what they point to must live in the
 * session's arena or in the text, which the session keeps. Each row of the recording is announced with
 * import_row, each that becomes no exchange with session_dropped. */
#ifndef IMPORT_READ_H
#define IMPORT_READ_H

#include "base/xml.h"
#include "capture/import/import.h"

struct import {
    const char *path; /* for messages */
    struct slice text;
    struct session *s;
    struct arena *scratch; /* reset by the readers, freed by the caller */
    const struct import_options *o;
    size_t unpacked; /* bytes that were unpacked or decoded so far */
    size_t max_unpacked, max_entries;
    size_t bad_headers;
    bool no_durations; /* the format has none */
};

/* Counts a row; false when there are too many. done: how far in the text. */
bool import_row(struct import *im, size_t done, struct err *err);
/* False when n more unpacked bytes would be too many (a bomb): the reader gives up. */
bool import_unpacked(struct import *im, size_t n, struct err *err);
/* A copy in the session. */
struct slice import_keep(struct import *im, struct slice s);
/* What the recording could not give, as warnings, in the same words as for HARs. */
void import_warn(struct import *im);

bool burp_read(struct import *im, struct err *err);
bool charles_xml_read(struct import *im, struct err *err);
bool charles_json_read(struct import *im, struct err *err);
bool saz_read(struct import *im, struct err *err);
bool har_zip_read(struct import *im, struct err *err); /* im->s is replaced */
bool jtl_read(struct import *im, struct err *err);
bool gor_read(struct import *im, struct err *err);
bool mitm_read(struct import *im, struct err *err);
bool message_log_read(struct import *im, struct err *err);
bool base64_lines_read(struct import *im, struct err *err);

#endif
