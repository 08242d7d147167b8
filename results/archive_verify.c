/* Is an archive whole and unaltered, and if not, how much of it is good? And: make a closed one of that.
 *
 * A walk over the members: each must unpack, carry its number and the SHA-256 of the one before it; the
 * index must list what is there; the seal must be, byte for byte, the one that belongs to it. So any
 * single changed byte is found: in a packed member by gzip's own checksum or by the next member's hash, in
 * the seal by comparison. Only a signature shows a forger who made all hashes anew. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "results/archive_read.h"

#define SEAL_ROOM 1024

enum walk_end { WALK_SEALED, WALK_CUT, WALK_ALTERED };

struct walk {
    struct archive_reader reader;
    struct archive_verdict *v;
    struct arena *arena;
    char prev[HASH_HEX + 1];   /* hash of the member before */
    uint64_t manifest_members; /* members up to the manifest's, that included; 0: not seen */
    uint64_t manifest_at;      /* its number */
    uint64_t manifest_samples, left_out, index_offset, listed;
    uint64_t rows, from_us, to_us; /* of the member last read */
    uint64_t bad;
    char why[160];
    struct row_state row_state;
    struct archive_file *copy; /* recover: good members go here */
    struct member_entry *entries;
    size_t entries_n, entries_cap;
};

static enum walk_end altered(struct walk *w, uint64_t member, const char *why)
{
    w->bad = member;
    snprintf(w->why, sizeof w->why, "%s", why);
    return WALK_ALTERED;
}

/* ---- the seal ------------------------------------------------------------------------------------------------ */

static struct slice tail_of(const struct archive_reader *r)
{
    struct slice all = r->file.text;
    return slice_from(all, all.n > SEAL_ROOM ? all.n - SEAL_ROOM : 0);
}

/* Where the last thing that starts like a seal stands in the file's tail. */
static bool find_seal(const struct archive_reader *r, struct slice *out)
{
    struct slice tail = tail_of(r), head = SL("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01");
    bool found = false;
    for (size_t at; (at = slice_find(tail, head)) != SLICE_NONE; tail = slice_from(tail, 1)) {
        tail = slice_from(tail, at);
        *out = tail;
        found = true;
    }
    return found;
}

static bool read_seal(struct slice member, struct seal *s, struct arena *a)
{
    struct buf text = BUF_INIT(SEAL_ROOM);
    struct slice prev = { NULL, 0 }, signature = { NULL, 0 };
    const struct want want[] = {
        { "members", WANT_U64, &s->members },
        { "index_offset", WANT_U64, &s->index_offset },
        { "prev", WANT_STR, &prev },
        { "signature", WANT_STR, &signature },
    };
    size_t at = 0;
    bool ok = gz_next(member, &at, &text) == GZ_MEMBER && at == member.n &&
              slice_eq(line_type(buf_slice(&text)), SL("seal")) &&
              line_read(slice_trim(buf_slice(&text)), want, 4, a) && prev.n == HASH_HEX &&
              (signature.n == 0 || signature.n == 88);
    if (ok) {
        memcpy(s->prev, prev.p, HASH_HEX);
        memcpy(s->signature, signature.n ? signature.p : "", signature.n);
    }
    buf_free(&text);
    return ok;
}

bool archive_is_closed(const struct archive_reader *r)
{
    struct slice at;
    struct seal s = { 0 };
    struct arena *a = arena_new();
    bool ok = find_seal(r, &at) && read_seal(at, &s, a);
    arena_free(a);
    return ok;
}

/* A good seal over another hash: what it seals was changed, in bits that gzip does not check. */
static bool seals_other(struct slice rest, const struct seal *found, const struct walk *w)
{
    struct buf own = BUF_INIT(SEAL_ROOM);
    seal_member(&own, found);
    bool other = slice_eq(rest, buf_slice(&own)) && memcmp(found->prev, w->prev, HASH_HEX) != 0;
    buf_free(&own);
    return other && w->reader.number > 0;
}

