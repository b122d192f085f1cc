/* SPDX-License-Identifier: Apache-2.0 */
/* gpu.c — which GPUs a host has: the rows of devices.def, looked for through the host's callbacks.
 *
 * The names below /dev say whose most nodes are. Those of /dev/dri and /dev/accel do not: there the PCI vendor decides,
 * which sysfs tells by the node's name. Single cards ("nvidia:0,2") are chosen by the number in the card's own node;
 * for a node of /dev/dri that is the one of its render node less 128, for NVIDIA's that of /dev/nvidia*, which the
 * driver tells by PCI address. What cannot be told belongs to no single card, and is granted with all of them only.
 *
 * The type of a directory entry is not believed: in containers, and inside another bawn, nodes are mounts on empty
 * files. */
#include "policy/gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VENDOR_OTHER	0xffffffffu
#define FIRST_RENDER	128			/* /dev/dri/renderD128 is the first render node: drm_minor_alloc() */
#define MIG_LIST	"/proc/driver/nvidia-caps/mig-minors"
#define MIG_LIST_BYTES	((size_t)512 << 10)
#define NVIDIA_GPUS	"/proc/driver/nvidia/gpus"

enum role { ROLE_CARD, ROLE_DRM, ROLE_ACCEL, ROLE_SHARED, ROLE_NEEDED, ROLE_BUILTIN, ROLE_TREE, ROLE_MIG, ROLE_LINK };

static const struct row { enum gpu_family family; const char *pattern; enum role role; unsigned vendor; } rows[] = {
#define OTHER VENDOR_OTHER
#define NODE(family, pattern, role, vendor) { GPU_##family, pattern, ROLE_##role, vendor },
#include "policy/devices.def"
#undef NODE
#undef OTHER
};

const struct gpu_family_row gpu_families[GPU__COUNT] = {
#define MANY true
#define ONE false
#define FAMILY(id, word, cards, title, hint) [GPU_##id] = { word, title, hint, cards },
#include "policy/devices.def"
#undef FAMILY
#undef ONE
#undef MANY
};

const struct gpu_also gpu_alsos[] = {
#define ALSO(family, path, kind) { GPU_##family, GPU_ALSO_##kind, path },
#include "policy/devices.def"
#undef ALSO
};
const size_t gpu_also_count = ARRAY_SIZE(gpu_alsos);

const char *const gpu_words[] = {
	"auto", "metal",
#define FAMILY(id, word, cards, title, hint) word,
#include "policy/devices.def"
#undef FAMILY
	NULL,
};

static bool is_card(enum role role)
{
	return role == ROLE_CARD || role == ROLE_DRM || role == ROLE_ACCEL;
}

/* --- wishes ------------------------------------------------------------------------------- */

struct gpu_wish gpu_wish_any(void)
{
	return (struct gpu_wish){ .families = GPU_ALL };
}

/* ":0,2" */
static bool parse_cards(const char *text, struct gpu_wish *wish)
{
	do {
		size_t digits = strspn(++text, "0123456789");

		if (digits == 0 || digits > 3 || wish->card_count == GPU_CARDS_MAX)
			return false;
		wish->cards[wish->card_count++] = (unsigned)strtoul(text, NULL, 10);
		text += digits;
	} while (*text == ',');
	return !*text;
}

bool gpu_wish_parse(const char *word, struct gpu_wish *ret_wish)
{
	size_t size = strcspn(word, ":");
	struct gpu_wish wish = { .must = true };

	*ret_wish = wish;
	if (!strcmp(word, "metal"))
		return true;
	if (!strcmp(word, "auto")) {
		*ret_wish = gpu_wish_any();
		return true;
	}
	for (int i = 0; i < GPU__COUNT; i++)
		if (strlen(gpu_families[i].word) == size && !strncmp(gpu_families[i].word, word, size) &&
		    (gpu_families[i].many || !word[size]))
			wish.families = 1u << i;
	if (!wish.families || (word[size] && !parse_cards(word + size, &wish)))
		return false;
	*ret_wish = wish;
	return true;
}

static bool is_chosen(const struct gpu_wish *wish, int card)
{
	for (size_t i = 0; i < wish->card_count; i++)
		if (card >= 0 && wish->cards[i] == (unsigned)card)
			return true;
	return wish->card_count == 0;
}

/* --- small facts -------------------------------------------------------------------------- */

