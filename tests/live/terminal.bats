#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# terminal.bats — the command on a terminal: signals from the keyboard, job control, names and sizes.
load helpers

# on_terminal SCRIPT COMMAND...
on_terminal() { expect 0 "$PROBE" terminal "$@"; }

@test "ctrl_c_reaches_the_command_once" {
  on_terminal 'expect watching| type \3| expect interrupted 1| end' "$PROBE" watch 100
  on_terminal 'expect watching| type \3| expect interrupted 1| end' "$BAWN" run -- "$PROBE" watch 100
  says "status 0"
}

@test "ctrl_c_ends_a_command_that_does_not_handle_it" {
  on_terminal 'expect go| type \3| end' "$BAWN" run -- sh -c 'echo go; exec sleep 30'
  says "status 130"
}

@test "ctrl_backslash_quits" {
  on_terminal 'expect go| type \34| end' "$BAWN" run -- sh -c 'echo go; exec sleep 30'
  says "status 131"
}

@test "the_terminal_has_a_name" {
  on_terminal 'end' "$BAWN" run -- tty
  says /dev/
  [[ $output != *"not a tty"* ]] || fail "$output"
  on_terminal 'expect <1>| end' "$BAWN" run -- python3 -c 'import os; print(os.ttyname(0), "<%d>" % os.isatty(0))'
  says /dev/
}

@test "a_change_of_size_reaches_the_command_once" {
  on_terminal 'expect watching| size 50 132| expect resized 1 to 50 132| type \3| end' "$PROBE" watch 100
  on_terminal 'expect watching| size 50 132| expect resized 1 to 50 132| type \3| end' "$BAWN" run -- "$PROBE" watch 100
}

@test "ctrl_z_stops_and_fg_goes_on" {
  # an interactive shell, with job control, outside
  on_terminal "type PS1='> '\\n| rest 200| type $BAWN run -- sh -c 'echo sta''rted; sleep 1; echo fini''shed'\\n| expect started| rest 200| type \\32| expect Stopped| never finished| rest 300| type fg\\n| expect finished| type exit\\n| end" \
    bash --norc --noprofile -i
}

@test "a_shell_with_job_control_works_inside" {
  on_terminal "rest 300| type sleep 30 & echo pid:\$?\\n| expect pid:0| type jobs\\n| expect Running| type fg\\n| rest 200| type \\32| expect Stopped| type kill %1; echo kil''led\\n| expect killed| type exit 7\\n| rest 100| type exit 7\\n| end" \
    "$BAWN" run -- bash --norc --noprofile -i
  says "status 7"
  [[ $output != *"no job control"* ]] || fail "$output"
}

@test "the_shell_outside_gets_its_terminal_back" {
  on_terminal "type PS1='> '\\n| rest 200| type $BAWN run -- bash --norc --noprofile -ic 'sleep 0.1; echo ins''ide'\\n| expect inside| type echo ba''ck\\n| expect back| type cat\\n| rest 200| type \\3| rest 100| type echo st''ill\\n| expect still| type exit 5\\n| end" \
    bash --norc --noprofile -i
  says "status 5"
}

@test "input_from_the_terminal_reaches_the_command" {
  on_terminal 'rest 300| type hello\n| expect got hello| end' "$BAWN" run -- sh -c 'read x; echo got $x'
}

@test "script_works_inside_and_outside" {
  expect 0 script -qec "$BAWN run -- tty" /dev/null
  expect 0 box -- script -qec "tty" /dev/null
  says /dev/pts/
}

@test "a_pipeline_in_the_background_does_not_touch_the_terminal" {
  on_terminal "type PS1='> '\\n| rest 200| type $BAWN run -- sh -c 'sleep 0.2; echo do''ne' &\\n| expect done| type exit\\n| end" \
    bash --norc --noprofile -i
}
