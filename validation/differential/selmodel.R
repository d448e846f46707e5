# metafor's selmodel with its own optimiser on random sets, for selmodel.py.
# Run from the repository's root: Rscript validation/differential/selmodel.R SEED SETS FILE
suppressMessages({library(metafor); library(jsonlite)})
source("validation/differential/random_sets.R")
given <- commandArgs(TRUE); set.seed(as.integer(given[1])); fits <- list()
for (i in seq_len(as.integer(given[2]))) {
  d <- random_effects(list(yi = numeric(20))); model <- suppressWarnings(rma(d$yi, d$vi, method = "ML"))
  for (steps in list(.025, c(.025, .5))) {
    s <- try(suppressWarnings(selmodel(model, type = "stepfun", steps = steps)), silent = TRUE)
    if (!inherits(s, "try-error")) fits[[length(fits) + 1]] <- list(yi = d$yi, vi = d$vi, steps = I(steps), log_likelihood = as.numeric(s$ll),
      estimate = as.numeric(s$beta), se = s$se, selection_statistic = s$LRT, tau2_statistic = s$LRT.tau2)
  }
}
write(toJSON(fits, digits = NA, auto_unbox = TRUE, na = "null"), given[3])