struct search {
	struct arena *arena;
	const struct host *host;
	const struct gpu_wish *wish;
	const struct row *row;
	struct gpus *gpus;
	char *mig_list;			/* MIG_LIST, once it was read; "" when it is not there */
	struct bawn_error *err;
};

/* The number in a name, or -1. */
static int number_in(const char *name)
{
	name += strcspn(name, "0123456789");
	return *name ? (int)strtol(name, NULL, 10) : -1;
}

/* Whether a name is a prefix of letters and a number, or fits a "*" at the pattern's end. */
static bool fits(const char *pattern, size_t size, const char *name)
{
	for (const char *end = pattern + size; pattern < end; pattern++) {
		size_t digits = strspn(name, "0123456789");

		if (*pattern == '*')
			return true;
		if (*pattern == '#' ? digits == 0 : *pattern != *name)
			return false;
		name += *pattern == '#' ? digits : 1;
	}
	return !*name;
}

static unsigned vendor_of(const struct search *s, const char *class, const char *name)
{
	const char *path = arena_printf(s->arena, "/sys/class/%s/%s/device/vendor", class, name);
	char text[16] = "";

	if (!path || s->host->read(s->host->context, path, text, sizeof(text)) <= 0)
		return 0;
	return (unsigned)strtoul(text, NULL, 16);
}

static bool is_of_vendor(const struct search *s, const char *class, const char *name)
{
	unsigned vendor = vendor_of(s, class, name);

	if (s->row->vendor != VENDOR_OTHER)
		return vendor == s->row->vendor;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].role == s->row->role && rows[i].vendor && rows[i].vendor == vendor)
			return false;
	return true;
}

static int take_render_number(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	(void)type;
	(void)inode;
	if (!fits("renderD#", strlen("renderD#"), name))
		return 0;
	*(int *)argument = number_in(name) - FIRST_RENDER;
	return 1;
}

/* What the driver calls the card at a PCI address: the number of its /dev/nvidia*. */
static int nvidia_number(const struct search *s, const char *name)
{
	const char *device = arena_printf(s->arena, "/sys/class/drm/%s/device", name);
	struct host_entry entry;
	char text[2048] = "";
	const char *line;

	if (!device || path_canonical(s->arena, s->host, device, &device, &entry, NULL) < 0)
		return -1;
	device = arena_printf(s->arena, NVIDIA_GPUS "/%s/information", path_base(device));
	if (!device || s->host->read(s->host->context, device, text, sizeof(text)) <= 0)
		return -1;
	line = strstr(text, "Device Minor:");
	return line ? number_in(line) : -1;
}

static int drm_number(const struct search *s, const char *name)
{
	const char *siblings = arena_printf(s->arena, "/sys/class/drm/%s/device/drm", name);
	int number = -1;

	if (s->row->family == GPU_NVIDIA)
		return nvidia_number(s, name);
	if (!take_render_number(&number, name, HOST_DEVICE, 0) && siblings)
		s->host->list(s->host->context, siblings, take_render_number, &number);
	return number;
}

/* The card of a MIG capability. The driver's list has lines such as "gpu0/gi3/access 30". */
static int mig_number(struct search *s, const char *name)
{
	int wanted = number_in(name);

	if (!s->mig_list) {
		s->mig_list = arena_alloc(s->arena, MIG_LIST_BYTES);
		if (!s->mig_list || s->host->read(s->host->context, MIG_LIST, s->mig_list, MIG_LIST_BYTES) <= 0)
			return -1;
	}
	for (const char *line = s->mig_list; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, "gpu", 3) && number_in(line + strcspn(line, " \n")) == wanted)
			return number_in(line);
	return -1;
}

/* --- the walk ----------------------------------------------------------------------------- */

static int add_node(struct search *s, enum gpu_node_kind kind, const char *path, const char *target, int card)
{
	struct gpu_node *slot;

	for (size_t i = 0; i < s->gpus->count; i++)
		if (!strcmp(s->gpus->nodes[i].path, path) && s->gpus->nodes[i].family == s->row->family)
			return 0;
	slot = array_add(s->arena, (void **)&s->gpus->nodes, &s->gpus->count, &s->gpus->capacity, sizeof(*slot));
	if (!slot)
		return error_oom(s->err);
	*slot = (struct gpu_node){ .path = path, .target = target, .family = s->row->family, .kind = kind,
				   .card = card };
	return 0;
}

