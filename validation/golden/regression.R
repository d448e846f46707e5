# Golden values of meta-regression: fits, predictions, hypotheses, location-scale models, permutation tests.
# Run from the repository's root: Rscript validation/golden/regression.R
source("validation/golden/record.R")
save <- recorder("validation/golden/regression.R", packages = c("Hmisc", "numDeriv"))

# --- data: effects, variances and the columns of the moderators (an intercept is added) -------------------------
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
bcg_rd <- escalc("RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
bang <- subset(dat.bangertdrowns2004, !is.na(length) & !is.na(meta) & !is.na(wic))
normand <- escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
colditz <- escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.colditz1994)
curtis <- escalc("ROM", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i,
                 data = subset(dat.curtis1998, !is.na(time)), vtype = "LS")[1:30, ]
design <- function(d, ...) c(list(yi = as.numeric(d$yi), vi = as.numeric(d$vi)), list(...))
sets <- list(
  bcg_ablat_year = design(bcg, ablat = bcg$ablat, year = bcg$year),
  bcg_alloc = design(bcg, random = +(bcg$alloc == "random"), systematic = +(bcg$alloc == "systematic")),
  bcg_rd_ablat = design(bcg_rd, ablat = bcg_rd$ablat),
  bangertdrowns2004 = design(bang, length = bang$length, meta = bang$meta, wic = bang$wic),
  raudenbush1985_weeks = design(dat.raudenbush1985, weeks = pmin(dat.raudenbush1985$weeks, 3)),
  konstantopoulos2011_year = design(dat.konstantopoulos2011, year = dat.konstantopoulos2011$year),
  normand1999_n = design(normand, total = normand$n1i + normand$n2i),
  colditz1994_year = design(colditz, year = colditz$year, ablat = colditz$ablat),
  curtis1998_time = design(curtis, time = curtis$time)
)
moderators <- function(set) do.call(cbind, sets[[set]][-(1:2)])
data_of <- function(names) lapply(sets[names], function(d) lapply(d, vec))

methods <- c("REML", "ML", "DL", "PM", "PMM", "EB", "HE", "HS", "HSk", "SJ", "GENQ", "EE")
tests <- c(normal = "z", t = "t", "hartung-knapp" = "knha", "hartung-knapp-truncated" = "adhoc")
control_of <- function(method) {
  if (method %in% c("REML", "ML", "EB")) list(threshold = 1e-13, maxiter = 100000)
  else if (method %in% c("PM", "PMM")) list(tol = 1e-14, maxiter = 100000, tau2.max = 1e4)
  else list()
}
fit_of <- function(set, method, test, ...) {
  d <- sets[[set]]
  arguments <- list(yi = d$yi, vi = d$vi, mods = moderators(set), method = method, test = test, control = control_of(method), ...)
  if (method == "GENQ") arguments$weights <- 1 / sqrt(d$vi)
  quiet(do.call(rma, arguments))
}
fit_record <- function(f) {
  likelihood <- if (f$method == "REML") "REML" else "ML"
  s <- f$fit.stats[[likelihood]]
  list(estimate = vec(coef(f)), se = vec(f$se), statistic = vec(f$zval), p_value = vec(f$pval), ci_low = vec(f$ci.lb),
       ci_high = vec(f$ci.ub), tau2 = num(f$tau2), i2 = num(f$I2), h2 = num(f$H2), r2 = num(f$R2), qm = num(f$QM),
       qm_p_value = num(f$QMp), q = num(f$QE), q_p_value = num(f$QEp), log_likelihood = num(s[1]), deviance = num(s[2]),
       aic = num(s[3]), bic = num(s[4]), aicc = num(s[5]))
}

# --- fits: every estimator, every test ----------------------------------------------------------------------------
cases <- list()
for (set in names(sets)) for (method in methods) for (ci in names(tests)) {
  if (!(method %in% c("REML", "DL")) && !(ci %in% c("normal", "hartung-knapp"))) next
  if (method == "EE" && ci == "hartung-knapp") next
  f <- fit_of(set, method, tests[[ci]])
  rec <- fit_record(f)
  # with weights given metafor uses them for the coefficients too: only tau² is compared
  if (method == "GENQ") rec <- rec[c("tau2", "i2", "h2", "r2", "q")]
  # the SE is from the expected information at the estimate
  if (ci == "normal" && method != "EE") rec$tau2_se <- num(f$se.tau2)
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, ci = ci), rec)
}
save("regression_fits", "rma(yi, vi, mods, method, test, control); GENQ with weights = 1/sqrt(vi)", cases,
     "REML, ML, EB: threshold=1e-13; PM, PMM: tol=1e-14; EE is the common effect", data = data_of(names(sets)))

