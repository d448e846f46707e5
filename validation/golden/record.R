# What every script of this folder uses: the packages, tight iterations, and how golden values are written.
# Each script is run from the repository's root and begins with source("validation/golden/record.R").
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

# Usually the example data are used as they are. With DIFFERENTIAL_SEED in the environment (validation/differential) each
# set is replaced by random data of the same shape, and the values are written to DIFFERENTIAL_OUT.
differential <- Sys.getenv("DIFFERENTIAL_SEED") != ""
pdf(NULL)                                              # nothing is drawn into a file
out <- if (differential) Sys.getenv("DIFFERENTIAL_OUT") else "tests/golden/stats"
if (differential) {source("validation/differential/random_sets.R"); set.seed(as.integer(Sys.getenv("DIFFERENTIAL_SEED")))}
drawn <- function(sets) if (differential) random_sets(sets) else sets
dir.create(out, recursive = TRUE, showWarnings = FALSE)
tight <- list(threshold = 1e-12, maxiter = 10000)      # REML; metafor's default threshold is 1e-5
tight_root <- list(tol = 1e-14, maxiter = 100000, tau2.max = 1e4)  # PM and Q-profile; default about 1.2e-4

# script: the path of the script that calls; packages: others than metafor and metadat whose versions matter
recorder <- function(script, packages = character()) function(name, call, cases, note = "", data = NULL) {
  source <- list(r = R.version.string, metafor = as.character(packageVersion("metafor")),
                 metadat = as.character(packageVersion("metadat")), script = script, call = call, note = note)
  for (package in packages) source[[package]] <- as.character(packageVersion(package))
  write(toJSON(list(source = source, data = data, cases = cases), auto_unbox = TRUE, digits = NA, na = "null", null = "null",
               pretty = 1), file.path(out, paste0(name, ".json")))
  cat(name, length(cases), "cases\n")
}
vec <- function(x) I(as.numeric(x))
columns <- function(sets) lapply(sets, function(d) {
  names <- if ("yi" %in% names(d)) c("yi", "vi") else names(d)
  setNames(lapply(names, function(n) vec(d[[n]])), names)
})
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
num <- function(x) if (is.null(x) || length(x) == 0) NA_real_ else as.numeric(x)[1]
