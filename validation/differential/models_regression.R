# rma with moderators, anova, predict, vif, permutest and location-scale models on the cases of models_regression.py.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "models_exchange.R"))

#: metafor's iterations tightened: REML, ML and EB by scoring, PM and PMM by root finding, on effects of size 1.
controls <- function(method) if (method %in% c("PM", "PMM")) list(tol = 1e-14, maxiter = 100000, tau2.max = 1e4) else list(threshold = 1e-13, maxiter = 10000)

columns <- function(given, letter) if (length(given)) { X <- do.call(cbind, given); colnames(X) <- paste0(letter, seq_len(ncol(X))); X }
fit_of <- function(x, ...) {
  X <- columns(x$mods, "x")
  arguments <- list(yi = x$yi, vi = x$vi, method = x$method, test = x$test, intercept = x$intercept, ...)
  if (!is.null(X)) arguments$mods <- X
  if (x$method %in% c("GENQ", "GENQM")) arguments$weights <- x$weights
  if (is.null(arguments$control)) arguments$control <- controls(x$method)
  do.call(rma, arguments)
}

answer_all(function(x) {
  if (x$kind == "scale") {
    X <- columns(x$mods, "x")
    Z <- cbind(intrcpt = 1, columns(x$scale, "z"))
    arguments <- list(yi = x$yi, vi = x$vi, scale = Z, method = x$method, link = x$link, test = x$test, control = list(optimizer = "nlminb", rel.tol = 1e-9, iter.max = 10000, eval.max = 10000))
    if (!is.null(X)) arguments$mods <- X
    f <- do.call(rma, arguments)
    return(list(estimate = vec(f$beta), se = vec(f$se), alpha = vec(f$alpha), alpha_se = vec(f$se.alpha), qm = num(f$QM), qs = num(f$QS), q = num(f$QE),
                log_likelihood = num(logLik(f))))
  }
  f <- fit_of(x)
  if (x$kind == "permutation") {
    g <- permutest(f, exact = TRUE, progbar = FALSE)
    return(list(p_value = vec(g$pval), joint = num(g$QMp)))
  }
  out <- list(estimate = vec(f$beta), se = vec(f$se), ci_low = vec(f$ci.lb), ci_high = vec(f$ci.ub), statistic = vec(f$zval), p_value = vec(f$pval),
    tau2 = num(f$tau2), tau2_se = num(f$se.tau2), i2 = num(f$I2), h2 = num(f$H2), r2 = num(f$R2), q = num(f$QE), q_p_value = num(f$QEp), qm = num(f$QM),
    qm_p_value = num(f$QMp), p = f$p, covariance = vec(vcov(f)))
  stats <- f$fit.stats[[if (f$method == "REML") "REML" else "ML"]]
  out <- c(out, setNames(as.list(stats), c("log_likelihood", "deviance", "aic", "bic", "aicc")))
  if (f$k > f$p && f$method != "EE") {
    ci <- tryCatch(quiet(confint(f, control = list(tol = 1e-13, maxiter = 100000, tau2.max = 1e7))$random[1, 2:3]), error = function(e) c(NA, NA))
    out$tau2_ci <- vec(ci)
  }
  p <- predict(f)
  out <- c(out, list(pred = vec(p$pred), pred_se = vec(p$se), pi_low = vec(p$pi.lb), pi_high = vec(p$pi.ub), hat = vec(hatvalues(f)), residuals = vec(resid(f))))
  if (f$p > 1) {
    L <- matrix(0, 2, f$p); L[1, 1] <- 1; L[1, 2] <- -1; L[2, f$p] <- 1
    a <- anova(f, X = L)
    out <- c(out, list(contrast = vec(a$Xb), contrast_se = vec(a$se), contrast_p = vec(a$pval), joint = num(a$QM), joint_p = num(a$QMp)))
    if (f$intercept && f$p > 2) out$vif <- vec(vif(f)$vifs)
  }
  out
})