# two-step estimators and Sidik-Jonkman from Hedges: the published formulas
two_step <- function(y, v, x, start) {
  w <- 1 / (v + start)
  P <- diag(w) - (w * x) %*% solve(crossprod(x, w * x)) %*% t(w * x)
  max(0, (sum(y * (P %*% y)) - sum(diag(P) * v)) / sum(diag(P)))
}
cases <- list()
for (set in c("bcg_ablat_year", "bcg_rd_ablat", "bangertdrowns2004")) for (method in c("DL2", "CA2", "SJ-HE")) {
  d <- sets[[set]]
  x <- cbind(1, moderators(set))
  dl <- num(fit_of(set, "DL", "z")$tau2); he <- num(fit_of(set, "HE", "z")$tau2)
  w <- 1 / (d$vi + (if (he > 0) he else 0.01))
  P <- diag(w) - (w * x) %*% solve(crossprod(x, w * x)) %*% t(w * x)
  tau2 <- switch(method, DL2 = two_step(d$yi, d$vi, x, dl), CA2 = two_step(d$yi, d$vi, x, he),
                 "SJ-HE" = (if (he > 0) he else 0.01) * sum(d$yi * (P %*% d$yi)) / (length(d$yi) - ncol(x)))
  f <- rma(d$yi, d$vi, mods = moderators(set), tau2 = tau2)
  cases[[length(cases) + 1]] <- list(set = set, tau2_method = method, tau2 = tau2, estimate = vec(coef(f)), se = vec(f$se))
}
save("regression_two_step", "P matrices as in DerSimonian & Kacker 2007 and Sidik & Jonkman 2007; rma(tau2=) for coefficients", cases,
     data = data_of(c("bcg_ablat_year", "bcg_rd_ablat", "bangertdrowns2004")))

# not narrower than the classic interval: the wider of two fits
cases <- list()
for (set in names(sets)) {
  hk <- fit_of(set, "DL", "knha"); z <- fit_of(set, "DL", "z")
  f <- if (hk$ci.ub[1] - hk$ci.lb[1] < z$ci.ub[1] - z$ci.lb[1]) z else hk
  cases[[length(cases) + 1]] <- list(set = set, ci = "hartung-knapp-adhoc", se = vec(f$se), ci_low = vec(f$ci.lb),
                                     ci_high = vec(f$ci.ub), p_value = vec(f$pval))
}
save("regression_adhoc", "rma(method='DL'), the wider of test='z' and test='knha'", cases, data = data_of(names(sets)))

# --- limits of tau², hat values, predictions, weights ---------------------------------------------------------------
cases <- list()
for (set in names(sets)) for (level in c(95, 80)) {
  ci <- quiet(confint(fit_of(set, "DL", "z"), level = level, control = tight_root)$random)
  cases[[length(cases) + 1]] <- list(set = set, level = level / 100, tau2_ci_low = ci["tau^2", "ci.lb"], tau2_ci_high = ci["tau^2", "ci.ub"])
}
save("regression_q_profile", "confint(rma(yi, vi, mods, method='DL'), level, control=list(tol=1e-14, maxiter=100000))", cases,
     data = data_of(names(sets)))

cases <- list()
for (set in c("bcg_ablat_year", "bangertdrowns2004")) {
  f <- fit_of(set, "DL", "z")
  cases[[length(cases) + 1]] <- list(set = set, leverage = vec(hatvalues(f)), residuals = vec(resid(f)), fitted = vec(fitted(f)),
                                     weights = vec(weights(f) / 100), hat = vec(hatvalues(f, type = "matrix")[1, ]))
}
save("regression_residuals", "hatvalues, resid, fitted, weights of rma(method='DL')", cases,
     data = data_of(c("bcg_ablat_year", "bangertdrowns2004")))

cases <- list()
rows <- list(bcg_ablat_year = rbind(c(10, 1950), c(33.46, 1966), c(60, 1980)), bcg_alloc = rbind(c(0, 0), c(1, 0), c(0, 1)),
             bangertdrowns2004 = rbind(c(5, 0, 1), c(15, 1, 0)))
