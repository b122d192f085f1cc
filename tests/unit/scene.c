/* SPDX-License-Identifier: Apache-2.0 */
/* scene.c — the chain on a fake host, and what holds of its results whatever went in. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

const struct features scene_features = {
	.landlock_abi = 7, .user_namespaces = true, .seccomp = true, .seccomp_notify = true, .new_mount_api = true,
	.openat2 = true, .proc_mountable = true, .sandbox_exec = true, .foreign_calls = true,
};

/* --- the chain ---------------------------------------------------------------------------------------------------- */

static const char *id_of(const struct profiles *profiles, const char *toml)
{
	if (profiles->default_id)
		return profiles->default_id;
	return toml ? profiles->items[profiles->count - 1].id : ":workspace";
}

int scene_read(struct scene *scene, const char *host, const char *toml, const char *id)
{
	const char *line;
	int e;

	*scene = (struct scene){ .err = BAWN_ERROR_INIT };
	if (!fake_host_init(&scene->fake, host, &line))
		return error_set(&scene->err, EBADMSG, "host: what is this? %s", line);
	e = profiles_parse(toml, toml ? strlen(toml) : 0, "p.toml", &scene->profiles, &scene->err);
	if (e < 0)
		return e;
	return profile_effective(scene->profiles, id ? id : id_of(scene->profiles, toml), &scene->profile, &scene->err);
}

int scene_resolve(struct scene *scene, const char *const *add_dirs)
{
	return policy_resolve(scene->profile, add_dirs, &scene->fake.host, &scene->policy, &scene->err);
}

int scene_plan(struct scene *scene, const struct features *features)
{
	return plan_make(scene->policy, features, &scene->plan, &scene->err);
}

int scene_lower(struct scene *scene)
{
	if (scene->policy->platform == PLATFORM_MACOS)
		return seatbelt_lower(scene->plan, NULL, &scene->seatbelt, &scene->err);
	return linux_lower(scene->plan, &scene->box, &scene->err);
}

void scene_done(struct scene *scene)
{
	linux_box_free(scene->box);
	seatbelt_free(scene->seatbelt);
	plan_free(scene->plan);
	policy_free(scene->policy);
	profiles_free(scene->profiles);
	fake_host_done(&scene->fake);
	*scene = (struct scene){ 0 };
}

/* --- made-up scenes ----------------------------------------------------------------------------------------------- */

struct choices { const uint8_t *bytes; size_t size; };

static unsigned choose(struct choices *choices, unsigned below)
{
	if (!choices->size)
		return 0;
	choices->size--;
	return *choices->bytes++ % below;
}

#define CHOOSE(choices, words)	(words)[choose(choices, ARRAY_SIZE(words))]

/* "/a", "/a/.git/b": short, so that they meet. */
static void make_path(struct choices *choices, struct text *text)
{
	static const char *const names[] = { "a", "b", "c", ".git", ".codex", ".env", "a-b", "modules" };

	static const char *const roots[] = { "", "/ws", "/ws", "/dev" };

	text_add(text, CHOOSE(choices, roots));
	for (unsigned depth = 1 + choose(choices, 4); depth; depth--)
		text_printf(text, "/%s", CHOOSE(choices, names));
}

static void make_target(struct choices *choices, struct text *text)
{
	static const char *const targets[] = { "..", "../..", "a", "../b/c", ".", "/ws", "/", "/a/b", "../.git",
					       "gone/../a", "/ws/a/b" };

	if (choose(choices, 3))
		text_add(text, CHOOSE(choices, targets));
	else
		make_path(choices, text);
}

static void make_node(struct choices *choices, struct text *text)
{
	static const char *const types[] = { "d", "d", "f", "f", "l", "l", "s", "c", "o" };
	const char *type = CHOOSE(choices, types);

	text_printf(text, "%s ", type);
	make_path(choices, text);
	if (*type == 'l') {
		text_add(text, " -> ");
		make_target(choices, text);
	} else if (*type == 'f' && choose(choices, 2)) {
		text_printf(text, " #%u", 1 + choose(choices, 3));
	} else if (*type == 'f' && choose(choices, 2)) {
		text_add(text, choose(choices, 3) ? " = gitdir: " : " = ");
		make_target(choices, text);
	}
	text_add(text, "\n");
}

