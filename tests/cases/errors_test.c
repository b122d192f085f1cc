/* SPDX-License-Identifier: Apache-2.0 */
/* errors_test.c — every errors/NAME.toml is refused with exactly the message of errors/NAME.err.
 *
 *	errors_test DIRECTORY           compares; prints "N passed, M failed"
 *	errors_test DIRECTORY --write   writes the .err files anew, to be read before they are committed */
#include "policy/policy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(65536);

	if (!file || !text) {
		free(text);
		if (file)
			fclose(file);
		return NULL;
	}
	*ret_size = fread(text, 1, 65535, file);
	text[*ret_size] = '\0';
	fclose(file);
	return text;
}

static void write_file(const char *path, const char *line)
{
	FILE *file = fopen(path, "wb");

	if (!file) {
		perror(path);
		exit(2);
	}
	fprintf(file, "%s\n", line);
	fclose(file);
}

/* The message that a file is refused with, "" when it is not. */
static void refusal(const char *directory, const char *name, struct bawn_error *err)
{
	struct profiles *profiles = NULL;
	char path[4096], origin[512];
	size_t size = 0;
	char *text;

	snprintf(path, sizeof(path), "%s/%s.toml", directory, name);
	snprintf(origin, sizeof(origin), "%s.toml", name);
	text = read_file(path, &size);
	if (!text) {
		perror(path);
		exit(2);
	}
	if (profiles_parse(text, size, origin, &profiles, err) >= 0)
		profiles_free(profiles);
	free(text);
}

static bool check(const char *directory, const char *name)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char path[4096];
	char *expected;
	size_t size = 0;
	bool passed;

	refusal(directory, name, &err);
	snprintf(path, sizeof(path), "%s/%s.err", directory, name);
	expected = read_file(path, &size);
	if (expected && size && expected[size - 1] == '\n')
		expected[size - 1] = '\0';
	passed = expected && err.message[0] && strcmp(expected, err.message) == 0;
	if (passed && (err.number != EINVAL || err.status != BAWN_STATUS_SELF || !err.line || !err.column)) {
		fprintf(stderr, "%s: number %d, status %d, place %u:%u\n", name, err.number, err.status, err.line,
			err.column);
		passed = false;
	} else if (!passed) {
		fprintf(stderr, "%s:\n  expected: %s\n  message:  %s\n", name, expected ? expected : "(no .err file)",
			err.message);
	}
	free(expected);
	return passed;
}

static void write_expected(const char *directory, const char *name)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char path[4096];

	refusal(directory, name, &err);
	snprintf(path, sizeof(path), "%s/%s.err", directory, name);
	write_file(path, err.message);
}

int main(int argc, char **argv)
{
	bool write = argc == 3 && strcmp(argv[2], "--write") == 0;
	unsigned passed = 0, failed = 0;
	struct dirent **names;
	int count;

	if (argc != 2 && !write) {
		fprintf(stderr, "usage: errors_test DIRECTORY [--write]\n");
		return 2;
	}
	count = scandir(argv[1], &names, NULL, alphasort);
	if (count < 0) {
		perror(argv[1]);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		char *dot = strrchr(names[i]->d_name, '.');

		if (dot && strcmp(dot, ".toml") == 0) {
			*dot = '\0';
			if (write)
				write_expected(argv[1], names[i]->d_name);
			else if (check(argv[1], names[i]->d_name))
				passed++;
			else
				failed++;
		}
		free(names[i]);
	}
	free(names);
	if (write)
		return 0;
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
