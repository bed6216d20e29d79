/* SPDX-License-Identifier: ISC */
#include "pcapng_clock.h"

#include "record.h"

int64_t pcapng_clock_offset_us(int64_t seconds)
{
    const int64_t most = FILE_LAST_US / 1000000;
    if (seconds > most)
        seconds = most;
    return seconds < -most ? -FILE_LAST_US : seconds * 1000000;
}

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent--)
        power *= 10;
    return power;
}

static uint64_t decimal_us(unsigned exponent, uint64_t ticks)
{
    if (exponent >= PCAPNG_MICROSECONDS)
        return exponent - PCAPNG_MICROSECONDS > 19
                   ? 0
                   : ticks / power_of_ten(exponent - PCAPNG_MICROSECONDS);
    uint64_t scale = power_of_ten(PCAPNG_MICROSECONDS - exponent);
    return ticks > FILE_LAST_US / scale ? (uint64_t)FILE_LAST_US : ticks * scale;
}

static uint64_t binary_us(unsigned exponent, uint64_t ticks)
{
    uint64_t seconds = exponent > 63 ? 0 : ticks >> exponent;
    uint64_t fraction = ticks - (exponent > 63 ? 0 : seconds << exponent);
    if (seconds > FILE_LAST_US / 1000000)
        return FILE_LAST_US;
    /* A million has 20 bits: more than 44 of the fraction would not leave room for it. */
    if (exponent > 44) {
        unsigned lost = exponent - 44;
        fraction = lost > 63 ? 0 : fraction >> lost;
        exponent = 44;
    }
    return seconds * 1000000 + (fraction * 1000000 >> exponent);
}

int64_t pcapng_clock_us(const struct pcapng_clock *clock, uint64_t ticks)
{
    uint64_t us =
        clock->binary ? binary_us(clock->exponent, ticks) : decimal_us(clock->exponent, ticks);
    if (us > FILE_LAST_US)
        us = FILE_LAST_US;
    int64_t sum = (int64_t)us + clock->offset_us;
    if (sum < 0)
        return 0;
    return sum > FILE_LAST_US ? FILE_LAST_US : sum;
}