static void make_entry(struct choices *choices, struct text *text)
{
	static const char *const globs[] = { "**/.env", "**/a", "a/*", "**/{b,c}/**", "*/[a-b]", "**/.git/**" };
	static const char *const words[] = { "read", "write", "deny" };
	struct text path = { 0 };

	switch (choose(choices, 8)) {
	case 0:
		text_printf(text, "'/ws/%s' = 'deny'\n", CHOOSE(choices, globs));
		break;
	case 1:
		text_printf(text, "'/%s' = 'deny'\n", CHOOSE(choices, globs));
		break;
	case 2:
		text_add(text, "'/ws/.git' = 'commit'\n");
		break;
	default:
		make_path(choices, &path);
		text_printf(text, "'%s' = '%s'\n", path.bytes, CHOOSE(choices, words));
		text_done(&path);
	}
}

void scene_make_up(const uint8_t *bytes, size_t size, struct text *host, struct text *toml)
{
	static const char *const roots[] = { "':root' = 'read'\n", "':root' = 'write'\n", "':root' = 'deny'\n", "" };
	static const char *const callers[] = { "cwd /ws\n", "cwd /ws\nhome /ws\n", "cwd /ws\nhome /ws/a\nuid 0\n",
					       "cwd /\n", "cwd /a\n" };
	static const char *const spaces[] = { "':workspace_roots' = 'write'\n", "", "':workspace_roots' = 'read'\n" };
	struct choices choices = { bytes, size };
	char *entries[16] = { 0 };
	unsigned count = choose(&choices, ARRAY_SIZE(entries)), nodes = choose(&choices, 16);

	text_printf(host, "d /ws\n%s", CHOOSE(&choices, callers));
	text_printf(toml, "[permissions.t.filesystem]\n%s%s", CHOOSE(&choices, roots), CHOOSE(&choices, spaces));
	while (nodes--)
		make_node(&choices, host);
	for (unsigned i = 0; i < count; i++) {		/* TOML wants each key once */
		struct text entry = { 0 };
		bool known = false;

		make_entry(&choices, &entry);
		text_take(&entry, &entries[i], NULL);
		for (unsigned j = 0; j < i; j++)
			known = known || !strncmp(entries[j], entries[i], strcspn(entries[i], "="));
		if (!known)
			text_add(toml, entries[i]);
	}
	for (unsigned i = 0; i < count; i++)
		free(entries[i]);
	if (choose(&choices, 2))
		text_add(host, "platform macos\nnocase /ws\n");
}

/* --- what holds of every policy ----------------------------------------------------------------------------------- */

static bool is_systems(const char *path)
{
	return path_below(path, "/dev", false) || path_below(path, "/proc", false) || path_below(path, "/sys", false);
}

/* A rule's path is the object's own: no link is on the way to it, and what stands there is what the rule says. */
static bool rule_is_canonical(const struct scene *scene, const struct rule *rule, struct text *problem)
{
	const struct host *host = &scene->fake.host;
	struct host_entry entry = { .type = HOST_MISSING };

	if (rule->kind == RULE_SYSTEM)
		return true;
	if (host->lookup(host->context, rule->path, &entry) < 0)
		return true;		/* nobody can know */
	if (rule->path[0] == '/' && entry.direct && entry.type == rule->type &&
	    (entry.type != HOST_SYMLINK || rule->kind == RULE_MATCH))
		return true;
	text_printf(problem, "rule %s (%s): type %d, but there stands %d%s\n", rule->path, rule->label, (int)rule->type,
		    (int)entry.type, entry.direct ? "" : ", through a link");
	return false;
}

/* The path of a rule is decided by that rule, unless a deny glob or a rule without case comes before it. */
static bool rule_decides_itself(const struct scene *scene, const struct rule *rule, struct text *problem)
{
	struct decision decision, again;

	policy_decide(scene->policy, OPERATION_READ, rule->path, &decision);
	policy_decide(scene->policy, OPERATION_READ, rule->path, &again);
	if (decision.rule == again.rule && decision.allowed == again.allowed &&
	    (decision.rule == rule || (decision.rule && (decision.rule->kind == RULE_GLOB ||
							 scene->policy->any_nocase))))
		return true;
	text_printf(problem, "rule %s is decided by %s\n", rule->path, decision.rule ? decision.rule->path : "none");
	return false;
}

