#!/usr/bin/env bash
# Makes or renews the Python environment: tools/environment.sh FOLDER REQUIREMENTS…
# Does nothing when it holds just these requirements already.
set -euo pipefail

venv=$1
shift
requirements=("$@")
started=$SECONDS

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local name
  for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if command -v "$name" >/dev/null && is_new_enough "$name"; then
      command -v "$name"
      return
    fi
  done
  fail "clipweb needs Python 3.11 or newer, and none was found." \
    "On Debian 12 or Ubuntu 24.04 and newer: sudo apt install python3 python3-venv" \
    "Elsewhere: name one, as in PYTHON=/path/to/python3.12 make run"
}

make_environment() {
  local python
  python=$(find_python)
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    fail "$python cannot make environments, because a part of Python is missing." \
      "On Debian and Ubuntu: sudo apt install python3-venv"
  fi
  say "environment: making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
}

stamp_of() { printf '%s/.installed-%s' "$venv" "$(basename "$1")"; }

is_installed() {
  local file
  for file in "${requirements[@]}"; do
    sha256sum --check --status "$(stamp_of "$file")" 2>/dev/null || return 1
  done
}

# pip is there in every environment; uv, where it can be had, takes a fraction of its time. Every package is
# pinned, so nothing has to be resolved. The system's certificates count, as they do for everything else here.
install() {
  local files=() file uv
  for file in "${requirements[@]}"; do files+=(-r "$file"); done
  uv=$(grep -h '^uv==' requirements-dev.txt)
  if "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$uv" &&
    "$venv/bin/uv" pip install --quiet --no-deps --system-certs --python "$venv/bin/python" "${files[@]}"; then
    return
  fi
  say "environment: uv did not do it; pip goes on"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "${files[@]}"
}

show_progress() {
  while sleep 20 >/dev/null 2>&1; do
    say "environment: $((SECONDS - started)) s…"
  done
}

# All in one function: bash reads on in a script that changes while it runs.
main() {
  if ! "$venv/bin/python" -c '' 2>/dev/null; then make_environment; fi
  if is_installed; then exit 0; fi

  say "environment: installing ${requirements[*]} (the first time about 6 GB, most of it PyTorch)"
  show_progress &
  progress=$!
  trap 'kill "$progress" 2>/dev/null || true' EXIT
  install
  for file in "${requirements[@]}"; do sha256sum "$file" >"$(stamp_of "$file")"; done
  say "environment: ready after $((SECONDS - started)) s"
}

main
