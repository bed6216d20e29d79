/* SPDX-License-Identifier: ISC */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_CAPNG
#include <cap-ng.h>
#endif
#if defined(__has_include)
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#define HAVE_LANDLOCK 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum {
    IS_INSTRUMENTED = 1
};
#else
enum {
    IS_INSTRUMENTED = 0
};
#endif

/* Tools that look into the program from within need calls and files of their own. */
static bool is_watched(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return IS_INSTRUMENTED || (preloaded && strstr(preloaded, "vgpreload"));
}

void sandbox_harden(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!is_watched())
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(077);
}

/* --- files --- */

#ifdef HAVE_LANDLOCK
enum {
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
            LANDLOCK_ACCESS_FS_REMOVE_FILE,
    ALL = READ | WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
          LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
          LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
          LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
    OF_FILES = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
};

static void allow(int rules, const char *path, uint64_t access)
{
    struct stat what;
    const int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0)
        return;
    if (fstat(file, &what) == 0 && !S_ISDIR(what.st_mode))
        access &= OF_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = file};
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(file);
}

static void allow_path(int rules, const struct sandbox_path *path)
{
    char *copy = strdup(path->path);
    if (!copy)
        return;
    allow(rules, path->of_file ? dirname(copy) : copy, path->written ? READ | WRITE : READ);
    free(copy);
}

/* Libraries read their own files late: libcrypto its providers, the C library the zone; SQLite puts
 * large sorts into temporary files. */
static void allow_libraries(int rules)
{
    static const char *const read[] = {"/usr",     "/lib",           "/lib64",
                                       "/etc/ssl", "/etc/localtime", "/dev/urandom"};
    const char *temporary[] = {getenv("SQLITE_TMPDIR"), getenv("TMPDIR"), "/var/tmp", "/tmp"};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        allow(rules, read[i], READ);
    allow(rules, "/dev/null", READ | WRITE);
    for (size_t i = 0; i < sizeof temporary / sizeof *temporary; i++)
        if (temporary[i])
            allow(rules, temporary[i], READ | WRITE);
}

static bool confine_files(const struct sandbox_path *paths, size_t count)
{
    const struct landlock_ruleset_attr attributes = {.handled_access_fs = ALL};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes,
                                   sizeof attributes.handled_access_fs, 0);
    if (rules < 0)
        return false;
    allow_libraries(rules);
    for (size_t i = 0; i < count; i++)
        allow_path(rules, &paths[i]);
    const bool done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return done;
}
#else
static bool confine_files(const struct sandbox_path *paths, size_t count)
{
    (void)paths, (void)count;
    return false;
}
#endif

/* --- altogether --- */

bool sandbox_enter_all(const struct sandbox_work *work)
{
    return !is_watched() && sandbox_calls_of_all(work);
}

bool sandbox_is_possible(void)
{
    return !is_watched();
}

struct sandbox sandbox_enter(const struct sandbox_path *paths, size_t count)
{
    struct sandbox held = {false, false};
    if (is_watched())
        return held;
    tzset();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    held.files = confine_files(paths, count);
    held.calls = sandbox_calls_of_reader();
    return held;
}

/* --- rights --- */

/* A history that root would make could not be opened by the user. */
static bool give_history(const char *history, const struct passwd *user, struct failure *why)
{
    const int file = open(history, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return true; /* it is there; whether it can be written is seen when it is */
    const bool done = fchown(file, user->pw_uid, user->pw_gid) == 0;
    close(file);
    return done || failure_set(why, "history '%s' cannot be given to %s: %s", history,
                               user->pw_name, strerror(errno));
}

#ifdef HAVE_CAPNG
static bool change(const struct passwd *user, bool keep_raw)
{
    capng_clear(CAPNG_SELECT_BOTH);
    if (keep_raw)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
    return capng_change_id((int)user->pw_uid, (int)user->pw_gid,
                           CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) == 0;
}

bool sandbox_forget_rights(struct failure *why)
{
    capng_clear(CAPNG_SELECT_CAPS);
    return capng_apply(CAPNG_SELECT_CAPS) == 0 ||
           failure_set(why, "the right to capture cannot be given away: %s", strerror(errno));
}

enum {
    CAN_BECOME = 1
};
#else
static bool change(const struct passwd *user, bool keep_raw)
{
    (void)user, (void)keep_raw;
    return false;
}

bool sandbox_forget_rights(struct failure *why)
{
    (void)why;
    return true;
}

enum {
    CAN_BECOME = 0
};
#endif

bool sandbox_become(const char *user, bool keep_raw, const char *history, struct failure *why)
{
    errno = 0;
    const struct passwd *known = getpwnam(user);
    if (!CAN_BECOME)
        return failure_set(why, "--user: this program was built without libcap-ng");
    if (!known)
        return failure_set(why, "--user: there is no user '%s'", user);
    if (geteuid() != 0)
        return failure_set(why, "--user: only root can become another user");
    return give_history(history, known, why) &&
           (change(known, keep_raw) || failure_set(why, "--user: cannot become '%s'", user));
}
