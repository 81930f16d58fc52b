/* dates.c - dates as example programs write them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "dates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

/* POSIX counts to the west. */
struct date_zone date_zone_where(int hour, int minute, int second)
{
    static char variable[32];
    long        east = hour * 3600 + minute * 60 + second - time(NULL) % DAY;
    long        size = labs(east);

    (void)snprintf(variable, sizeof variable, "TZ=HERE%c%ld:%02ld:%02ld",
                   east > 0 ? '-' : '+', size / 3600, size / 60 % 60,
                   size % 60);
    return (struct date_zone){variable, east};
}

static void write_date(char *text, size_t size, enum date_form form,
                       const struct tm *t)
{
    static const char days[]   = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int               hour     = t->tm_hour % 12;

    if (form == DATE_SLASHED)
        (void)snprintf(text, size, "%d/%d/%d %d:%02d %s", t->tm_mon + 1,
                       t->tm_mday, t->tm_year + 1900, hour ? hour : 12,
                       t->tm_min, t->tm_hour < 12 ? "am" : "pm");
    else
        (void)snprintf(text, size, "%.3s %.3s %d %02d:%02d:%02d %d",
                       days + 3 * t->tm_wday, months + 3 * t->tm_mon,
                       t->tm_mday, t->tm_hour, t->tm_min, t->tm_sec,
                       t->tm_year + 1900);
}

/* The clock that time() reads may be a little late. */
bool date_is_now(const char *text, enum date_form form,
                 const struct date_zone *zone, time_t then)
{
    char      wanted[64];
    struct tm broken;
    time_t    t, shifted;

    for (t = then - 1; t <= time(NULL) + 1; t++) {
        shifted = t + zone->east;
        write_date(wanted, sizeof wanted, form, gmtime_r(&shifted, &broken));
        if (strcmp(text, wanted) == 0)
            return true;
    }
    fprintf(stderr, "expected the date: \"%s\"\nbut got: \"%s\"\n", wanted,
            text);
    return false;
}