static int add_link(struct search *s, const char *path, const char *target)
{
	for (size_t i = 0; i < s->gpus->count; i++)
		if (!strcmp(s->gpus->nodes[i].path, target) && s->gpus->nodes[i].family == s->row->family)
			return add_node(s, GPU_LINK, path, target, s->gpus->nodes[i].card);
	return 0;
}

static int add_card(struct search *s, const char *path, int card)
{
	if (!is_chosen(s->wish, card))
		return 0;
	s->gpus->families |= 1u << s->row->family;
	return add_node(s, GPU_NODE, path, NULL, card);
}

static int add_device(struct search *s, const char *path, const char *name)
{
	switch (s->row->role) {
	case ROLE_CARD:		/* "igpu0/ctrl": the number stands in the directory's name */
		return add_card(s, path, number_in(path));
	case ROLE_DRM:
		return is_of_vendor(s, "drm", name) ? add_card(s, path, drm_number(s, name)) : 0;
	case ROLE_ACCEL:
		return is_of_vendor(s, "accel", name) ? add_card(s, path, number_in(name)) : 0;
	case ROLE_MIG:
		if (!s->wish->card_count || !is_chosen(s->wish, mig_number(s, name)))
			return 0;
		return add_node(s, GPU_NODE, path, NULL, mig_number(s, name));
	case ROLE_BUILTIN:
		return vendor_of(s, "drm", name) ? 0 : add_node(s, GPU_NODE, path, NULL, -1);
	case ROLE_SHARED:
	case ROLE_NEEDED:
		return add_node(s, GPU_NODE, path, NULL, -1);
	default:
		return 0;
	}
}

/* What stands at a path that fits the whole pattern. */
static int consider(struct search *s, const char *path)
{
	struct host_entry entry;
	const char *object = path;
	int e;

	if (s->host->lookup(s->host->context, path, &entry) < 0)
		return 0;
	if (entry.type == HOST_DIRECTORY)
		return s->row->role == ROLE_TREE && !s->wish->card_count ? add_node(s, GPU_TREE, path, NULL, -1) : 0;
	if (entry.type == HOST_SYMLINK && path_canonical(s->arena, s->host, path, &object, &entry, NULL) < 0)
		return 0;
	if (entry.type != HOST_DEVICE || !path_below(object, "/dev", false))
		return 0;
	e = add_device(s, object, path_base(path));
	return e < 0 || object == path ? e : add_link(s, path, object);
}

struct level { struct search *s; const char *directory, *component, *rest; size_t size; int e; };

static int walk(struct search *s, const char *directory, const char *pattern);

static int visit(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct level *level = argument;
	const char *path;

	(void)type;
	(void)inode;
	if (!fits(level->component, level->size, name))
		return 0;
	path = path_join(level->s->arena, level->directory, name);
	if (!path)
		return level->e = error_oom(level->s->err);
	return level->e = *level->rest ? walk(level->s, path, level->rest) : consider(level->s, path);
}

/* One component of a pattern after the other; a directory is listed only for those that are no plain name. */
static int walk(struct search *s, const char *directory, const char *pattern)
{
	size_t size = strcspn(pattern, "/");
	struct level level = { .s = s, .directory = directory, .component = pattern, .size = size,
			       .rest = pattern + size + (pattern[size] == '/') };
	const char *name;

	if (memchr(pattern, '#', size) || memchr(pattern, '*', size)) {
		s->host->list(s->host->context, directory, visit, &level);
		return level.e;
	}
	name = arena_strndup(s->arena, pattern, size);
	return name ? visit(&level, name, HOST_OTHER, 0) : error_oom(s->err);
}

static void drop_absent(struct gpus *gpus)
{
	size_t kept = 0;

	for (size_t i = 0; i < gpus->count; i++)
		if (gpus->families & (1u << gpus->nodes[i].family))
			gpus->nodes[kept++] = gpus->nodes[i];
	gpus->count = kept;
}

int gpus_find(struct arena *arena, const struct host *host, const struct gpu_wish *wish, struct gpus *ret_gpus,
	      struct bawn_error *err)
{
	struct gpus gpus = { 0 };
	struct search s = { .arena = arena, .host = host, .wish = wish, .gpus = &gpus, .err = err };
	int e = 0;

	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(rows); i++) {
		s.row = &rows[i];
		if (wish->families & (1u << s.row->family))
			e = walk(&s, "/dev", s.row->pattern);
	}
	if (e < 0)
		return e;
	drop_absent(&gpus);
	*ret_gpus = gpus;
	return 0;
}

