# Times metafor on the data that run.py wrote; prints "name, wall seconds (median), CPU seconds (least)" lines. Called by run.py.
suppressMessages(library(metafor))
folder <- commandArgs(trailingOnly = TRUE)[1]
timed <- function(name, times, expr) {
  expression <- substitute(expr); frame <- parent.frame()
  eval(expression, frame)                                     # warm
  runs <- sapply(seq_len(times), function(i) system.time(eval(expression, frame)))
  cat(name, median(runs["elapsed", ]), min(runs["user.self", ] + runs["sys.self", ]), "\n")
}
bcg <- read.csv(file.path(folder, "bcg.csv"))
many <- read.csv(file.path(folder, "groups.csv"))
twelve <- head(read.csv(file.path(folder, "twenty.csv")), 12)
one <- function(d) suppressWarnings(rma(yi, vi, data = d, method = "REML", test = "knha"))

timed("one_fit", 5, for (i in 1:40) one(bcg))                  # seconds for 40 fits
clock <- sapply(1:300, function(i) { from <- Sys.time(); one(bcg); one(bcg); as.numeric(Sys.time() - from, units = "secs") / 2 })
cat("one_fit_least", min(clock), min(clock), "\n")
parts <- split(many, many$group)[1:400]
timed("groups", 3, for (d in parts) try(one(d), silent = TRUE))  # seconds for 400 fits of 10 studies
timed("leave_one_out", 3, leave1out(one(bcg)))
timed("gosh_reml", 1, gosh(one(twelve), progbar = FALSE))      # 4095 subsets
timed("gosh_dl", 1, gosh(rma(yi, vi, data = twelve, method = "DL"), progbar = FALSE))
set.seed(1)
timed("permutation", 1, permutest(one(bcg), exact = FALSE, iter = 200, progbar = FALSE))  # 200 permutations
