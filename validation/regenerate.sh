#!/usr/bin/env bash
# Makes all golden values anew (needs validation/install_r.sh first); run from the repository's root.
set -euo pipefail
for script in validation/golden/*.R; do
  [ "$(basename "$script")" = record.R ] || Rscript "$script"
done
