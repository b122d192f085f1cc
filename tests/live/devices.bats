#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# devices.bats — the box's own /dev, and devices that are granted: B14.
#
# No GPU is needed: each test has a /dev of its own (with_dev), in which nodes that every machine has bear other names. As an
# ordinary user that is in a user namespace; root's run makes real nodes, and goes on as an ordinary user where that matters.
load helpers

with_dev() { "$BATS_TEST_DIRNAME/with_dev" "$@"; }

NODES='nvidia0=random nvidia1=zero nvidiactl=null kvm=full fuse=zero net/tun=zero snd/pcm=zero input/event0=zero'

# Sets somebody to the beginning of a command line that runs the box as an ordinary user, whoever we are; in a workspace of his own.
as_somebody() {
  somebody=("$BAWN")
  is_root || return 0
  mkdir -m 777 "$WORLD/his"
  chmod 755 "$WORLD"
  cp "$BAWN" "$WORLD/bawn"
  cp "$PROBE" "$WORLD/probe"
  PROBE=$WORLD/probe
  somebody=(setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$WORLD/his" HOME="$WORLD/his" "$WORLD/bawn")
}

# in_dev NODES STATUS COMMAND...
in_dev() {
  local nodes=$1 wanted=$2
  shift 2
  expect "$wanted" with_dev "$nodes" "$@"
}

# --- the box's own ------------------------------------------------------------------------------------------------------

@test "cannot_change_mode_or_owner_of_the_hosts_device_files_even_as_root" {
  # the made nodes belong to root, and an ordinary user could not change them outside either
  local before='666 0:0'
  is_root || before='666 65534:65534'
  in_dev 'nvidia0=zero dri/card0=null' 0 sh -c '"$1" run --gpu --device /dev/dri -- sh -c "
      chmod 600 /dev/null; chown 1:1 /dev/null; chmod 0 /dev/tty /dev/nvidia0 /dev/dri/card0; true" 2> /dev/null
    stat -c "%a %u:%g" /dev/null /dev/tty /dev/nvidia0 /dev/dri/card0' sh "$BAWN"
  for line in "${lines[@]}"; do [ "$line" = "$before" ] || fail "$output"; done
  [ "${#lines[@]}" = 4 ]
  if is_root; then
    in_dev '' 0 sh -c 'chmod 600 /dev/null; stat -c %a /dev/null'
    says 600
  fi
}

@test "the_boxs_own_device_files_are_read_and_written" {
  expect 0 box -- sh -c 'echo x > /dev/null && head -c 3 /dev/zero | wc -c && test -w /dev/full && head -c 1 /dev/urandom | wc -c'
  says 3 1
}

@test "no_device_of_the_host_is_in_a_box_that_grants_none" {
  in_dev "$NODES" 0 ls /dev/nvidia0 /dev/nvidiactl /dev/kvm /dev/snd/pcm
  in_dev "$NODES" 0 "$BAWN" run -- ls /dev
  [ "${lines[*]}" = 'console fd full null ptmx pts random shm stderr stdin stdout tty urandom zero' ] || fail "$output"
}

@test "cannot_open_a_device_that_was_not_granted_even_as_root" {
  local path
  for path in /dev/kvm /dev/fuse /dev/net/tun /dev/snd/pcm /dev/input/event0 /dev/nvidia1; do
    in_dev "$NODES" 0 "$PROBE" read "$path"
    in_dev "$NODES" 1 "$BAWN" run --device /dev/nvidia0 -- "$PROBE" open-write "$path"
    in_dev "$NODES" 1 "$BAWN" run -c 'filesystem.":root"="write"' -- "$PROBE" read "$path"
    says "No such file or directory"
  done
}

@test "cannot_open_the_hosts_disks_even_as_root" {
  local disk disks=0
  for disk in /dev/vda /dev/sda /dev/nvme0n1 /dev/loop0 /dev/zram0; do
    [ -b "$disk" ] || continue
    if is_root; then
      observe "$PROBE" read "$disk"
      [ "$status" = 0 ] || continue		# a loop device that has nothing in it
    fi
    refused -- read "$disk"
    refused -c 'filesystem.":root"="write"' -- open-write "$disk"
    disks=$((disks + 1))
  done
  [ "$disks" -gt 0 ] || needs_host "it shows no disks"
  [ "$disks" -gt 0 ] || skip "no block device here"
}

@test "cannot_make_a_device" {
  if is_root; then
    expect 0 mknod "$OUTSIDE/node" c 1 3
    rm "$OUTSIDE/node"
  fi
  expect 1 box -- mknod node c 1 3
  expect 1 box -- mknod /dev/shm/node c 1 3
  missing node
}

@test "cannot_open_a_node_that_root_made_in_the_workspace" {
  in_dev "$WS/node=zero" 0 "$PROBE" read "$WS/node"
  rm -f "$WS/node"
  in_dev "$WS/node=zero" 1 "$BAWN" run -- "$PROBE" read "$WS/node"
  says "Permission denied"
  rm -f "$WS/node"
  in_dev "$WS/node=zero" 1 "$BAWN" run --device /dev/null -- "$PROBE" open-write "$WS/node"
}

@test "a_node_outside_dev_is_opened_where_an_entry_names_it_itself" {
  in_dev "$WS/node=zero $WS/other=zero" 0 "$BAWN" run --write node -- sh -c '"$1" device-use node && ! "$1" read other && ! mv node moved' sh "$PROBE"
  rm -f "$WS/node" "$WS/other"
  is_root || return 0		# as in the tests of what is only read, below
  in_dev "$WS/node=zero" 0 "$BAWN" run --read node -- sh -c ': < node; ! "$1" open-write node' sh "$PROBE"
}

# --- devices.gpu --------------------------------------------------------------------------------------------------------

@test "gpu_shows_the_cards_nodes_and_opens_them_and_no_others" {
  in_dev "$NODES" 0 "$BAWN" run --gpu -- sh -c 'ls /dev/nvidia*; : < /dev/nvidia0 && : <> /dev/nvidiactl; ls /dev/kvm /dev/fuse /dev/snd || true'
  says /dev/nvidia0 /dev/nvidia1 /dev/nvidiactl "'/dev/kvm': No such file" "'/dev/fuse': No such file" "'/dev/snd': No such file"
}

@test "a_granted_device_is_read_written_and_queried" {
  in_dev "$NODES" 0 "$BAWN" run --gpu -- sh -c '"$1" device-use /dev/nvidia0 && "$1" device-ioctl /dev/nvidia0 && "$1" device-use /dev/nvidia1' sh "$PROBE"
  in_dev "$NODES" 0 "$BAWN" run -P :read-only --gpu -- "$PROBE" device-ioctl /dev/nvidia0
  in_dev "$NODES" 0 "$BAWN" run --allow-kernel user-namespaces --gpu -- "$PROBE" device-ioctl /dev/nvidia0
}

@test "single_cards_are_chosen_by_number" {
  in_dev "$NODES" 0 "$BAWN" run --gpu=nvidia:1 -- ls /dev
  says nvidia1 nvidiactl
  [[ $output != *nvidia0* ]] || fail "$output"
}

@test "a_gpu_that_is_absent_is_an_error_that_says_what_was_looked_for_and_auto_goes_on" {
  in_dev "$NODES" 125 "$BAWN" run --gpu=amd -- true
  says 'devices.gpu = "amd"' "no AMD GPU is here" /dev/dri/renderD 0x1002 amdgpu
  in_dev "$NODES" 125 "$BAWN" run --gpu=amd --allow-degraded -- true
  in_dev '' 125 "$BAWN" run --gpu -- true
  says "no GPU is here" "/dev/nvidia*"
  in_dev '' 0 "$BAWN" run --gpu=auto -- true
  [ -z "$output" ] || fail "$output"
  in_dev "$NODES" 125 "$BAWN" run --gpu=nvidia:0,5 -- true
  says "number 5"
  expect 125 box --gpu=metal -- true
  says "macOS"
  expect 125 box --gpu=nvidea -- true
  says nvidia
}

@test "an_ordinary_user_uses_real_nodes_with_a_gpu" {
  as_somebody
  in_dev "$NODES" 0 "${somebody[@]}" run -- ls /dev
  [[ $output != *nvidia* ]] || fail "$output"
  in_dev "$NODES" 0 "${somebody[@]}" run --gpu -- sh -c 'ls /dev/nvidia*; : < /dev/nvidia0; ls /dev/kvm || true'
  says /dev/nvidia0 /dev/nvidiactl "'/dev/kvm': No such file"
}

@test "what_permissions_close_outside_stays_closed_inside" {
  is_root || return 0		# only root makes a node that its user may not open
  as_somebody
  in_dev 'nvidia0=zero' 2 sh -c 'chmod 600 /dev/nvidia0; exec "$@"' sh "${somebody[@]}" run --gpu -- sh -c ': < /dev/nvidia0'
  says "Permission denied"
}

# --- devices and filesystem -----------------------------------------------------------------------------------------------

@test "a_device_named_in_devices_or_filesystem_is_granted" {
  cat > "$WORLD/config.toml" << 'TOML'
default_permissions = "a"
[permissions.a]
extends = ":workspace"
[permissions.a.filesystem]
"/dev/nvidia0" = "write"
[permissions.b]
extends = ":workspace"
devices = { "/dev/kvm" = "write" }
TOML
  in_dev "$NODES" 0 "$BAWN" run --config "$WORLD/config.toml" -- sh -c 'ls /dev/nvidia*; : < /dev/nvidia0; "$1" device-use /dev/nvidia0' sh "$PROBE"
  says /dev/nvidia0
  [[ $output != *nvidiactl* ]] || fail "$output"
  in_dev "$NODES" 0 "$BAWN" run --config "$WORLD/config.toml" -P b -- sh -c 'ls /dev; : <> /dev/kvm'
  says kvm
  in_dev "$NODES" 0 "$BAWN" run --device /dev/kvm --write /dev/fuse -- sh -c ': <> /dev/kvm; : <> /dev/fuse'
}

# An ordinary user's made nodes are the host's own /dev/zero and so on, which every box may write: rules hold on objects. Root's run
# of these tests goes on as an ordinary user.
@test "a_device_granted_for_reading_cannot_be_written" {
  local way as
  is_root || return 0
  as_somebody
  in_dev "$NODES" 0 "$PROBE" open-write /dev/nvidia1
  in_dev "$NODES" 0 "$PROBE" device-reopen /dev/nvidia1
  for as in "$BAWN" "${somebody[*]}"; do
    for way in open-write device-use device-reopen; do
      # shellcheck disable=SC2086
      for options in '' '-P :read-only' '-c filesystem.":root"="write"'; do
        in_dev "$NODES" 1 $as run $options --read /dev/nvidia1 -- "$PROBE" "$way" /dev/nvidia1
        says "Permission denied"
      done
    done
    # shellcheck disable=SC2086
    in_dev "$NODES" 0 $as run --read /dev/nvidia0 -- "$PROBE" device-ioctl /dev/nvidia0
    # shellcheck disable=SC2086
    in_dev "$NODES" 0 $as run --read /dev/nvidia1 --device /dev/kvm -- sh -c ': < /dev/nvidia1; echo x > /dev/null; : <> /dev/kvm'
  done
}

@test "cannot_race_the_broker_to_write_a_device_granted_for_reading" {
  is_root || return 0
  wins with_dev "$NODES" "$PROBE" device-race /dev/nvidia1 "$WS/turning"
  in_dev "$NODES" 1 "$BAWN" run --read /dev/nvidia1 -- "$PROBE" device-race /dev/nvidia1 "$WS/turning"
}

@test "a_device_for_reading_is_refused_where_nothing_holds_it" {
  in_dev "$NODES" 125 "$BAWN" run --allow-kernel user-namespaces --read /dev/kvm -- true
  says "for reading only" Landlock
  in_dev "$NODES" 125 "$BAWN" run --read /dev/input/event0 --device /dev/input -- true
  says "its directory is granted for writing"
}

@test "terminals_work_beside_a_device_granted_for_reading" {
  needs_host "its broker opens /dev/tty, but not in a made /dev"
  expect 0 script -qec "$BATS_TEST_DIRNAME/with_dev '$NODES' $BAWN run --read /dev/nvidia1 -- sh -c 'tty; echo hello > /dev/tty; echo there > /dev/console'" /dev/null
  says /dev/console hello there
}

@test "a_directory_of_devices_shows_what_appears_later_but_not_what_is_denied" {
  in_dev "$NODES input/mice=zero" 0 sh -c '
    { sleep 0.1; until [ -e started ]; do sleep 0.05; done
      if [ "$(id -u)" = 0 ]; then mknod -m 666 /dev/input/event7 c 1 5; else : > /dev/input/event7; fi; } &
    timeout 20 "$1" run --device /dev/input --deny /dev/input/mice -- sh -c "
      : > started
      until [ -e /dev/input/event7 ]; do sleep 0.05; done
      head -c 1 /dev/input/event7 > /dev/null && : <> /dev/input/event0 && ! head -c 1 /dev/input/mice && ! touch /dev/input/new"' sh "$BAWN"
}

@test "a_deny_glob_closes_devices_in_a_granted_directory" {
  in_dev 'input/event0=zero input/mouse0=zero nvidia0=zero nvidia1=zero' 0 "$BAWN" run --device /dev/input --gpu --deny '/dev/**/mouse*' --deny '/dev/*1' -- sh -c \
    ': < /dev/input/event0; ! head -c 1 /dev/input/mouse0 || exit 1; ls /dev/nvidia*'
  says /dev/nvidia0
  [[ $output != *nvidia1* ]] || fail "$output"
}

@test "a_link_to_a_node_leads_to_it" {
  in_dev 'dri/renderD128=zero dri/by-path/pci-render>../renderD128' 0 "$BAWN" run --device /dev/dri/by-path/pci-render -- \
    "$PROBE" device-use /dev/dri/by-path/pci-render
  in_dev 'dri/renderD128=zero dri/by-path/pci-render>../renderD128' 0 "$BAWN" run --gpu -- sh -c \
    'readlink /dev/dri/by-path/pci-render; "$1" device-use /dev/dri/by-path/pci-render' sh "$PROBE"
  ln -s /dev/dri/renderD128 "$OUTSIDE/card"
  in_dev 'dri/renderD128=zero' 125 "$BAWN" run --device "$OUTSIDE/card" -- true
  says "a path below /dev"
  in_dev 'dri/renderD128=zero dri/card0=zero' 0 "$BAWN" run --write "$OUTSIDE/card" -- sh -c '"$1" device-use "$2" && ls /dev/dri' sh "$PROBE" "$OUTSIDE/card"
  [[ $output != *card0* ]] || fail "$output"
}

@test "a_device_that_is_not_there_grants_nothing_and_is_said" {
  in_dev "$NODES" 0 "$BAWN" run --device /dev/ttyUSB7 -- true
  says "/dev/ttyUSB7 is not there: nothing to grant"
}

@test "the_boxs_own_places_cannot_be_the_hosts" {
  in_dev "$NODES" 125 "$BAWN" run --write /dev -- true
  in_dev "$NODES" 125 "$BAWN" run --write /dev/pts/0 -- true
  in_dev "$NODES" 125 "$BAWN" run --write /dev/shm/x -- true
  in_dev "$NODES link>shm" 125 "$BAWN" run --device /dev/link -- true
  says "the box has this place for its own"
}

@test "a_socket_in_dev_is_reached_where_unix_sockets_opens_it" {
  is_root || return 0		# made nodes lie in a /dev that is only root's to write
  export PROBE
  cat > "$WORLD/serve.sh" << 'SH'
"$PROBE" serve stream /dev/log > /dev/null 2>&1 3>&- &
server=$!
until [ -e /dev/log.log ]; do sleep 0.05; done
"$@"
status=$?
kill "$server"
exit "$status"
SH
  in_dev '' 0 sh "$WORLD/serve.sh" "$BAWN" run --allow-unix-socket /dev/log -- "$PROBE" name-socket connect stream /dev/log
  in_dev '' 1 sh "$WORLD/serve.sh" "$BAWN" run -- "$PROBE" name-socket connect stream /dev/log
  in_dev '' 1 sh "$WORLD/serve.sh" "$BAWN" run --read /dev/log -- "$PROBE" name-socket connect stream /dev/log
}

# --- what the stacks read -------------------------------------------------------------------------------------------------

@test "proc_and_sys_are_readable_with_a_gpu_in_a_restricted_profile_too" {
  cat > "$WORLD/config.toml" << 'TOML'
default_permissions = "narrow"
[permissions.narrow.filesystem]
"/usr" = "read"
"/bin" = "read"
"/lib" = "read"
"/lib64" = "read"
[permissions.narrow.devices]
gpu = "auto"
TOML
  local path
  for path in /proc/devices /proc/meminfo /proc/cpuinfo /proc/self/maps /proc/driver /sys/bus/pci /sys/devices/system; do
    [ -e "$path" ] || continue
    in_dev "$NODES" 0 "$BAWN" run --config "$WORLD/config.toml" -C / -- sh -c 'cat "$1" 2> /dev/null || ls "$1"' sh "$path"
    [ -n "$output" ] || [ "$path" = /proc/driver ] || fail "$path: empty"
  done
  # and only with one
  in_dev '' 2 "$BAWN" run --config "$WORLD/config.toml" -C / -- ls /sys/bus/pci
}

@test "sysfs_has_the_classes_that_the_host_has" {
  local path
  for path in /sys/class /sys/class/drm /sys/class/kfd /sys/class/accel /sys/module /sys/bus/pci/devices /sys/dev/char; do
    [ -d "$path" ] || continue
    expect 0 box -- ls "$path"
    [ "$output" = "$(ls "$path")" ] || fail "$path"
  done
}

@test "shared_memory_and_locked_memory_are_as_outside" {
  local outside
  outside=$(ulimit -l)
  expect 0 box -- sh -c 'ulimit -l'
  says "$outside"
  expect 0 box -- sh -c 'head -c 100000000 /dev/zero > /dev/shm/big && stat -c %s /dev/shm/big && stat -f -c "%S %b" /dev/shm'
  says 100000000
  # half of the memory, which is what a tmpfs has by default
  [ "$(awk '{ print int($1 * $2 / 1024) }' <<< "${lines[1]}")" -ge "$(awk '/MemTotal/ { print int($2 / 2) - 8 }' /proc/meminfo)" ]
}

@test "the_persistence_daemons_socket_is_reachable_with_the_gpu_and_only_then" {
  is_root || return 0		# /run is not an ordinary user's
  cat > "$WORLD/serve.sh" << 'SH'
mount -t tmpfs none /run
mkdir /run/nvidia-persistenced
# as the daemon binds it: by a path with a link in it, where there is one
path=/var/run/nvidia-persistenced/socket
[ -d /var/run/nvidia-persistenced ] || path=/run/nvidia-persistenced/socket
"$PROBE" serve stream "$path" > /dev/null 2>&1 3>&- &
server=$!
until [ -e "$path.log" ]; do sleep 0.05; done
"$@"
status=$?
kill "$server"
exit "$status"
SH
  export PROBE
  in_dev "$NODES" 0 sh "$WORLD/serve.sh" "$BAWN" run --gpu -- "$PROBE" name-socket connect stream /run/nvidia-persistenced/socket
  in_dev "$NODES" 1 sh "$WORLD/serve.sh" "$BAWN" run -- "$PROBE" name-socket connect stream /run/nvidia-persistenced/socket
  in_dev "$NODES" 0 sh "$WORLD/serve.sh" "$BAWN" plan --gpu
  says "local socket /run/nvidia-persistenced/socket: open"
}

# --- boxes in boxes -------------------------------------------------------------------------------------------------------

@test "a_box_in_a_box_has_the_devices_that_both_grant" {
  local outer=("$BAWN" run --allow-kernel user-namespaces)
  in_dev "$NODES" 0 "${outer[@]}" --gpu --device /dev/input -- "$BAWN" run --gpu=nvidia:0 --device /dev/input -- sh -c \
    'ls /dev; "$1" device-use /dev/nvidia0 && "$1" device-ioctl /dev/nvidia0 && : <> /dev/input/event0' sh "$PROBE"
  says nvidia0 nvidiactl
  [[ $output != *nvidia1* ]] || fail "$output"
  in_dev "$NODES" 0 "${outer[@]}" --gpu -- "$BAWN" run -- ls /dev
  [[ $output != *nvidia* ]] || fail "$output"
  in_dev "$NODES" 125 "${outer[@]}" -- "$BAWN" run --gpu -- true
  in_dev "$NODES" 0 "${outer[@]}" --gpu -- "$BAWN" run --device /dev/kvm -- true
  says "/dev/kvm is not there"
}

@test "mounts_of_ones_own_open_no_other_device" {
  local as
  cat > attack.sh << 'SH'
mkdir -p m
for from in . /; do
  mount --bind "$from" m && mount -o remount,bind,dev m
  cat m/node m"$PWD"/node
  umount -l m
done
mount --rbind / m; mount -o remount,dev,bind m; cat m"$PWD"/node
umount -l /dev/pts; umount -l /dev; ls /dev/kvm && cat /dev/kvm
mount -t devtmpfs none m && cat m/kvm
mknod m/n c 1 5 && cat m/n
true
SH
  # a node that gives one byte and ends would do; /dev/zero never ends, so it is read through head
  sed -i 's/\bcat \([^;]*\)/head -c 1 \1 | wc -c | grep 1/' attack.sh
  # outside, the first lines of it do read the node, as root and as an ordinary user
  expect 0 with_dev "$NODES $WS/node=zero" unshare -Urm sh attack.sh
  rm -f "$WS/node"
  [[ ${lines[*]} == *1* ]] || fail "$output"
  for as in -Urm '-Um --map-current-user --keep-caps'; do
    # shellcheck disable=SC2086
    with_dev "$NODES $WS/node=zero" timeout 60 "$BAWN" run --allow-kernel user-namespaces --gpu -- unshare $as sh attack.sh > "$TMPDIR/out" 2> /dev/null || true
    rm -f "$WS/node"
    [ ! -s "$TMPDIR/out" ] || fail "$(cat "$TMPDIR/out")"
  done
}

# --- explain and plan -----------------------------------------------------------------------------------------------------

@test "explain_says_which_line_grants_a_device" {
  in_dev "$NODES" 0 "$BAWN" explain --gpu device /dev/nvidia0 device /dev/null
  says "allowed: device /dev/nvidia0" "devices.gpu = true" "(command line)"
  in_dev "$NODES" 1 "$BAWN" explain device /dev/kvm
  says 'devices."/dev/kvm" = "write"  or  --device /dev/kvm'
  in_dev "$NODES" 0 "$BAWN" plan --gpu --device /dev/input
  says "write  /dev/nvidia0" "(device)" "devices that appear in it later are there too"
}

# --- doctor, and the hint -------------------------------------------------------------------------------------------------

ALL='nvidia0=zero nvidiactl=null nvidia-uvm=full dri/renderD128=full dri/by-path/pci>../renderD128'

@test "doctor_tells_which_gpus_are_here_and_that_they_open_inside" {
  in_dev "$ALL" 0 "$BAWN" doctor gpu
  says "NVIDIA GPU" "/dev/nvidia0 " "outside: opens; inside: opens" "/dev/dri/by-path/pci"
  in_dev "$ALL" 0 "$BAWN" doctor gpu --json
  jq -es 'map(select(.type == "device" and .path == "/dev/nvidia0"))[0] | .outside == null and .inside' <<< "$output"
  jq -es 'map(select(.type == "gpu" and .family == "nvidia"))[0].found' <<< "$output"
  in_dev '' 1 "$BAWN" doctor gpu
  says "no GPU is here; looked for /dev/nvidia*"
}

@test "doctor_says_what_to_change" {
  in_dev 'nvidia0=zero nvidiactl=null' 1 "$BAWN" doctor gpu
  says "/dev/nvidia-uvm is not there" "nvidia-modprobe"
  is_root || return 0
  as_somebody
  in_dev "$ALL" 1 sh -c 'chgrp video /dev/nvidia0; chmod 660 /dev/nvidia0; chmod 600 /dev/nvidiactl; exec "$@"' sh "${somebody[@]}" doctor gpu
  says 'become a member of the group "video"' "usermod -aG video" "/dev/nvidiactl: its mode is 0600" "outside: Permission denied; inside: does not open"
}

@test "doctor_asks_the_drivers_own_tool_inside" {
  mkdir "$WORLD/bin"
  { echo '#!/bin/sh'; cat << 'SH'; } > "$WORLD/bin/nvidia-smi"
[ -n "$BAWN" ] && [ "$1" = -L ] && [ ! -e /dev/kvm ] && echo "GPU 0: made up" && : <> /dev/nvidia0
SH
  chmod 755 "$WORLD/bin/nvidia-smi"
  PATH=$WORLD/bin:$PATH in_dev "$ALL kvm=zero" 0 "$BAWN" doctor gpu
  says "inside, nvidia-smi -L (status 0)" "GPU 0: made up"
  echo 'exit 9' >> "$WORLD/bin/nvidia-smi"
  PATH=$WORLD/bin:$PATH in_dev "$ALL" 1 "$BAWN" doctor gpu
  says "(status 9)" "nvidia-smi fails inside"
}

@test "doctor_says_why_nothing_was_tried_inside" {
  in_dev "$ALL" 1 "$BAWN" run --gpu -- "$BAWN" doctor gpu
  says "inside: not tried" "nothing was tried inside" "user-namespaces"
}

@test "a_failure_is_hinted_at_when_a_gpu_is_here_and_not_in_the_box" {
  in_dev "$ALL" 1 "$BAWN" run -- false
  says "hint: this machine has a GPU (NVIDIA GPU: /dev/nvidia0), and the box has none" "allow: --gpu"
  local line
  for line in 'run -- true' 'run --quiet -- true' 'run --gpu -- true'; do
    # shellcheck disable=SC2086
    in_dev "$ALL" 0 "$BAWN" $line
    [ -z "$output" ] || fail "$output"
  done
  in_dev "$ALL" 1 "$BAWN" run --quiet -- false
  [ -z "$output" ] || fail "$output"
  in_dev "$ALL" 1 "$BAWN" run --gpu -- false
  [ -z "$output" ] || fail "$output"
  in_dev 'kvm=zero' 1 "$BAWN" run -- false
  [ -z "$output" ] || fail "$output"
}
