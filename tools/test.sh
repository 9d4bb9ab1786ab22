#!/usr/bin/env bash
# All tests of the given folders: tools/test.sh PYTHON FOLDER…
# Side by side on all cores, a thread of torch each; first those inside one process, then those that start
# servers, queue workers and browsers, three at a time: they wait a good deal, for pages and for processes.
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
OMP_NUM_THREADS=1 run --numprocesses 3 --dist loadfile --no-loadscope-reorder -m "browser or processes" "$@"
exit "$status"