for (set in names(rows)) for (ci in names(tests)) for (level in c(95, 80)) {
  p <- predict(fit_of(set, "DL", tests[[ci]]), newmods = rows[[set]], level = level)
  cases[[length(cases) + 1]] <- list(set = set, ci = ci, level = level / 100, rows = rows[[set]], estimate = vec(p$pred), se = vec(p$se),
                                     ci_low = vec(p$ci.lb), ci_high = vec(p$ci.ub), prediction_low = vec(p$pi.lb), prediction_high = vec(p$pi.ub))
}
save("regression_predictions", "predict(rma(yi, vi, mods, method='DL', test), newmods, level)", cases, data = data_of(names(rows)))

cases <- list()
for (set in c("bcg_ablat_year", "bangertdrowns2004")) for (kind in c("inverse-se", "ones")) for (ci in names(tests)) for (method in c("DL", "EE")) {
  d <- sets[[set]]
  if (method == "EE" && !(ci %in% c("normal", "t"))) next
  w <- if (kind == "ones") rep(1, length(d$yi)) else 1 / sqrt(d$vi)
  f <- rma(d$yi, d$vi, mods = moderators(set), method = method, test = tests[[ci]], weights = w)
  cases[[length(cases) + 1]] <- c(list(set = set, weights = kind, ci = ci, tau2_method = method), fit_record(f))
}
save("regression_weights", "rma(yi, vi, mods, method, test, weights)", cases, data = data_of(c("bcg_ablat_year", "bangertdrowns2004")))

# no intercept; tau² given; coefficients chosen for the joint test
cases <- list()
for (set in c("bcg_ablat_year", "bcg_alloc")) for (ci in names(tests)) {
  d <- sets[[set]]
  # metafor centres the effects for tau² and QE, which is right only where the design spans a constant
  x <- moderators(set); w <- 1 / d$vi
  P <- diag(w) - (w * x) %*% solve(crossprod(x, w * x)) %*% t(w * x)
  q <- sum(d$yi * (P %*% d$yi))
  f <- rma(d$yi, d$vi, mods = x, tau2 = max(0, (q - length(w) + ncol(x)) / sum(diag(P))), test = tests[[ci]], intercept = FALSE)
  g <- rma(d$yi, d$vi, mods = moderators(set), tau2 = 0.2, test = tests[[ci]], btt = 2)
  cases[[length(cases) + 1]] <- list(set = set, ci = ci, estimate = vec(coef(f)), se = vec(f$se), tau2 = num(f$tau2), i2 = num(f$I2), qm = num(f$QM),
                                     qm_p_value = num(f$QMp), q = q, log_likelihood = num(f$fit.stats["ll", "ML"]),
                                     given_estimate = vec(coef(g)), given_se = vec(g$se), given_qm = num(g$QM), given_qm_p_value = num(g$QMp))
}
save("regression_variants", "DerSimonian-Laird by its P matrix, rma(tau2=, intercept=FALSE); rma(tau2=0.2, btt=2)", cases, data = data_of(c("bcg_ablat_year", "bcg_alloc")))

# --- formulas, factors, splines -------------------------------------------------------------------------------------
frame <- list(yi = vec(bcg$yi), vi = vec(bcg$vi), ablat = vec(bcg$ablat), year = vec(bcg$year), alloc = bcg$alloc)
formulas <- list(c("~ ablat + year", "~ ablat + year"), c("~ alloc", "~ alloc"), c("~ ablat * alloc", "~ ablat * alloc"),
                 c("~ alloc - 1", "~ alloc - 1"), c("~ ablat + I(ablat**2)", "~ ablat + I(ablat^2)"),
                 c("~ poly(ablat, 2)", "~ poly(ablat, 2)"), c("~ poly(ablat, 2, raw=True)", "~ poly(ablat, 2, raw = TRUE)"),
                 c("~ rcs(year, 3)", "~ Hmisc::rcspline.eval(year, nk = 3, inclx = TRUE)"),
                 c("~ C(alloc, contr.treatment(base='systematic'))", "~ relevel(factor(alloc), ref = 'systematic')"),
                 c("~ np.log(ablat):alloc", "~ log(ablat):alloc"))
