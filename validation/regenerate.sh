#!/usr/bin/env bash
# Makes all golden values anew (needs validation/install_r.sh first); run from the repository's root.
set -euo pipefail
for script in validation/golden/*.R; do
  case "$(basename "$script")" in record.R | polish.R | help_pages_read.R) ;; *) Rscript "$script" ;; esac  # what others source
done
