/* SPDX-License-Identifier: ISC */
/* Reads dialogues: titles, who said what, stage directions. */
#include "dialogue.h"

#undef NDEBUG
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

struct reading {
    struct dialogues *all;
    struct dialogue *dialogue; /* the one being read; NULL before the first title */
    const char *file;
    int number; /* of the line */
};

static char *copy_text(struct reading *r, struct bytes text)
{
    return (char *)arena_print(&r->all->arena, "%.*s", (int)text.len, (const char *)text.at).at;
}

/* The first problem of a dialogue is kept. */
static void problem(struct reading *r, const char *what)
{
    if (!r->dialogue->problem)
        r->dialogue->problem =
            (char *)arena_print(&r->all->arena, "%s:%d: %s", r->file, r->number, what).at;
}

/* --- offsets, once all is read --- */

/* Counts the octets of both sides from where the capture begins. What was on its way when the
 * other side spoke had not been seen; all else had. */
static void count_octets(struct dialogue *d)
{
    uint64_t sent[2] = {0, 0}, saw[2] = {0, 0};
    for (size_t i = 0; i < d->spoken_count; i++) {
        struct spoken *s = &d->spoken[i];
        if (s->before)
            continue;
        if (!s->blind)
            saw[s->side] = sent[!s->side];
        s->lost |= d->unheard[s->side];
        s->offset = sent[s->side];
        s->seen = saw[s->side];
        sent[s->side] += s->octets.len;
    }
}

/* --- stage directions --- */

static void ends(struct dialogue *d, enum side by, const char *how)
{
    d->ended_by = by;
    d->how = how;
}

static void direct(struct reading *r, struct bytes text)
{
    struct dialogue *d = r->dialogue;
    unsigned port, seconds; /* or microseconds */
    int end = 0;
    const char *words = copy_text(r, text);
    if (!strcmp(words, "the capture begins here")) {
        d->midstream = true;
        for (size_t i = 0; i < d->spoken_count; i++)
            d->spoken[i].before = true;
    } else if (!strcmp(words, "the capture ends here")) {
        ends(d, SIDE_CLIENT, "capture ended");
    } else if (!strcmp(words, "the client closes")) {
        ends(d, SIDE_CLIENT, NULL);
    } else if (!strcmp(words, "the server closes")) {
        ends(d, SIDE_SERVER, NULL);
    } else if (!strcmp(words, "the client resets")) {
        ends(d, SIDE_CLIENT, "reset");
    } else if (!strcmp(words, "the server resets")) {
        ends(d, SIDE_SERVER, "reset");
    } else if (!strcmp(words, "the client is not captured")) {
        d->unheard[SIDE_CLIENT] = true;
    } else if (!strcmp(words, "the server is not captured")) {
        d->unheard[SIDE_SERVER] = true;
    } else if (sscanf(words, "port %u%n", &port, &end) == 1 && !words[end] && port < 65536) {
        d->port = (uint16_t)port;
    } else if (sscanf(words, "%u seconds pass%n", &seconds, &end) == 1 && end && !words[end]) {
        d->pause_us += (int64_t)seconds * 1000000;
    } else if (sscanf(words, "only %u microseconds pass%n", &seconds, &end) == 1 && end &&
               !words[end] && seconds < DIALOGUE_LINE_US) {
        d->only_us = seconds;
        d->pause_us += (int64_t)seconds - DIALOGUE_LINE_US;
    } else {
        problem(r, "no stage direction is called so");
    }
}

/* --- who said what --- */

static void speak(struct reading *r, struct bytes line)
{
    struct dialogue *d = r->dialogue;
    struct spoken s = {.side = line.at[0] == 'C' ? SIDE_CLIENT : SIDE_SERVER, .number = r->number};
    bool generated = false;
    size_t at = 1;
    for (; at < line.len && line.at[at] != ' '; at++) {
        generated |= line.at[at] == '*';
        s.joined |= line.at[at] == '+';
        s.blind |= line.at[at] == '~';
        s.lost |= line.at[at] == '-';
        if (!strchr(":*+~-", line.at[at])) {
            problem(r, "behind C or S stand only the marks : + ~ - *");
            return;
        }
    }
    s.text = bytes_from(line, at + 1);
    s.blind |= s.joined;
    s.pause_us = d->pause_us;
    s.only_us = d->only_us;
    d->only_us = 0;
    if (generated ? !dialogue_generate(&r->all->arena, s.text, &s.octets)
                  : !dialogue_unescape(&r->all->arena, s.text, &s.octets)) {
        problem(r, generated ? "nothing can be made that is called so" : "no such escape");
        return;
    }
    if (s.joined && (!d->spoken_count || d->spoken[d->spoken_count - 1].side != s.side)) {
        problem(r, "a segment has one sender: + stands behind a line of the same side");
        return;
    }
    d->spoken = memory_resize(d->spoken, (d->spoken_count + 1) * sizeof *d->spoken);
    d->spoken[d->spoken_count++] = s;
}

