/* SPDX-License-Identifier: Apache-2.0 */
/* test_gpu.c — which devices devices.gpu and device entries grant, on made-up machines. */
#include "scene.h"
#include "policy/gpu.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define HOST	"uid 1000\ngid 1000\nhome /home/u\ncwd /ws\nd /ws\nd /home/u\nd /usr/bin\n"

static struct scene scene;

static void resolve(const char *host, const char *toml)
{
	if (scene_read(&scene, host, toml, NULL) < 0 || scene_resolve(&scene, NULL) < 0)
		fail_msg("%s", scene.err.message);
}

static void plan(const char *host, const char *toml)
{
	resolve(host, toml);
	if (scene_plan(&scene, &scene_features) < 0 || scene_lower(&scene) < 0)
		fail_msg("%s", scene.err.message);
}

static int forget(void **state)
{
	(void)state;
	scene_done(&scene);
	return 0;
}

/* --- families ----------------------------------------------------------------------------------------------------- */

#define NVIDIA	"c /dev/nvidia0\nc /dev/nvidia1\nc /dev/nvidia2\nc /dev/nvidiactl\nc /dev/nvidia-uvm\nc /dev/nvidia-uvm-tools\n"
#define MIG	"c /dev/nvidia-caps/nvidia-cap1\nc /dev/nvidia-caps/nvidia-cap30\nc /dev/nvidia-caps/nvidia-cap165\n" \
		"f /proc/driver/nvidia-caps/mig-minors = config 1\\nmonitor 2\\ngpu0/gi3/access 30\\ngpu2/gi3/ci0/access 165\n"
/* a card at a PCI address, with its two nodes */
#define CARD(n, render, pci, vendor) \
	"c /dev/dri/card" n "\nc /dev/dri/renderD" render "\n" \
	"l /sys/class/drm/card" n "/device -> /sys/devices/pci0000:00/" pci "\n" \
	"l /sys/class/drm/renderD" render "/device -> /sys/devices/pci0000:00/" pci "\n" \
	"d /sys/devices/pci0000:00/" pci "/drm/card" n "\nd /sys/devices/pci0000:00/" pci "/drm/renderD" render "\n" \
	"f /sys/devices/pci0000:00/" pci "/vendor = " vendor "\n" \
	"l /dev/dri/by-path/pci-" pci "-render -> ../renderD" render "\n"
#define MINOR(pci, n)	"f /proc/driver/nvidia/gpus/" pci "/information = Model: X\\nDevice Minor: \t " n "\n"

