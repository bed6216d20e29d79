/* SPDX-License-Identifier: ISC */
/* Runs a program and says what it cost.
 *
 *   cost REPORT PROGRAM [WORD ...]
 *
 * Writes into REPORT: exit status, seconds of CPU, seconds of wall time, octets of memory at the
 * peak. A child's peak counts from what its parent held when it was made, so the parent has to be
 * as small as this. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static int report(const char *path, int status, const struct rusage *used, double wall)
{
    FILE *out = fopen(path, "w");
    if (!out) {
        perror(path);
        return 1;
    }
    fprintf(out, "%d %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128,
            seconds(used->ru_utime) + seconds(used->ru_stime), wall, used->ru_maxrss * 1024);
    return fclose(out) != 0;
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status;
    if (argc < 3) {
        fputs("usage: cost REPORT PROGRAM [WORD ...]\n", stderr);
        return 2;
    }
    const double began = now();
    const pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("cost");
        return 1;
    }
    return report(argv[1], status, &used, now() - began);
}