bool scene_policy_is_sound(const struct scene *scene, struct text *problem)
{
	const struct policy *policy = scene->policy;

	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (i && strcmp(rule[-1].path, rule->path) >= 0) {
			text_printf(problem, "rule %s does not come after %s\n", rule->path, rule[-1].path);
			return false;
		}
		if (rule->access < ACCESS_DENY || rule->access > ACCESS_WRITE || !rule->label || !rule->origin.file) {
			text_printf(problem, "rule %s is not complete\n", rule->path);
			return false;
		}
		if (!rule_is_canonical(scene, rule, problem) || !rule_decides_itself(scene, rule, problem))
			return false;
	}
	return true;
}

/* --- what holds of every box -------------------------------------------------------------------------------------- */

static enum access promised(const struct policy *policy, const char *path)
{
	struct decision read, write;

	policy_decide(policy, OPERATION_READ, path, &read);
	policy_decide(policy, OPERATION_WRITE, path, &write);
	return write.allowed ? ACCESS_WRITE : read.allowed ? ACCESS_READ : ACCESS_DENY;
}

/* The last operation at or above a path is what a program meets there. */
static enum access mounted(const struct box *box, const char *path)
{
	static const enum access of_kind[] = {
		[MOUNT_WRITE] = ACCESS_WRITE, [MOUNT_READ] = ACCESS_READ, [MOUNT_MASK] = ACCESS_DENY,
		[MOUNT_SCAFFOLD] = ACCESS_DENY,
	};
	enum access access = box->plan->root_writable ? ACCESS_WRITE :
			     box->plan->restricted_read ? ACCESS_DENY : ACCESS_READ;

	for (size_t i = 0; i < box->op_count; i++)
		if (path_below(path, box->ops[i].path, false))
			access = of_kind[box->ops[i].kind];
	return access;
}

static bool landlock_lets_write(const struct box *box, const char *path)
{
	for (size_t i = 0; i < box->landlock_count; i++)
		if (path_below(path, box->landlock[i].path, false) &&
		    (box->landlock[i].access & landlock_file_rights()))
			return true;
	return !box->landlock_handled;
}

static bool node_is_as_promised(const struct scene *scene, const struct fake_node *node, struct text *problem)
{
	const struct host *host = &scene->fake.host;
	enum access wanted, given;
	struct host_entry entry;

	if (is_systems(node->path) || !strcmp(node->path, "/") ||
	    host->lookup(host->context, node->path, &entry) < 0 || entry.type == HOST_MISSING || !entry.direct)
		return true;
	wanted = promised(scene->policy, node->path);
	given = mounted(scene->box, node->path);
	if (wanted != given) {
		text_printf(problem, "%s: the policy says %s, the mounts say %s\n", node->path, access_name(wanted),
			    access_name(given));
		return false;
	}
	if (wanted == ACCESS_WRITE && !landlock_lets_write(scene->box, node->path)) {
		text_printf(problem, "%s: Landlock refuses what the policy allows\n", node->path);
		return false;
	}
	return true;
}

static bool ops_are_in_order(const struct box *box, struct text *problem)
{
	for (size_t i = 1; i < box->op_count; i++)
		if (strcmp(box->ops[i - 1].path, box->ops[i].path) >= 0) {
			text_printf(problem, "mount %s does not come after %s\n", box->ops[i].path,
				    box->ops[i - 1].path);
			return false;
		}
	for (size_t i = 0; i < box->scaffold_count; i++)
		if (box->scaffolds[i].op >= box->op_count || box->ops[box->scaffolds[i].op].kind != MOUNT_SCAFFOLD) {
			text_printf(problem, "scaffold %s belongs to no mask\n", box->scaffolds[i].below);
			return false;
		}
	return true;
}

static bool is_held(const struct box *box, const char *path)
{
	for (size_t i = 0; i < box->op_count; i++)
		if (!strcmp(box->ops[i].path, path))
			return true;
	for (size_t i = 0; i < box->pin_count; i++) {
		size_t size = strlen(box->pins[i].root);

		size -= box->pins[i].root[size - 1] == '/';
		if (!strncmp(path, box->pins[i].root, size) && path[size] == '/' &&
		    !strcmp(path + size + 1, box->pins[i].below))
			return true;
	}
	return false;
}