/* The rest of the file against the seal that belongs there. A shorter rest that starts like it was cut. */
static enum walk_end check_seal(struct walk *w)
{
    struct slice rest = slice_from(w->reader.file.text, w->reader.offset);
    struct seal s = { .members = w->reader.number, .index_offset = w->index_offset }, found = { 0 };
    struct buf want = BUF_INIT(SEAL_ROOM);
    memcpy(s.prev, w->prev, sizeof s.prev);
    if (read_seal(rest, &found, w->arena)) memcpy(s.signature, found.signature, sizeof s.signature);
    seal_member(&want, &s);
    bool equal = slice_eq(rest, buf_slice(&want));
    bool cut = rest.n < want.n && memcmp(rest.p ? rest.p : "", want.p, rest.n) == 0;
    if (!equal && !cut && rest.n < want.n + 88 &&
        rest.n > 0) { /* a signed one, cut: equal up to its length */
        memset(s.signature, 'A', 88);
        buf_reset(&want);
        seal_member(&want, &s);
        size_t same = want.n - 8 - 88 - 3 < rest.n ? want.n - 8 - 88 - 3 : rest.n;
        cut = rest.n < want.n && memcmp(rest.p, want.p, same) == 0;
    }
    buf_free(&want);
    if (equal) {
        w->v->signature_found = s.signature[0] != '\0';
        return WALK_SEALED;
    }
    if (seals_other(rest, &found, w))
        return altered(w, w->reader.number - 1, "its SHA-256 is not the one that the seal names");
    return cut ? WALK_CUT
               : altered(w, w->reader.number, "the seal is not the one that belongs here");
}

/* ---- members -------------------------------------------------------------------------------------------------- */

static bool check_chain(struct walk *w)
{
    struct slice line, prev = { NULL, 0 };
    uint64_t number = UINT64_MAX;
    const struct want want[] = { { "member", WANT_U64, &number }, { "prev", WANT_STR, &prev } };
    if (!areader_line(&w->reader, &line) || !slice_eq(line_type(line), SL("member"))) return false;
    return line_read(line, want, 2, w->arena) && number == w->reader.number - 1 &&
           slice_eq(prev, slice_z(w->prev));
}

static void read_manifest(struct walk *w, struct slice line)
{
    const struct want want[] = {
        { "members", WANT_U64, &w->manifest_members },
        { "samples", WANT_U64, &w->manifest_samples },
        { "left_out", WANT_U64, &w->left_out },
        { "recovered", WANT_BOOL, &w->v->recovered },
    };
    line_read(line, want, 4, w->arena);
    w->manifest_at = w->reader.number - 1;
    w->index_offset = w->reader.offset;
}

static bool check_entry(struct walk *w, struct slice line)
{
    uint64_t member = UINT64_MAX, offset = 0, bytes = 0, rows = 0;
    struct slice hash = { NULL, 0 };
    const struct want want[] = {
        { "member", WANT_U64, &member }, { "offset", WANT_U64, &offset },
        { "bytes", WANT_U64, &bytes },   { "rows", WANT_U64, &rows },
        { "sha256", WANT_STR, &hash },
    };
    if (!line_read(line, want, 5, w->arena) || member != w->listed || member >= w->entries_n)
        return false;
    const struct member_entry *e = &w->entries[member];
    w->listed++;
    return e->offset == offset && e->bytes == bytes && e->rows == rows &&
           slice_eq(hash, slice_z(e->hash));
}

static void sum_left_out(struct walk *w, struct slice line)
{
    uint64_t n = 0;
    const struct want want[] = { { "left_out", WANT_U64, &n } };
    if (line_read(line, want, 1, w->arena) && !w->manifest_members) w->left_out += n;
}

static void take_base(struct walk *w, struct slice line)
{
    uint64_t base = 0;
    const struct want want[] = { { "base_us", WANT_U64, &base } };
    if (line_read(line, want, 1, w->arena)) row_block(&w->row_state, base);
}

/* The index needs each member's span of time only when it is written again. */
static void take_row(struct walk *w, struct slice line)
{
    struct sample s;
    w->rows++;
    if (!w->copy || !row_read(&w->row_state, line, &s)) return;
    uint64_t us = s.end_ns / 1000;
    if (us < w->from_us) w->from_us = us;
    if (us > w->to_us) w->to_us = us;
}

