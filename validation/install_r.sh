#!/usr/bin/env bash
# R with the packages that the golden values come from, from Debian's own packages (run as root).
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -yq --no-install-recommends r-base-core r-cran-metafor r-cran-metadat r-cran-jsonlite \
  r-cran-lme4 r-cran-clubsandwich r-cran-robumeta r-cran-numderiv r-cran-biasedurn r-cran-survival \
  r-cran-mvtnorm r-cran-gsl r-cran-brglm2 r-cran-statmod r-cran-hmisc
