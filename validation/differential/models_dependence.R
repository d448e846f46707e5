# rma.mv, robust tests, robumeta, vcalc and aggregate on the cases of models_dependence.py.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "models_exchange.R"))
suppressMessages({library(clubSandwich); library(robumeta)})

matrix_of <- function(x) do.call(rbind, x)
kinds <- c("sigma2", "tau2", "rho", "gamma2", "phi")
satisfied <- c(satterthwaite = "Satterthwaite", "clusters-1" = "naive-t", "clusters-p" = "naive-tp", normal = "z")
joint <- c(satterthwaite = "HTZ", "clusters-1" = "Naive-F", "clusters-p" = "Naive-Fp", normal = "chi-sq")

fit_of <- function(x, given) {
  d <- as.data.frame(x$data)
  arguments <- list(yi = x$yi, V = matrix_of(x$V), random = lapply(x$random, as.formula), data = d, method = x$method, test = x$test,
                    dfs = x$dfs, intercept = x$intercept)
  if (length(x$struct)) arguments$struct <- unlist(x$struct)
  if (length(x$mods)) { X <- do.call(cbind, x$mods); colnames(X) <- paste0("x", seq_len(ncol(X))); arguments$mods <- X }
  do.call(rma.mv, c(arguments, given))
}

multilevel <- function(x) {
  own <- tryCatch(quiet(fit_of(x, list())), error = function(e) NULL)   # R's own search
  f <- quiet(fit_of(x, lapply(x$given, unlist)))                        # the model at our components
  out <- list(free = !is.null(own), estimate = vec(f$beta), se = vec(f$se), ci_low = vec(f$ci.lb), ci_high = vec(f$ci.ub), p_value = vec(f$pval),
    qm = num(f$QM), qm_p_value = num(f$QMp), q = num(f$QE), q_p_value = num(f$QEp), log_likelihood = num(logLik(f)), df = if (f$test == "t") vec(f$ddf) else NULL)
  if (!is.null(own)) {
    used <- ifelse(kinds == "sigma2", own$withS, ifelse(kinds %in% c("tau2", "rho"), own$withG, own$withH))
    out$own_log_likelihood <- num(logLik(own))
    out$own <- setNames(lapply(seq_along(kinds), function(i) if (used[i]) vec(own[[kinds[i]]]) else vec(numeric())), kinds)
    out$aic <- num(own$fit.stats["AIC:", own$method]); out$parameters <- num(own$parms)
  }
  if (length(x$mods) == 0 && x$intercept) {
    p <- predict(f)
    out <- c(out, list(pred = vec(p$pred), pi_low = vec(p$pi.lb), pi_high = vec(p$pi.ub)))
  }
  out$fitted <- vec(fitted(f)); out$hat <- vec(hatvalues(f)); out$rstandard <- vec(rstandard(f)$z)
  out$variance <- vec(diag(f$M))
  if (length(x$random) == 1 && grepl("~ 1", x$random[[1]])) {
    r <- ranef(f)
    out$effects <- I(unname(lapply(r, function(one) sort(as.numeric(one$intrcpt)))))
    out$effects_se <- I(unname(lapply(r, function(one) sort(as.numeric(one$se)))))
  }
  if (!is.null(x$cluster)) {
    g <- x$cluster
    ct <- coef_test(f, vcov = x$adjust, cluster = g, test = satisfied[[x$df]])
    w <- Wald_test(f, constraints = constrain_zero(seq_len(f$p)), vcov = x$adjust, cluster = g, test = joint[[x$df]])
    dfs <- ct[[grep("^df", names(ct))[1]]]
    out$robust <- list(se = vec(ct$SE), df = if (x$df == "normal" || is.null(dfs)) NULL else vec(dfs), p_value = vec(ct[[grep("^p_", names(ct))[1]]]),
                       wald = num(w$Fstat), wald_p = num(w$p_val))
    for (adjust in c(TRUE, FALSE)) {
      r <- robust(f, cluster = g, adjust = adjust)
      out[[paste0("metafor_", if (adjust) "CR1p" else "CR0")]] <- list(se = vec(r$se), p_value = vec(r$pval), ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub), qm = num(r$QM), qm_p = num(r$QMp))
    }
    r <- robust(f, cluster = g, clubSandwich = TRUE)
    out$metafor_CR2 <- list(se = vec(r$se), p_value = vec(r$pval), ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub), qm = num(r$QM), qm_p = num(r$QMp))
  }
  if (isTRUE(x$deletion)) {
    out$cooks <- vec(cooks.distance(f, cluster = x$cluster, reestimate = FALSE))
    out$dfbetas <- vec(as.matrix(dfbetas(f, cluster = x$cluster, reestimate = FALSE)))
    s <- rstudent(f, cluster = x$cluster, reestimate = FALSE)
    out$rstudent <- vec(s$obs$z); out$cluster_x2 <- vec(s$cluster$X2)
  }
  given <- lapply(x$given, unlist)
  weighted <- quiet(fit_of(x, c(given, list(W = x$W))))
  out$weighted <- list(estimate = vec(weighted$beta), se = vec(weighted$se), log_likelihood = num(logLik(weighted)))
  if (isTRUE(x$profile)) {
    ci <- tryCatch(quiet(confint(own, control = list(tol = 1e-10))), error = function(e) NULL)
    if (!is.null(ci)) {
      ci <- if (is.null(ci$random)) lapply(ci[sapply(ci, is.list)], `[[`, "random") else list(ci$random)
      out$profile_low <- vec(sapply(ci, function(m) m[1, 2])); out$profile_high <- vec(sapply(ci, function(m) m[1, 3]))
    }
  }
  out
}

