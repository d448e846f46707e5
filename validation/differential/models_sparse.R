# rma.mh, rma.peto and rma.glmm on the cases of models_sparse.py.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "models_exchange.R"))

pooled <- function(f) list(estimate = num(f$beta), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub),
  statistic = num(f$zval), p_value = num(f$pval), q = num(f$QE), q_p_value = num(f$QEp), i2 = num(f$I2), h2 = num(f$H2),
  yi = vec(f$yi.f), vi = vec(f$vi.f))

stratified <- function(f) list(cmh = num(f$MH), cmh_p = num(f$MHp), bd = num(f$BD), bd_p = num(f$BDp), ta = num(f$TA), ta_p = num(f$TAp))

answer_all(function(x) {
  if (x$kind == "mh") {
    f <- if (x$measure %in% c("IRR", "IRD")) {
      rma.mh(measure = x$measure, x1i = x$events1, x2i = x$events2, t1i = x$time1, t2i = x$time2, add = x$add, to = x$to,
             drop00 = x$drop00, correct = x$correct, level = 95)
    } else rma.mh(measure = x$measure, ai = x$events1, n1i = x$n1, ci = x$events2, n2i = x$n2, add = x$add, to = x$to,
                  drop00 = x$drop00, correct = x$correct, level = 95)
    return(c(pooled(f), stratified(f)))
  }
  if (x$kind == "peto")
    return(pooled(rma.peto(ai = x$events1, n1i = x$n1, ci = x$events2, n2i = x$n2, add = x$add, to = x$to, drop00 = x$drop00)))
  arguments <- list(measure = x$measure, method = x$method, test = x$test)
  if (x$measure == "OR") arguments <- c(arguments, list(ai = x$events1, n1i = x$n1, ci = x$events2, n2i = x$n2, model = x$model))
  if (x$measure == "IRR") arguments <- c(arguments, list(x1i = x$events1, t1i = x$time1, x2i = x$events2, t2i = x$time2, model = x$model))
  if (x$measure == "PLO") arguments <- c(arguments, list(xi = x$events1, ni = x$n1))
  if (x$measure == "IRLN") arguments <- c(arguments, list(xi = x$events1, ti = x$time1))
  if (!is.null(x$mods)) arguments$mods <- x$mods
  if (!is.null(x$coding)) arguments$coding <- x$coding
  if (!is.null(x$nAGQ)) arguments$nAGQ <- x$nAGQ
  if (!is.null(x$cor)) arguments$cor <- x$cor
  lme4 <- list(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-11)
  f <- do.call(rma.glmm, arguments)
  list(coefficients = vec(f$beta), ses = vec(f$se), tau2 = num(f$tau2), sigma2 = num(f$sigma2), i2 = num(f$I2), h2 = num(f$H2),
       q_wald = num(f$QE.Wld), q_lrt = num(f$QE.LRT), q_df = num(f$QE.df), qm = num(f$QM), qm_p = num(f$QMp),
       log_likelihood = num(f$fit.stats["ll", "ML"]), k = num(f$k))
})
