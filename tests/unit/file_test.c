/* Unit tests of base/file. */
#include "base/file.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/test.h"

static const char *in_tmpdir(const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", test_tmpdir(), name);
    return path;
}

static unsigned files_in_tmpdir(void)
{
    unsigned n = 0;
    DIR *d = opendir(test_tmpdir());
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

TEST(file_written_is_read_back)
{
    char path[200];
    struct err err = { 0 };
    struct file f;
    struct stat st;
    in_tmpdir("a", path);
    for (int i = 0; i < 2; i++) { /* twice: it replaces */
        struct slice text = i ? SL("second") : SL("first one");
        CHECK(file_write(path, text, &err));
        CHECK(file_read(&f, path, 100, &err) && f.mapped);
        CHECK_S(f.text, text);
        file_close(&f);
    }
    CHECK(stat(path, &st) == 0);
    CHECK_U(st.st_mode & 0777, 0600);
    CHECK_U(files_in_tmpdir(), 1);
    CHECK(file_write(path, SL(""), &err) && file_read(&f, path, 100, &err));
    CHECK_U(f.text.n, 0);
    file_close(&f);
    file_close(NULL);
}

TEST(file_errors_name_the_file)
{
    char path[200];
    struct err err = { 0 };
    struct file f;
    CHECK(!file_read(&f, "/no/such.har", 100, &err));
    CHECK_Z(err.text, "open /no/such.har: No such file or directory");
    CHECK_U(err.code, ERR_INPUT);
    err = (struct err){ 0 };
    CHECK(!file_read(&f, "/", 100, &err));
    CHECK_Z(err.text, "open /: Is a directory");
    err = (struct err){ 0 };
    CHECK(file_write(in_tmpdir("a", path), SL("12345"), &err));
    CHECK(file_read(&f, path, 5, &err));
    file_close(&f);
    CHECK(!file_read(&f, path, 4, &err));
    CHECK(slice_ends(slice_z(err.text), SL("/a: larger than 4 bytes")));
    err = (struct err){ 0 };
    CHECK(!file_write("/no/such/folder/x", SL("x"), &err));
    CHECK_U(err.code, ERR_INTERNAL);
    CHECK_Z(err.text, "create /no/such/folder/x: No such file or directory");
}

TEST(file_aborted_leaves_nothing)
{
    char path[200];
    struct err err = { 0 };
    struct file_out o;
    CHECK(file_out_open(&o, in_tmpdir("a", path), &err));
    CHECK_U(files_in_tmpdir(), 1); /* the partial one */
    CHECK(access(path, F_OK) != 0);
    fputs("half", o.f);
    file_out_abort(&o);
    CHECK_U(files_in_tmpdir(), 0);
}

TEST(file_full_device_is_an_error)
{
    struct err err = { 0 };
    struct stat st;
    CHECK(!file_write("/dev/full", SL("x"), &err));
    CHECK_Z(err.text, "write /dev/full: No space left on device");
    err = (struct err){ 0 };
    CHECK(file_write("/dev/null", SL("x"), &err));
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode)); /* still the device */
}

TEST(file_keeps_links)
{
    char path[200], link[200];
    struct err err = { 0 };
    struct stat st;
    struct file f;
    CHECK(file_write(in_tmpdir("a", path), SL("old"), &err));
    CHECK(symlink(path, in_tmpdir("link", link)) == 0);
    CHECK(file_write(link, SL("new"), &err));
    CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(file_read(&f, path, 100, &err));
    CHECK_S(f.text, SL("new"));
    file_close(&f);
}

TEST(file_reads_pipes)
{
    char name[40], big[100000];
    struct err err = { 0 };
    struct file f;
    for (size_t max = 49999; max <= 50000; max++) {
        int p[2];
        CHECK(pipe(p) == 0);
        snprintf(name, sizeof name, "/dev/fd/%d", p[0]);
        memset(big, 'x', sizeof big);
        CHECK(write(p[1], big, 50000) == 50000);
        close(p[1]);
        CHECK(file_read(&f, name, max, &err) == (max == 50000));
        close(p[0]);
    }
    CHECK_U(f.text.n, 50000);
    file_close(&f);
}

TEST(file_place_counts_from_one)
{
    unsigned line, column;
    file_place(SL("ab\ncd\n"), 0, &line, &column);
    CHECK(line == 1 && column == 1);
    file_place(SL("ab\ncd\n"), 2, &line, &column);
    CHECK(line == 1 && column == 3);
    file_place(SL("ab\ncd\n"), 4, &line, &column);
    CHECK(line == 2 && column == 2);
    file_place(SL("ab\ncd\n"), 99, &line, &column);
    CHECK(line == 3 && column == 1);
    file_place((struct slice){ 0 }, 0, &line, &column);
    CHECK(line == 1 && column == 1);
}