static const struct machine {
	const char *host, *gpu, *granted;	/* granted: what follows "/dev/", with "/" for a tree and ">" for a link */
} machines[] = {
	{ NVIDIA "c /dev/kvm\nc /dev/nvidiot\n", "nvidia", "nvidia0 nvidia1 nvidia2 nvidiactl nvidia-uvm nvidia-uvm-tools" },
	{ NVIDIA, "nvidia:0,2", "nvidia0 nvidia2 nvidiactl nvidia-uvm nvidia-uvm-tools" },
	{ NVIDIA MIG, "nvidia", "nvidia0 nvidia1 nvidia2 nvidiactl nvidia-uvm nvidia-uvm-tools nvidia-caps/" },
	{ NVIDIA MIG, "nvidia:2", "nvidia2 nvidiactl nvidia-uvm nvidia-uvm-tools nvidia-caps/nvidia-cap165" },
	{ NVIDIA MIG, "nvidia:1", "nvidia1 nvidiactl nvidia-uvm nvidia-uvm-tools" },
	{ "c /dev/nvidiactl\nc /dev/nvidia-uvm\n", "auto", "" },
	{ "c /dev/nvidia0\n" CARD("0", "128", "01:00.0", "0x10de") CARD("1", "129", "02:00.0", "0x1002") "c /dev/kfd\n", "nvidia",
	  "nvidia0 dri/renderD128 dri/card0 dri/by-path/pci-01:00.0-render>" },
	{ "c /dev/nvidia0\nc /dev/nvidia1\n" CARD("0", "128", "01:00.0", "0x10de") CARD("1", "129", "02:00.0", "0x10de")
	  MINOR("01:00.0", "1") MINOR("02:00.0", "0"), "nvidia:1",
	  "nvidia1 dri/renderD128 dri/card0 dri/by-path/pci-01:00.0-render>" },
	{ "c /dev/nvidia0\n" CARD("0", "128", "01:00.0", "0x10de"), "nvidia:0", "nvidia0" },
	{ CARD("0", "128", "00:02.0", "0x8086") CARD("1", "129", "03:00.0", "0x1002") "c /dev/kfd\n", "amd",
	  "dri/renderD129 dri/card1 kfd dri/by-path/pci-03:00.0-render>" },
	{ CARD("0", "128", "00:02.0", "0x1002") CARD("1", "129", "03:00.0", "0x1002") "c /dev/kfd\n", "amd:1",
	  "dri/renderD129 dri/card1 kfd dri/by-path/pci-03:00.0-render>" },
	{ "c /dev/kfd\n", "auto", "" },
	{ CARD("0", "128", "00:02.0", "0x8086") "c /dev/accel/accel0\nf /sys/class/accel/accel0/device/vendor = 0x8086\n", "intel",
	  "dri/renderD128 dri/card0 accel/accel0 dri/by-path/pci-00:02.0-render>" },
	{ "c /dev/dxg\n", "wsl", "dxg" },
	{ "c /dev/nvgpu/igpu0/ctrl\nc /dev/nvgpu/igpu0/as\nc /dev/nvhost-gpu\nc /dev/nvhost-ctrl-gpu\nc /dev/nvmap\nc /dev/dri/card0\n", "jetson",
	  "nvgpu/igpu0/as nvgpu/igpu0/ctrl nvhost-ctrl-gpu nvhost-gpu nvmap dri/card0" },
	{ "c /dev/davinci0\nc /dev/davinci1\nc /dev/davinci_manager\nc /dev/devmm_svm\nc /dev/hisi_hdc\n", "ascend:1",
	  "davinci1 davinci_manager devmm_svm hisi_hdc" },
	{ "c /dev/accel/accel0\nc /dev/accel/accel1\nc /dev/accel/accel_controlD0\nf /sys/class/accel/accel0/device/vendor = 0x1da3\n"
	  "f /sys/class/accel/accel1/device/vendor = 0x8086\nf /sys/class/accel/accel_controlD0/device/vendor = 0x1da3\n", "habana",
	  "accel/accel0 accel/accel_controlD0" },
	{ "c /dev/hl0\nc /dev/hl_controlD0\nc /dev/hl1\n", "habana:0", "hl0 hl_controlD0" },
	{ "c /dev/accel0\nc /dev/accel1\n", "tpu", "accel0 accel1" },
	{ "c /dev/apex_0\n", "auto", "apex_0" },
	{ CARD("0", "128", "00:01.0", "0x1af4"), "auto", "dri/renderD128 dri/card0 dri/by-path/pci-00:01.0-render>" },
	{ "c /dev/dri/renderD128\n" CARD("1", "129", "00:02.0", "0x8086"), "drm", "dri/renderD128" },
	{ "c /dev/kvm\nc /dev/null\nf /dev/nvidia0\n", "auto", "" },
	{ "", "auto", "" },
};

static void list_granted(const struct gpus *gpus, struct text *text)
{
	for (size_t i = 0; i < gpus->count; i++)
		text_printf(text, "%s%s%s", text->size ? " " : "", gpus->nodes[i].path + 5,
			    gpus->nodes[i].kind == GPU_TREE ? "/" : gpus->nodes[i].kind == GPU_LINK ? ">" : "");
}

static void each_family_is_found_by_its_nodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct fake_host fake;
		struct arena arena = { 0 };
		struct text text = { 0 };
		struct gpu_wish wish;
		struct gpus gpus;
		const char *line;

		assert_true(fake_host_init(&fake, machines[i].host, &line));
		assert_true(gpu_wish_parse(machines[i].gpu, &wish));
		assert_int_equal(gpus_find(&arena, &fake.host, &wish, &gpus, NULL), 0);
		list_granted(&gpus, &text);
		if (strcmp(text.bytes ? text.bytes : "", machines[i].granted))
			fail_msg("machine %zu, %s: %s", i, machines[i].gpu, text.bytes ? text.bytes : "nothing");
		text_done(&text);
		arena_done(&arena);
		fake_host_done(&fake);
	}
}

