/* SPDX-License-Identifier: ISC */
#include "ladder_page.h"

#include <inttypes.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"

enum {
    CLOCK_WIDTH = 12, /* 21:40:47.528 */
    STEP_WIDTH = 8,   /* +4.02 ms */
};

/* Where an event stands in a group of commands that were sent without waiting (RFC 2920). */
enum {
    GROUP_FIRST = 1,
    GROUP_MIDDLE = 2,
    GROUP_LAST = 4
};

/* --- a look ahead --- */

bool page_has_note(const struct history_event *event, const char *words)
{
    return event->note && strstr(event->note, words);
}

static void set_group(struct page *page, event_no seq, uint8_t place)
{
    if (seq && seq < page->event_count)
        page->groups[seq] = place;
}

static void join_group(struct page *page, event_no seq)
{
    if (page->group_last && page->group_last == page->client_last)
        set_group(page, page->group_last, GROUP_MIDDLE);
    else
        set_group(page, page->client_last, GROUP_FIRST);
    if (!page->client_last)
        return;
    set_group(page, seq, GROUP_LAST);
    page->group_last = seq;
}

static int digits(int64_t number)
{
    int count = 1;
    while (number >= 10 && ++count)
        number /= 10;
    return count;
}

static void widen(int *width, int64_t number)
{
    if (digits(number) > *width)
        *width = digits(number);
}

bool page_look_ahead(void *context, const struct history_event *event)
{
    struct page *page = context;
    if (event->seq >= page->event_count) {
        const size_t old = page->event_count;
        page->event_count = (size_t)event->seq * 2 + 64;
        page->groups = memory_resize(page->groups, page->event_count);
        memset(page->groups + old, 0, page->event_count - old);
    }
    widen(&page->number_width, event->seq);
    widen(&page->packet_width, event->packet);
    if (event->side != 'C')
        return true;
    if (page_has_note(event, "pipelined"))
        join_group(page, event->seq);
    page->client_last = event->seq;
    return true;
}

void page_lay_out(struct page *page)
{
    const int lanes = page->cascades.lanes;
    page->number_width = page->number_width < 1 ? 1 : page->number_width;
    page->packet_width = page->packet_width < 3 ? 3 : page->packet_width;
    page->left = (lanes ? 2 * lanes + 2 : 0) + page->number_width + 1 + page->packet_width + 1 +
                 CLOCK_WIDTH + 1 + STEP_WIDTH + 3;
    page->body = page->ladder->width - page->left;
    page->server_column = page->body / 4;
}

/* --- pieces of a row --- */

const char *page_style(const struct page *page, enum style style)
{
    return terminal_style(page->terminal, style);
}

const char *page_pick(const struct page *page, const char *drawn, const char *plain)
{
    return page->ladder->unicode ? drawn : plain;
}

void page_fill(const struct page *page, int count, const char *drawn, const char *plain)
{
    for (; count > 0; count--)
        fputs(page_pick(page, drawn, plain), page->out);
}