static bool check_lines(struct walk *w)
{
    struct slice line;
    w->rows = w->to_us = 0;
    w->from_us = UINT64_MAX;
    row_member(&w->row_state);
    while (areader_line(&w->reader, &line)) {
        if (line.n && line.p[0] == '[') {
            take_row(w, line);
            continue;
        }
        struct slice type = line_type(line);
        if (slice_eq(type, SL("at")) && !check_entry(w, line)) return false;
        if (slice_eq(type, SL("samples"))) take_base(w, line);
        if (slice_eq(type, SL("interval"))) sum_left_out(w, line);
        if (slice_eq(type, SL("manifest"))) read_manifest(w, line);
    }
    return true;
}

static void note_member(struct walk *w)
{
    struct slice packed = slice_sub(w->reader.file.text, w->reader.at, w->reader.offset);
    hash_hex(packed, w->prev);
    mem_grow(&w->entries, &w->entries_cap, w->entries_n + 1, sizeof *w->entries);
    struct member_entry *e = &w->entries[w->entries_n++];
    *e = (struct member_entry){ .offset = w->reader.at,
                                .bytes = packed.n,
                                .rows = w->rows,
                                .from_us = w->rows ? w->from_us : 0,
                                .to_us = w->to_us };
    memcpy(e->hash, w->prev, sizeof e->hash);
    w->v->samples += w->rows;
}

/* A member that does not unpack: cut off, or altered? If anything of ours follows, it was altered. */
static enum walk_end broken_member(struct walk *w)
{
    struct slice rest = slice_from(w->reader.file.text, w->reader.offset + 1), found;
    if (find_seal(&w->reader, &found) && read_seal(found, &(struct seal){ 0 }, w->arena))
        return altered(w, w->reader.number, "its bytes do not unpack");
    for (size_t at; (at = slice_find(rest, MEMBER_MAGIC)) != SLICE_NONE;
         rest = slice_from(rest, 1)) {
        struct buf text = BUF_INIT(MEMBER_TEXT_MAX);
        size_t offset = 0;
        rest = slice_from(rest, at);
        bool whole = gz_next(rest, &offset, &text) == GZ_MEMBER;
        buf_free(&text);
        if (whole) return altered(w, w->reader.number, "its bytes do not unpack");
    }
    return WALK_CUT;
}

static bool all_listed(const struct walk *w)
{
    return w->manifest_members && w->listed == w->manifest_members;
}

static enum walk_end walk(struct walk *w)
{
    memset(w->prev, '0', HASH_HEX);
    w->row_state.stamp = 1;
    for (;;) {
        if (all_listed(w)) return check_seal(w);
        switch (areader_member(&w->reader)) {
        case MEMBER_OK: break;
        case MEMBER_END: return WALK_CUT;
        case MEMBER_BROKEN: return broken_member(w);
        }
        arena_reset(w->arena);
        uint64_t number = w->reader.number - 1;
        if (!check_chain(w)) {
            w->reader.offset = w->reader.at;
            return altered(w, number ? number - 1 : 0,
                           "its SHA-256 is not the one that the next member names");
        }
        if (!check_lines(w)) return altered(w, number, "the index does not list what is there");
        note_member(w);
        w->v->good_members = w->reader.number;
        w->v->good_bytes = w->reader.offset;
    }
}

/* ---- the verdict ------------------------------------------------------------------------------------------------ */

static void say_whole(struct walk *w)
{
    struct archive_verdict *v = w->v;
    v->state = ARCHIVE_WHOLE;
    v->closed = true;
    v->members++; /* the seal */
    v->good_members++;
    v->good_bytes = v->bytes;
    snprintf(v->text, sizeof v->text,
             "whole and unaltered: %" PRIu64 " members, %" PRIu64 " samples%s%s", v->members,
             v->samples, v->left_out ? "; samples were left out of it while it was written" : "",
             v->recovered ? "; it is what could be recovered of another one" : "");
}

static void say_cut(struct walk *w)
{
    struct archive_verdict *v = w->v;
    v->state = ARCHIVE_TRUNCATED;
    snprintf(v->text, sizeof v->text,
             "not closed: the first %" PRIu64 " members (%" PRIu64 " of %" PRIu64 " bytes, %" PRIu64
             " samples) are good, %s",
             v->good_members, v->good_bytes, v->bytes, v->samples,
             v->good_bytes < v->bytes ? "then member data ends in the middle"
                                      : "then the file ends without a seal");
}