static void each_family_has_a_machine_here(void **state)
{
	(void)state;
	for (int i = 0; i < GPU__COUNT; i++) {
		bool has = false;

		for (size_t j = 0; j < ARRAY_SIZE(machines); j++)
			has = has || !strncmp(machines[j].gpu, gpu_families[i].word, strlen(gpu_families[i].word));
		if (!has)
			fail_msg("%s", gpu_families[i].word);
		assert_true(gpu_families[i].title[0] && gpu_families[i].hint[0]);
	}
}

static void wish_is_a_word_and_perhaps_numbers(void **state)
{
	static const char *const good[] = { "auto", "metal", "nvidia", "nvidia:0", "nvidia:0,2,11", "amd:1", "tpu:3", "wsl" };
	static const char *const bad[] = { "", "nvidea", "nvidia:", "nvidia:,", "nvidia:1,", "nvidia:x", "nvidia:-1", "nvidia:1234",
					   "auto:1", "wsl:0", "jetson:0", "drm:0", "metal:0", "NVIDIA", "nvidia:1 " };
	struct gpu_wish wish;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!gpu_wish_parse(good[i], &wish))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (gpu_wish_parse(bad[i], &wish))
			fail_msg("%s", bad[i]);
}

/* --- what a profile makes of it ----------------------------------------------------------------------------------- */

static bool allows(enum operation operation, const char *path)
{
	struct decision decision;

	policy_decide(scene.policy, operation, path, &decision);
	assert_true(decision.rule || decision.reason || !decision.allowed);
	return decision.allowed;
}

static void no_device_is_granted_unless_asked_for(void **state)
{
	static const char *const paths[] = { "/dev/nvidia0", "/dev/kvm", "/dev/dri", "/dev/dri/card0", "/dev/fuse", "/srv/node" };

	(void)state;
	resolve(HOST NVIDIA "c /dev/kvm\nc /dev/dri/card0\nc /srv/node\n", "[permissions.t]\nextends = ':workspace'\n");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_false(allows(OPERATION_DEVICE, paths[i]));
	assert_true(allows(OPERATION_DEVICE, "/dev/null"));
	assert_false(allows(OPERATION_READ, "/dev/kvm"));
	assert_true(allows(OPERATION_READ, "/dev"));
	assert_false(scene.policy->gpu_found);
}

static void gpu_grants_its_nodes_and_no_others(void **state)
{
	(void)state;
	resolve(HOST NVIDIA "c /dev/kvm\nd /dev/dri\n", "[permissions.t]\nextends = ':workspace'\ndevices.gpu = true\n");
	assert_true(allows(OPERATION_DEVICE, "/dev/nvidia0"));
	assert_true(allows(OPERATION_WRITE, "/dev/nvidiactl"));
	assert_false(allows(OPERATION_DEVICE, "/dev/kvm"));
	assert_true(scene.policy->gpu_found);
	assert_null(scene.policy->gpu_missing);
}

static void gpu_that_is_absent_is_a_gap_that_says_what_was_looked_for(void **state)
{
	(void)state;
	plan(HOST NVIDIA, "[permissions.t]\nextends = ':workspace'\n\ndevices.gpu = 'amd'\n");
	assert_int_equal(scene.plan->gap_count, 1);
	assert_false(scene.plan->gaps[0].acceptable);
	assert_int_equal(plan_refuse(scene.plan, true, &scene.err), -ENOTSUP);
	assert_int_equal(scene.err.status, 125);
	assert_non_null(strstr(scene.err.message, "p.toml:4:9: cannot be had here: devices.gpu = \"amd\""));
	assert_non_null(strstr(scene.err.message, "no AMD GPU is here; looked for /dev/dri/renderD* of PCI vendor 0x1002"));
	assert_non_null(strstr(scene.err.message, "amdgpu"));
}

