# Golden values of predicted true effects.
# Run from the repository's root: Rscript validation/golden/true_effects.R
# meta (cidprop) is not installable here: its shares are pt() by its documented formula.
source("validation/golden/record.R")
save <- recorder("validation/golden/true_effects.R")

es <- list(
  bcg_rr = escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
  normand1999_md = escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999),
  molloy2014_zcor = escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014),
  hackshaw1998_or = data.frame(yi = dat.hackshaw1998$yi, vi = dat.hackshaw1998$vi),
  homogeneous = data.frame(yi = c(0.21, 0.18, 0.25, 0.2, 0.23), vi = c(0.04, 0.03, 0.05, 0.08, 0.02)))
es <- lapply(es, function(d) data.frame(yi = as.numeric(d$yi), vi = as.numeric(d$vi)))
tests <- c(normal = "z", t = "t", `hartung-knapp` = "knha")
unit <- function(d) max(median(d$vi), var(d$yi))
fit <- function(d, method, test, ...) {
  u <- unit(d)
  quiet(rma(d$yi, d$vi, method = method, test = test, ...,
            control = list(threshold = 1e-14 * u, maxiter = 100000, tol = 1e-15 * u, tau2.max = 1000 * u)))
}
described <- function(f) {
  b <- blup(f); r <- ranef(f)
  list(effect = vec(b$pred), se = vec(b$se), ci_low = vec(b$pi.lb), ci_high = vec(b$pi.ub),
       deviation = vec(r$pred), deviation_se = vec(r$se), deviation_ci_low = vec(r$pi.lb), deviation_ci_high = vec(r$pi.ub))
}

cases <- list()
for (set in names(es)) for (method in c("REML", "DL", "PM", "EE")) for (test in tests) {
  f <- fit(es[[set]], method, test)
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, ci = names(tests)[tests == test]), described(f))
}
save("true_effects_blups", "blup(rma()), ranef(rma())", cases, data = columns(es))

cases <- list()
bcg <- cbind(es$bcg_rr, ablat = dat.bcg$ablat)
for (method in c("REML", "DL")) for (test in tests) {
  f <- fit(bcg, method, test, mods = ~ bcg$ablat)
  cases[[length(cases) + 1]] <- c(list(set = "bcg", tau2_method = method, ci = names(tests)[tests == test]), described(f))
}
save("true_effects_regression", "blup(rma(mods = ~ ablat)), ranef()", cases, data = columns(list(bcg = bcg[, c("yi", "vi")])))

cases <- list()
for (set in c("bcg_rr", "hackshaw1998_or", "normand1999_md")) for (df in c("V", "S")) for (low in c(0.5, 0.9)) {
  d <- es[[set]]; f <- fit(d, "REML", "z"); k <- nrow(d)
  high <- low + 0.4; ratio <- set != "normand1999_md"
  se <- sqrt(f$se^2 + f$tau2)
  at <- function(x) (if (ratio) log(x) else x) - as.numeric(f$beta)
  below <- if (df == "V") pt(at(low) / se, k - 1) else pnorm(at(low) / se)
  above <- if (df == "V") pt(at(high) / se, k - 1, lower.tail = FALSE) else pnorm(at(high) / se, lower.tail = FALSE)
  cases[[length(cases) + 1]] <- list(set = set, measure = if (ratio) "RR" else "MD", prediction = df, low = low, high = high,
                                     below = num(below), above = num(above))
}
save("true_effects_share", "pt((threshold - estimate) / sqrt(se^2 + tau2), k - 1), pnorm() for S", cases, data = columns(es))