cases <- list()
for (pair in formulas) {
  f <- rma(yi, vi, mods = as.formula(pair[2]), data = bcg, method = "DL")
  cases[[length(cases) + 1]] <- list(formula = pair[1], r_formula = pair[2], estimate = vec(coef(f)), se = vec(f$se), qm = num(f$QM),
                                     q = num(f$QE), fitted = vec(fitted(f)))
}
save("regression_formulas", "rma(yi, vi, mods=formula, method='DL')", cases, data = list(bcg = frame))

cases <- list()
x <- list(ablat = dat.bcg$ablat, year = dat.konstantopoulos2011$year, n = dat.bangertdrowns2004$ni, long = round(qnorm(ppoints(150)) * 20 + 100, 3))
for (name in names(x)) for (knots in 3:7) {
  k <- quiet(try(Hmisc::rcspline.eval(x[[name]], nk = knots, knots.only = TRUE, fractied = 0), silent = TRUE))
  # where ties make knots equal Hmisc takes others; evergrove refuses
  default <- quantile(x[[name]], seq(c(.1, .05, .05, .05, .025)[knots - 2], 1 - c(.1, .05, .05, .05, .025)[knots - 2], length = knots))
  if (length(x[[name]]) < 100) { s <- sort(x[[name]]); default[1] <- s[5]; default[knots] <- s[length(s) - 4] }
  if (length(unique(x[[name]])) - 2 <= knots) next
  if (inherits(k, "try-error") || any(diff(default) <= 0) || length(k) != knots) next
  b <- Hmisc::rcspline.eval(x[[name]], knots = k, inclx = TRUE)
  cases[[length(cases) + 1]] <- list(set = name, count = knots, knots = vec(k), last = vec(b[, ncol(b)]), second = vec(b[, 2]))
}
save("regression_splines", "Hmisc::rcspline.eval(x, nk, inclx=TRUE, fractied=0)", cases, data = lapply(x, function(v) list(x = vec(v))))

# --- redundant columns and missing moderators --------------------------------------------------------------------------
cases <- list()
for (kind in c("drop", "error")) {
  d <- sets$bcg_ablat_year
  x <- cbind(ablat = d$ablat, year = d$year, sum = d$ablat + d$year, half = 0.5 * d$ablat)
  f <- quiet(rma(d$yi, d$vi, mods = x, method = "DL"))
  cases[[length(cases) + 1]] <- list(redundant = kind, estimate = vec(coef(f)), se = vec(f$se), dropped = I(colnames(x)[f$coef.na[-1]]))
}
for (kind in c("drop", "error")) {
  d <- dat.bangertdrowns2004
  f <- quiet(rma(yi, vi, mods = ~ meta, data = d, method = "DL"))
  cases[[length(cases) + 1]] <- list(missing = kind, estimate = vec(coef(f)), se = vec(f$se), k = f$k, lost = vec(which(is.na(d$meta)) - 1))
}
save("regression_incomplete", "rma(mods with redundant columns, method='DL'); rma(~ meta) with missing values", cases,
     "metafor drops redundant predictors and incomplete studies with a warning",
     data = list(bcg = lapply(sets$bcg_ablat_year, vec), bangert = with(dat.bangertdrowns2004, list(yi = vec(yi), vi = vec(vi), meta = vec(meta)))))

# --- hypotheses, comparisons, inflation -----------------------------------------------------------------------------------
cases <- list()
L <- list(bcg_alloc = rbind(c(0, 1, -1), c(1, 1, 0)), bangertdrowns2004 = rbind(c(0, 1, 1, 0), c(1, 10, 0, 1)))
for (set in names(L)) for (ci in names(tests)) for (rhs in c(0, 0.1)) {
  f <- fit_of(set, "DL", tests[[ci]])
  a <- anova(f, X = L[[set]], rhs = rep(rhs, 2))
  cases[[length(cases) + 1]] <- list(set = set, ci = ci, rhs = rhs, matrix = L[[set]], estimate = vec(L[[set]] %*% coef(f)), se = vec(a$se),
                                     statistic = vec(a$zval), p_value = vec(a$pval), joint = num(a$QM), joint_p_value = num(a$QMp))
}
save("regression_hypotheses", "anova(rma(method='DL', test), X=L, rhs)", cases, data = data_of(names(L)))