regression_robust <- function(x) {
  X <- if (length(x$mods)) do.call(cbind, x$mods) else NULL
  arguments <- list(yi = x$yi, vi = x$vi, method = x$method)
  if (!is.null(X)) arguments$mods <- X
  f <- do.call(rma, arguments)
  ct <- coef_test(f, vcov = x$adjust, cluster = x$cluster, test = satisfied[[x$df]])
  w <- Wald_test(f, constraints = constrain_zero(seq_len(f$p)), vcov = x$adjust, cluster = x$cluster, test = joint[[x$df]])
  dfs <- ct[[grep("^df", names(ct))[1]]]
  r <- robust(f, cluster = x$cluster, adjust = TRUE)
  list(se = vec(ct$SE), df = if (x$df == "normal" || is.null(dfs)) NULL else vec(dfs), p_value = vec(ct[[grep("^p_", names(ct))[1]]]), wald = num(w$Fstat), wald_p = num(w$p_val),
       metafor_se = vec(r$se), metafor_p = vec(r$pval), metafor_qm = num(r$QM), metafor_qm_p = num(r$QMp))
}

moments <- function(x) {
  d <- data.frame(y = x$yi, v = x$vi, s = x$cluster)
  if (length(x$mods)) for (i in seq_along(x$mods)) d[[paste0("x", i)]] <- x$mods[[i]]
  right <- if (length(x$mods)) paste0("x", seq_along(x$mods), collapse = "+") else "1"
  r <- robu(as.formula(paste("y ~", right)), data = d, studynum = s, var.eff.size = v, rho = x$rho, small = x$small, modelweights = x$model)
  t <- r$reg_table
  list(estimate = vec(t$b.r), se = vec(t$SE), df = vec(t$dfs), p_value = vec(t$prob), ci_low = vec(t$CI.L), ci_high = vec(t$CI.U), tau2 = num(r$mod_info$tau.sq),
       omega2 = if (x$model == "HIER") num(r$mod_info$omega.sq) else NULL)
}

covariances <- function(x) {
  arguments <- list(vi = x$vi, cluster = x$cluster)
  for (name in c("subgroup", "obs", "type", "time1", "time2", "grp1", "grp2", "w1", "w2", "rho", "phi")) if (!is.null(x[[name]])) arguments[[name]] <- unlist(x[[name]])
  V <- do.call(vcalc, c(arguments, list(checkpd = FALSE)))
  list(matrix = vec(V), positive = min(eigen(V, TRUE, TRUE)$values) > 0)
}

aggregated <- function(x) {
  d <- escalc(yi = x$yi, vi = x$vi)
  arguments <- list(d, cluster = x$cluster, struct = x$struct, weighted = x$weighted)
  for (name in c("rho", "phi", "time", "obs")) if (!is.null(x[[name]])) arguments[[name]] <- x[[name]]
  a <- do.call(aggregate, arguments)
  list(yi = vec(a$yi), vi = vec(a$vi))
}

answer_all(function(x) switch(x$kind, multilevel = multilevel(x), regression = regression_robust(x), moments = moments(x), vcalc = covariances(x), aggregate = aggregated(x)))
