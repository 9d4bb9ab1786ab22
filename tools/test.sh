#!/usr/bin/env bash
# All tests of the given folders: tools/test.sh PYTHON FOLDER…
# Those inside one process share the cores, a thread of torch each; those that start servers, queue workers
# and browsers need the whole machine to be in time, and run one after the other.
set -euo pipefail

python=$1
shift
no_tests=5 # pytest's exit status when a folder has none of one kind
status=0

run() {
  local result=0
  "$python" -m pytest "$@" || result=$?
  [ "$result" = 0 ] || [ "$result" = "$no_tests" ] || status=$result
}

OMP_NUM_THREADS=1 run --numprocesses auto --dist loadfile -m "not browser and not processes" "$@"
run -m "browser or processes" "$@"
exit "$status"