cases <- list()
for (set in c("bcg_ablat_year", "bangertdrowns2004", "colditz1994_year")) {
  d <- sets[[set]]
  full <- fit_of(set, "ML", "z")
  null <- rma(d$yi, d$vi, mods = moderators(set)[, 1, drop = FALSE], method = "ML", control = control_of("ML"))
  a <- anova(full, null)
  cases[[length(cases) + 1]] <- list(set = set, statistic = num(a$LRT), df = a$parms.f - a$parms.r, p_value = num(a$pval), r2 = num(a$R2),
                                     aic_full = num(a$fit.stats.f["AIC"]), aic_reduced = num(a$fit.stats.r["AIC"]),
                                     bic_full = num(a$fit.stats.f["BIC"]), aicc_reduced = num(a$fit.stats.r["AICc"]))
}
save("regression_comparisons", "anova(full, reduced), both rma(method='ML')", cases, data = data_of(c("bcg_ablat_year", "bangertdrowns2004", "colditz1994_year")))

cases <- list()
for (set in c("bcg_ablat_year", "bcg_alloc", "bangertdrowns2004")) for (ci in c("normal", "hartung-knapp")) {
  f <- fit_of(set, "DL", tests[[ci]])
  pair <- vif(f, btt = 2:3)
  cases[[length(cases) + 1]] <- list(set = set, ci = ci, vif = vec(sapply(vif(f)$vif, function(v) v$vif)),
                                     pair = num(if (is.null(pair$vif[[1]]$vif)) NA else pair$vif[[1]]$vif), sif = num(pair$vif[[1]]$sif))
}
save("regression_inflation", "vif(rma(method='DL')); vif(f, btt=2:3)", cases, data = data_of(c("bcg_ablat_year", "bcg_alloc", "bangertdrowns2004")))
cases <- list()
for (set in c("bcg_ablat_year", "bangertdrowns2004")) for (again in c(FALSE, TRUE)) {
  if (again && set != "bcg_ablat_year") next
  f <- fit_of(set, "DL", "z")
  v <- vif(f, sim = 4000, seed = 7, progbar = FALSE, reestimate = again)
  cases[[length(cases) + 1]] <- list(set = set, reestimate = again, share = vec(v$prop), quartiles = unname(lapply(as.data.frame(apply(v$sim, 2, quantile, c(0.25, 0.5, 0.75))), vec)))
}
save("regression_inflation_simulated", "vif(rma(method='DL'), sim, reestimate): 4000 permutations of each column", cases, data = data_of(c("bcg_ablat_year", "bangertdrowns2004")))

