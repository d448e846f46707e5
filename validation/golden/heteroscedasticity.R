# Golden values of the tests of one tau² for all studies. metafor 3.8 has no hettest: the score statistic is made from its own
# restricted and full log-likelihoods, differentiated at the fit, and the likelihood ratio from rma.mv with a variance
# for each study (struct = "DIAG"), the highest of several starts.
# Run from the repository's root: Rscript validation/golden/heteroscedasticity.R
source("validation/golden/record.R")
suppressMessages(library(numDeriv))
save <- recorder("validation/golden/heteroscedasticity.R", "numDeriv")

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
norm <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
raud <- dat.raudenbush1985
sets <- list(bcg = list(yi = bcg$yi, vi = bcg$vi, x = matrix(1, 13, 1)), bcg_latitude = list(yi = bcg$yi, vi = bcg$vi, x = cbind(1, bcg$ablat)),
             normand = list(yi = norm$yi, vi = norm$vi, x = matrix(1, 9, 1)), raudenbush = list(yi = raud$yi, vi = raud$vi, x = cbind(1, raud$weeks)))
fit <- function(s, vi, method, ...) quiet(do.call(rma, list(as.numeric(s$yi), as.numeric(vi), mods = s$x, intercept = FALSE, method = method, ...)))
null <- function(s, method) fit(s, s$vi, method, control = tight)

# log-likelihood with the variances of the studies given: that of the common-effect model, at which rma() reports both
at <- function(total, s, method) as.numeric(fit(s, total, "EE")$fit.stats["ll", method])
score <- function(s, f, method) {
  total <- s$vi + f$tau2
  u <- grad(function(x) at(x, s, method), total)
  w <- diag(1 / total)
  p <- if (method == "REML") w - w %*% s$x %*% solve(t(s$x) %*% w %*% s$x) %*% t(s$x) %*% w else w
  i <- outer(seq_along(total), seq_along(total), Vectorize(function(a, b) sum(p[a, b] * p[b, a]) / 2))  # ½ tr(P Ea P Eb)
  drop(t(u) %*% solve(i, u))
}
saturated <- function(s, f, method) {
  d <- data.frame(yi = c(s$yi), vi = c(s$vi), id = factor(seq_along(s$yi)), one = 1)
  k <- nrow(d); shared <- rep(max(f$tau2, 0.01), k)
  starts <- c(list(shared, rep(0.001, k)), lapply(seq_len(k), function(j) replace(shared, j, 0.001)))
  best <- -Inf
  for (start in starts) for (optimizer in c("nlminb", "BFGS")) {
    g <- try(quiet(rma.mv(yi, vi, mods = s$x, intercept = FALSE, random = ~ id | one, struct = "DIAG", data = d, method = method,
                          control = list(tau2.init = start, optimizer = optimizer))), silent = TRUE)
    if (!inherits(g, "try-error")) best <- max(best, as.numeric(logLik(g)))
  }
  best
}
cases <- list()
for (set in names(sets)) for (method in c("REML", "ML")) {
  s <- sets[[set]]; f <- null(s, method)
  one <- list(set = set, likelihood = method, tau2 = f$tau2, score = score(s, f, method))
  if (set != "raudenbush") one$ratio <- 2 * (saturated(s, f, method) - as.numeric(logLik(f)))
  cases[[length(cases) + 1]] <- one
}
data <- lapply(sets, function(s) list(yi = vec(s$yi), vi = vec(s$vi), x = if (ncol(s$x) > 1) vec(s$x[, 2])))
save("heteroscedasticity", "numDeriv::grad of the log-likelihoods of rma(); rma.mv(random = ~ id | one, struct = 'DIAG') against rma()", cases, data = data)
