#!/usr/bin/env bash
# Every object of a repository is damaged in turn: a restore gives the right bytes or fails, never wrong bytes; a full check finds the damage.
if [[ -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi  # hundreds of small restores: memory is as good as a disk for them
. "$(dirname "$0")/lib.sh"
/usr/bin/python3 "$e2e/damage_objects.py" "$HOLDFAST" "$work" "${HF_SEED:-20}"