# --- location-scale models --------------------------------------------------------------------------------------------------
# metafor's estimates, then Newton steps on the likelihood written a second time, with numDeriv's derivatives
ls_likelihood <- function(alpha, y, v, x, z, method, link) {
  tau2 <- if (link == "log") exp(c(z %*% alpha)) else c(z %*% alpha)
  if (any(tau2 < 0)) return(NA_real_)
  w <- 1 / (v + tau2)
  a <- crossprod(x, w * x)
  r <- y - c(x %*% solve(a, crossprod(x, w * y)))
  -0.5 * (sum(log(v + tau2)) + sum(w * r^2) + (if (method == "REML") as.numeric(determinant(a)$modulus) else 0))
}
polished <- function(f, link) {
  y <- as.numeric(f$yi); z <- f$Z
  scale <- pmax(apply(abs(z), 2, max), 1e-8)  # so that steps of the differences suit every column
  ll <- function(b) ls_likelihood(b / scale, y, f$vi, f$X, z, f$method, link)
  b <- c(f$alpha) * scale
  for (step in 1:6) b <- b - c(solve(numDeriv::hessian(ll, b), numDeriv::grad(ll, b)))
  h <- numDeriv::hessian(ll, b)
  list(alpha = b / scale, covariance = solve(-h) / outer(scale, scale))
}
ls_sets <- list(
  bangert_ni = list(d = dat.bangertdrowns2004, mods = NULL, scale = "ni"),
  bangert_meta_ni = list(d = subset(dat.bangertdrowns2004, !is.na(meta)), mods = "meta", scale = "ni"),
  bangert_length_meta = list(d = subset(dat.bangertdrowns2004, !is.na(meta) & !is.na(length)), mods = c("length"), scale = c("meta", "length")),
  konstantopoulos_year = list(d = transform(dat.konstantopoulos2011, decade = (year - 1980) / 10), mods = NULL, scale = "decade"),
  bcg_ablat = list(d = transform(as.data.frame(bcg), south = (ablat - 30) / 10), mods = "south", scale = "south")
)
ls_fit <- function(one, method, link, test) {
  mods <- if (is.null(one$mods)) ~ 1 else reformulate(one$mods)
  for (rel.tol in c(1e-13, 1e-12, 1e-11)) {
    control <- list(optimizer = "nlminb", rel.tol = rel.tol, x.tol = 1e-13, iter.max = 5000, eval.max = 10000)
    f <- quiet(try(rma(yi, vi, mods = mods, scale = reformulate(one$scale), data = one$d, method = method, link = link, test = test,
                       control = control), silent = TRUE))
    if (!inherits(f, "try-error")) break
  }
  f
}
cases <- list(); data <- list()
for (set in names(ls_sets)) {
  one <- ls_sets[[set]]
  data[[set]] <- lapply(one$d[, unique(c("yi", "vi", one$mods, one$scale))], vec)
  for (method in c("REML", "ML")) for (link in c("log", "identity")) for (ci in names(tests)) {
    if (method == "ML" && ci != "normal") next
    f <- ls_fit(one, method, link, tests[[ci]])
    if (inherits(f, "try-error") || min(f$tau2) < 1e-4) { cat("left out:", set, method, link, ci, "\n"); next }
    own <- try(polished(f, link), silent = TRUE)
    if (inherits(own, "try-error")) { cat("left out, no maximum:", set, method, link, ci, "\n"); next }
    tau2 <- if (link == "log") exp(c(f$Z %*% own$alpha)) else c(f$Z %*% own$alpha)
    g <- rma(as.numeric(f$yi), f$vi + tau2, mods = f$X, intercept = FALSE, method = "EE")  # location at weights 1 / (v + tau2)
    factor <- switch(ci, "hartung-knapp" = g$QE / (f$k - f$p), "hartung-knapp-truncated" = max(1, g$QE / (f$k - f$p)), 1)
    s <- f$fit.stats[[method]]
    df <- if (ci == "normal") Inf else f$k - ncol(f$Z)
    z <- own$alpha / sqrt(diag(own$covariance))
    att <- if (ncol(f$Z) == 1) 1 else 2:ncol(f$Z)
    qs <- c(own$alpha[att] %*% solve(own$covariance[att, att], own$alpha[att]))
    cases[[length(cases) + 1]] <- list(set = set, likelihood = method, link = link, ci = ci, mods = I(as.character(one$mods)), scale = I(one$scale),
      estimate = vec(coef(g)), se = vec(g$se * sqrt(factor)), scale_estimate = vec(own$alpha), scale_se = vec(sqrt(diag(own$covariance))),
      scale_p_value = vec(2 * pt(-abs(z), df)), qs = if (ci == "normal") qs else qs / length(att), tau2 = vec(tau2), q = num(f$QE),
      log_likelihood = num(s[1]), aic = num(s[3]), bic = num(s[4]), aicc = num(s[5]), metafor_scale_estimate = vec(f$alpha), metafor_se = vec(f$se))
  }
}
save("regression_location_scale", "rma(yi, vi, mods, scale, method, link, test, control=list(optimizer='nlminb', rel.tol from 1e-13))", cases,
     "polished by Newton steps with numDeriv; metafor_ values are metafor's own, to what its optimisers reach", data = data)

