#!/usr/bin/env bash
# Runs npm in frontend/: with the system's Node.js if it is new enough, else with one installed into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

is_new_enough() { # Vite needs 20.19
  command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
      2>/dev/null
}

if ! is_new_enough; then
  export PATH="$PWD/.venv/bin:$PATH"
  is_new_enough || .venv/bin/pip install --quiet --require-hashes -r requirements/node.txt
fi
cd frontend
exec npm "$@"