static void card_that_is_absent_is_named(void **state)
{
	(void)state;
	plan(HOST NVIDIA, "[permissions.t]\nextends = ':workspace'\ndevices.gpu = 'nvidia:0,7'\n");
	assert_int_equal(plan_refuse(scene.plan, false, &scene.err), -ENOTSUP);
	assert_non_null(strstr(scene.err.message, "no NVIDIA GPU number 7 is here"));
	assert_int_equal(scene.box->device_count, 0);
}

static void auto_goes_on_and_notes_it(void **state)
{
	(void)state;
	plan(HOST, "[permissions.t]\nextends = ':workspace'\ndevices.gpu = 'auto'\n");
	assert_int_equal(scene.plan->gap_count, 0);
	assert_non_null(strstr(scene.policy->notes.bytes, "no GPU is here; looked for /dev/nvidia*"));
}

static void entry_that_denies_and_glob_that_matches_close_a_found_node(void **state)
{
	(void)state;
	plan(HOST NVIDIA, "[permissions.t]\nextends = ':workspace'\ndevices.gpu = true\n[permissions.t.filesystem]\n"
	     "'/dev/nvidia1' = 'deny'\n'/dev/*-tools' = 'deny'\n");
	assert_true(allows(OPERATION_DEVICE, "/dev/nvidia0"));
	assert_false(allows(OPERATION_DEVICE, "/dev/nvidia1"));
	assert_false(allows(OPERATION_DEVICE, "/dev/nvidia-uvm-tools"));
	for (size_t i = 0; i < scene.box->device_count; i++)
		if (strstr(scene.box->devices[i].path, "nvidia1") || strstr(scene.box->devices[i].path, "tools"))
			fail_msg("%s is mounted", scene.box->devices[i].path);
}

static void what_a_gpu_needs_is_readable_in_a_restricted_profile(void **state)
{
	(void)state;
	resolve(HOST "c /dev/dxg\nf /usr/lib/wsl/lib/libcuda.so\n", "[permissions.t]\ndevices.gpu = 'wsl'\n");
	assert_true(allows(OPERATION_READ, "/usr/lib/wsl/lib/libcuda.so"));
	assert_false(allows(OPERATION_WRITE, "/usr/lib/wsl/lib/libcuda.so"));
	assert_false(allows(OPERATION_READ, "/usr/bin"));
}

static void what_an_entry_closes_stays_closed_to_the_gpu(void **state)
{
	(void)state;
	resolve(HOST "c /dev/dxg\nd /usr/lib/wsl\n", "[permissions.t]\nextends = ':workspace'\ndevices.gpu = 'wsl'\n"
		"[permissions.t.filesystem]\n'/usr/lib' = 'deny'\n");
	assert_false(allows(OPERATION_READ, "/usr/lib/wsl"));
	assert_non_null(strstr(scene.policy->notes.bytes, "/usr/lib/wsl, which \"/usr/lib\" = \"deny\" closes"));
}

static void persistence_socket_is_reachable_with_the_gpu(void **state)
{
	(void)state;
	resolve(HOST NVIDIA "s /run/nvidia-persistenced/socket\n", "[permissions.t]\nextends = ':workspace'\ndevices.gpu = true\n");
	assert_true(allows(OPERATION_UNIX_CONNECT, "/run/nvidia-persistenced/socket"));
	assert_false(allows(OPERATION_UNIX_CONNECT, "/run/docker.sock"));
}

/* --- for the doctor, and for whoever's command failed ------------------------------------------------------------- */

static void cards_on_the_bus_are_counted_by_vendor_and_class(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	resolve(HOST "f /sys/bus/pci/devices/0000:01:00.0/vendor = 0x10de\nf /sys/bus/pci/devices/0000:01:00.0/class = 0x030200\n"
		"f /sys/bus/pci/devices/0000:01:00.1/vendor = 0x10de\nf /sys/bus/pci/devices/0000:01:00.1/class = 0x040300\n"
		"f /sys/bus/pci/devices/0000:02:00.0/vendor = 0x1da3\nf /sys/bus/pci/devices/0000:02:00.0/class = 0x120000\n", NULL);
	assert_int_equal(gpu_cards_on_bus(&arena, &scene.fake.host, GPU_NVIDIA), 1);
	assert_int_equal(gpu_cards_on_bus(&arena, &scene.fake.host, GPU_HABANA), 1);
	assert_int_equal(gpu_cards_on_bus(&arena, &scene.fake.host, GPU_AMD), 0);
	assert_int_equal(gpu_cards_on_bus(&arena, &scene.fake.host, GPU_WSL), 0);
	arena_done(&arena);
}

