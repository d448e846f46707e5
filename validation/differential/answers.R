# Answers calls of metafor on drawn data.
#   Rscript validation/differential/answers.R calls.json answers.json
# It is called by validation/differential/run.py.
suppressMessages({library(metafor); library(jsonlite)})
files <- commandArgs(trailingOnly = TRUE)
calls <- fromJSON(files[1], simplifyVector = TRUE, simplifyDataFrame = FALSE, simplifyMatrix = FALSE)
num <- function(x) if (is.null(x) || length(x) == 0) NA_real_ else as.numeric(x)[1]
vec <- function(x) I(as.numeric(x))

of_escalc <- function(a) {
  r <- do.call(escalc, a)
  list(yi = vec(r$yi), vi = vec(r$vi))
}

# R's own thresholds are absolute: tightened to the size of the answer
control <- function(a) {
  unit <- a$unit
  switch(a$method,
    REML = , ML = , EB = list(threshold = 1e-12 * unit, maxiter = 5000),
    PM = , PMM = list(tol = 1e-14 * unit, maxiter = 100000, tau2.max = 10 * (max(a$yi) - min(a$yi))^2 + unit),
    list())
}
fitted <- function(a) {
  weights <- if (a$method == "GENQ") 1 / sqrt(a$vi) else a$weights
  extra <- if (is.null(weights)) list() else list(weights = weights)
  do.call(rma, c(list(yi = a$yi, vi = a$vi, method = a$method, test = a$test, control = control(a)), extra))
}
of_fit <- function(a) {
  f <- fitted(a)
  p <- predict(f)
  list(estimate = num(f$beta), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub), statistic = num(f$zval),
       p_value = num(f$pval), tau2 = num(f$tau2), tau2_se = num(f$se.tau2), i2 = num(f$I2), h2 = num(f$H2), q = num(f$QE),
       q_p_value = num(f$QEp), prediction_low = num(p$pi.lb), prediction_high = num(p$pi.ub),
       ml = vec(f$fit.stats[, "ML"]), reml = vec(f$fit.stats[, "REML"]), weights = vec(weights(f) / 100))
}
of_limits <- function(a) {
  f <- fitted(a); unit <- a$unit
  top <- 1e4 * max(a$vi) + 1e5 * (max(a$yi) - min(a$yi))^2
  r <- confint(f, type = a$type, level = 95, control = list(tol = 1e-13 * unit, maxiter = 100000, tau2.max = top))$random
  list(tau2_ci_low = num(r["tau^2", "ci.lb"]), tau2_ci_high = num(r["tau^2", "ci.ub"]), top = top)
}
of_hc <- function(a) {
  r <- hc(rma(yi = a$yi, vi = a$vi, method = "DL"), control = list(tol = 1e-14))
  list(estimate = num(r$beta), se = num(r$se), ci_low = num(r$ci.lb), ci_high = num(r$ci.ub), tau2 = num(r$tau2))
}
of_influence <- function(a) {
  f <- fitted(a); i <- influence(f)$inf; s <- rstandard(f); b <- dfbetas(f)
  list(rstudent = vec(i$rstudent), dffits = vec(i$dffits), cook = vec(i$cook.d), covariance_ratio = vec(i$cov.r),
       tau2 = vec(i$tau2.del), qe = vec(i$QE.del), hat = vec(i$hat), weight = vec(i$weight / 100), residual = vec(s$resid),
       residual_se = vec(s$se), rstandard = vec(s$z), dfbetas = vec(b[[1]]))
}
refits <- function(r) list(estimate = vec(r$estimate), ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub), p_value = vec(r$pval),
                           tau2 = vec(r$tau2), i2 = vec(r$I2), q = vec(r$Q))
of_way_back <- function(a) list(natural = vec(do.call(a$name, a$arguments)))

answer <- function(call) tryCatch(suppressWarnings(suppressMessages(switch(call$kind,
  escalc = of_escalc(call$arguments), fit = of_fit(call$arguments), limits = of_limits(call$arguments),
  hc = of_hc(call$arguments), influence = of_influence(call$arguments),
  leave1out = refits(leave1out(fitted(call$arguments))), cumul = refits(cumul(fitted(call$arguments))),
  "way back" = of_way_back(call$arguments)))), error = function(e) list(stopped = conditionMessage(e)))
answers <- lapply(calls, answer)
versions <- list(r = R.version.string, metafor = as.character(packageVersion("metafor")))
write(toJSON(list(versions = versions, answers = answers), auto_unbox = TRUE, digits = NA, na = "null", null = "null"), files[2])
