# How the variance components of rma.mv are found to more digits than its optimisers give.
suppressMessages(library(numDeriv))

# metafor's optimum, then Newton steps on metafor's own log-likelihood with Richardson derivatives: its optimisers stop
# at 1e-4 to 1e-6 of a component. Components on their bound stay there.
polish <- function(..., steps = 1) {
  args <- list(...)
  fit <- quiet(do.call(metafor::rma.mv, args))
  names <- c("sigma2", "tau2", "rho", "gamma2", "phi")
  est <- unlist(lapply(names, function(n) fit[[n]])); kind <- rep(names, sapply(names, function(n) length(fit[[n]])))
  fixed <- unlist(fit$vc.fix[names])
  used <- ifelse(kind == "sigma2", fit$withS, ifelse(kind %in% c("tau2", "rho"), fit$withG, fit$withH))
  plain <- c("ID", "DIAG", "GDIAG")
  used[kind == "rho" & fit$struct[1] %in% plain] <- FALSE
  used[kind == "phi" & fit$struct[length(fit$struct)] %in% plain] <- FALSE
  corr <- kind %in% c("rho", "phi")
  free <- used & !fixed & ifelse(corr, abs(est) < 0.998 & abs(est) > 1e-7, est > 1e-7)
  bound <- used & !fixed & !free
  est[bound] <- round(est[bound])
  at <- function(x) {
    v <- est; v[free] <- x
    more <- list()
    for (one in unique(kind[used])) more[[one]] <- v[used & kind == one]
    quiet(do.call(metafor::rma.mv, c(args[setdiff(names(args), names(more))], more)))
  }
  ll <- function(x) as.numeric(logLik(at(x)))
  x <- est[free]
  for (i in seq_len(steps)) if (length(x)) x <- x - as.vector(solve(hessian(ll, x, method.args = list(r = 3, d = 1e-3)), grad(ll, x, method.args = list(d = 1e-3))))
  est[free] <- x
  list(tight = at(x), values = lapply(setNames(names, names), function(n) vec(est[kind == n & used])),
       parameters = fit$p + sum(used & !fixed), gradient = if (length(x)) max(abs(grad(ll, x, method.args = list(d = 1e-3)) * pmax(abs(x), 1e-3))) else 0)
}
