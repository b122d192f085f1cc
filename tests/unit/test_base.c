/* SPDX-License-Identifier: Apache-2.0 */
/* test_base.c — what the other folders rely on in src/base. */
#include "base/base.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- error.c --- */

static void error_set_fills_number_status_and_message(void **state)
{
	struct bawn_error err = { .line = 7, .column = 8, .file = "old" };

	(void)state;
	assert_int_equal(error_set(&err, ENOENT, "open %s", "/x"), -ENOENT);
	assert_int_equal(err.number, ENOENT);
	assert_int_equal(err.status, BAWN_STATUS_SELF);
	assert_string_equal(err.message, "open /x");
	assert_int_equal(err.line, 0);
	assert_string_equal(err.file, "");
}

static void error_at_puts_the_place_in_front(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;

	(void)state;
	assert_int_equal(error_at(&err, "a.toml", 3, 14, "expected %c", 'x'), -EINVAL);
	assert_string_equal(err.message, "a.toml:3:14: expected x");
	assert_string_equal(err.file, "a.toml");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 14);
	assert_int_equal(err.number, EINVAL);
}

static void error_wrap_adds_context_and_keeps_the_rest(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;

	(void)state;
	error_at(&err, "a.toml", 3, 14, "bad");
	assert_int_equal(error_wrap(&err, "profile %s", "work"), -EINVAL);
	assert_string_equal(err.message, "profile work: a.toml:3:14: bad");
	assert_int_equal(err.line, 3);
	assert_string_equal(err.file, "a.toml");
}

static void errors_may_be_unwanted(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, EPERM, "no"), -EPERM);
	assert_int_equal(error_at(NULL, "f", 1, 1, "no"), -EINVAL);
	assert_int_equal(error_wrap(NULL, "no"), -EIO);
	assert_int_equal(error_oom(NULL), -ENOMEM);
}

static void an_error_may_quote_its_own_message(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;

	(void)state;
	error_set(&err, EIO, "inner");
	error_set(&err, EPERM, "outer (%s)", err.message);
	assert_string_equal(err.message, "outer (inner)");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char text[3000];

	(void)state;
	/* Two-byte characters at odd places: the cut would fall inside one. */
	text[0] = 'x';
	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, EIO, "%s", text);
	assert_int_equal(strlen(err.message), 1023);
	error_set(&err, EIO, "y%s", text);
	assert_int_equal(strlen(err.message), 1022);
	error_wrap(&err, "context");
	assert_true(strlen(err.message) <= 1023);
	assert_memory_equal(err.message, "context: yx\xc3\xa9", 13);
	error_at(&err, text, 1, 2, "unseen %s", text);
	assert_int_equal(strlen(err.file), 255);
}

/* --- reserve.c --- */

static void reserve_keeps_objects_apart_also_when_it_is_full(void **state)
{
	enum { COUNT = 40, BYTES = 10000 };	/* more than it has room for */
	char *objects[COUNT];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COUNT; i++) {
			objects[i] = i % 2 ? reserve_take(BYTES) : reserve_zeroed(BYTES);
			assert_non_null(objects[i]);
			assert_int_equal((uintptr_t)objects[i] % 16, 0);
			for (int k = 0; i % 2 == 0 && k < BYTES; k++)
				assert_int_equal(objects[i][k], 0);
			memset(objects[i], i + 1, BYTES);
		}
		for (int i = 0; i < COUNT; i++)
			assert_true(objects[i][0] == i + 1 && objects[i][BYTES - 1] == i + 1);
		for (int i = 0; i < COUNT; i++)
			reserve_give(objects[i]);
	}
	reserve_give(NULL);
}

/* --- arena.c, array.c --- */

static void arena_memory_is_zero_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 5000, 3, 3000000, 8, 4096 };
	struct arena arena = { 0 };
	unsigned char *pieces[ARRAY_SIZE(sizes)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		pieces[i] = arena_alloc(&arena, sizes[i]);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(pieces[i][k], i + 1);
	arena_done(&arena);
	assert_null(arena.head);
}

static void arena_refuses_absurd_sizes(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 15));
	assert_null(arena_strndup(&arena, "x", SIZE_MAX));
	arena_done(&arena);
}

static void arena_copies_and_formats_strings(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(arena_strdup(&arena, "abc"), "abc");
	assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
	assert_string_equal(arena_strndup(&arena, NULL, 0), "");
	assert_string_equal(arena_printf(&arena, "%s/%d", "a", 5), "a/5");
	arena_done(&arena);
}

