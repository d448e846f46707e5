# What help_pages.R and help_pages_models.R share: metafor's functions with tight iterations, and how the numbers of each
# kind of result are read under evergrove's names.
source("validation/golden/record.R")
suppressMessages(library(lme4))

tightened <- function(name, control) function(...) {     # the call of the help page, with tight iterations added
  call <- match.call(expand.dots = TRUE)
  call[[1]] <- call(":::", quote(metafor), as.name(name))
  if (is.null(call$control)) call$control <- control
  quiet(eval(call, parent.frame()))
}
rma <- tightened("rma.uni", tight)
rma_scale <- function(...) {                            # rma(scale=): nlminb as far as it can go
  call <- match.call(); call[[1]] <- quote(metafor::rma.uni)
  for (tol in 10^(-13:-6)) {
    call$control <- list(optimizer = "nlminb", rel.tol = tol, iter.max = 5000, eval.max = 5000)
    f <- try(quiet(eval(call, parent.frame())), silent = TRUE)
    if (!inherits(f, "try-error")) return(f)
  }
  stop(f)
}
# lme4 gives up where its tolerance lies below rounding: the next larger one is tried
rma.glmm <- function(...) {
  call <- match.call(); call[[1]] <- quote(metafor::rma.glmm)
  for (tol in 10^(-13:-8)) {
    call$control <- list(glmerCtrl = list(optimizer = "bobyqa", tolPwrss = tol, check.conv.grad = "ignore", check.conv.singular = "ignore",
      check.conv.hess = "ignore", optCtrl = list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e6)))
    f <- try(quiet(eval(call, parent.frame())), silent = TRUE)
    if (!inherits(f, "try-error")) return(f)
  }
  stop(f)
}
confint.rma.uni <- tightened("confint.rma.uni", tight_root)
registerS3method("confint", "rma.uni", confint.rma.uni)

# --- asking ---------------------------------------------------------------------------------------
asked <- list()
begin <- function() asked <<- list()
ask <- function(page, id, expr, read) {
  call <- paste(deparse(substitute(expr), width.cutoff = 500), collapse = " ")
  asked[[length(asked) + 1]] <<- list(page = page, id = id, call = call, values = read(quiet(expr)))
}
finish <- function(name, data, note = "REML and ML: threshold 1e-12; Q-profile: tol 1e-14")
  save(name, "the call of each case, as on metafor's help page of that name; control tightened", asked, note, data)
raw <- function(d, ...) lapply(d[c(...)], function(x) I(if (is.character(x) || is.factor(x)) as.character(x) else as.numeric(x)))

# --- reading --------------------------------------------------------------------------------------
criteria <- function(stats, prefix = "") setNames(lapply(1:5, function(i) num(stats[i])),
                                                  paste0(prefix, c("log_likelihood", "deviance", "aic", "bic", "aicc")))
coefficients_of <- function(f, wrap = vec) list(estimate = wrap(f$beta), se = wrap(f$se), statistic = wrap(f$zval), p_value = wrap(f$pval),
                                                ci_low = wrap(f$ci.lb), ci_high = wrap(f$ci.ub))
residual_q <- function(f) list(q = num(f$QE), q_df = f$k - f$p, q_p_value = num(f$QEp), k = f$k)
spread <- function(f) list(tau2 = num(f$tau2), i2 = num(f$I2), h2 = num(f$H2))
components <- function(f) {
  rows <- f$random
  names <- c("tau2", "tau", "i2", "h2")
  setNames(lapply(c(rows[, 2:3]), num), paste0(rep(names, 2), rep(c("_ci_low", "_ci_high"), each = 4)))
}
one_mean <- function(f) {
  random <- !(f$method %in% c("EE", "FE"))
  p <- predict(f)
  c(coefficients_of(f, num), spread(f), residual_q(f), criteria(f$fit.stats[, 1], "ml."), criteria(f$fit.stats[, 2], "reml."),
    list(weights = vec(weights(f) / 100)),
    if (random) c(list(tau2_se = num(f$se.tau2)), components(confint(f)), list(prediction_low = p$pi.lb, prediction_high = p$pi.ub)))
}
moderators <- function(f) {
  random <- !(f$method %in% c("EE", "FE"))
  c(coefficients_of(f), spread(f), residual_q(f),
    list(covariance = vec(vcov(f)), qm = num(f$QM), qm_df = num(f$QMdf), qm_p_value = num(f$QMp), r2 = num(f$R2)),
    criteria(f$fit.stats[, if (f$method == "REML") 2 else 1]),
    list(fitted = vec(fitted(f)), residuals = vec(resid(f)), leverage = vec(hatvalues(f)), weights = vec(weights(f) / 100)),
    if (random) c(list(tau2_se = num(f$se.tau2)), components(confint(f))[c("tau2_ci_low", "tau2_ci_high")]))
}
scaled <- function(f) c(coefficients_of(f), residual_q(f), list(qm = num(f$QM), qm_p_value = num(f$QMp), tau2 = vec(if (length(f$tau2) == 1) rep(f$tau2, f$k) else f$tau2),
  scale_estimate = vec(f$alpha), scale_se = vec(f$se.alpha), scale_statistic = vec(f$zval.alpha), scale_p_value = vec(f$pval.alpha), scale_ci_low = vec(f$ci.lb.alpha),
  scale_ci_high = vec(f$ci.ub.alpha)), if (length(f$alpha) > 1) list(qs = num(f$QS), qs_p_value = num(f$QSp)), criteria(f$fit.stats[, 2]))