/* Without UTF-8 what is not ASCII is made visible as well. */
void page_print_piece(const struct page *page, struct bytes text)
{
    if (page->ladder->unicode) {
        text_print(page->out, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 0x80)
            text_print(page->out, bytes_of(text.at + i, 1));
        else
            fprintf(page->out, "\\x%02X", text.at[i]);
}

/* Octets that fit into so many columns, in the way in which they are printed; at least one. */
size_t page_fitting(const struct page *page, struct bytes text, int columns)
{
    size_t octets = text_fitting(text, (size_t)columns);
    if (!page->ladder->unicode) {
        size_t used = 0, i = 0;
        for (; i < octets && used <= (size_t)columns; i++)
            used += text.at[i] < 0x80 && text_visible(bytes_of(text.at + i, 1)) ? 1 : 4;
        octets = used > (size_t)columns ? i - 1 : i;
    }
    return octets ? octets : text.len ? 1 : 0;
}

int page_columns_of(const struct page *page, struct bytes text)
{
    if (page->ladder->unicode)
        return (int)text_columns(text);
    int columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += text_visible(bytes_of(text.at + i, 1)) && text.at[i] < 0x80 ? 1 : 4;
    return columns;
}

/* "+652 us", "+4.024 ms", "+12.3 s", "+45 min", "+3.2 h". */
static void print_step(const struct page *page, int64_t us)
{
    char text[32];
    const char *sign = us < 0 ? "-" : "+";
    const double span = us < 0 ? -(double)us : (double)us;
    if (span < 1000)
        snprintf(text, sizeof text, "%s%.0f us", sign, span);
    else if (span < 10e3)
        snprintf(text, sizeof text, "%s%.2f ms", sign, span / 1e3);
    else if (span < 1e6)
        snprintf(text, sizeof text, "%s%.0f ms", sign, span / 1e3);
    else if (span < 1000e6)
        snprintf(text, sizeof text, "%s%.1f s", sign, span / 1e6);
    else if (span < 600 * 60e6)
        snprintf(text, sizeof text, "%s%.0f min", sign, span / 60e6);
    else
        snprintf(text, sizeof text, "%s%.0f h", sign, span / 3600e6);
    fprintf(page->out, "%*s", STEP_WIDTH, text);
}

static struct tm calendar(const struct page *page, int64_t us)
{
    const time_t seconds = (time_t)(us / 1000000);
    struct tm parts = {0};
    if (page->terminal->utc)
        gmtime_r(&seconds, &parts);
    else
        localtime_r(&seconds, &parts);
    return parts;
}

/* Number, packet, time and difference; blanks beside further rows of the event. */
static void print_left(struct page *page)
{
    const struct history_event *event = page->event;
    cascades_margin(&page->cascades, event->seq, page->further, page->ladder->unicode, page->out);
    if (page->cascades.lanes)
        fputc(' ', page->out);
    fputs(page_style(page, STYLE_FAINT), page->out);
    if (page->further) {
        fprintf(page->out, "%*s",
                page->number_width + page->packet_width + 2 + CLOCK_WIDTH + 1 + STEP_WIDTH, "");
    } else {
        const struct tm at = calendar(page, event->ts_us);
        fprintf(page->out, "%*" PRIu32 " %*" PRId64 " %02d:%02d:%02d.%03d ", page->number_width,
                event->seq, page->packet_width, event->packet, at.tm_hour, at.tm_min, at.tm_sec,
                (int)(event->ts_us % 1000000 / 1000));
        print_step(page, page->previous_us ? event->ts_us - page->previous_us : 0);
    }
    fprintf(page->out, "%s ", page_style(page, STYLE_PLAIN));
}

/* The bracket of a pipelined group, and the wall behind which TLS was read. */
static void print_rails(struct page *page)
{
    const uint8_t place = page->event->seq < page->event_count ? page->groups[page->event->seq] : 0;
    const char *rail = " ";
    if (!page->further && place == GROUP_FIRST)
        rail = page_pick(page, "\u256d", ",");
    else if (!page->further && place == GROUP_LAST)
        rail = page_pick(page, "\u2570", "`");
    else if (page->in_group || (page->further && place == GROUP_FIRST))
        rail = page_pick(page, "\u2502", "|");
    if (place == GROUP_FIRST)
        page->in_group = true;
    if (place == GROUP_LAST)
        page->in_group = false;
    fputs(rail, page->out);
    fputs(page_has_note(page->event, "in TLS") ? page_pick(page, "\u2551", "#") : " ", page->out);
}

void page_begin_row(struct page *page)
{
    print_left(page);
    print_rails(page);
}

void page_end_row(struct page *page)
{
    fputc('\n', page->out);
    page->further = true;
}

void page_print_day(struct page *page)
{
    const struct tm at = calendar(page, page->event->ts_us);
    const int64_t day = (int64_t)at.tm_year * 400 + at.tm_yday;
    char text[64], zone[8] = "UTC";
    if (page->day == day)
        return;
    page->day = day;
    if (!page->terminal->utc)
        strftime(zone, sizeof zone, "%Z", &at);
    strftime(text, sizeof text, "%Y-%m-%d", &at);
    fprintf(page->out, "%s%*s%s%s\n", page_style(page, STYLE_FAINT),
            page->left - CLOCK_WIDTH - 1 - STEP_WIDTH - 3, "", text, page_style(page, STYLE_PLAIN));
}

bool page_print_heading(void *context, const struct history_session *row)
{
    struct page *page = context;
    const struct tm at = calendar(page, row->started_us);
    char zone[8] = "UTC", time[32];
    if (!page->terminal->utc)
        strftime(zone, sizeof zone, "%Z", &at);
    snprintf(time, sizeof time, "time, %s", zone);
    fprintf(page->out, "%s%*s %*s %-*s %*s   client%*sserver%s\n", page_style(page, STYLE_FAINT),
            page->left - page->packet_width - CLOCK_WIDTH - STEP_WIDTH - 6, "#", page->packet_width,
            "pkt", CLOCK_WIDTH, time, STEP_WIDTH, "step", page->body - 12, "",
            page_style(page, STYLE_PLAIN));
    return true;
}