static void array_keeps_its_elements_while_it_grows(void **state)
{
	struct arena arena = { 0 };
	size_t count = 0, capacity = 0;
	uint64_t *numbers = NULL;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t *added =
			array_add(&arena, (void **)&numbers, &count, &capacity, sizeof(*added));

		assert_non_null(added);
		assert_int_equal(*added, 0);
		*added = i;
	}
	assert_int_equal(count, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	count = 10;
	assert_int_equal(*(uint64_t *)array_add(&arena, (void **)&numbers, &count, &capacity, 8),
			 0);
	arena_done(&arena);
}

/* --- text.c --- */

static void text_grows_and_is_handed_over(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct text text = { 0 };
	char *string;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_printf(&text, "%03d,", i);
	text_add(&text, "end");
	text_add_bytes(&text, "!?", 1);
	assert_int_equal(text.size, 4004);
	assert_int_equal(text_take(&text, &string, &err), 0);
	assert_memory_equal(string, "000,001,", 8);
	assert_string_equal(string + 4000, "end!");
	assert_null(text.bytes);
	free(string);
}

static void numbers_are_written_as_snprintf_does(void **state)
{
	static const unsigned numbers[] = { 0, 1, 9, 10, 99, 100, 4194304, 2147483647, 4294967295 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char text[TEXT_NUMBER + 1], expected[TEXT_NUMBER + 1];

		memset(text, 'x', sizeof(text));
		snprintf(expected, sizeof(expected), "%u", numbers[i]);
		assert_int_equal(text_number(text, numbers[i]), strlen(expected));
		assert_string_equal(text, expected);
		assert_int_equal(text[TEXT_NUMBER], 'x');
	}
}

static void empty_text_is_taken_as_an_empty_string(void **state)
{
	struct text text = { 0 };
	char *string;

	(void)state;
	assert_int_equal(text_take(&text, &string, NULL), 0);
	assert_string_equal(string, "");
	free(string);
	text_done(&text);
}

static void failed_text_stays_failed(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct text text = { 0 };
	char *string = NULL;

	(void)state;
	text_add(&text, "a");
	text_add_bytes(&text, "", SIZE_MAX / 2);
	text_add(&text, "b");
	assert_true(text.failed);
	assert_int_equal(text_take(&text, &string, &err), -ENOMEM);
	assert_null(string);
	assert_int_equal(err.number, ENOMEM);
}

