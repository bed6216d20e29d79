/* SPDX-License-Identifier: ISC */
/* What is not in the lists is not permitted. */
#include "sandbox_calls.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#ifdef HAVE_SECCOMP
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>

/* Files, memory, threads, time: what SQLite, zlib, libcrypto and the C library ask for. */
static const char *const common[] = {
    /* files that are open */
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
    "pwritev2", "close", "close_range", "lseek", "_llseek", "fstat", "fstat64", "fstatfs",
    "fstatfs64", "fcntl", "fcntl64", "flock", "fsync", "fdatasync", "sync_file_range", "ftruncate",
    "ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "readahead", "dup", "dup2", "dup3",
    "fchmod", "fchown", "fchown32",
    /* files by name; where, Landlock says */
    "open", "openat", "openat2", "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64",
    "statx", "statfs", "statfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
    "getcwd", "getdents", "getdents64", "rename", "renameat", "renameat2", "unlink", "unlinkat",
    "truncate", "truncate64", "umask", "utimensat",
    /* memory */
    "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "brk", "msync", "mincore", "mlock",
    "munlock", "mlock2", "membarrier",
    /* threads, signals and waiting */
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "rseq",
    "set_tid_address", "gettid", "getpid", "getppid", "tgkill", "exit", "exit_group",
    "restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
    "rt_sigpending", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_sigsuspend", "sigaltstack",
    "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu", "poll",
    "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe", "pipe2",
    "timerfd_create", "timerfd_settime", "timerfd_gettime", "nanosleep", "clock_nanosleep",
    "clock_nanosleep_time64", "arch_prctl",
    /* questions */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday",
    "time", "times", "getrusage", "getrlimit", "ugetrlimit", "prlimit64", "sysinfo", "uname",
    "getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32",
    "getresuid", "getresgid", "getgroups", "getpgrp", "getpgid", "getsid", "getrandom", "capget",
    "getpriority",
    /* sockets that are open */
    "getsockopt", "setsockopt", "getsockname", "shutdown"};

/* An interface is opened: sockets of its own kind, and such that ask the kernel about it. */
static const char *const of_capture[] = {"bind",     "send",    "sendto", "sendmsg",
                                         "recvfrom", "recvmsg", "recv"};

/* A fleet is spoken to over TCP, its name asked for over UDP. */
static const char *const of_shipping[] = {
    "connect",         "bind",     "send",    "sendto", "sendmsg",     "sendmmsg",  "recvmmsg",
    "recvmmsg_time64", "recvfrom", "recvmsg", "recv",   "getpeername", "socketpair"};

/* The service manager is told that the program is alive. */
static const char *const of_service[] = {"sendto", "sendmsg"};

/* What a later C library tries first, and does without when it is told that there is no such call.
 * What clone3() is asked for cannot be seen. */
static const char *const too_new[] = {"clone3",     "fchmodat2",        "mseal",
                                      "statmount",  "map_shadow_stack", "futex_wait",
                                      "futex_wake", "futex_requeue",    "cachestat"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* A name that this processor, or this library, does not know is passed over. */
static bool add(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int number = seccomp_syscall_resolve_name(names[i]);
        if (number == __NR_SCMP_ERROR)
            continue;
        const int error = seccomp_rule_add(filter, action, number, 0);
        if (error && error != -EDOM && error != -EEXIST) /* none here; said before */
            return false;
    }
    return true;
}

#define ALLOW(list) add(filter, SCMP_ACT_ALLOW, list, COUNT(list))

static bool allow_sockets(scmp_filter_ctx filter, const int *families, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                           SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
        if (error && error != -EEXIST)
            return false;
    }
    return true;
}

/* Threads, but no processes. */
static bool allow_threads(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
}

/* Threads may have names, and that is all that prctl() is for. */
static bool allow_names(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                            SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)) == 0;
}

/* What a terminal is, and how wide; of the kernel's many other uses of ioctl() none, but those that
 * ask about an interface. The kernel looks at the lower half of the number alone. */
static bool allow_ioctl(scmp_filter_ctx filter, uint64_t mask, uint64_t number)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, mask, number)) == 0;
}

static bool allow_terminal(scmp_filter_ctx filter)
{
    static const uint64_t numbers[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX};
    bool done = true;
    for (size_t i = 0; i < COUNT(numbers); i++)
        done = done && allow_ioctl(filter, UINT32_MAX, numbers[i]);
    return done;
}

static bool is_served(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

static bool allow_service(scmp_filter_ctx filter)
{
    static const int families[] = {AF_UNIX};
    return !is_served() || (ALLOW(of_service) && allow_sockets(filter, families, COUNT(families)));
}

static bool allow_capture(scmp_filter_ctx filter)
{
    static const int families[] = {AF_PACKET, AF_NETLINK, AF_INET, AF_UNIX};
    return ALLOW(of_capture) && allow_sockets(filter, families, COUNT(families)) &&
           allow_ioctl(filter, UINT32_MAX & ~UINT64_C(0xff), SIOCGIFNAME & ~0xff);
}

static bool allow_shipping(scmp_filter_ctx filter)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
    return ALLOW(of_shipping) && allow_sockets(filter, families, COUNT(families));
}

/* What every thread may do; NULL when it cannot be said. */
static scmp_filter_ctx begin(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter && ALLOW(common) && add(filter, SCMP_ACT_ERRNO(ENOSYS), too_new, COUNT(too_new)) &&
        allow_threads(filter) && allow_terminal(filter) && allow_service(filter))
        return filter;
    if (filter)
        seccomp_release(filter);
    return NULL;
}

bool sandbox_calls_of_all(const struct sandbox_work *work)
{
    /* The thread that reads has still to confine itself. */
    static const char *const next[] = {"seccomp", "prctl", "landlock_create_ruleset",
                                       "landlock_add_rule", "landlock_restrict_self"};
    scmp_filter_ctx filter = begin();
    const bool done = filter && ALLOW(next) && (!work->captures || allow_capture(filter)) &&
                      (!work->ships || allow_shipping(filter)) &&
                      seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                      seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return done;
}

bool sandbox_calls_of_reader(void)
{
    scmp_filter_ctx filter = begin();
    const bool done = filter && allow_names(filter) && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return done;
}
#else
bool sandbox_calls_of_all(const struct sandbox_work *work)
{
    (void)work;
    return false;
}

bool sandbox_calls_of_reader(void)
{
    return false;
}
#endif
