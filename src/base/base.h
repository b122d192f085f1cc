/* SPDX-License-Identifier: Apache-2.0 */
/* base.h — what every other folder may use: errors, growing memory, strings, lexical paths, JSON text, descriptors.
 *
 * New code goes here only when it knows nothing about profiles, sandboxes or operating systems' sandboxing. */
#ifndef BAWN_BASE_H
#define BAWN_BASE_H

#include <bawn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PRINTF(a, b)	__attribute__((format(printf, a, b)))

/* --- error.c: filled once, where the cause is known; callers may only add context --------- */

/* Fills *err (NULL allowed) with a message and status 125; returns -number. */
int error_set(struct bawn_error *err, int number, const char *format, ...) PRINTF(3, 4);
/* The same for a system's error: the message ends with ": " and what strerror(3) says of number. */
int error_system(struct bawn_error *err, int number, const char *format, ...) PRINTF(3, 4);
/* The same as error_set(), with the place in a file; the message gets "file:line:column: " in front. Returns
 * -EINVAL. */
int error_at(struct bawn_error *err, const char *file, unsigned line, unsigned column, const char *format, ...)
	PRINTF(5, 6);
/* Puts "context: " in front of the message; returns -err->number (or -EIO without err). */
int error_wrap(struct bawn_error *err, const char *format, ...) PRINTF(2, 3);
/* out of memory: -ENOMEM */
int error_oom(struct bawn_error *err);

/* --- reserve.c: like malloc() and free(), for what each run needs and soon gives back ------- */

void *reserve_take(size_t size);			/* not cleared; NULL: out of memory */
void *reserve_zeroed(size_t size);
void reserve_give(void *object);			/* NULL: nothing */

/* --- arena.c: memory that is freed all at once -------------------------------------------- */

struct arena { struct arena_block *head; };		/* {0} is an empty arena */

void *arena_alloc(struct arena *arena, size_t size);	/* zeroed, aligned; NULL: out of memory */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3);
void arena_done(struct arena *arena);

/* --- text.c: a growing string; after a failed allocation it stays failed, and text_take() says so --- */

struct text { char *bytes; size_t size, capacity; bool failed; };	/* {0} is empty */

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t size);
void text_printf(struct text *text, const char *format, ...) PRINTF(2, 3);
int text_take(struct text *text, char **ret_string,
	      struct bawn_error *err); /* hands the string over, "" when empty */
void text_done(struct text *text);
#define TEXT_NUMBER	11			/* bytes for any, with the NUL */
/* In decimal, for who cannot wait for snprintf(); the digits' count. */
size_t text_number(char *at, unsigned number);

/* Length in bytes of the UTF-8 character at the start of size bytes; 0: they begin with none. */
size_t utf8_size(const char *bytes, size_t size);

/* --- array.c: growth of plain arrays ------------------------------------------------------ */

/* Makes room for one more element of size bytes in the arena; returns its address (zeroed) or NULL. */
void *array_add(struct arena *arena, void **array, size_t *count, size_t *capacity, size_t size);

/* --- path.c: lexical only, no system calls ------------------------------------------------ */

/* Absolute, no "." or "..", no double or trailing slash. base is absolute; path may be relative. */
char *path_absolute(struct arena *arena, const char *base, const char *path);
char *path_join(struct arena *arena, const char *directory, const char *name);
/* path is directory or lies below it. Both clean. */
bool path_below(const char *path, const char *directory, bool nocase);
size_t path_depth(const char *path);			/* "/" 0, "/a" 1, "/a/b" 2 */
const char *path_base(const char *path);		/* last component */

/* --- json.c: one object a line ------------------------------------------------------------ */

struct json { struct text text; unsigned depth; bool comma; };	/* {0} to begin */

void json_open(struct json *json, const char *key,
	       char bracket); /* key NULL inside an array; bracket '{' or '[' */
void json_close(struct json *json, char bracket);			/* '}' or ']' */
void json_string(struct json *json, const char *key, const char *value); /* value NULL: null. Bytes that are not
									  * UTF-8 become U+FFFD */
void json_integer(struct json *json, const char *key, long long value);
void json_bool(struct json *json, const char *key, bool value);
void json_newline(struct json *json);

/* --- io.c --------------------------------------------------------------------------------- */

/* Reads a whole open descriptor (at most limit bytes, -EFBIG beyond); *ret_text is malloc()ed and ends with a
 * NUL that does not count. */
int io_read_all(int fd, size_t limit, char **ret_text, size_t *ret_size);
int io_write_all(int fd, const void *bytes, size_t size);
int io_pipe(int ret_fds[2]);	/* closed on exec; not every system has pipe2() */

/* --- words.c ------------------------------------------------------------------------------ */

/* The word of the NULL-terminated list that is nearest to text by edit distance (at most a third of its length,
 * at least 1), or NULL. */
const char *words_nearest(const char *text, const char *const *words);

/* --- cleanup: resources clean themselves -------------------------------------------------- */

void cleanup_fd(int *fd);			/* closes, and leaves -1 */
void cleanup_free(void *pointer);		/* a pointer to the pointer */
int take_fd(int *fd);			/* returns it and leaves -1 */

#define autoclose	__attribute__((cleanup(cleanup_fd)))
#define autofree	__attribute__((cleanup(cleanup_free)))

#endif
