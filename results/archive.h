/* The archive's parts among themselves. Private to results; the format is docs/archive-format.md. */
#ifndef RESULTS_ARCHIVE_H
#define RESULTS_ARCHIVE_H

#include "base/enc.h"
#include "base/gz.h"
#include "base/json.h"
#include "results/hist.h"
#include "results/recorder.h"
#include "results/stats.h"

#define ARCHIVE_VERSION 1
#define MEMBER_TEXT_MAX (1U << 20) /* bytes of JSON lines in one member */
#define HASH_HEX 64

/* ---- rows: one line per sample (archive_rows.c) ---------------------------------------------------- */

enum row_column {
    ROW_END,
    ROW_SERVICE,
    ROW_RECEIVE,
    ROW_LATE,
    ROW_USER,
    ROW_STEP,
    ROW_BYTES_IN,
    ROW_STATUS,
    ROW_BYTES_OUT,
    ROW_ITERATION,
    ROW_OUTCOME,
    ROW_CONNECT,
    ROW_MESSAGE,
    ROW_COLUMNS
};
extern const char *const row_columns[ROW_COLUMNS];
#define ROW_BYTES_MAX 320

/* What a row is written as a difference to: the user's iteration and the step's status and bytes, all of the
 * row before in the same member. */
struct row_like {
    uint32_t stamp;
    uint16_t status;
    uint64_t bytes_in, bytes_out;
};
struct row_state {
    uint64_t last_end_us;
    uint32_t *iterations, *stamps; /* by user */
    size_t cap;
    struct row_like *likes; /* by step */
    size_t likes_cap;
    uint32_t stamp; /* of the current member */
};
void row_state_free(struct row_state *s);
void row_member(struct row_state *s); /* a member begins */
void row_block(struct row_state *s, uint64_t base_us);
size_t row_write(struct row_state *s, const struct sample *p, uint32_t message, char *out);
/* False if the line is not a row of this version. */
bool row_read(struct row_state *s, struct slice line, struct sample *out);

/* ---- lines: everything else, as JSON with its line break (archive_lines.c) -------------------------- */

void line_header(struct buf *out, const struct run_info *info, enum archive_level level,
                 struct slice environment);
void line_name(struct buf *out, const struct run_info *info, size_t step);
void line_texts(struct buf *out, struct slice name, struct slice text); /* several lines if long */
void line_message(struct buf *out, uint32_t n, struct slice text);
void line_answer(struct buf *out, const struct answer *a, uint32_t message); /* masks */
void line_second(struct buf *out, const struct second *s); /* interval, its steps and failures */
void line_results(struct buf *out,
                  const struct run_stats *s); /* totals per step, thresholds, health */
void env_write(struct buf *out);              /* the machine, as a JSON object (env.c) */

/* ---- the writer (archive_writer.c): called by the collector ------------------------------------------- */

void archive_push_text(struct archive_writer *w, struct slice lines); /* copies */
/* The block goes back to home once it is written. map: home's message numbers to the archive's; its
 * entries for this block's messages are set and do not change any more. */
struct archive_block {
    struct block *block;
    struct recorder *home;
    const uint32_t *map;
    uint32_t worker;
};
void archive_push_block(struct archive_writer *w, const struct archive_block *b);
void archive_push_flush(
    struct archive_writer *w); /* ends the member: what came before is on disk */
struct slice archive_environment(const struct archive_writer *w);
const char *archive_path(const struct archive_writer *w);
enum archive_bodies archive_bodies(const struct archive_writer *w);
uint64_t archive_left_out(struct archive_writer *w); /* by the writer itself: broken disk */
/* Everything pushed is written, the archive closed. left_out: by the recorders. */
bool archive_writer_close(struct archive_writer *w, uint64_t left_out, struct err *err);

/* ---- members in a file (archive_file.c): used by writer, recover ---------------------------------------- */

struct member_entry { /* of the index */
    uint64_t offset, bytes, rows, from_us, to_us;
    char hash[HASH_HEX + 1];
};
struct archive_file {
    int fd;
    char path[4096];
    struct buf page, packed; /* text of the open member; its compressed form */
    size_t page_head;        /* bytes of its first line */
    uint64_t offset;         /* of the file */
    char prev[HASH_HEX + 1]; /* hash of the last member, zeros before the first */
    struct member_entry *members;
    size_t members_n, members_cap;
    uint64_t rows, samples, from_us, to_us; /* rows: in the open member; samples: in the file */
    struct err broken; /* the first error of the disk; nothing is written behind it */
    void *key;         /* signing key or NULL */
};
bool afile_open(struct archive_file *f, const char *path, const char *sign_key, struct err *err);
void afile_free(struct archive_file *f);
/* Room for n bytes in the open member, which is ended first if need be (then *fresh is true). NULL if n is
 * more than a member takes or the disk is broken. */
char *afile_room(struct archive_file *f, size_t n, bool *fresh);
void afile_grew(struct archive_file *f, size_t n);
void afile_row(struct archive_file *f, uint64_t end_us); /* counts a row just written */
bool afile_lines(struct archive_file *f,
                 struct slice lines); /* whole lines, split between members */
bool afile_flush(struct archive_file *f);
/* A whole member as it is, instead of lines; e tells what is in it. */
bool afile_copy(struct archive_file *f, struct slice packed, const struct member_entry *e);
/* The manifest, the index and the seal. */
bool afile_close(struct archive_file *f, uint64_t left_out, bool recovered, struct err *err);

void hash_hex(struct slice bytes, char out[HASH_HEX + 1]);
/* The seal's text and its member, byte for byte what the writer makes of these values. */
struct seal {
    uint64_t members, index_offset;
    char prev[HASH_HEX + 1];
    char signature[89]; /* base64 of 64 bytes; empty: not signed */
};
void seal_member(struct buf *out, const struct seal *s);
void seal_message(struct buf *out, const struct seal *s); /* what is signed */

/* Ed25519 (sign.c) */
void *sign_key_read(const char *path, bool private_key, struct err *err); /* gives */
void sign_key_free(void *key);
bool sign_make(void *key, struct slice message, char out[89]);
bool sign_check(void *key, struct slice message, struct slice base64);

/* Text with the values of secret-looking names masked (mask.c). */
void mask_text(struct buf *out, struct slice text);

#endif
