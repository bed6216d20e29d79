/* SPDX-License-Identifier: ISC */
/* What a thread that is confined cannot do any more, tried in a process of its own. */
#include "analyzer/program/sandbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/heloscope-sandbox-XXXXXX";
static char inside[64];

static bool refused(int result)
{
    return result < 0 && (errno == EPERM || errno == EACCES);
}

static int open_other(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int write_other(void)
{
    return open("/etc/heloscope-made-by-a-test", O_WRONLY | O_CREAT, 0600);
}

static int start_program(void)
{
    static char name[] = "true";
    char *const words[] = {name, NULL};
    return execv("/bin/true", words);
}

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int make_process(void)
{
    return fork();
}

static int end_another(void)
{
    return kill(getppid(), 0);
}

/* What is pushed into a terminal is typed into the shell behind it. */
static int type_into_terminal(void)
{
    char octet = 'x';
    return ioctl(0, TIOCSTI, &octet);
}

static int map_a_kernel_object(void)
{
    return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int open_inside(void)
{
    return refused(open(inside, O_RDWR | O_CREAT, 0600)) ? 0 : -(errno = EPERM);
}

static void *nothing(void *context)
{
    return context;
}

static int make_thread(void)
{
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, nothing, NULL);
    if (!error)
        pthread_join(thread, NULL);
    return error ? 0 : -(errno = EPERM); /* turned round: it must succeed */
}

static const struct attempt {
    const char *what;
    int (*try)(void);
    bool by_files; /* Landlock refuses it, else seccomp does */
} attempts[] = {
    {"open another file", open_other, true},
    {"make another file", write_other, true},
    {"start a program", start_program, false},
    {"make a socket", make_socket, false},
    {"make a process", make_process, false},
    {"not open its own", open_inside, true},
    {"end another process", end_another, false},
    {"type into its terminal", type_into_terminal, false},
    {"make a ring of the kernel", map_a_kernel_object, false},
    {"not make a thread", make_thread, false},
};

enum {
    REFUSED,
    DONE,
    NO_MECHANISM
};

/* In a child: returns what came of it as its status. */
static int try_confined(const struct attempt *attempt)
{
    const struct sandbox_path own = {.path = inside, .written = true, .of_file = true};
    const struct sandbox held = sandbox_enter(&own, 1);
    if (!(attempt->by_files ? held.files : held.calls))
        return NO_MECHANISM;
    return refused(attempt->try()) ? REFUSED : DONE;
}

Test(sandbox, refuses_what_reading_never_needs)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(inside, sizeof inside, "%s/own", folder);
    unsetenv("NOTIFY_SOCKET");
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        const pid_t child = fork();
        if (child == 0)
            _exit(try_confined(&attempts[i]));
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status), "%s", attempts[i].what);
        if (WEXITSTATUS(status) == NO_MECHANISM)
            continue; /* neither this kernel nor this build has it */
        cr_expect_eq(WEXITSTATUS(status), REFUSED, "it could %s", attempts[i].what);
    }
    unlink(inside);
    rmdir(folder);
}

/* A thread that was there before, as those that capture and print are. */
struct earlier {
    pthread_mutex_t gate;
    int (*try)(void);
    int outcome;
};

static void *try_later(void *context)
{
    struct earlier *earlier = context;
    pthread_mutex_lock(&earlier->gate);
    earlier->outcome = refused(earlier->try()) ? REFUSED : DONE;
    pthread_mutex_unlock(&earlier->gate);
    return NULL;
}

static int try_in_earlier_thread(int (*try)(void), const struct sandbox_work *work)
{
    struct earlier earlier = {PTHREAD_MUTEX_INITIALIZER, try, DONE};
    pthread_t thread;
    pthread_mutex_lock(&earlier.gate);
    if (pthread_create(&thread, NULL, try_later, &earlier) != 0)
        return DONE;
    const bool held = sandbox_enter_all(work);
    pthread_mutex_unlock(&earlier.gate);
    pthread_join(thread, NULL);
    return held ? earlier.outcome : NO_MECHANISM;
}

static void expect_of_earlier_thread(int (*try)(void), bool captures, bool ships, int wanted)
{
    const struct sandbox_work work = {.captures = captures, .ships = ships};
    const pid_t child = fork();
    if (child == 0)
        _exit(try_in_earlier_thread(try, &work));
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) != NO_MECHANISM)
        cr_expect_eq(WEXITSTATUS(status), wanted);
}

static int bind_it(void)
{
    const int file = open("/dev/null", O_RDONLY);
    return bind(file, NULL, 0) < 0 && errno == ENOTSOCK ? 0 : -(errno = EPERM);
}

static int connect_it(void)
{
    const int file = open("/dev/null", O_RDONLY);
    return connect(file, NULL, 0) < 0 && errno == ENOTSOCK ? 0 : -(errno = EPERM);
}

Test(sandbox, confines_the_threads_that_are_there)
{
    unsetenv("NOTIFY_SOCKET");
    expect_of_earlier_thread(start_program, true, true, REFUSED);
    expect_of_earlier_thread(make_process, true, true, REFUSED);
    expect_of_earlier_thread(end_another, true, true, REFUSED);
    expect_of_earlier_thread(make_socket, false, false, REFUSED);
    expect_of_earlier_thread(bind_it, false, false, REFUSED);
    expect_of_earlier_thread(bind_it, true, false, DONE);
    expect_of_earlier_thread(connect_it, true, false, REFUSED);
    expect_of_earlier_thread(connect_it, false, true, DONE);
    expect_of_earlier_thread(make_socket, false, true, DONE);
}

Test(sandbox, gives_up_what_could_be_gained)
{
    sandbox_harden();
    cr_expect_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    cr_expect_eq(umask(022), 077);
}

Test(sandbox, says_whom_it_cannot_become)
{
    struct failure why = {""};
    cr_expect_not(sandbox_become("no-such-user-here", false, "/nowhere/x.db", &why));
    cr_expect(strstr(why.text, "--user: "), "%s", why.text);
}