predicted <- function(f) {
  se <- if (all(is.na(f$se))) NULL else list(se = vec(f$se))
  c(list(estimate = vec(f$pred)), se, list(ci_low = vec(f$ci.lb), ci_high = vec(f$ci.ub)),
    if (!is.null(f$pi.lb)) list(prediction_low = vec(f$pi.lb), prediction_high = vec(f$pi.ub)))
}
wald <- function(f) list(statistic = num(f$QM), df = num(f$QMdf), p_value = num(f$QMp))
hypotheses <- function(f) c(list(estimate = vec(f$Xb), se = vec(f$se), statistic = vec(f$zval), p_value = vec(f$pval)),
                            if (!is.null(f$QM) && !is.na(f$QM)) list(joint_statistic = num(f$QM), joint_df = num(f$QMdf), joint_p_value = num(f$QMp)))
likelihood_ratio <- function(f) c(list(statistic = num(f$LRT), df = f$parms.f - f$parms.r, p_value = num(f$pval), parameters_full = f$parms.f, parameters_reduced = f$parms.r),
  list(log_likelihood_full = num(f$fit.stats.f["ll"]), log_likelihood_reduced = num(f$fit.stats.r["ll"]), aic_full = num(f$fit.stats.f["AIC"]), aic_reduced = num(f$fit.stats.r["AIC"]),
       bic_full = num(f$fit.stats.f["BIC"]), bic_reduced = num(f$fit.stats.r["BIC"]), aicc_full = num(f$fit.stats.f["AICc"]), aicc_reduced = num(f$fit.stats.r["AICc"])),
  if (!is.null(f$R2)) list(r2 = num(f$R2)))
inflation <- function(f) list(vif = vec(sapply(f$vif, function(x) x$vif)), sif = vec(sapply(f$vif, function(x) x$sif)))
matrix_of <- function(f) list(matrix = vec(f))
studies <- function(f) c(list(estimate = vec(f$pred), ci_low = vec(f$pi.lb), ci_high = vec(f$pi.ub)), if (all(is.na(f$se))) NULL else list(se = vec(f$se)))
refits <- function(f) c(list(estimate = vec(f$estimate), se = vec(f$se), statistic = vec(f$zval), p_value = vec(f$pval), ci_low = vec(f$ci.lb), ci_high = vec(f$ci.ub),
    q = vec(f$Q), q_p_value = vec(f$Qp)), if (!is.null(f$tau2)) list(tau2 = vec(f$tau2), i2 = vec(f$I2), h2 = vec(f$H2)))
residuals_of <- function(f) list(residual = vec(f$resid), residual_se = vec(f$se), z = vec(f$z))
influences <- function(f) list(rstudent = vec(f$inf$rstudent), dffits = vec(f$inf$dffits), cook = vec(f$inf$cook.d), covariance_ratio = vec(f$inf$cov.r),
    tau2 = vec(f$inf$tau2.del), qe = vec(f$inf$QE.del), hat = vec(f$inf$hat), weight = vec(f$inf$weight / 100), influential = vec(f$is.infl),
    dfbetas = vec(sapply(unclass(f$dfbs)[seq_len(f$p)], as.numeric)))
closed <- function(f) c(coefficients_of(f, num), list(q = num(f$QE), q_df = f$k.yi - 1, q_p_value = num(f$QEp), i2 = num(f$I2), h2 = num(f$H2), weights = vec(weights(f) / 100)),
  if (!is.null(f$MH) && !is.na(f$MH)) list(mantel_haenszel = num(f$MH), mantel_haenszel_p_value = num(f$MHp), tarone = num(f$TA), tarone_p_value = num(f$TAp),
                                           breslow_day = num(f$BD), breslow_day_p_value = num(f$BDp)))
# the Wald test of metafor's saturated model is loosely optimised for UM.RS and CM.EL: see the notes on sparse data
sparse <- function(f) c(coefficients_of(f), list(tau2 = num(f$tau2), i2 = num(f$I2), h2 = num(f$H2)),
    if (!(f$model %in% c("UM.RS", "CM.EL"))) list(q_wald = num(f$QE.Wld), q_wald_p_value = num(f$QEp.Wld)), list(q_lrt = num(f$QE.LRT), q_lrt_p_value = num(f$QEp.LRT), q_df = num(f$QE.df), k = num(f$k), parameters = num(f$parms)),
    if (f$model == "UM.RS") list(sigma2 = num(f$sigma2)), if (f$p > 1) list(q_model = num(f$QM), q_model_p_value = num(f$QMp)))
asymmetry <- function(f) c(list(statistic = num(f$zval), p_value = num(f$pval), df = num(f$dfs)),
  if (!is.null(f$est)) list(intercept = num(f$est), intercept_ci_low = num(f$ci.lb), intercept_ci_high = num(f$ci.ub)))
fail_safe <- function(f) list(n = num(f$fsnum), p_value = num(f$pval), estimate = num(f$meanes), target = num(f$target))
excess <- function(f) list(observed = num(f$O), expected = num(f$E), ratio = num(f$OEratio), statistic = num(f$X2), p_value = num(f$pval), power = vec(f$power),
                           significant = vec(f$sig), theta = num(f$theta))
trimmed <- function(f) {
  last <- rma(as.numeric(f$yi), f$vi, method = f$method)      # trimfill fits the filled studies at its own tolerance
  c(list(missing = num(f$k0), missing_se = num(f$se.k0), missing_p_value = num(f$p.k0), filled_yi = vec(sort(f$yi))),
    coefficients_of(last, num), spread(last), residual_q(last))
}
henmi_copas <- function(f) c(list(estimate = num(f$beta), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub), tau2 = num(f$tau2)), if (is.na(f$se)) NULL else list(se = num(f$se)))
