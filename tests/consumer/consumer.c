/* SPDX-License-Identifier: Apache-2.0 */
/* consumer.c — a program of someone else: finds libbawn by pkg-config, plans, and has a function of its own that
 * bears the name of one inside the library. */
#include <bawn.h>
#include <stdio.h>
#include <string.h>

int error_set(int number);
int error_set(int number)
{
	return number + 1;
}

int main(void)
{
	static const char profile[] = "default_permissions = \"mine\"\n[permissions.mine]\nextends = \":read-only\"\n";
	const char *const argv[] = { "true", NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = NULL;
	char *text = NULL;
	int failed = 1;

	if (bawn_new(&box, &err) < 0 ||
	    bawn_config_text(box, profile, strlen(profile), "consumer", &err) < 0 ||
	    bawn_platform(box, BAWN_PLATFORM_LINUX, &err) < 0 ||
	    bawn_plan(box, argv, BAWN_JSON, &text, &err) < 0)
		fprintf(stderr, "consumer: %s\n", err.message);
	else if (bawn_option(box, "no-such-option", NULL, NULL) >= 0)
		fprintf(stderr, "consumer: an unknown option was taken\n");
	else
		failed = strcmp(bawn_version(), VERSION) != 0 || error_set(1) != 2 || text[0] != '{';
	bawn_text_free(text);
	bawn_free(box);
	return failed;
}
