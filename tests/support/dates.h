/* dates.h - dates as example programs write them, and time zones in which they
 * are what a test wants.
 */
#ifndef DATES_H
#define DATES_H

#include <stdbool.h>
#include <time.h>

/** How a date is written. */
enum date_form {
    DATE_SLASHED, /**< "3/7/2026 9:05 pm" */
    DATE_IN_WORDS /**< "Sat Mar 7 21:05:09 2026" */
};

/** A time zone. */
struct date_zone {
    const char *variable; /**< "TZ=..." */
    long        east;     /**< its seconds east of UTC */
};

/** A zone in which it is now this time of today, yesterday or tomorrow. It is
 * good until the next call. */
struct date_zone date_zone_where(int hour, int minute, int second);

/** Is the text the date, in that zone, at some time between then and now? */
bool date_is_now(const char *text, enum date_form form,
                 const struct date_zone *zone, time_t then);

#endif
