/* SPDX-License-Identifier: Apache-2.0 */
/* date.c — dates and times of RFC 3339, with the parts that may be absent in TOML. */
#include "toml/parser.h"

static bool is_digit(const struct word *word, size_t at)
{
	size_t size = (size_t)(word->end - word->start);

	return size > at && word->start[at] >= '0' && word->start[at] <= '9';
}

static bool has(const struct word *word, size_t at, char c)
{
	return (size_t)(word->end - word->start) > at && word->start[at] == c;
}

bool toml_looks_like_date(struct word word)
{
	return is_digit(&word, 0) && is_digit(&word, 1) && is_digit(&word, 2) &&
	       is_digit(&word, 3) && has(&word, 4, '-');
}

bool toml_looks_like_time(struct word word)
{
	return is_digit(&word, 0) && is_digit(&word, 1) && has(&word, 2, ':');
}

static int fail_form(struct parser *p, const char *at, const char *expected)
{
	p->at = at;
	return toml_fail_here(p, expected);
}

/* Reads exactly count digits; the number must lie between low and high. */
static int field_parse(struct parser *p, struct word *word, int count, int low, int high,
		       const char *name, int *ret)
{
	const char *start = word->start;
	int number = 0;

	for (int i = 0; i < count; i++, word->start++) {
		if (!is_digit(word, 0))
			return toml_fail(p, toml_position_of(p, word->start),
					 "expected %d digits for the %s", count, name);
		number = number * 10 + (*word->start - '0');
	}
	if (number < low || number > high)
		return toml_fail(p, toml_position_of(p, start), "%s %d is not between %d and %d",
				 name, number, low, high);
	*ret = number;
	return 0;
}

static int separator_parse(struct parser *p, struct word *word, char c, const char *expected)
{
	if (!has(word, 0, c))
		return fail_form(p, word->start, expected);
	word->start++;
	return 0;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month < 1 || month > 12 ? 0 : days[month - 1] + (month == 2 && leap);
}

static int day_parse(struct parser *p, struct word *word, struct toml_datetime *date)
{
	int r = field_parse(p, word, 4, 0, 9999, "year", &date->year);

	if (r == 0)
		r = separator_parse(p, word, '-', "'-' after the year");
	if (r == 0)
		r = field_parse(p, word, 2, 1, 12, "month", &date->month);
	if (r == 0)
		r = separator_parse(p, word, '-', "'-' after the month");
	if (r == 0)
		r = field_parse(p, word, 2, 1, days_in(date->year, date->month), "day", &date->day);
	return r;
}

/* Digits after the ninth are dropped: finer than a nanosecond is allowed to be lost. */
static int second_fraction_parse(struct parser *p, struct word *word, int *ret_nanosecond)
{
	int unit = 100000000, sum = 0;

	if (!is_digit(word, 0))
		return fail_form(p, word->start, "a digit after the decimal point");
	for (; is_digit(word, 0); word->start++, unit /= 10)
		sum += (*word->start - '0') * unit;
	*ret_nanosecond = sum;
	return 0;
}

static int clock_parse(struct parser *p, struct word *word, struct toml_datetime *date)
{
	int r = field_parse(p, word, 2, 0, 23, "hour", &date->hour);

	if (r == 0)
		r = separator_parse(p, word, ':', "':' after the hour");
	if (r == 0)
		r = field_parse(p, word, 2, 0, 59, "minute", &date->minute);
	if (r == 0)
		r = separator_parse(p, word, ':', "':' after the minute");
	/* 60 is a leap second (RFC 3339, 5.7). */
	if (r == 0)
		r = field_parse(p, word, 2, 0, 60, "second", &date->second);
	if (r < 0 || !has(word, 0, '.'))
		return r;
	word->start++;
	return second_fraction_parse(p, word, &date->nanosecond);
}

static int offset_parse(struct parser *p, struct word *word, struct toml_datetime *date)
{
	int r, hour = 0, minute = 0, sign = has(word, 0, '-') ? -1 : 1;

	if (has(word, 0, 'Z') || has(word, 0, 'z')) {
		word->start++;
		return 0;
	}
	word->start++;
	r = field_parse(p, word, 2, 0, 23, "hour of the offset", &hour);
	if (r == 0)
		r = separator_parse(p, word, ':', "':' after the hour of the offset");
	if (r == 0)
		r = field_parse(p, word, 2, 0, 59, "minute of the offset", &minute);
	date->offset_minutes = sign * (hour * 60 + minute);
	return r;
}

static bool offset_starts(const struct word *word)
{
	return has(word, 0, 'Z') || has(word, 0, 'z') || has(word, 0, '+') || has(word, 0, '-');
}

int toml_date_parse(struct parser *p, struct word word, struct toml_value *value)
{
	struct toml_datetime *date = &value->u.datetime;
	bool day = toml_looks_like_date(word);
	int r = 0;

	*date = (struct toml_datetime){ 0 };
	value->type = day ? TOML_LOCAL_DATE : TOML_LOCAL_TIME;
	if (day)
		r = day_parse(p, &word, date);
	if (r == 0 && day && word.start < word.end) {
		if (!has(&word, 0, 'T') && !has(&word, 0, 't') && !has(&word, 0, ' '))
			return fail_form(p, word.start, "'T' and a time, or the end of the date");
		word.start++;
		value->type = TOML_LOCAL_DATETIME;
	}
	if (r == 0 && value->type != TOML_LOCAL_DATE)
		r = clock_parse(p, &word, date);
	if (r == 0 && value->type == TOML_LOCAL_DATETIME && offset_starts(&word)) {
		value->type = TOML_OFFSET_DATETIME;
		r = offset_parse(p, &word, date);
	}
	if (r == 0 && word.start < word.end)
		r = fail_form(p, word.start, day ? "the end of the date" : "the end of the time");
	return r;
}
