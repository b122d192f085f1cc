#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernel.bats — what namespaces do not close: S1, S8, S9, S12.
load helpers

# --- S1: started by root, nothing of the kernel's own is writable -------------------------------------------------------

@test "cannot_write_core_pattern_even_as_root" {
  local before
  before=$(cat /proc/sys/kernel/core_pattern)
  if is_root; then
    works open-write /proc/sys/kernel/core_pattern
  fi
  refused -- open-write /proc/sys/kernel/core_pattern
  refused -P :read-only -- open-write /proc/sys/kernel/core_pattern
  refused --allow-kernel user-namespaces -- open-write /proc/sys/kernel/core_pattern
  refused -c 'filesystem.":root"="write"' -- open-write /proc/sys/kernel/core_pattern
  [ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
}

@test "cannot_write_any_file_of_proc_or_sys_that_is_not_ones_own" {
  refused -- writable-below /proc/sys
  refused -- writable-below /proc/irq
  refused -- writable-below /sys
  run box -- "$PROBE" writable-below /proc
  # pressure-stall triggers are made for everybody
  output=$(grep '^writable:' <<< "$output" | grep -v -e ' /proc/pressure/' -e ' /proc/net/' || true)
  [ -z "$output" ] || fail "$output"
}

@test "cannot_reach_sysrq_kcore_keys_and_firmware" {
  local path
  for path in /proc/sysrq-trigger /proc/kcore /proc/keys /proc/key-users /proc/kmsg /proc/timer_list; do
    [ ! -e "$path" ] || refused -- open-write "$path"
    [ ! -e "$path" ] || refused -- read "$path"
  done
  for path in /sys/firmware /sys/kernel/debug /sys/kernel/tracing /sys/kernel/security; do
    # refused, or nothing is there to be seen
    [ -z "$(box -- ls -A "$path" 2> /dev/null)" ] || fail "$path can be listed"
  done
}

@test "cannot_take_the_masks_away" {
  refused -- umount /proc/sysrq-trigger
  refused -- umount /proc/sys
  refused -- remount /proc/sys
  refused -- remount /
  refused -- umount /
}

# --- S8 -------------------------------------------------------------------------------------------------------------------

@test "cannot_read_the_hosts_session_keyring" {
  works keyctl
  closed keyctl
  closed add-key
  closed request-key
}

# --- S9: one promise each --------------------------------------------------------------------------------------------------

@test "cannot_make_a_user_namespace" {
  works unshare 0x10000000
  refused -- unshare 0x10000000
  works clone 0x10000000
  refused -- clone 0x10000000
  works clone3 0x10000000
  refused -- clone3 0x10000000
}

@test "cannot_make_any_other_namespace" {
  local flag
  for flag in 0x00020000 0x02000000 0x04000000 0x08000000 0x20000000 0x40000000 0x80; do
    closed unshare "$flag"
  done
  for flag in 0x00020000 0x02000000 0x04000000 0x08000000 0x20000000 0x40000000; do
    closed clone "$flag"
  done
}

@test "cannot_enter_a_namespace" {
  closed setns /proc/self/ns/uts
  refused -- setns /proc/1/ns/mnt
}

@test "cannot_use_io_uring" {
  needs_host "it has no io_uring"
  works io-uring
  refused -- io-uring
  says "Function not implemented"
}

@test "cannot_use_userfaultfd" {
  works userfaultfd
  refused -- userfaultfd
}

@test "cannot_use_perf" { closed perf; }
@test "cannot_use_bpf" { closed bpf; }

@test "cannot_take_descriptors_of_pid_1_or_trace_it" {
  works pidfd-getfd child
  refused -- pidfd-getfd 1
  works attach child
  refused -- attach 1
  allowed -- attach child
  run box -- sh -c 'ls /proc/1/fd; cat /proc/1/environ; readlink /proc/1/exe /proc/1/cwd; ls /proc/1/map_files'
  [[ $output != *bawn* ]] || fail "$output"
}

@test "cannot_make_i386_calls" {
  needs_host "it takes no 32-bit calls"
  works i386 getpid
  refused -- i386 getpid
}

@test "cannot_make_x32_calls" {
  # Few kernels have them at all; where this one does it is shown that they work outside.
  run "$PROBE" x32
  refused -- x32
}

@test "cannot_make_vsock_packet_or_netlink_sockets" {
  local kind
  closed socket vsock
  refused -- socket alg
  for kind in packet old-packet netlink-audit netlink-diag netlink-generic netlink-netfilter netlink-uevent netlink-xfrm; do
    closed socket "$kind"
    says "Address family not supported"
    is_inside || refused --network full -- socket "$kind"
  done
}

@test "can_make_local_internet_and_route_sockets" {
  local kind
  for kind in unix inet inet6 netlink-route; do
    allowed -- socket "$kind"
  done
}

@test "cannot_type_into_the_terminal" {
  needs_host "it lets nobody type into terminals"
  works terminal "end" "$PROBE" tiocsti
  says "status 0"
  works terminal "end" "$BAWN" run -- "$PROBE" tiocsti
  says "status 1" "refused: Operation not permitted"
  works terminal "end" "$BAWN" run -- "$PROBE" tiocsti-high
  says "status 1" "refused: Operation not permitted"
  works terminal "end" "$BAWN" run -- "$PROBE" tioclinux
  says "refused: Operation not permitted"
}

@test "cannot_mount_or_reach_other_calls_of_an_administrator" {
  local call
  for call in fsopen mount umount2 pivot_root move_mount mount_setattr open_tree chroot acct swapon kexec_load init_module \
      delete_module settimeofday syslog open_by_handle_at quotactl; do
    refused -- call "$call"
  done
  if is_root; then
    for call in fsopen mount move_mount mount_setattr open_tree chroot acct open_by_handle_at; do
      works call "$call"
    done
  fi
  refused -- bind-mount "$WS" "$OUTSIDE"
}

@test "each_closed_facility_opens_by_its_name_only" {
  needs_host "some of them stay closed by it"
  allowed --allow-kernel io-uring -- io-uring
  allowed --allow-kernel userfaultfd -- userfaultfd
  allowed --allow-kernel keyring -- keyctl
  allowed --allow-kernel vsock -- socket vsock
  allowed --allow-kernel netlink -- socket netlink-generic
  allowed --allow-kernel foreign-arch -- i386 getpid
  allowed --allow-kernel user-namespaces -- unshare 0x10000000
  refused --allow-kernel io-uring -- userfaultfd
  refused --allow-kernel keyring -- io-uring
  refused --allow-kernel netlink -- socket packet
  refused --allow-kernel netlink -- socket vsock
  refused --allow-kernel foreign-arch -- unshare 0x10000000
  refused --allow-kernel user-namespaces -- bpf
}

@test "an_opened_facility_gives_no_way_past_the_file_rules" {
  # rings are not seen by filters: names are held by Landlock
  box --allow-kernel foreign-arch --allow-kernel io-uring -- sh -c 'mkdir .codex' && return 1
  missing "$WS/.codex"
}

# --- S12 ---------------------------------------------------------------------------------------------------------------------

@test "cannot_leave_a_setuid_file" {
  needs_host "it sets no set-id bits"
  works setid "$OUTSIDE/file"
  refused -- setid "$WS/file"
  [ -z "$(find "$WS" -perm /6000)" ]
  box -- sh -c 'touch f; chmod u+s f; chmod 2755 f; mkdir -m 4755 d; install -m 4755 /bin/true t; cp -p /usr/bin/passwd .' || true
  [ -z "$(find "$WS" -type f -perm /6000)" ]
}

@test "cannot_set_file_capabilities" {
  touch "$OUTSIDE/file" "$WS/file"
  if is_root; then
    works file-capability "$OUTSIDE/file"
  fi
  refused -- file-capability "$WS/file"
}

@test "cannot_make_device_nodes" {
  if is_root; then
    works mknod-device "$OUTSIDE/null"
  fi
  refused -- mknod-device "$WS/null"
  missing "$WS/null"
}

@test "has_no_capabilities_and_cannot_gain_any" {
  run box -- grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status
  says "CapInh:	0000000000000000" "CapPrm:	0000000000000000" "CapEff:	0000000000000000" "CapBnd:	0000000000000000" \
    "CapAmb:	0000000000000000" "NoNewPrivs:	1" "Seccomp:	2"
}

@test "sees_no_process_of_the_host" {
  run box -- sh -c 'ls -d /proc/[0-9]*'
  [ "${#lines[@]}" -le 4 ] || fail "$output"
  refused -- kill 0 $$
  run "$PROBE" kill 0 $$
  [ "$status" = 0 ]
}
