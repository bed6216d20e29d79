/* SPDX-License-Identifier: ISC */
/* Makes programs that use OpenSSL write the secrets of their TLS sessions to the file that
 * SSLKEYLOGFILE names, where they have no option of their own for it (Postfix, for one):
 *
 *     cc -shared -fPIC -o /usr/lib/sslkeylog.so sslkeylog.c -ldl
 *     SSLKEYLOGFILE=FILE LD_PRELOAD=/usr/lib/sslkeylog.so PROGRAM
 *
 * FILE opens every session that is in it. It is made for its owner only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void keylog_fn(const void *ssl, const char *line);

/* One write() a line: several processes share the file. */
static void write_line(const void *ssl, const char *line)
{
    const char *path = getenv("SSLKEYLOGFILE");
    char text[512];
    const size_t length = strlen(line);
    (void)ssl;
    if (!path || length + 1 > sizeof text)
        return;
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    memcpy(text, line, length);
    text[length] = '\n';
    if (write(file, text, length + 1) < 0) {
        /* there is no one to tell */
    }
    close(file);
}

/* A program that loads OpenSSL late (Perl) has its functions where RTLD_NEXT does not look. */
static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    void *library = found ? NULL : dlopen("libssl.so.3", RTLD_LAZY | RTLD_NOLOAD);
    return found ? found : library ? dlsym(library, name) : NULL;
}

static void *with_callback(void *context)
{
    void (*set)(void *, keylog_fn *);
    *(void **)&set = next("SSL_CTX_set_keylog_callback");
    if (context && set)
        set(context, write_line);
    return context;
}

void *SSL_CTX_new(const void *method);
void *SSL_CTX_new(const void *method)
{
    void *(*made)(const void *);
    *(void **)&made = next("SSL_CTX_new");
    return made ? with_callback(made(method)) : NULL;
}

void *SSL_CTX_new_ex(void *library, const char *query, const void *method);
void *SSL_CTX_new_ex(void *library, const char *query, const void *method)
{
    void *(*made)(void *, const char *, const void *);
    *(void **)&made = next("SSL_CTX_new_ex");
    return made ? with_callback(made(library, query, method)) : NULL;
}
