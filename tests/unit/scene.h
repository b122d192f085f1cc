/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h — a profile on a fake host, through the pure part of the chain; for tests.
 *
 *	struct scene scene;
 *	scene_read(&scene, "d /ws\ncwd /ws\n", "[permissions.t.filesystem]\n':workspace_roots' = 'write'\n", NULL);
 *	scene_resolve(&scene, NULL);
 *	scene_plan(&scene, &scene_features);
 *	scene_lower(&scene);
 *	...
 *	scene_done(&scene);
 *
 * Each returns 0 or -errno, with the message in scene.err. */
#ifndef BAWN_TESTS_SCENE_H
#define BAWN_TESTS_SCENE_H

#include "macos/macos.h"
#include "fake_host.h"
#include "linux/box.h"

struct scene {
	struct fake_host fake;
	struct profiles *profiles;
	struct profile *profile;
	struct policy *policy;
	struct plan *plan;
	struct box *box;		/* Linux */
	struct seatbelt *seatbelt;	/* macOS */
	struct bawn_error err;
};

extern const struct features scene_features;	/* a machine that has all */

/* toml NULL: the built-ins only. id NULL: default_permissions, else the file's last profile, else ":workspace". */
int scene_read(struct scene *scene, const char *host, const char *toml, const char *id);
int scene_resolve(struct scene *scene, const char *const *add_dirs);
int scene_plan(struct scene *scene, const struct features *features);
int scene_lower(struct scene *scene);			/* to what the scene's platform has */
void scene_done(struct scene *scene);

/* A host of a few names and a profile about them, as the bytes choose: every file of both is well formed. */
void scene_make_up(const uint8_t *bytes, size_t size, struct text *host, struct text *toml);

/* Promises that every policy and every box keeps; the first one that is broken is told in problem. */
bool scene_policy_is_sound(const struct scene *scene, struct text *problem);
/* Each object of the fake host is given by the mounts just what policy_decide() says. */
bool scene_box_is_sound(const struct scene *scene, struct text *problem);
/* The text is understood, has nothing to lint, and gives each object of the host, and names beside and below it, just
 * what policy_decide() says; what is ruled keeps its name. */
bool scene_seatbelt_is_sound(const struct scene *scene, struct text *problem);

#endif
