/* test_bench.c - proves that the middle, its interval and what is made of them
 * are as they are said to be.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench/measure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The middle of 1 to count, in no order. */
static struct middle middle_of(size_t count)
{
    double values[MAX_ROUNDS];

    for (size_t i = 0; i < count; i++)
        values[i] = (double)((i * 7 + 3) % count + 1);
    return stats_middle(values, count);
}

static void assert_near(double got, double wanted)
{
    assert_true(got > wanted - 1e-9 && got < wanted + 1e-9);
}

static void median_is_the_middle_one_or_between_the_two(void **state)
{
    (void)state;
    assert_near(middle_of(1).median, 1);
    assert_near(middle_of(9).median, 5);
    assert_near(middle_of(12).median, 6.5);
}

/* How many are left out at each end is in any table of the sign test. */
static void interval_leaves_out_what_five_percent_allow(void **state)
{
    static const struct {
        size_t count, out;
    } known[] = {{1, 0},  {3, 0},  {5, 0},  {6, 0},  {8, 0},  {9, 1},
                 {11, 1}, {12, 2}, {15, 3}, {17, 4}, {20, 5}, {25, 7}};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct middle m = middle_of(known[i].count);

        assert_near(m.low, 1 + (double)known[i].out);
        assert_near(m.high, (double)(known[i].count - known[i].out));
    }
}

/* libsock's ratio against an aim of 0.9, the reference's repeat being off. */
static enum verdict verdict_of(double median, double high, double repeat)
{
    static const struct row row    = {.aims = {{"libsock", .9}}};
    static struct result    result = {.row = &row, .count = 3};

    for (size_t i = 0; i < 3; i++)
        result.series[i].name = i == 2 ? "libsock" : "raw";
    result.series[1].ratio.median = repeat;
    result.series[2].ratio.median = median;
    result.series[2].ratio.high   = high;
    return measure_verdict(&result, &result.series[2]);
}

static void aim_is_met_by_the_median(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(.9, .91, 1), MET);
    assert_int_equal(verdict_of(1.2, 1.2, .5), MET);
}

static void aim_is_near_within_the_noise(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(.88, .9, 1), NEAR);
    assert_int_equal(verdict_of(.88, .89, 1.02), NEAR);
    assert_int_equal(verdict_of(.88, .89, .98), NEAR);
}

static void aim_is_missed_beyond_the_noise(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(.88, .89, 1.01), MISSED);
    assert_int_equal(verdict_of(.5, .6, 1), MISSED);
}

static void only_the_engine_of_the_aim_has_one(void **state)
{
    static const struct row row    = {.aims = {{"libsock", .9}}};
    static struct result    result = {.row = &row, .count = 3};

    (void)state;
    result.series[2].name = "APR";
    assert_int_equal(measure_verdict(&result, &result.series[2]), NO_AIM);
    result.series[0].name = "libsock"; /* as the reference of others */
    assert_int_equal(measure_verdict(&result, &result.series[0]), NO_AIM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_is_the_middle_one_or_between_the_two),
        cmocka_unit_test(interval_leaves_out_what_five_percent_allow),
        cmocka_unit_test(aim_is_met_by_the_median),
        cmocka_unit_test(aim_is_near_within_the_noise),
        cmocka_unit_test(aim_is_missed_beyond_the_noise),
        cmocka_unit_test(only_the_engine_of_the_aim_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
