/* Unit tests of base/err. */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

TEST(err_keeps_the_first)
{
    struct err e = { 0 };
    CHECK(!err_is(&e) && !err_is(NULL));
    CHECK(!err_set(&e, ERR_USAGE, "first %d", 1));
    CHECK(!err_set(&e, ERR_INPUT, "second"));
    CHECK(err_is(&e));
    CHECK_U(err_exit_code(&e), 2);
    CHECK_Z(e.text, "first 1");
    err_context(&e, "step %d", 3);
    CHECK_Z(e.text, "step 3: first 1");
}

TEST(err_texts)
{
    struct err e = { 0 };
    err_sys(&e, ERR_INPUT, ENOENT, "open %s", "a.har");
    CHECK_Z(e.text, "open a.har: No such file or directory");
    CHECK_U(err_exit_code(&e), 3);
    e = (struct err){ 0 };
    err_at(&e, "a.yaml", 3, 7, "no %s", "good");
    CHECK_Z(e.text, "a.yaml:3:7: no good");
    e = (struct err){ 0 };
    err_at(&e, "a.yaml", 3, 0, "bad");
    CHECK_Z(e.text, "a.yaml:3: bad");
    e = (struct err){ 0 };
    err_at(&e, "a.yaml", 0, 0, "bad");
    CHECK_Z(e.text, "a.yaml: bad");
    e = (struct err){ 0 };
    err_set(&e, ERR_INTERNAL, "x");
    CHECK_U(err_exit_code(&e), 4);
}

TEST(err_null_is_fine_and_long_texts_are_cut)
{
    char name[3000];
    struct err e = { 0 };
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    CHECK(!err_set(NULL, ERR_USAGE, "x") && !err_sys(NULL, ERR_INPUT, 1, "x"));
    CHECK(!err_at(NULL, "f", 1, 1, "x"));
    err_context(NULL, "x");
    CHECK_U(err_exit_code(NULL), 0);
    err_context(&e, "nothing to put it before");
    CHECK_Z(e.text, "");
    err_at(&e, name, 1, 1, "%s", name);
    CHECK_U(strlen(e.text), sizeof e.text - 1);
    err_context(&e, "%s", name);
    err_context(&e, "c");
    CHECK_U(strlen(e.text), sizeof e.text - 1);
    e = (struct err){ 0 };
    err_sys(&e, ERR_INPUT, ENOENT, "%s", name);
    CHECK_U(strlen(e.text), sizeof e.text - 1);
}