/* What is ruled cannot be carried away: no directory above it that may be written can be renamed. */
static bool way_is_held(const struct scene *scene, const struct rule *rule, struct text *problem)
{
	struct arena arena = { 0 };
	char *path = arena_strdup(&arena, rule->path);
	bool held = true;

	for (char *slash = strrchr(path, '/'); held && slash != path; slash = strrchr(path, '/')) {
		struct host_entry entry = { .type = HOST_MISSING };

		*slash = '\0';
		scene->fake.host.lookup(scene->fake.host.context, path, &entry);
		held = entry.type == HOST_MISSING || promised(scene->policy, path) != ACCESS_WRITE ||
		       is_held(scene->box, path);
	}
	if (!held)
		text_printf(problem, "%s can be renamed, with what is ruled at %s\n", path, rule->path);
	arena_done(&arena);
	return held;
}

/* A rule that a deny glob overrules moves as the matches of that glob do: plan.c tells of those. */
static bool wants_its_way_held(const struct scene *scene, const struct plan_item *item)
{
	struct decision decision;

	if (!item->rule || item->rule->kind == RULE_SYSTEM || item->rule->kind == RULE_MATCH ||
	    item->rule->kind == RULE_GLOB || item->layer == LAYER_INHERITED || item->layer == LAYER_NOTHING ||
	    item->layer == LAYER_ROOT || path_below(item->rule->path, "/dev", false))
		return false;
	policy_decide(scene->policy, OPERATION_READ, item->rule->path, &decision);
	return !decision.rule || decision.rule->kind != RULE_GLOB;
}

static bool ways_are_held(const struct scene *scene, struct text *problem)
{
	for (size_t i = 0; i < scene->plan->count; i++) {
		const struct plan_item *item = &scene->plan->items[i];

		if (wants_its_way_held(scene, item) && !way_is_held(scene, item->rule, problem))
			return false;
	}
	for (size_t i = 0; i < scene->policy->link_count; i++) {
		const char *link = scene->policy->links[i];

		if (promised(scene->policy, link) == ACCESS_WRITE && !is_held(scene->box, link)) {
			text_printf(problem, "link %s can be turned\n", link);
			return false;
		}
	}
	return true;
}

bool scene_box_is_sound(const struct scene *scene, struct text *problem)
{
	bool cut = scene->policy->notes.bytes && strstr(scene->policy->notes.bytes, "glob_scan_max_depth");

	if (scene->policy->unconfined)
		return true;
	if (!ops_are_in_order(scene->box, problem) || !ways_are_held(scene, problem))
		return false;
	if (cut || scene->policy->any_nocase)		/* mounts know of neither */
		return true;
	for (size_t i = 0; i < scene->fake.count; i++)
		if (!node_is_as_promised(scene, &scene->fake.nodes[i], problem))
			return false;
	return true;
}

/* --- what holds of every Seatbelt text ---------------------------------------------------------------------------- */

static const enum operation compared[] = {
	OPERATION_READ, OPERATION_WRITE, OPERATION_EXEC, OPERATION_UNIX_BIND, OPERATION_UNIX_CONNECT,
};

/* What base.sb opens beyond any rule, and has to: docs/threats.md tells of it. */
static bool is_opened_for_all(enum operation operation, const char *path)
{
	return operation == OPERATION_READ && !strcmp(path, "/");
}

static bool is_listed_device(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->permission_count; i++)
		if (policy->permissions[i].operation == OPERATION_DEVICE &&
		    path_below(path, policy->permissions[i].rule.path, false))
			return true;
	return false;
}

/* The kernel asks about objects: a path that a link leads to or through, or that goes on behind a file, is none. */
static bool is_object(const struct scene *scene, const char *path)
{
	const struct host *host = &scene->fake.host;
	struct host_entry entry = { .direct = true };
	struct arena arena = { 0 };
	bool object = true;

	if (!scene->fake.nodes)
		return true;
	if (host->lookup(host->context, path, &entry) < 0 || !entry.direct || entry.type == HOST_SYMLINK)
		return false;
	while (object && strcmp(path, "/")) {
		path = path_absolute(&arena, path, "..");
		object = host->lookup(host->context, path, &entry) >= 0 &&
			 (entry.type == HOST_DIRECTORY || entry.type == HOST_MISSING);
	}
	arena_done(&arena);
	return object;
}