static void say_altered(struct walk *w)
{
    struct archive_verdict *v = w->v;
    v->state = ARCHIVE_ALTERED;
    v->bad_member = w->bad;
    if (v->good_members > w->bad) { /* its own successor betrayed it */
        v->good_members = w->bad;
        v->good_bytes = w->entries[w->bad].offset;
        v->samples -= w->entries[w->bad].rows;
    }
    snprintf(v->text, sizeof v->text,
             "altered: member %" PRIu64 ": %s; the %" PRIu64 " before it are good", w->bad, w->why,
             v->good_members);
}

static void check_signature(struct walk *w, void *key)
{
    struct slice at;
    struct seal s = { 0 };
    struct buf message = BUF_INIT(256);
    if (!key || w->v->state != ARCHIVE_WHOLE) return;
    if (find_seal(&w->reader, &at) && read_seal(at, &s, w->arena) && s.signature[0]) {
        seal_message(&message, &s);
        w->v->signature_ok = sign_check(key, buf_slice(&message), slice_z(s.signature));
    }
    buf_free(&message);
    size_t n = strlen(w->v->text);
    snprintf(w->v->text + n, sizeof w->v->text - n, "; %s",
             w->v->signature_ok      ? "the signature is good"
             : w->v->signature_found ? "the signature is NOT made with this key"
                                     : "it is NOT signed");
    if (!w->v->signature_ok) w->v->state = ARCHIVE_BAD_SIGNATURE;
}

static bool walk_open(struct walk *w, const char *path, struct archive_verdict *out,
                      struct err *err)
{
    *w = (struct walk){ .v = out };
    *out = (struct archive_verdict){ 0 };
    if (!areader_open(&w->reader, path, err)) return false;
    areader_ahead(&w->reader);
    w->arena = arena_new();
    out->bytes = w->reader.file.text.n;
    return true;
}

static void walk_close(struct walk *w)
{
    areader_close(&w->reader);
    arena_free(w->arena);
    row_state_free(&w->row_state);
    free(w->entries);
}

static void walk_judge(struct walk *w)
{
    enum walk_end end = walk(w);
    w->v->members = w->reader.number;
    w->v->left_out = w->left_out;
    if (end == WALK_SEALED && w->manifest_samples != w->v->samples)
        end = altered(w, w->manifest_at, "the manifest counts other samples than there are");
    switch (end) {
    case WALK_SEALED: say_whole(w); break;
    case WALK_CUT: say_cut(w); break;
    case WALK_ALTERED: say_altered(w); break;
    }
}

bool archive_verify(const char *path, const char *key_path, struct archive_verdict *out,
                    struct err *err)
{
    struct walk w;
    void *key = NULL;
    if (key_path && !(key = sign_key_read(key_path, false, err))) return false;
    bool ok = walk_open(&w, path, out, err);
    if (ok) {
        walk_judge(&w);
        check_signature(&w, key);
        walk_close(&w);
    }
    sign_key_free(key);
    return ok;
}

/* ---- recover ------------------------------------------------------------------------------------------------------ */

/* Good members up to the manifest's are copied as they are: their chain holds. */
static bool copy_members(struct walk *w, struct archive_file *f)
{
    size_t n = (size_t)w->v->good_members;
    if (w->manifest_members && n > w->manifest_at) n = (size_t)w->manifest_at;
    for (size_t i = 0; i < n; i++) {
        const struct member_entry *e = &w->entries[i];
        if (!afile_copy(f, slice_sub(w->reader.file.text, e->offset, e->offset + e->bytes), e))
            return false;
    }
    return true;
}

bool archive_recover(const char *path, const char *out, struct archive_verdict *v, struct err *err)
{
    struct walk w;
    struct archive_file f;
    if (!walk_open(&w, path, v, err)) return false;
    w.copy = &f;
    walk_judge(&w);
    bool ok = v->good_members > 0 || err_set(err, ERR_INPUT, "%s: %s", path, v->text);
    ok = ok && afile_open(&f, out, NULL, err);
    if (ok) {
        copy_members(&w, &f);
        ok = afile_close(&f, w.left_out, v->recovered || v->state != ARCHIVE_WHOLE, err);
        afile_free(&f);
    }
    walk_close(&w);
    return ok;
}
