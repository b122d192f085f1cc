/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c — patterns of network.domains: d, *.d, **.d, *, each with an optional :PORT.
 *
 * A host name may be international (any letters beyond ASCII); an IPv6 address stands in brackets when a port
 * follows. */
#include "policy/reader.h"

#include <string.h>

#define LONGEST_NAME	253	/* RFC 1035, 2.3.4, without the dot at the end */
#define LONGEST_LABEL	63

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A number of at most `largest`, of all size bytes. */
static bool is_number(const char *text, size_t size, unsigned largest)
{
	unsigned value = 0;

	if (size == 0 || size > 5)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_digit(text[i]))
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	return value <= largest;
}

static bool is_ipv4(const char *text, size_t size)
{
	size_t parts = 0;

	while (size > 0) {
		const char *dot = memchr(text, '.', size);
		size_t length = dot ? (size_t)(dot - text) : size;

		if (length > 3 || !is_number(text, length, 255) || ++parts > 4)
			return false;
		if (!dot)
			break;
		text += length + 1;
		size -= length + 1;
	}
	return parts == 4 && size > 0;
}

/* RFC 4291, 2.2: eight groups, of which one run may be left out as "::", the last two perhaps as an IPv4 address. */
static bool is_ipv6(const char *text, size_t size)
{
	size_t groups = 0, at = 0;
	bool gap = false;

	if (size >= 2 && text[0] == ':' && text[1] == ':') {
		gap = true;
		at = 2;
	}
	while (at < size) {
		size_t start = at;

		while (at < size && is_hex(text[at]))
			at++;
		if (at < size && text[at] == '.')
			return is_ipv4(text + start, size - start) && (gap ? groups + 2 < 8 : groups + 2 == 8);
		if (at == start || at - start > 4)
			return false;
		groups++;
		if (at == size)
			break;
		if (text[at++] != ':' || at == size)
			return false;
		if (text[at] == ':') {
			if (gap)
				return false;
			gap = true;
			at++;
		}
	}
	return gap ? groups < 8 : groups == 8;
}

static const char *label_problem(const char *label, size_t size)
{
	if (size == 0)
		return "has an empty label (two dots in a row, or one at the front)";
	if (size > LONGEST_LABEL)
		return "has a label longer than 63 characters";
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)label[i];

		if (c == '*')
			return "has a * elsewhere than in front: expected *.example.com, **.example.com or *";
		if (c < 0x80 && !is_digit((char)c) && !(lower((char)c) >= 'a' && lower((char)c) <= 'z') &&
		    c != '-' && c != '_')
			return "holds a character that no host name has";
	}
	if (label[0] == '-' || label[size - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	return NULL;
}

/* A host name or an IPv4 address; one dot at the end is allowed. */
static const char *name_problem(const char *name, size_t size)
{
	if (size > 1 && name[size - 1] == '.')
		size--;
	if (size == 0)
		return "is empty: expected a domain such as example.com";
	if (size > LONGEST_NAME)
		return "is longer than 253 characters";
	for (;;) {
		const char *dot = memchr(name, '.', size);
		size_t length = dot ? (size_t)(dot - name) : size;
		const char *problem = label_problem(name, length);

		if (problem || !dot)
			return problem;
		name += length + 1;
		size -= length + 1;
	}
}

/* Splits off ":PORT"; size becomes that of the host. */
static const char *port_problem(const char *pattern, size_t *size)
{
	const char *colon = strrchr(pattern, ':');

	if (!colon || (pattern[0] != '[' && strchr(pattern, ':') != colon) || strchr(colon, ']'))
		return NULL;		/* none, or a bare IPv6 address */
	if (!is_number(colon + 1, strlen(colon + 1), 65535) || colon[1] == '0')
		return "has a port that is not a number from 1 to 65535";
	*size = (size_t)(colon - pattern);
	return NULL;
}

const char *domain_problem(const char *pattern)
{
	size_t size = strlen(pattern);
	const char *problem;

	if (strstr(pattern, "://"))
		return "is a URL: expected a domain alone, such as example.com or example.com:8080";
	if (strchr(pattern, '/'))
		return "has a path: expected a domain alone, such as example.com";
	problem = port_problem(pattern, &size);
	if (problem)
		return problem;
	if (pattern[0] == '[')
		return size > 2 && pattern[size - 1] == ']' && is_ipv6(pattern + 1, size - 2)
			? NULL : "is not an IPv6 address in brackets";
	if (memchr(pattern, ':', size))
		return is_ipv6(pattern, size) ? NULL : "is neither a domain nor an IPv6 address";
	if (size == 1 && pattern[0] == '*')
		return NULL;
	if (size == 2 && !strncmp(pattern, "**", 2))
		return "is not a pattern: expected * for everything, or **.example.com";
	if (!strncmp(pattern, "**.", 3))
		return name_problem(pattern + 3, size - 3);
	if (!strncmp(pattern, "*.", 2))
		return name_problem(pattern + 2, size - 2);
	return name_problem(pattern, size);
}

/* Skips a dot that ends the name. */
static const char *at_dot_end(const char *text)
{
	return text[0] == '.' && (text[1] == '\0' || text[1] == ':') ? text + 1 : text;
}

int domain_compare(const char *a, const char *b)
{
	for (;; a++, b++) {
		a = at_dot_end(a);
		b = at_dot_end(b);
		if (lower(*a) != lower(*b))
			return (unsigned char)lower(*a) < (unsigned char)lower(*b) ? -1 : 1;
		if (!*a)
			return 0;
	}
}

/* --- matching ----------------------------------------------------------------------------- */

struct destination { const char *host; size_t size; const char *port; };	/* port "": none was said */

static struct destination split(const char *text)
{
	struct destination to = { .host = text, .size = strlen(text), .port = "" };

	port_problem(text, &to.size);
	if (text[to.size])
		to.port = text + to.size + 1;
	if (text[0] == '[' && to.size >= 2) {
		to.host++;
		to.size -= 2;
	}
	if (to.size > 1 && to.host[to.size - 1] == '.')
		to.size--;
	return to;
}

static bool same_port(const char *pattern, const char *port)
{
	if (!*port)
		port = "443";
	return *pattern ? !strcmp(pattern, port) : !strcmp(port, "80") || !strcmp(port, "443");
}

static bool ends_with_host(const struct destination *name, const char *host, size_t size)
{
	if (name->size < size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (lower(name->host[name->size - size + i]) != lower(host[i]))
			return false;
	return true;
}

bool domain_match(const char *pattern, const char *name)
{
	struct destination want = split(pattern), have = split(name);
	size_t stars = strspn(want.host, "*");
	bool address = memchr(have.host, ':', have.size) || is_ipv4(have.host, have.size);

	if (!same_port(want.port, have.port))
		return false;
	if (stars && address)
		return false;
	if (stars == want.size)
		return true;
	if (!stars)
		return have.size == want.size && ends_with_host(&have, want.host, want.size);
	/* what follows the stars begins with a dot */
	if (have.size > want.size - stars && ends_with_host(&have, want.host + stars, want.size - stars))
		return true;
	return stars == 2 && have.size == want.size - 3 && ends_with_host(&have, want.host + 3, want.size - 3);
}