static void node_that_every_program_needs_is_missed(void **state)
{
	const struct gpu_wish wish = gpu_wish_any();
	struct arena arena = { 0 };
	struct gpus gpus;

	(void)state;
	resolve(HOST "c /dev/nvidia0\nc /dev/nvidiactl\n", NULL);
	assert_int_equal(gpus_find(&arena, &scene.fake.host, &wish, &gpus, NULL), 0);
	assert_string_equal(gpu_missing_node(&arena, &gpus, GPU_NVIDIA), "/dev/nvidia-uvm");
	scene_done(&scene);
	resolve(HOST NVIDIA, NULL);
	assert_int_equal(gpus_find(&arena, &scene.fake.host, &wish, &gpus, NULL), 0);
	assert_null(gpu_missing_node(&arena, &gpus, GPU_NVIDIA));
	arena_done(&arena);
}

static void failure_is_hinted_at_where_a_gpu_is_here_and_no_device_granted(void **state)
{
	static const struct { const char *host, *toml; bool hint; } rows[] = {
		{ HOST NVIDIA, "", true }, { HOST "c /dev/dxg\n", "", true },
		{ HOST CARD("0", "128", "03:00.0", "0x1002"), "", true },
		{ HOST, "", false }, { HOST "c /dev/kvm\n", "", false },
		{ HOST CARD("0", "128", "00:02.0", "0x8086"), "", false }, { HOST CARD("0", "128", "00:01.0", "0x1af4"), "", false },
		{ HOST NVIDIA, "devices.gpu = true\n", false }, { HOST NVIDIA, "devices.gpu = 'auto'\n", false },
		{ HOST NVIDIA "c /dev/kvm\n", "devices.'/dev/kvm' = 'write'\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text toml = { 0 }, text = { 0 };

		text_printf(&toml, "[permissions.t]\nextends = ':workspace'\n%s", rows[i].toml);
		resolve(rows[i].host, toml.bytes);
		assert_int_equal(gpu_hint(&scene.policy->arena, scene.policy, &scene.fake.host, &text), 0);
		if ((text.size > 0) != rows[i].hint)
			fail_msg("row %zu: %s", i, text.size ? text.bytes : "no hint");
		if (rows[i].hint)
			assert_non_null(strstr(text.bytes, "allow: --gpu"));
		text_done(&toml);
		text_done(&text);
		scene_done(&scene);
	}
}

static void first_look_for_a_gpu_costs_few_lookups(void **state)
{
	unsigned long before;

	(void)state;
	resolve(HOST "c /dev/kvm\n", NULL);
	before = scene.fake.lookups;
	assert_false(gpus_may_be(&scene.fake.host, GPU_ALL));
	assert_true(scene.fake.lookups - before < 32);
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

static void link_to_a_device_grants_the_device_and_the_link(void **state)
{
	(void)state;
	plan(HOST "c /dev/dri/card0\nl /dev/dri/by-path/pci -> ../card0\n",
	     "[permissions.t]\nextends = ':workspace'\n[permissions.t.devices]\n'/dev/dri/by-path/pci' = 'write'\n");
	assert_true(allows(OPERATION_DEVICE, "/dev/dri/card0"));
	assert_int_equal(scene.box->device_count, 2);
	assert_int_equal(scene.box->devices[0].kind, DEVICE_NODE);
	assert_string_equal(scene.box->devices[0].path, "/dev/dri/card0");
	assert_int_equal(scene.box->devices[1].kind, DEVICE_LINK);
	assert_string_equal(scene.box->devices[1].path, "/dev/dri/by-path/pci");
	assert_string_equal(scene.box->devices[1].target, "/dev/dri/card0");
}

static void directory_is_granted_whole_but_for_what_is_denied_in_it(void **state)
{
	(void)state;
	plan(HOST "c /dev/input/event0\nc /dev/input/event1\nc /dev/input/mice\n",
	     "[permissions.t]\nextends = ':workspace'\n[permissions.t.devices]\n'/dev/input' = 'write'\n"
	     "[permissions.t.filesystem]\n'/dev/input/mice' = 'deny'\n'/dev/**/*1' = 'deny'\n");
	assert_true(allows(OPERATION_DEVICE, "/dev/input/event0"));
	assert_true(allows(OPERATION_DEVICE, "/dev/input/event7"));
	assert_false(allows(OPERATION_DEVICE, "/dev/input/event1"));
	assert_false(allows(OPERATION_DEVICE, "/dev/input/mice"));
	assert_int_equal(scene.box->device_count, 3);
	assert_int_equal(scene.box->devices[0].kind, DEVICE_TREE);
	assert_int_equal(scene.box->devices[1].kind, DEVICE_MASK);
	assert_int_equal(scene.box->devices[2].kind, DEVICE_MASK);
}

static uint64_t landlock_of(const char *path)
{
	for (size_t i = 0; i < scene.box->landlock_count; i++)
		if (!strcmp(scene.box->landlock[i].path, path))
			return scene.box->landlock[i].access;
	return 0;
}

static void device_to_read_is_the_only_one_without_the_right_to_write(void **state)
{
	(void)state;
	plan(HOST "c /dev/a\nc /dev/b\n", "[permissions.t]\nextends = ':workspace'\n[permissions.t.devices]\n"
	     "'/dev/a' = 'read'\n'/dev/b' = 'write'\n");
	assert_int_equal(landlock_of("/dev"), 0);
	assert_int_equal(landlock_of("/dev/a"), landlock_right_find("ioctl-dev"));
	assert_int_equal(landlock_of("/dev/b"), landlock_right_find("ioctl-dev") | landlock_right_find("write-file"));
	assert_true(landlock_of("/dev/null") & landlock_right_find("write-file"));
	assert_true(landlock_of("/dev/console") & landlock_right_find("write-file"));
	assert_int_equal(scene.plan->gap_count, 0);
}

static void device_to_read_in_a_directory_to_write_is_refused(void **state)
{
	(void)state;
	plan(HOST "c /dev/x/a\n", "[permissions.t]\nextends = ':workspace'\n[permissions.t.devices]\n"
	     "'/dev/x/a' = 'read'\n'/dev/x' = 'write'\n");
	assert_int_equal(scene.plan->gap_count, 1);
	assert_non_null(strstr(scene.plan->gaps[0].missing, "its directory is granted for writing"));
}

static void device_outside_dev_is_opened_where_an_entry_names_it_itself(void **state)
{
	(void)state;
	plan(HOST "c /ws/node\nc /ws/other\nc /srv/node\n", "[permissions.t]\nextends = ':workspace'\n[permissions.t.filesystem]\n"
	     "'/srv/node' = 'read'\n'/ws/node' = 'write'\n");
	assert_true(allows(OPERATION_DEVICE, "/ws/node"));
	assert_true(allows(OPERATION_DEVICE, "/srv/node"));
	assert_false(allows(OPERATION_WRITE, "/srv/node"));
	assert_false(allows(OPERATION_DEVICE, "/ws/other"));
	for (size_t i = 0; i < scene.box->op_count; i++)
		assert_int_equal(scene.box->ops[i].device, strstr(scene.box->ops[i].path, "/node") != NULL);
	assert_int_equal(landlock_of("/srv/node"), landlock_right_find("ioctl-dev"));
}

static void what_is_no_device_grants_nothing_and_is_said(void **state)
{
	(void)state;
	resolve(HOST "f /dev/file\ns /dev/log\n", "[permissions.t]\nextends = ':workspace'\n[permissions.t.devices]\n"
		"'/dev/file' = 'write'\n'/dev/gone' = 'write'\n[permissions.t.network]\nunix_sockets = { '/dev/log' = 'allow' }\n");
	assert_true(allows(OPERATION_READ, "/dev/log"));
	assert_false(allows(OPERATION_DEVICE, "/dev/log"));
	assert_false(allows(OPERATION_DEVICE, "/dev/gone"));
	assert_false(allows(OPERATION_READ, "/dev/file"));
	assert_non_null(strstr(scene.policy->warnings.bytes, "/dev/gone is not there: nothing to grant"));
	assert_non_null(strstr(scene.policy->warnings.bytes, "/dev/file is neither a device nor a directory of devices"));
}

static void the_whole_of_dev_is_refused(void **state)
{
	(void)state;
	resolve(HOST "c /dev/kvm\n", "[permissions.t]\nextends = ':workspace'\n[permissions.t.filesystem]\n'/dev' = 'write'\n");
	assert_int_equal(scene.policy->unenforced_count, 1);
}

static void kind_is_explained_as_a_device(void **state)
{
	struct text text = { 0 };
	struct decision decision;

	(void)state;
	resolve(HOST "c /dev/kvm\n", "[permissions.t]\nextends = ':workspace'\n[permissions.t.devices]\n'/dev/kvm' = 'deny'\n");
	policy_decide(scene.policy, OPERATION_DEVICE, "/dev/kvm", &decision);
	decision_print(scene.policy, NULL, OPERATION_DEVICE, "/dev/kvm", "/dev/kvm", &decision, BAWN_TEXT, &text);
	assert_string_equal(text.bytes, "denied: device /dev/kvm\n  rule:  devices.\"/dev/kvm\" = \"deny\"  (p.toml:4:1)\n"
			    "  allow: devices.\"/dev/kvm\" = \"write\"  in place of that rule\n");
	text_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_family_is_found_by_its_nodes),
		cmocka_unit_test(each_family_has_a_machine_here),
		cmocka_unit_test(wish_is_a_word_and_perhaps_numbers),
		cmocka_unit_test_teardown(no_device_is_granted_unless_asked_for, forget),
		cmocka_unit_test_teardown(gpu_grants_its_nodes_and_no_others, forget),
		cmocka_unit_test_teardown(gpu_that_is_absent_is_a_gap_that_says_what_was_looked_for, forget),
		cmocka_unit_test_teardown(card_that_is_absent_is_named, forget),
		cmocka_unit_test_teardown(auto_goes_on_and_notes_it, forget),
		cmocka_unit_test_teardown(entry_that_denies_and_glob_that_matches_close_a_found_node, forget),
		cmocka_unit_test_teardown(what_a_gpu_needs_is_readable_in_a_restricted_profile, forget),
		cmocka_unit_test_teardown(what_an_entry_closes_stays_closed_to_the_gpu, forget),
		cmocka_unit_test_teardown(persistence_socket_is_reachable_with_the_gpu, forget),
		cmocka_unit_test_teardown(cards_on_the_bus_are_counted_by_vendor_and_class, forget),
		cmocka_unit_test_teardown(node_that_every_program_needs_is_missed, forget),
		cmocka_unit_test(failure_is_hinted_at_where_a_gpu_is_here_and_no_device_granted),
		cmocka_unit_test_teardown(first_look_for_a_gpu_costs_few_lookups, forget),
		cmocka_unit_test_teardown(link_to_a_device_grants_the_device_and_the_link, forget),
		cmocka_unit_test_teardown(directory_is_granted_whole_but_for_what_is_denied_in_it, forget),
		cmocka_unit_test_teardown(device_to_read_is_the_only_one_without_the_right_to_write, forget),
		cmocka_unit_test_teardown(device_to_read_in_a_directory_to_write_is_refused, forget),
		cmocka_unit_test_teardown(device_outside_dev_is_opened_where_an_entry_names_it_itself, forget),
		cmocka_unit_test_teardown(what_is_no_device_grants_nothing_and_is_said, forget),
		cmocka_unit_test_teardown(the_whole_of_dev_is_refused, forget),
		cmocka_unit_test_teardown(kind_is_explained_as_a_device, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
