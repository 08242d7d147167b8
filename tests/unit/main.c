/* Runs the registered tests: `unit [-l] [PART-OF-NAME…]`; ends with "N passed, N failed". */
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

#define TEST_SECONDS 120

extern const struct test *const __start_tests[];
extern const struct test *const __stop_tests[];

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

void test_eq_u(const char *file, int line, const char *what, uint64_t got, uint64_t want)
{
    if (got == want) return;
    test_fail(file, line, "%s is %llu, want %llu", what, (unsigned long long)got,
              (unsigned long long)want);
}

void test_eq_s(const char *file, int line, const char *what, struct slice got, struct slice want)
{
    if (slice_eq(got, want)) return;
    test_fail(file, line, "%s is \"%.*s\" (%zu), want \"%.*s\" (%zu)", what, SL_FMT(got), got.n,
              SL_FMT(want), want.n);
}

static size_t guarded_bytes(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page + page;
}

char *test_guarded(const void *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), total = guarded_bytes(n);
    char *m = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED || mprotect(m + total - page, page, PROT_NONE) != 0)
        test_fail(__FILE__, __LINE__, "guard page: %s", strerror(errno));
    char *text = m + total - page - n;
    if (n) memcpy(text, p, n);
    return text;
}

void test_guarded_free(char *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), total = guarded_bytes(n);
    munmap(p + n + page - total, total);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
    (void)st;
    (void)type;
    (void)w;
    return remove(path);
}

static char tmpdir[64];

static void remove_tmpdir(void)
{
    nftw(tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_tmpdir(void)
{
    if (tmpdir[0]) return tmpdir;
    snprintf(tmpdir, sizeof tmpdir, "/tmp/reprise-unit-XXXXXX");
    if (!mkdtemp(tmpdir)) test_fail(__FILE__, __LINE__, "mkdtemp: %s", strerror(errno));
    atexit(remove_tmpdir);
    return tmpdir;
}

/* Runs one test in a child; true if it passed. */
static bool run_one(const struct test *t)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(TEST_SECONDS);
        t->run();
        exit(0);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0) return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFSIGNALED(status)) fprintf(stderr, "%s: signal %d\n", t->file, WTERMSIG(status));
    fprintf(stderr, "FAILED %s (%s)\n", t->name, t->file);
    return false;
}

static bool wanted(const struct test *t, int argc, char **argv)
{
    if (argc == 0) return true;
    for (int i = 0; i < argc; i++)
        if (strstr(t->name, argv[i]) || strstr(t->file, argv[i])) return true;
    return false;
}

int main(int argc, char **argv)
{
    bool list = argc > 1 && strcmp(argv[1], "-l") == 0;
    int skip = list ? 2 : 1, passed = 0, failed = 0;
    for (const struct test *const *t = __start_tests; t < __stop_tests; t++) {
        if (!wanted(*t, argc - skip, argv + skip)) continue;
        if (list)
            printf("%s %s\n", (*t)->file, (*t)->name);
        else if (run_one(*t))
            passed++;
        else
            failed++;
    }
    if (!list) printf("unit: %d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