# --- scale coefficients that are given: the maximum in the others by optimize() on the likelihood written a second time -----------
cases <- list()
one <- ls_sets$bangert_meta_ni; d <- one$d
for (method in c("REML", "ML")) for (set in list(list(link = "log", given = c(NA, -0.01, NA)), list(link = "log", given = c(-3, -0.002, NA)), list(link = "identity", given = c(0.05, NA, 0.02)))) {
  if (method == "ML" && set$link == "identity") next               # numDeriv steps over the boundary
  f <- quiet(rma(yi, vi, mods = ~ meta, scale = ~ ni + meta, data = d, method = method, link = set$link, alpha = set$given, test = "t",
                 control = list(optimizer = "nlminb", iter.max = 5000, eval.max = 10000)))
  free <- which(is.na(set$given)); at <- function(b) { a <- set$given; a[free] <- b; a }
  ll <- function(b) ls_likelihood(at(b), as.numeric(d$yi), as.numeric(d$vi), f$X, f$Z, method, set$link)
  scale <- pmax(apply(abs(f$Z), 2, max), 1e-8)[free]; b <- c(f$alpha)[free] * scale
  if (set$link == "identity") b <- optimize(function(u) { h <- ll(u / scale); if (is.na(h)) -1e10 else h }, c(-2e-4, 2e-4) * scale, maximum = TRUE, tol = 1e-10)$maximum
  for (step in 1:6) b <- b - c(solve(numDeriv::hessian(function(u) ll(u / scale), b), numDeriv::grad(function(u) ll(u / scale), b)))
  se <- sqrt(diag(solve(-numDeriv::hessian(function(u) ll(u / scale), b)))) / scale
  cases[[length(cases) + 1]] <- list(likelihood = method, link = set$link, given = I(set$given), scale_estimate = vec(at(b / scale)), scale_se = vec(se), free = I(free - 1),
    log_likelihood = as.numeric(logLik(f)), aic = AIC(f), metafor_scale_estimate = vec(f$alpha))
}
save("regression_location_scale_given", "rma(yi, vi, mods, scale, method, link, alpha, test='t')", cases, "polished by Newton steps with numDeriv", data = list(d = lapply(d[c("yi", "vi", "meta", "ni")], vec)))

# --- permutation tests of location-scale models: variances a thousandth, so that no permuted fit runs to tau2 = 0 ----------------
cases <- list()
ls_bcg <- data.frame(yi = as.numeric(bcg$yi), vi = as.numeric(bcg$vi) / 1000, z = +(seq_len(13) %in% c(4, 9, 10)), south = (bcg$ablat - 30) / 10)
for (part in c("scale", "location")) for (alternative in c("two-sided", "greater")) {
  compared <- c("two-sided" = "test", greater = "coefficient")[[alternative]]
  f <- quiet(rma(yi, vi, mods = if (part == "scale") ~ 1 else ~ z, scale = if (part == "scale") ~ z else ~ south, data = ls_bcg,
                 control = list(optimizer = "nlminb", iter.max = 2000, eval.max = 4000)))
  r <- quiet(permutest(f, exact = TRUE, progbar = FALSE, skip.beta = part == "scale", skip.alpha = part == "location",
                       control = list(alternative = c("two-sided" = "two.sided", greater = "greater")[[alternative]], stat = if (compared == "test") "test" else "coef")))
  p <- if (part == "scale") r$pval.alpha else r$pval; joint <- if (part == "scale") r$QSp else r$QMp
  if (part == "scale") {   # nlminb's one start ends at a lower maximum in some permutations: the highest of five
    found <- combn(13, 3, function(rows) {
      d <- ls_bcg; d$z <- +(seq_len(13) %in% rows)
      g <- lapply(list(NULL, c(0, 3), c(0, -3), c(-3, 3), c(-3, -3)), function(start) quiet(try(rma(yi, vi, scale = ~ z, data = d,
        control = c(list(optimizer = "nlminb", iter.max = 2000, eval.max = 4000), if (!is.null(start)) list(alpha.init = start))), silent = TRUE)))
      g <- Filter(function(h) !inherits(h, "try-error"), g); g <- g[[which.max(sapply(g, logLik))]]
      c(if (compared == "test") g$zval.alpha else g$alpha, g$QS)
    })
    own <- c(if (compared == "test") f$zval.alpha else f$alpha)
    p <- sapply(1:2, function(j) mean(if (alternative == "greater") found[j, ] >= own[j] - 1e-4 else abs(found[j, ]) >= abs(own[j]) - 1e-4))
    cat("scale: permutest", c(r$pval.alpha, r$QSp), "highest maxima", p, "\n"); joint <- mean(found[3, ] >= f$QS - 1e-4)
  }
  cases[[length(cases) + 1]] <- list(part = part, alternative = alternative, compared = compared, p_value = vec(p), joint_p_value = num(joint))
}
save("regression_location_scale_permutation", "permutest(rma(yi, vi, mods, scale), exact=TRUE, control=list(alternative, stat)); scale: the same with the highest of five starts", cases,
     "log risk ratios of the BCG trials, their variances divided by 1000", data = list(bcg = lapply(ls_bcg, vec)))