static void utf8_knows_characters_from_other_bytes(void **state)
{
	static const struct { const char *bytes; size_t size; } rows[] = {
		{ "", 0 },		{ "a", 1 },
		{ "\x7f", 1 },		{ "\x80", 0 },
		{ "\xc0\x80", 0 },	{ "\xc1\xbf", 0 },
		{ "\xc2\x80", 2 },	{ "\xc2", 0 },
		{ "\xc2\x41", 0 },	{ "\xe0\x9f\xbf", 0 },
		{ "\xe0\xa0\x80", 3 },	{ "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 },	{ "\xef\xbf\xbf", 3 },
		{ "\xe2\x82", 0 },	{ "\xe2\x82\x41", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 }, { "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 0 },
		{ "\xf5\x80\x80\x80", 0 }, { "\xff", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(utf8_size(rows[i].bytes, strlen(rows[i].bytes)), rows[i].size);
}

/* --- path.c --- */

static void paths_become_absolute_and_clean(void **state)
{
	static const struct { const char *base, *path, *result; } rows[] = {
		{ "/home/u", "a", "/home/u/a" },	{ "/home/u", "", "/home/u" },
		{ "/home/u", ".", "/home/u" },		{ "/home/u", "..", "/home" },
		{ "/home/u", "../../..", "/" },		{ "/home/u", "/etc//x/", "/etc/x" },
		{ "/", "a/./b/../c", "/a/c" },		{ "/a/../b/", "c", "/b/c" },
		{ "/home/u", "/", "/" },		{ "/home/u", "//..//", "/" },
		{ "/home/u", "...", "/home/u/..." },	{ "/home/u", ".a/..b", "/home/u/.a/..b" },
		{ "/a", "b/..", "/a" },			{ "/a", "/x/../../y", "/y" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(path_absolute(&arena, rows[i].base, rows[i].path),
				    rows[i].result);
	arena_done(&arena);
}

static void joined_paths_have_one_slash_between(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(path_join(&arena, "/", "a"), "/a");
	assert_string_equal(path_join(&arena, "/a", "b/c"), "/a/b/c");
	assert_string_equal(path_join(&arena, "/a/", "/b"), "/a/b");
	assert_string_equal(path_join(&arena, "/a", ""), "/a");
	assert_string_equal(path_join(&arena, "/", ""), "/");
	arena_done(&arena);
}

static void below_means_whole_components(void **state)
{
	(void)state;
	assert_true(path_below("/a/b", "/a", false));
	assert_true(path_below("/a", "/a", false));
	assert_true(path_below("/a", "/", false));
	assert_true(path_below("/", "/", false));
	assert_false(path_below("/ab", "/a", false));
	assert_false(path_below("/a", "/a/b", false));
	assert_false(path_below("/", "/a", false));
	assert_false(path_below("/A/b", "/a", false));
	assert_true(path_below("/A/b", "/a", true));
	assert_true(path_below("/.GIT", "/.git", true));
	assert_false(path_below("/.GITX", "/.git", true));
}

static void depth_and_last_component_are_lexical(void **state)
{
	(void)state;
	assert_int_equal(path_depth("/"), 0);
	assert_int_equal(path_depth("/a"), 1);
	assert_int_equal(path_depth("/a/b"), 2);
	assert_string_equal(path_base("/a/b"), "b");
	assert_string_equal(path_base("/a"), "a");
	assert_string_equal(path_base("a"), "a");
	assert_string_equal(path_base("/"), "");
}

/* --- json.c --- */

static void json_places_commas_and_escapes(void **state)
{
	struct json json = { 0 };

	(void)state;
	json_open(&json, NULL, '{');
	json_string(&json, "text", "q\" b\\ n\n t\t \x01 \x7f \xc3\xa9");
	json_string(&json, "none", NULL);
	json_integer(&json, "number", -9223372036854775807LL - 1);
	json_open(&json, "list", '[');
	json_bool(&json, NULL, true);
	json_open(&json, NULL, '{');
	json_close(&json, '}');
	json_open(&json, NULL, '[');
	json_close(&json, ']');
	json_bool(&json, NULL, false);
	json_close(&json, ']');
	json_integer(&json, "k\"", 0);
	json_close(&json, '}');
	assert_int_equal(json.depth, 0);
	json_newline(&json);
	json_open(&json, NULL, '{');
	json_close(&json, '}');
	assert_string_equal(
		json.text.bytes,
		"{\"text\":\"q\\\" b\\\\ n\\n t\\t \\u0001 \\u007f \xc3\xa9\",\"none\":null,"
		"\"number\":-9223372036854775808,\"list\":[true,{},[],false],\"k\\\"\":0}\n{}");
	text_done(&json.text);
}

static void json_replaces_bytes_that_are_not_utf8(void **state)
{
	struct json json = { 0 };

	(void)state;
	json_string(&json, NULL, "a\xff\xc3z\xe2\x82");
	assert_string_equal(json.text.bytes,
			    "\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\"");
	text_done(&json.text);
}

/* --- io.c --- */

static int file_with(const char *bytes, size_t size)
{
	char name[] = "/tmp/bawn-test-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(io_write_all(fd, bytes, size), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void reads_back_what_was_written(void **state)
{
	static const size_t sizes[] = { 0, 1, 8190, 8191, 8192, 8193, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		autofree char *bytes = calloc(1, sizes[i] + 1);
		autofree char *again = NULL;
		size_t size = 0;

		memset(bytes, 'a' + (int)i, sizes[i]);
		autoclose int fd = file_with(bytes, sizes[i]);

		assert_int_equal(io_read_all(fd, sizes[i], &again, &size), 0);
		assert_int_equal(size, sizes[i]);
		assert_string_equal(again, bytes);
	}
}

static void reading_stops_beyond_the_limit(void **state)
{
	autoclose int fd = file_with("12345", 5);
	char *text = NULL;
	size_t size = 99;

	(void)state;
	assert_int_equal(io_read_all(fd, 4, &text, &size), -EFBIG);
	assert_null(text);
	assert_int_equal(size, 99);
}

static void io_reports_the_errno(void **state)
{
	char *text = NULL;
	size_t size;

	(void)state;
	assert_int_equal(io_read_all(-1, 10, &text, &size), -EBADF);
	assert_int_equal(io_write_all(-1, "x", 1), -EBADF);
}

static void reads_a_nonblocking_pipe_to_its_end(void **state)
{
	autofree char *text = NULL;
	size_t size = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	if (fork() == 0) {
		usleep(20000);
		_exit(io_write_all(ends[1], "late", 4) < 0);
	}
	close(ends[1]);
	assert_int_equal(io_read_all(ends[0], 100, &text, &size), 0);
	assert_string_equal(text, "late");
	close(ends[0]);
}

/* --- words.c --- */

static void suggests_the_nearest_word_only_when_it_is_near(void **state)
{
	static const char *const words[] = {
		"read", "write", "deny", "filesystem", "network", NULL
	};

	(void)state;
	assert_string_equal(words_nearest("raed", words), "read");
	assert_string_equal(words_nearest("wirte", words), "write");
	assert_string_equal(words_nearest("filesytsem", words), "filesystem");
	assert_string_equal(words_nearest("file_sistem", words), "filesystem");
	assert_string_equal(words_nearest("netwrk", words), "network");
	assert_string_equal(words_nearest("write", words), "write");
	assert_null(words_nearest("weird", words));
	assert_null(words_nearest("allow", words));
	assert_null(words_nearest("", words));
	assert_null(words_nearest("read", (const char *const[]){ NULL }));
}

static void long_words_are_no_typing_errors(void **state)
{
	char text[200];
	const char *const words[] = { text, "read", NULL };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_null(words_nearest(text, words));
	assert_string_equal(words_nearest("reed", words), "read");
	text[63] = '\0';
	assert_ptr_equal(words_nearest(text, words), text);
}

/* --- cleanup.c --- */

static int failing_with_resources(int *ret_fd)
{
	autoclose int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	autoclose int none = -1;
	autofree char *memory = malloc(10);

	(void)none;
	(void)memory;
	*ret_fd = fd;
	errno = ENOTDIR;
	return -1;
}

static void resources_go_and_errno_stays(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(failing_with_resources(&fd), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_taken_descriptor_is_not_closed(void **state)
{
	int taken;

	(void)state;
	{
		autoclose int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		taken = take_fd(&fd);
		assert_int_equal(fd, -1);
	}
	assert_int_not_equal(fcntl(taken, F_GETFD), -1);
	close(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_set_fills_number_status_and_message),
		cmocka_unit_test(error_at_puts_the_place_in_front),
		cmocka_unit_test(error_wrap_adds_context_and_keeps_the_rest),
		cmocka_unit_test(errors_may_be_unwanted),
		cmocka_unit_test(an_error_may_quote_its_own_message),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(reserve_keeps_objects_apart_also_when_it_is_full),
		cmocka_unit_test(arena_memory_is_zero_aligned_and_apart),
		cmocka_unit_test(arena_refuses_absurd_sizes),
		cmocka_unit_test(arena_copies_and_formats_strings),
		cmocka_unit_test(array_keeps_its_elements_while_it_grows),
		cmocka_unit_test(text_grows_and_is_handed_over),
		cmocka_unit_test(numbers_are_written_as_snprintf_does),
		cmocka_unit_test(empty_text_is_taken_as_an_empty_string),
		cmocka_unit_test(failed_text_stays_failed),
		cmocka_unit_test(utf8_knows_characters_from_other_bytes),
		cmocka_unit_test(paths_become_absolute_and_clean),
		cmocka_unit_test(joined_paths_have_one_slash_between),
		cmocka_unit_test(below_means_whole_components),
		cmocka_unit_test(depth_and_last_component_are_lexical),
		cmocka_unit_test(json_places_commas_and_escapes),
		cmocka_unit_test(json_replaces_bytes_that_are_not_utf8),
		cmocka_unit_test(reads_back_what_was_written),
		cmocka_unit_test(reading_stops_beyond_the_limit),
		cmocka_unit_test(io_reports_the_errno),
		cmocka_unit_test(reads_a_nonblocking_pipe_to_its_end),
		cmocka_unit_test(suggests_the_nearest_word_only_when_it_is_near),
		cmocka_unit_test(long_words_are_no_typing_errors),
		cmocka_unit_test(resources_go_and_errno_stays),
		cmocka_unit_test(a_taken_descriptor_is_not_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