/* --- files --- */

static void end_dialogue(struct reading *r)
{
    if (!r->dialogue)
        return;
    count_octets(r->dialogue);
    int here = r->number;
    r->number = r->dialogue->number;
    if (!r->dialogue->spoken_count)
        problem(r, "nobody speaks in this dialogue");
    r->number = here;
}

static void begin_dialogue(struct reading *r, struct bytes title)
{
    end_dialogue(r);
    struct dialogues *all = r->all;
    all->at = memory_resize(all->at, (all->count + 1) * sizeof *all->at);
    r->dialogue = &all->at[all->count++];
    *r->dialogue = (struct dialogue){.file = r->file,
                                     .number = r->number,
                                     .title = copy_text(r, title),
                                     .port = 25,
                                     .ended_by = SIDE_CLIENT};
}

static bool begins(struct bytes line, const char *mark)
{
    return bytes_equal(bytes_first(line, strlen(mark)), bytes_of_string(mark));
}

static void read_line(struct reading *r, struct bytes line)
{
    const char *what = NULL;
    struct bytes bare = line;
    while (bare.len && bare.at[0] == ' ')
        bare = bytes_from(bare, 1);
    if (!bare.len || bare.at[0] == '#')
        return;
    if (begins(bare, "== ")) {
        begin_dialogue(r, bytes_from(bare, 3));
        return;
    }
    if (!r->dialogue)
        begin_dialogue(r, bytes_of_string("(no title)"));
    if (begins(bare, "= ")) {
        if (!dialogue_expect(r->dialogue, bytes_from(bare, 2), r->number, &what))
            problem(r, what);
    } else if (begins(bare, "! open: ")) {
        r->dialogue->open = copy_text(r, bytes_from(bare, 8));
    } else if (begins(bare, "-- ")) {
        direct(r, bytes_from(bare, 3));
    } else if (bare.at[0] == 'C' || bare.at[0] == 'S') {
        speak(r, bare);
    } else {
        problem(r, "a line begins with ==, C, S, =, --, ! or #");
    }
}

void dialogues_parse(struct dialogues *all, const char *name, struct bytes text)
{
    struct reading r = {.all = all, .file = name};
    /* What is spoken points into the text: it is kept as long as the dialogues. */
    text = arena_copy(&all->arena, text);
    while (text.len) {
        const uint8_t *end = memchr(text.at, '\n', text.len);
        struct bytes line = {text.at, end ? (size_t)(end - text.at) : text.len};
        text = bytes_from(text, line.len + (end ? 1 : 0));
        r.number++;
        read_line(&r, line);
    }
    end_dialogue(&r);
}

static void read_file(struct dialogues *all, const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert(file);
    char *text = NULL;
    size_t size = 0, n;
    do {
        text = memory_resize(text, size + 65536);
        n = fread(text + size, 1, 65536, file);
        size += n;
    } while (n);
    fclose(file);
    name = (const char *)arena_print(&all->arena, "%s", name).at;
    dialogues_parse(all, name, bytes_of(text, size));
    free(text);
}

static int is_text(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 4 && strcmp(entry->d_name + n - 4, ".txt") == 0;
}

void dialogues_read(struct dialogues *all)
{
    char folder[2048];
    struct dirent **names;
    const char *source = getenv("srcdir"); /* automake sets it */
    snprintf(folder, sizeof folder, "%s/tests/dialogues", source ? source : ".");
    int count = scandir(folder, &names, is_text, alphasort);
    for (int i = 0; i < count; i++) {
        read_file(all, folder, names[i]->d_name);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

void dialogues_free(struct dialogues *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->at[i].spoken);
        free(all->at[i].wanted);
    }
    free(all->at);
    arena_free(&all->arena);
    *all = (struct dialogues){0};
}