# --- permutation tests: exact, small ------------------------------------------------------------------------------------------
small <- list(intercept = design(bcg[1:7, ]), slope = design(bcg[1:5, ], ablat = bcg$ablat[1:5]),
              ties = design(bcg[c(3:6, 10:11), ], random = +(bcg$alloc[c(3:6, 10:11)] == "random"), late = c(0, 1, 1, 0, 0, 1)))
cases <- list()
permute <- function(set, method, ci, ...) {
  d <- small[[set]]
  mods <- if (length(d) > 2) do.call(cbind, d[-(1:2)]) else NULL
  f <- if (is.null(mods)) rma(d$yi, d$vi, method = method, test = tests[[ci]], control = control_of(method)) else
    rma(d$yi, d$vi, mods = mods, method = method, test = tests[[ci]], control = control_of(method))
  quiet(permutest(f, exact = TRUE, progbar = FALSE, control = list(...)))
}
record <- function(set, method, ci, alternative, rule, statistic) {
  r <- permute(set, method, ci, alternative = c("two-sided" = "two.sided", less = "less", greater = "greater")[[alternative]],
               p2defn = c(absolute = "abs", doubled = "px2")[[rule]], stat = c(test = "test", coefficient = "coef")[[statistic]])
  list(set = set, tau2_method = method, ci = ci, alternative = alternative, two_sided = rule, compared = statistic,
       p_value = vec(r$pval), joint_p_value = num(r$QMp), distinct = r$exact.iter)
}
for (set in names(small)) for (method in c("REML", "ML", "DL", "PM", "HE", "HS", "HSk", "SJ", "EB")) {
  if (method %in% c("ML", "EB") && set != "intercept") next
  for (ci in c("normal", "hartung-knapp")) cases[[length(cases) + 1]] <- record(set, method, ci, "two-sided", "absolute", "test")
}
for (set in names(small)) for (alternative in c("two-sided", "less", "greater")) for (rule in c("absolute", "doubled"))
  for (statistic in c("test", "coefficient")) cases[[length(cases) + 1]] <- record(set, "DL", "hartung-knapp", alternative, rule, statistic)
save("regression_permutation", "permutest(rma(yi, vi, mods, method, test), exact=TRUE, control=list(alternative, p2defn, stat))", cases,
     "iterations tightened as in regression_fits", data = lapply(small, function(d) lapply(d, vec)))

d <- design(bcg[1:6, ])
f <- rma(d$yi, d$vi, method = "DL", level = 80)
r <- quiet(permutest(f, exact = TRUE, permci = TRUE, progbar = FALSE, control = list(tol = 1e-9, maxiter = 1000)))
save("regression_permutation_limits", "permutest(rma(method='DL', level=80), exact=TRUE, permci=TRUE, control=list(tol=1e-9))",
     list(list(set = "six", level = 0.8, ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub))), data = list(six = lapply(d, vec)))

# --- several tests --------------------------------------------------------------------------------------------------------------
cases <- list()
p <- list(c(0.01, 0.02, 0.03, 0.04, 0.05), c(0.0001, 0.5, 0.03, 0.03, 0.9, 0.012, 1, 0.2), c(0.04, 0.04), 0.3, c(0.02, NA, 0.01, 0.2))
names <- c(holm = "holm", bonferroni = "bonferroni", hochberg = "hochberg", hommel = "hommel", BH = "BH", BY = "BY", none = "none")
for (values in p) for (method in names(names)) cases[[length(cases) + 1]] <- list(method = method, p_values = vec(values), adjusted = vec(p.adjust(values, names[[method]])))
save("regression_p_adjust", "p.adjust(p, method)", cases)

# Westfall & Young 1993, algorithm 2.8, written as the loop it is
cases <- list()
set.seed(20260101)
for (m in c(2, 5)) {
  permuted <- abs(matrix(rnorm(200 * m), 200) + rnorm(200))
  observed <- permuted[1, ] <- round(abs(rnorm(m, 1.5)), 3)
  order <- order(-observed)
  raw <- sapply(seq_len(m), function(j) mean(apply(permuted[, order[j:m], drop = FALSE], 1, max) >= observed[order[j]]))
  adjusted <- numeric(m); adjusted[order] <- cummax(raw)
  cases[[length(cases) + 1]] <- list(observed = vec(observed), permuted = permuted, adjusted = vec(adjusted))
}
save("regression_step_down", "Westfall & Young 1993, algorithm 2.8 with maxima", cases)