static bool path_agrees(const struct scene *scene, const struct sbpl *sbpl, const char *path, struct text *problem)
{
	if (!is_object(scene, path))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(compared); i++) {
		struct sbpl_questions questions;
		struct decision decision;
		struct sbpl_answer answer;

		policy_decide(scene->policy, compared[i], path, &decision);
		if (compared[i] >= OPERATION_EXEC && decision.rule && decision.rule->kind == RULE_SYSTEM)
			continue;	/* a device is no socket and no program */
		if (is_listed_device(scene->policy, path))
			continue;	/* what a profile says of a device is another operation */
		sbpl_questions_make(compared[i], path, &questions);
		sbpl_ask(sbpl, &questions, &answer);
		if (answer.verdict == (decision.allowed ? SBPL_ALLOW : SBPL_DENY) ||
		    is_opened_for_all(compared[i], path))
			continue;
		text_printf(problem, "%s %s: the policy says %s (%s), line %u of the text says %s\n",
			    operation_name(compared[i]), path, decision.allowed ? "allow" : "deny",
			    decision.rule ? decision.rule->label : "no rule", answer.line,
			    answer.verdict == SBPL_ALLOW ? "allow" : answer.verdict == SBPL_DENY ? "deny" : "unknown");
		return false;
	}
	return true;
}

/* The path, what stands below and beside it, and the same in other letters where they count for one. */
static bool place_agrees(const struct scene *scene, const struct sbpl *sbpl, const char *path, enum host_type type,
			 struct text *problem)
{
	static const char *const ends[] = { "", "/x", "/.git", "/.git/hooks/x", "/.env", "x", "/.GIT/x" };
	bool good = path_agrees(scene, sbpl, path, problem);

	for (size_t i = 1; good && i < ARRAY_SIZE(ends); i++) {
		struct arena arena = { 0 };
		const char *other = strcmp(path, "/") ? arena_printf(&arena, "%s%s", path, ends[i]) : "/x";

		/* nothing stands below a file */
		if (ends[i][0] != '/' || type == HOST_DIRECTORY || type == HOST_MISSING)
			good = path_agrees(scene, sbpl, other, problem);
		arena_done(&arena);
	}
	return good;
}

static bool can_be_renamed(const struct sbpl *sbpl, const char *path)
{
	struct sbpl_question question = { .operation = "file-write-unlink" };
	struct sbpl_answer answer;

	sbpl_question_add(&question, "path", path);
	sbpl_evaluate(sbpl, &question, &answer);
	return answer.verdict != SBPL_DENY;
}

static bool way_keeps_its_name(const struct sbpl *sbpl, const struct rule *rule, struct text *problem)
{
	struct arena arena = { 0 };
	char *path = arena_strdup(&arena, rule->path);
	bool kept = true;

	for (char *slash = path + strlen(path); kept && slash != path; slash = strrchr(path, '/')) {
		*slash = '\0';
		kept = !can_be_renamed(sbpl, path);
		if (!kept)
			text_printf(problem, "%s can be renamed, with what is ruled at %s\n", path, rule->path);
	}
	arena_done(&arena);
	return kept;
}

/* On a host without those links: then the lint has something to say. */
static bool is_behind_root_link(const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		if (macos_root_link(policy->rules[i].path) || macos_root_link(policy->rules[i].written))
			return true;
	for (size_t i = 0; i < policy->glob_count; i++)
		if (macos_root_link(policy->globs[i].path))
			return true;
	return false;
}

static bool seatbelt_agrees(const struct scene *scene, const struct sbpl *sbpl, struct text *problem)
{
	const struct policy *policy = scene->policy;

	if (!is_behind_root_link(policy) && sbpl_lint(sbpl, problem))
		return false;
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (!place_agrees(scene, sbpl, rule->path, rule->type, problem) ||
		    (rule->kind != RULE_SYSTEM && strcmp(rule->path, "/") && !way_keeps_its_name(sbpl, rule, problem)))
			return false;
	}
	for (size_t i = 0; i < scene->fake.count; i++)
		if (!place_agrees(scene, sbpl, scene->fake.nodes[i].path, scene->fake.nodes[i].type, problem))
			return false;
	for (size_t i = 0; i < policy->socket_count; i++)
		if (!path_agrees(scene, sbpl, policy->sockets[i], problem))
			return false;
	return true;
}

bool scene_seatbelt_is_sound(const struct scene *scene, struct text *problem)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct sbpl *sbpl;
	bool sound;

	if (scene->policy->unconfined)
		return true;
	if (seatbelt_read(scene->seatbelt, &sbpl, &err) < 0) {
		text_printf(problem, "%s\n", err.message);
		return false;
	}
	sound = seatbelt_agrees(scene, sbpl, problem);
	sbpl_free(sbpl);
	return sound;
}
