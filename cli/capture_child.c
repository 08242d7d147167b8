/* Privileges and the recorded program of `reprise capture`.
 *
 * Order matters: groups, then the group, then the user, then the capabilities; each is checked, because
 * going on with more rights than said is worse than not going on. */
#include "cli/capture_child.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static bool drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { { 0 } };
    if (syscall(SYS_capset, &head, none) == 0) return true;
    return err_sys(err, ERR_INTERNAL, errno, "give up capabilities");
}

static bool become(const char *user, struct err *err)
{
    errno = 0;
    struct passwd *pw = getpwnam(user);
    if (!pw) return err_set(err, ERR_USAGE, "--user %s: no such user", user);
    if (initgroups(pw->pw_name, pw->pw_gid) != 0 ||
        setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
        return err_sys(err, ERR_INTERNAL, errno, "become %s", user);
    return true;
}

bool give_up_privileges(const char *user, struct err *err)
{
    if (geteuid() == 0) {
        if (!user) user = getenv("SUDO_USER");
        if (!user || strcmp(user, "root") == 0) return true; /* root by choice */
        if (!become(user, err)) return false;
    } else if (user) {
        return err_set(err, ERR_USAGE, "--user needs root: this is user %u", (unsigned)geteuid());
    }
    return drop_capabilities(err);
}

static void exec_child(const char *const *argv, const char *keylog)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("SSLKEYLOGFILE", keylog, 1);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    fprintf(stderr, "reprise: run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

pid_t start_child(const char *const *argv, const char *keylog, struct err *err)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) exec_child(argv, keylog);
    if (pid < 0) err_sys(err, ERR_INTERNAL, errno, "start %s", argv[0]);
    return pid;
}

bool child_ended(pid_t pid, int *code)
{
    int status;
    pid_t got = waitpid(pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    *code = 0;
    if (got > 0 && WIFEXITED(status)) *code = WEXITSTATUS(status);
    if (got > 0 && WIFSIGNALED(status)) *code = 128 + WTERMSIG(status);
    return true;
}

bool make_keylog(char *out, size_t size, struct err *err)
{
    snprintf(out, size, "%s/reprise-keys-XXXXXX", file_temp_folder());
    int fd = mkstemp(out); /* mode 0600 */
    if (fd < 0) return err_sys(err, ERR_INTERNAL, errno, "create %s", out);
    close(fd);
    return true;
}
