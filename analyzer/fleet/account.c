/* SPDX-License-Identifier: ISC */
#include "account.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/heloscope-fleet.conf"

static bool copy(char out[ACCOUNT_TEXT], const char *name, const char *value, struct failure *why)
{
    if (strlen(value) >= ACCOUNT_TEXT)
        return failure_set(why, "the value of %s is longer than %d octets", name, ACCOUNT_TEXT - 1);
    strcpy(out, value);
    return true;
}

/* "https://host:8443" and nothing behind it: the path is ours, and a user's name has its own line.
 */
static bool add_endpoint(struct account *account, const char *value, struct failure *why)
{
    char text[ACCOUNT_TEXT] = "";
    if (!copy(text, "endpoint", value, why))
        return false;
    for (size_t end = strlen(text); end && text[end - 1] == '/'; end--)
        text[end - 1] = '\0';
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : NULL;
    if (!host || !*host || strpbrk(host, "/@?# "))
        return failure_set(why,
                           "'%s' is no endpoint; write https://HOST:PORT, with user and password "
                           "in the file of --credentials",
                           value);
    if (account->endpoint_count == ACCOUNT_ENDPOINTS)
        return failure_set(why, "more than %d endpoints", ACCOUNT_ENDPOINTS);
    strcpy(account->endpoints[account->endpoint_count++], text);
    return true;
}

/* Names that become part of SQL. */
static bool is_name(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    while (isalnum((unsigned char)*text) || *text == '_' || *text == '-')
        text++;
    return !*text;
}

static bool take(struct account *account, const char *name, const char *value, struct failure *why)
{
    const struct {
        const char *name;
        char *to;
        bool is_word;
    } fields[] = {
        {"user", account->user, false},        {"password", account->password, false},
        {"database", account->database, true}, {"cluster", account->cluster, true},
        {"sensor", account->sensor, false},    {"ca", account->ca, false},
    };
    if (strcmp(name, "endpoint") == 0)
        return add_endpoint(account, value, why);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(name, fields[i].name) != 0)
            continue;
        if (fields[i].is_word && !is_name(value))
            return failure_set(why, "%s '%s' is no name; letters, digits and _ make one", name,
                               value);
        return copy(fields[i].to, name, value, why);
    }
    return failure_set(
        why, "'%s' is none of endpoint, user, password, database, cluster, sensor, ca", name);
}

/* NAME VALUE, the value to the end of the line; # begins a comment line. */
static bool take_line(struct account *account, char *line, struct failure *why)
{
    line[strcspn(line, "\r\n")] = '\0';
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return true;
    char *value = line + strcspn(line, " \t=");
    char *end = value;
    value += strspn(value, " \t=");
    *end = '\0';
    return take(account, line, value, why);
}

static bool is_private(FILE *file, const char *path, struct failure *why)
{
    struct stat about;
    if (fstat(fileno(file), &about) != 0)
        return failure_set(why, "'%s' cannot be read: %m", path);
    if (about.st_mode & 077)
        return failure_set(why, "'%s' holds a password and can be read by others; chmod 600 '%s'",
                           path, path);
    return true;
}

static bool read_lines(FILE *file, const char *path, struct account *account, struct failure *why)
{
    char line[2 * ACCOUNT_TEXT];
    struct failure reason = {""};
    for (int number = 1; fgets(line, sizeof line, file); number++)
        if (!take_line(account, line, &reason)) {
            return failure_set(why, "'%.120s', line %d: %.300s", path, number, reason.text);
        }
    return true;
}

static bool read_file(const char *path, struct account *account, struct failure *why)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return failure_set(why, "'%s' cannot be read: %m", path);
    const bool done = is_private(file, path, why) && read_lines(file, path, account, why);
    fclose(file);
    return done;
}

/* The endpoint of the command line takes the place of the file's. */
static bool take_words(const struct fleet_words *words, struct account *account,
                       struct failure *why)
{
    if (words->url) {
        account->endpoint_count = 0;
        if (!add_endpoint(account, words->url, why))
            return false;
    }
    return (!words->sensor || take(account, "sensor", words->sensor, why)) &&
           (!words->cluster || take(account, "cluster", words->cluster, why));
}

bool account_read(const struct fleet_words *words, struct account *account, struct failure *why)
{
    *account = (struct account){.user = "default", .database = "heloscope"};
    if (gethostname(account->sensor, sizeof account->sensor - 1) != 0)
        strcpy(account->sensor, "localhost");
    const char *path = words->credentials;
    if (!path && access(SYSTEM_FILE, F_OK) == 0)
        path = SYSTEM_FILE;
    if ((path && !read_file(path, account, why)) || !take_words(words, account, why))
        return false;
    return account->endpoint_count ||
           failure_set(why, "no fleet is named; give --fleet URL, or --credentials FILE with a "
                            "line: endpoint https://HOST:PORT");
}
