/* verdict.c - did libsock reach its aim?
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/measure.h"

#include <string.h>

double measure_aim(const struct row *row, const char *engine)
{
    for (size_t i = 0; i < AIMS && row->aims[i].engine; i++)
        if (strcmp(row->aims[i].engine, engine) == 0)
            return row->aims[i].ratio;
    return 0;
}

enum verdict measure_verdict(const struct result *result,
                             const struct series *series)
{
    double aim    = series == &result->series[0] || series == &result->series[1]
                        ? 0
                        : measure_aim(result->row, series->name);
    double repeat = result->series[1].ratio.median;

    if (aim <= 0 || series->why[0])
        return NO_AIM;
    if (series->ratio.median >= aim)
        return MET;
    repeat = repeat < 1 ? 1 / repeat : repeat;
    return series->ratio.high * repeat >= aim ? NEAR : MISSED;
}
