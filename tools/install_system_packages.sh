#!/usr/bin/env bash
# Installs the real servers that the tests use, where they are missing. Starts and enables nothing: the tests run
# their own servers on free ports.
set -euo pipefail

declare -A package_of=(
  [mosquitto]=mosquitto [redis-server]=redis-server [socat]=socat [chromium]=chromium [runuser]=util-linux
)
PATH="$PATH:/usr/sbin:/sbin"
missing=()
for command in "${!package_of[@]}"; do
  command -v "$command" >/dev/null || missing+=("${package_of[$command]}")
done
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "Please install: ${missing[*]} (the tests start these servers themselves)" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Please install as root: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi

# While this file stands there, Debian's packages start no service. One that is already there is left as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo "Installing: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends "${missing[@]}"

# Nothing is left to start at the next boot either; what was installed before is not touched.
if command -v systemctl >/dev/null; then
  for package in "${missing[@]}"; do
    case "$package" in
      mosquitto | redis-server | postgresql) "${as_root[@]}" systemctl disable "$package" >/dev/null 2>&1 || true ;;
    esac
  done
fi