/* A card's first name, or the directory that it would lie in. */
static void first_place(const char *pattern, char place[64])
{
	size_t size = strcspn(pattern, "/");

	snprintf(place, 64, "/dev/%.*s", (int)size, pattern);
	if (strchr(place, '#'))
		*strchr(place, '#') = '0';
}

bool gpus_may_be(const struct host *host, unsigned families)
{
	struct host_entry entry;
	char place[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!is_card(rows[i].role) || !(families & (1u << rows[i].family)))
			continue;
		first_place(rows[i].pattern, place);
		if (host->lookup(host->context, place, &entry) == 0 && entry.type != HOST_MISSING)
			return true;
	}
	return false;
}

int gpu_missing_card(const struct gpu_wish *wish, const struct gpus *gpus)
{
	for (size_t i = 0; i < wish->card_count; i++) {
		bool found = false;

		for (size_t j = 0; j < gpus->count; j++)
			found = found || gpus->nodes[j].card == (int)wish->cards[i];
		if (!found)
			return (int)wish->cards[i];
	}
	return -1;
}

/* --- what is missing ---------------------------------------------------------------------- */

const char *gpu_missing_node(struct arena *arena, const struct gpus *gpus, enum gpu_family family)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool there = false;

		for (size_t j = 0; j < gpus->count; j++)
			there = there || !strcmp(gpus->nodes[j].path + strlen("/dev/"), rows[i].pattern);
		if (rows[i].family == family && rows[i].role == ROLE_NEEDED && !there)
			return arena_printf(arena, "/dev/%s", rows[i].pattern);
	}
	return NULL;
}

struct bus { const struct host *host; struct arena *arena; unsigned vendor, count; };

static unsigned read_hex(const struct bus *bus, const char *device, const char *file)
{
	const char *path = arena_printf(bus->arena, "/sys/bus/pci/devices/%s/%s", device, file);
	char text[16] = "";

	if (!path || bus->host->read(bus->host->context, path, text, sizeof(text)) <= 0)
		return 0;
	return (unsigned)strtoul(text, NULL, 16);
}

/* Display controllers (class 03) and processing accelerators (12), as the PCI Code and ID Assignment has them. */
static int count_card(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct bus *bus = argument;
	unsigned class = read_hex(bus, name, "class") >> 16;

	(void)type;
	(void)inode;
	if ((class == 0x03 || class == 0x12) && read_hex(bus, name, "vendor") == bus->vendor)
		bus->count++;
	return 0;
}

unsigned gpu_cards_on_bus(struct arena *arena, const struct host *host, enum gpu_family family)
{
	struct bus bus = { .host = host, .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].family == family && rows[i].vendor && rows[i].vendor != VENDOR_OTHER)
			bus.vendor = rows[i].vendor;
	if (bus.vendor)
		host->list(host->context, "/sys/bus/pci/devices", count_card, &bus);
	return bus.count;
}

/* --- for people --------------------------------------------------------------------------- */

/* A pattern is named once, whichever families share it. */
static bool was_named(const struct gpu_wish *wish, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (is_card(rows[i].role) && (wish->families & (1u << rows[i].family)) &&
		    !strcmp(rows[i].pattern, rows[row].pattern))
			return true;
	return false;
}

const char *gpu_looked_for(struct arena *arena, const struct gpu_wish *wish)
{
	bool one = wish->families && !(wish->families & (wish->families - 1));
	struct text text = { 0 };
	const char *copy;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!is_card(rows[i].role) || !(wish->families & (1u << rows[i].family)) || was_named(wish, i))
			continue;
		text_add(&text, text.size ? ", /dev/" : "/dev/");
		for (const char *at = rows[i].pattern; *at; at++)
			text_add_bytes(&text, *at == '#' ? "*" : at, 1);
		if (one && rows[i].vendor)
			text_printf(&text, " of PCI vendor %#x", rows[i].vendor);
	}
	copy = text.failed ? NULL : arena_strdup(arena, text.bytes ? text.bytes : "");
	text_done(&text);
	return copy;
}
