# Golden values of small-study effects and bias: asymmetry tests, trim and fill, fail-safe N, excess significance,
# PET-PEESE, limit meta-analysis, p-curve, p-uniform, contours. Selection models are in bias_selection.R.
# Where no package of R 4.2 has a method, its published formula is written here on its own.
# Run from the repository's root: Rscript validation/golden/bias.R
source("validation/golden/record.R")
suppressMessages({library(clubSandwich); library(numDeriv)})
save <- recorder("validation/golden/bias.R", c("clubSandwich", "numDeriv"))
CLOSED <- "the formula of the cited paper, written in this script"

# --- data -----------------------------------------------------------------------------------------
es <- function(d, ni = NULL) c(list(yi = as.numeric(d$yi), vi = as.numeric(d$vi)), if (!is.null(ni)) list(n = as.numeric(ni)))
bcg <- with(dat.bcg, list(events1 = tpos, n1 = tpos + tneg, events2 = cpos, n2 = cpos + cneg))
arms <- function(d) list(events1 = d$ai, n1 = d$n1i, events2 = d$ci, n2 = d$n2i)
or <- function(d, measure = "OR", ...) quiet(escalc(measure, ai = events1, n1i = n1, ci = events2, n2i = n2, data = as.data.frame(d),
                                                   drop00 = TRUE, ...))
kearon <- with(subset(dat.kearon1998, !is.na(tp) & !is.na(np) & !is.na(tn) & !is.na(nn)), list(events1 = tp, n1 = np, events2 = nn - tn, n2 = nn))   # positive tests of ill and well
edge <- list(events1 = c(0, 2, 0, 5, 10, 0, 7), n1 = c(10, 12, 8, 5, 20, 30, 7),
             events2 = c(1, 0, 0, 5, 12, 4, 9), n2 = c(11, 13, 9, 6, 22, 30, 9))
tables <- list(bcg = bcg, egger2001 = arms(dat.egger2001), hine1989 = arms(dat.hine1989), linde2005 = arms(subset(dat.linde2005, !is.na(ai))),
               kearon1998 = kearon, edge = edge)
tables <- lapply(drawn(tables), function(d) lapply(d, as.numeric))   # products of integers overflow
normand <- escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
mcdaniel <- escalc("ZCOR", ri = ri, ni = ni, data = dat.mcdaniel1994)
sets <- list(
  hackshaw1998 = es(dat.hackshaw1998), begg1989 = es(dat.begg1989), raudenbush1985 = es(dat.raudenbush1985),
  bangertdrowns2004 = es(dat.bangertdrowns2004, dat.bangertdrowns2004$ni),
  bcg_rr = es(or(bcg, "RR"), bcg$n1 + bcg$n2), egger2001_or = es(or(tables$egger2001), with(tables$egger2001, n1 + n2)),
  hine1989_or = es(or(tables$hine1989), with(tables$hine1989, n1 + n2)),
  normand1999_smd = es(normand, with(dat.normand1999, n1i + n2i)),
  baskerville2012 = list(yi = dat.baskerville2012$smd, vi = dat.baskerville2012$se^2),
  mcdaniel1994 = es(mcdaniel, dat.mcdaniel1994$ni))
sets <- drawn(sets)
fit_rma <- function(d, method, test = "z", ...) {
  f <- quiet(rma(d$yi, d$vi, method = method, test = test, ..., control = if (method %in% c("REML", "ML", "EB")) tight else if (method %in% c("PM", "PMM")) tight_root else list()))
  if (f$tau2 > 0 && f$tau2 < 1e-9 * median(d$vi)) f <- quiet(rma(d$yi, d$vi, method = method, test = test, ..., tau2 = 0))   # scoring stops a hair above 0
  f
}

# --- regression tests -------------------------------------------------------------------------------
tests <- c(normal = "z", t = "t", "hartung-knapp" = "knha")
predictors <- c(se = "sei", variance = "vi", n = "ni", "1/n" = "ninv", "sqrt(n)" = "sqrtni", "1/sqrt(n)" = "sqrtninv")
regression_case <- function(set, predictor, model, method = NA, ci = NA) {
  d <- sets[[set]]
  x <- switch(predictor, se = sqrt(d$vi), variance = d$vi, n = d$n, "1/n" = 1 / d$n, "sqrt(n)" = sqrt(d$n), "1/sqrt(n)" = 1 / sqrt(d$n))
  if (model == "multiplicative") {
    ni <- if (is.null(d$n)) rep(1, length(d$yi)) else d$n
    r <- quiet(regtest(d$yi, d$vi, ni = ni, model = "lm", predictor = predictors[[predictor]], ret.fit = TRUE))
    b <- coef(summary(r$fit)); q <- qt(0.975, r$dfs)
    list(set = set, predictor = predictor, model = model, slope = b[2, 1], slope_se = b[2, 2], intercept = b[1, 1], intercept_se = b[1, 2],
         intercept_ci_low = b[1, 1] - q * b[1, 2], statistic = num(r$zval), p_value = num(r$pval), df = num(r$dfs), tau2 = 0,
         dispersion = summary(r$fit)$sigma^2)
  } else {
    r <- fit_rma(d, if (model == "common") "EE" else method, tests[[ci]], mods = cbind(x))   # what regtest(model="rma") fits
    list(set = set, predictor = predictor, model = model, tau2_method = method, ci = ci, slope = num(r$beta[2]), slope_se = r$se[2],
         intercept = num(r$beta[1]), intercept_se = r$se[1], intercept_ci_low = r$ci.lb[1], statistic = r$zval[2], p_value = r$pval[2],
         df = if (ci == "normal") NA_real_ else num(r$ddf[1]), tau2 = r$tau2, dispersion = 1)
  }
}
cases <- list()
for (set in names(sets)) for (p in names(predictors)) {
  if (is.null(sets[[set]]$n) && !(p %in% c("se", "variance"))) next
  cases[[length(cases) + 1]] <- regression_case(set, p, "multiplicative")
  cases[[length(cases) + 1]] <- regression_case(set, p, "random", "REML", "normal")
}
for (set in c("hackshaw1998", "bcg_rr", "bangertdrowns2004")) {
  for (method in c("DL", "ML", "HE", "SJ", "PM", "EB")) for (ci in c("normal", "hartung-knapp"))
    cases[[length(cases) + 1]] <- regression_case(set, "se", "random", method, ci)
  cases[[length(cases) + 1]] <- regression_case(set, "variance", "random", "REML", "t")
  cases[[length(cases) + 1]] <- regression_case(set, "se", "common", "EE", "normal")
}
save("bias_regression", "regtest(yi, vi, ni=, model='lm', predictor=, ret.fit=TRUE); rma(yi, vi, mods=predictor, method=, test=, control=tight), which is what regtest(model='rma') fits",
     cases, data = sets)

# --- several effects per study ------------------------------------------------------------------------
assink <- with(dat.assink2016, list(yi = yi, vi = vi, cluster = as.numeric(study)))
konstantopoulos <- with(dat.konstantopoulos2011, list(yi = as.numeric(yi), vi = vi, cluster = as.numeric(district)))
clustered <- list(assink2016 = assink, konstantopoulos2011 = konstantopoulos)
cases <- list()
for (set in names(clustered)) for (p in c("se", "variance")) {
  d <- as.data.frame(clustered[[set]]); d$id <- seq_len(nrow(d)); d$x <- if (p == "se") sqrt(d$vi) else d$vi
  for (test in c("z", "t")) {
    f <- rma.mv(yi, vi, mods = ~ x, random = ~ 1 | cluster/id, data = d, test = test, control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 10000))
    cases[[length(cases) + 1]] <- list(set = set, predictor = p, test = if (test == "z") "normal" else "t", slope = num(f$beta[2]), slope_se = f$se[2],
      intercept = num(f$beta[1]), intercept_se = f$se[1], statistic = f$zval[2], p_value = f$pval[2], tau2 = sum(f$sigma2))
  }
  r <- coef_test(f, vcov = "CR2", cluster = d$cluster)
  cases[[length(cases) + 1]] <- list(set = set, predictor = p, test = "robust", slope = r$beta[2], slope_se = r$SE[2], intercept = r$beta[1],
    intercept_se = r$SE[1], statistic = r$tstat[2], p_value = r$p_Satt[2], df = r$df_Satt[2], tau2 = sum(f$sigma2))
}
save("bias_multilevel", "rma.mv(yi, vi, mods = ~ x, random = ~ 1 | cluster/id, test); clubSandwich::coef_test(vcov = 'CR2')", cases,
     "BFGS with reltol 1e-15", data = clustered)

# --- rank correlation ----------------------------------------------------------------------------------
tied <- list(yi = c(.1, .1, .3, .5, .2, .4, .6, .35), vi = c(.01, .01, .02, .04, .02, .03, .05, .03))
ranked <- c(sets, list(tied = tied))
kendall_score <- function(x, y, correct) {   # Kendall & Gibbons 1990
  n <- length(x); s <- 0
  for (i in 1:(n - 1)) for (j in (i + 1):n) s <- s + sign(x[i] - x[j]) * sign(y[i] - y[j])
  t <- as.numeric(table(x)); u <- as.numeric(table(y))
  v <- (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5)) - sum(u * (u - 1) * (2 * u + 5))) / 18 +
    sum(t * (t - 1) * (t - 2)) * sum(u * (u - 1) * (u - 2)) / (9 * n * (n - 1) * (n - 2)) +
    sum(t * (t - 1)) * sum(u * (u - 1)) / (2 * n * (n - 1))
  if (correct) s <- sign(s) * max(0, abs(s) - 1)
  list(score = s, score_se = sqrt(v), statistic = s / sqrt(v), p_value = 2 * pnorm(-abs(s / sqrt(v))))
}
cases <- list()
for (set in names(ranked)) {
  d <- ranked[[set]]; w <- 1 / d$vi; m <- sum(w * d$yi) / sum(w)
  z <- (d$yi - m) / sqrt(d$vi - 1 / sum(w))
  if (set == "tied") z <- c(-.5, -.5, .3, .9, .1, .4, 1.2, .3)
  for (exact in c(TRUE, FALSE)) {
    if (set == "tied") next
    r <- quiet(ranktest(d$yi, d$vi, exact = exact))
    cases[[length(cases) + 1]] <- list(set = set, exact = exact, correct = FALSE, tau = num(r$tau), p_value = num(r$pval))
  }
  if (set != "tied") for (correct in c(FALSE, TRUE))
    cases[[length(cases) + 1]] <- c(list(set = set, exact = FALSE, correct = correct, tau = num(cor(z, d$vi, method = "kendall"))), kendall_score(z, d$vi, correct))
  else for (correct in c(FALSE, TRUE)) {
    c1 <- quiet(cor.test(z, d$vi, method = "kendall", exact = FALSE, continuity = correct))
    cases[[length(cases) + 1]] <- c(list(set = set, exact = FALSE, correct = correct, standardised = vec(z), tau = num(c1$estimate)), kendall_score(z, d$vi, correct))
    stopifnot(abs(c1$p.value - kendall_score(z, d$vi, correct)$p_value) < 1e-12)
  }
}
save("bias_rank", "ranktest(yi, vi, exact=); score and its standard error by Kendall & Gibbons 1990 (what meta::metabias(method.bias='Begg') prints)",
     cases, "tied: cor.test(method='kendall') of given standardised effects", data = ranked)

# --- tests for events -----------------------------------------------------------------------------------
weighted_lm <- function(y, v, x) {
  b <- coef(summary(lm(y ~ x, weights = 1 / v)))
  list(slope = b[2, 1], slope_se = b[2, 2], intercept = b[1, 1], intercept_se = b[1, 2], statistic = b[2, 3], p_value = b[2, 4], df = length(y) - 2)
}
noncentral <- function(n1, d, n2, psi) {     # mean and variance of the non-central hypergeometric distribution
  x <- max(0, d - n2):min(n1, d); l <- lchoose(n1, x) + lchoose(n2, d - x) + x * log(psi); p <- exp(l - max(l)); p <- p / sum(p)
  m <- sum(x * p); c(m, sum((x - m)^2 * p))
}
asymmetry_case <- function(set, method, measure, extra = list()) {
  d <- tables[[set]]; a <- d$events1; n1 <- d$n1; c <- d$events2; n2 <- d$n2; n <- n1 + n2; ev <- a + c; h <- n - ev
  keep <- ev > 0 & h > 0
  e <- or(d, measure); y <- as.numeric(e$yi); v <- as.numeric(e$vi); has <- !is.na(y) & v > 0
  res <- switch(method,
    egger = weighted_lm(y[has], v[has], sqrt(v[has])),
    thompson = {f <- fit_rma(list(yi = y[has], vi = v[has]), "REML", "t", mods = cbind(sqrt(v[has])))
      list(slope = f$beta[2], slope_se = f$se[2], intercept = f$beta[1], intercept_se = f$se[1], statistic = f$zval[2], p_value = f$pval[2], df = f$ddf[1], tau2 = f$tau2)},
    harbord = {
      if (measure == "RR") {Z <- (a * n - ev * n1) / h; V <- (if (isTRUE(extra$score_variance == "balanced")) n / 4 else n1 * n2 / n) * ev / h}
      else {Z <- a - ev * n1 / n; V <- n1 * n2 * ev * h / (n^2 * (n - 1))}
      weighted_lm((Z / V)[keep], 1 / V[keep], 1 / sqrt(V[keep]))},
    peters = {k <- has & keep; weighted_lm(y[k], (1 / ev + 1 / h)[k], 1 / n[k])},
    macaskill = weighted_lm(y[has], v[has], n[has]),
    deeks = {ess <- 4 * n1 * n2 / n; weighted_lm(y[has], 1 / ess[has], 1 / sqrt(ess[has]))},
    pustejovsky = weighted_lm(y[has], v[has], sqrt(1 / n1 + 1 / n2)[has]),
    begg = {yy <- y[has]; vv <- v[has]; w <- 1 / vv; z <- (yy - sum(w * yy) / sum(w)) / sqrt(vv - 1 / sum(w)); kendall_score(z, vv, isTRUE(extra$correct))},
    schwarzer = {
      zero <- any(a[has] == 0 | c[has] == 0 | a[has] == n1[has] | c[has] == n2[has]); s <- has
      psi <- quiet(rma.mh(ai = a[s], n1i = n1[s], ci = c[s], n2i = n2[s], measure = "OR", add = c(1/2, if (zero) 1/2 else 0),
                          to = c("only0", if (zero) "only0" else "none"), drop00 = c(TRUE, TRUE)))
      mv <- sapply(which(s), function(i) noncentral(n1[i], ev[i], n2[i], exp(num(coef(psi)))))
      kendall_score((a[s] - mv[1, ]) / sqrt(mv[2, ]), 1 / mv[2, ], isTRUE(extra$correct))},
    {y <- asin(sqrt(a / n1)) - asin(sqrt(c / n2)); v <- 1 / (4 * n1) + 1 / (4 * n2)
     switch(method, "arcsine-egger" = weighted_lm(y, v, sqrt(v)),
       "arcsine-thompson" = {f <- fit_rma(list(yi = y, vi = v), "REML", "t", mods = cbind(sqrt(v)))
         list(slope = f$beta[2], slope_se = f$se[2], intercept = f$beta[1], intercept_se = f$se[1], statistic = f$zval[2], p_value = f$pval[2], df = f$ddf[1], tau2 = f$tau2)},
       "arcsine-begg" = {w <- 1 / v; kendall_score((y - sum(w * y) / sum(w)) / sqrt(v - 1 / sum(w)), v, isTRUE(extra$correct))})})
  c(list(set = set, method = method, measure = measure), extra, lapply(res, num))
}
cases <- list()
for (set in names(tables)) for (method in c("egger", "thompson", "begg", "harbord", "peters", "macaskill", "deeks", "schwarzer", "pustejovsky",
                                            "arcsine-egger", "arcsine-thompson", "arcsine-begg"))
  for (measure in if (method %in% c("harbord", "peters", "egger")) c("OR", "RR") else "OR")
    cases[[length(cases) + 1]] <- asymmetry_case(set, method, measure)
for (set in c("bcg", "linde2005")) {
  cases[[length(cases) + 1]] <- asymmetry_case(set, "harbord", "RR", list(score_variance = "balanced"))
  for (method in c("begg", "schwarzer", "arcsine-begg")) cases[[length(cases) + 1]] <- asymmetry_case(set, method, "OR", list(correct = TRUE))
}
# proportions of one group, as metabias has them for metaprop: weights from events that are not corrected
for (set in setdiff(names(tables), "edge")) for (method in c("peters", "macaskill")) {
  d <- tables[[set]]; e <- quiet(escalc("PLO", xi = events1, ni = n1, data = as.data.frame(d))); k <- if (method == "peters") d$events1 > 0 & d$events1 < d$n1 else rep(TRUE, length(d$n1))
  x <- if (method == "peters") 1 / d$n1 else d$n1; v <- if (method == "peters") 1 / d$events1 + 1 / (d$n1 - d$events1) else e$vi
  cases[[length(cases) + 1]] <- c(list(set = set, method = method, measure = "PLO", yi = vec(e$yi), vi = vec(e$vi)), lapply(weighted_lm(as.numeric(e$yi)[k], v[k], x[k]), num))
}
save("bias_asymmetry", "lm(y ~ x, weights); rma(mods, test='t'); kendall score: the formulas of meta::metabias", cases,
     "metabias itself is not in R 4.2 of Debian: formulas of the papers, written in this script", data = tables)

# --- trim and fill ---------------------------------------------------------------------------------------
average_ranks <- function(d, kind, side) {   # meta's trimfill: average ranks, halves upwards, side from Egger's test
  y <- d$yi; v <- d$vi; k <- length(y)
  if (is.na(side)) side <- if (coef(lm(y ~ sqrt(v), weights = 1 / v))[2] > 0) "left" else "right"
  s <- if (side == "left") 1 else -1
  o <- order(s * y); y <- (s * y)[o]; v <- v[o]; k0 <- 0; last <- -1
  while (k0 != last) {
    last <- k0; i <- seq_len(k - k0); m <- weighted.mean(y[i], 1 / v[i]); r <- rank(abs(y - m)) * sign(y - m)
    est <- if (kind == "L0") (4 * sum(r[r > 0]) - k * (k + 1)) / (2 * k - 1) else k - abs(min(r)) - 1.5 + 0.5
    k0 <- max(0, if (kind == "L0") floor(est + 0.5) else floor(k - abs(min(r)) - 1.5 + 0.5))
  }
  fill <- if (k0 > 0) 2 * m - y[(k - k0 + 1):k] else numeric()
  f <- fit_rma(list(yi = c(d$yi, s * fill), vi = c(d$vi, if (k0 > 0) v[(k - k0 + 1):k] else numeric())), "REML")
  list(side = side, missing = k0, imputed = vec(sort(s * fill)), estimate = num(coef(f)), se = f$se, tau2 = f$tau2)
}
cases <- list()
for (set in c("hackshaw1998", "begg1989", "raudenbush1985", "bangertdrowns2004", "bcg_rr", "egger2001_or", "hine1989_or", "mcdaniel1994"))
  for (method in c("REML", "DL", "EE")) for (kind in c("L0", "R0", "Q0")) for (side in c(NA, "left", "right")) {
    if (!is.na(side) && kind == "Q0") next
    f <- fit_rma(sets[[set]], method)
    t <- try(quiet(trimfill(f, side = if (is.na(side)) NULL else side, estimator = kind)), silent = TRUE)
    if (inherits(t, "try-error")) next
    # trimfill's own fits of the trimmed studies are loose: mirrored and pooled anew with tight control
    s <- if (t$side == "left") 1 else -1; d <- sets[[set]]; o <- order(s * d$yi); k <- length(o); kept <- o[seq_len(k - t$k0)]; cut <- setdiff(o, kept)
    fill <- 2 * num(coef(fit_rma(list(yi = d$yi[kept], vi = d$vi[kept]), method))) - d$yi[cut]
    stopifnot(t$k0 == 0 || max(abs(sort(fill) - sort(t$yi.f[t$fill]))) < 1e-4)
    r <- fit_rma(list(yi = c(d$yi, fill), vi = c(d$vi, d$vi[cut])), method)
    cases[[length(cases) + 1]] <- list(set = set, tau2_method = method, estimator = kind, given = side, ties = "first", side = t$side, missing = num(t$k0),
      missing_se = num(t$se.k0), missing_p_value = num(t$p.k0), imputed = vec(sort(fill)), estimate = num(coef(r)), se = r$se,
      ci_low = r$ci.lb, p_value = r$pval, tau2 = r$tau2)
  }
for (set in c("hackshaw1998", "begg1989", "bangertdrowns2004", "egger2001_or")) for (kind in c("L0", "R0"))
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = "REML", estimator = kind, given = NA, ties = "average"), average_ranks(sets[[set]], kind, NA))
save("bias_trim", "trimfill(rma(yi, vi, method, control=tight), side, estimator), refitted with tight control; ties='average': meta's algorithm written here",
     cases, data = sets)

# --- fail-safe N -------------------------------------------------------------------------------------------
whole <- function(x) if (is.finite(x) && abs(x - round(x)) >= .Machine$double.eps^0.5) ceiling(x) else round(x)
general <- function(d, alpha = .05, target = NA, method = "REML") {  # metafor 4: approximate method, smallest whole number by stepping
  f <- fit_rma(d, method); k <- length(d$yi); est <- num(coef(f)); t2 <- f$tau2; vt <- 1 / mean(1 / d$vi)
  filled <- function(n) {
    m <- k * est / (k + n)
    t <- if (method == "EE") 0 else max(0, ((k - 1) * t2 + max(0, n - 1) * t2 + k * (est - m)^2 + n * m^2) / (k + n - 1))
    w <- sum(1 / (d$vi + t)) + n / (vt + t); e <- sum(d$yi / (d$vi + t)) / w; c(e, t, 2 * pnorm(-abs(e) * sqrt(w)))
  }
  done <- function(n) if (is.na(target)) filled(n)[3] >= alpha else abs(filled(n)[1]) <= abs(target)
  n <- 0; if (if (is.na(target)) f$pval < alpha else abs(target) < abs(est)) {n <- 1; while (!done(n)) n <- n + 1}
  r <- if (n > 0) filled(n) else c(est, t2, f$pval)
  list(n = n, estimate = est, tau2 = t2, p_value = f$pval, estimate_with = r[1], tau2_with = r[2], p_value_with = r[3])
}
fisher <- function(d, alpha = .05) {l <- sum(pnorm(-abs(d$yi) / sqrt(d$vi), log.p = TRUE)); k <- length(d$yi)
  p <- function(n) pchisq(-2 * (l + n * log(.5)), 2 * (k + n), lower.tail = FALSE); n <- 0; while (p(n) < alpha) n <- n + 1; list(n = n, p_value = p(0))}
cases <- list(); add_case <- function(...) cases[[length(cases) + 1]] <<- list(...)
for (set in names(sets)) for (alpha in c(.05, .01)) {
  d <- sets[[set]]
  r <- fsn(d$yi, d$vi, type = "Rosenthal", alpha = alpha); add_case(set = set, method = "rosenthal", alpha = alpha, n = r$fsnum, p_value = r$pval)
  r <- fsn(d$yi, d$vi, type = "Rosenberg", alpha = alpha); add_case(set = set, method = "rosenberg", alpha = alpha, n = r$fsnum, p_value = r$pval, estimate = r$meanes)
  if (!(set %in% c("mcdaniel1994"))) {
    r <- fisher(d, alpha); add_case(set = set, method = "rosenthal-fisher", alpha = alpha, n = r$n, p_value = r$p_value)
    for (method in c("REML", "DL", "EE")) {
      r <- general(d, alpha, method = method)
      cases[[length(cases) + 1]] <- c(list(set = set, method = "general", alpha = alpha, tau2_method = method), r)
    }
  }
  if (alpha == .05) for (target in c(.05, -.2)) for (w in c(TRUE, FALSE)) {
    r <- fsn(d$yi, d$vi, type = "Orwin", target = target, weighted = w)
    add_case(set = set, method = "orwin", weighted = w, target = target, n = r$fsnum, estimate = r$meanes)
  }
  if (alpha == .05) cases[[length(cases) + 1]] <- c(list(set = set, method = "general", target = .05, tau2_method = "REML"), general(d, target = .05))
}
# printed in metafor's own tests (tests/testthat/test_misc_fsn.r, metafor 4): type="General", and with exact=TRUE
if (!differential) for (p in list(list("raudenbush1985", 0, 0), list("hackshaw1998", 112, 119), list("mcdaniel1994", 6068, 6068)))
  for (exact in c(FALSE, TRUE)) add_case(set = p[[1]], method = "general", alpha = .05, tau2_method = "REML", exact = exact, n = if (exact) p[[3]] else p[[2]])
save("bias_fail_safe", "fsn(yi, vi, type, alpha, target, weighted); general: metafor 4's approximate method written here, and the values of its tests",
     cases, data = sets)

# --- excess significance --------------------------------------------------------------------------------------
power_re <- function(theta, t2, se, crit, side) if (t2 == 0) switch(side, "two-sided" = pnorm(theta / se - crit) + pnorm(-crit - theta / se),
    greater = pnorm(theta / se - crit), less = pnorm(-crit - theta / se)) else sapply(se, function(s)
  integrate(function(x) switch(side, "two-sided" = pnorm(x / s - crit) + pnorm(-crit - x / s), greater = pnorm(x / s - crit), less = pnorm(-crit - x / s)) *
              dnorm(x, theta, sqrt(t2)), theta - 12 * sqrt(t2), theta + 12 * sqrt(t2), rel.tol = 1e-12, subdivisions = 2000)$value)
cases <- list()
for (set in c("hackshaw1998", "begg1989", "hine1989_or", "normand1999_smd", "bcg_rr", "raudenbush1985")) {
  d <- sets[[set]]; k <- length(d$yi)
  for (side in c("two-sided", "greater", "less")) for (test in c("chi-square", "binomial", "exact")) {
    if (test == "exact" && k > 13) next
    r <- quiet(tes(d$yi, d$vi, alternative = sub("-", ".", side), test = c("chi-square" = "chi2", binomial = "binom", exact = "exact")[[test]], progbar = FALSE, find.lim = FALSE))
    cases[[length(cases) + 1]] <- list(set = set, alternative = side, test = test, test_alternative = "greater", observed = num(r$O), expected = num(r$E),
      statistic = num(r$X2), p_value = num(r$pval), theta = num(r$theta), power = vec(r$power))
    r <- quiet(tes(d$yi, d$vi, alternative = sub("-", ".", side), test = c("chi-square" = "chi2", binomial = "binom", exact = "exact")[[test]],
                   tes.alternative = "two.sided", progbar = FALSE, find.lim = FALSE))
    cases[[length(cases) + 1]] <- list(set = set, alternative = side, test = test, test_alternative = "two-sided", observed = num(r$O), expected = num(r$E),
      statistic = num(r$X2), p_value = num(r$pval), theta = num(r$theta))
  }
  f <- fit_rma(d, "REML"); p <- power_re(num(coef(f)), f$tau2, sqrt(d$vi), qnorm(.975), "two-sided")
  r <- quiet(tes(d$yi, d$vi, theta = 0.1, test = "chi2", tes.alternative = "less", find.lim = FALSE))
  cases[[length(cases) + 1]] <- list(set = set, alternative = "two-sided", test = "chi-square", test_alternative = "less", given_theta = 0.1, observed = num(r$O),
    expected = num(r$E), statistic = num(r$X2), p_value = num(r$pval), theta = 0.1)
  cases[[length(cases) + 1]] <- list(set = set, alternative = "two-sided", test = "exact", test_alternative = "greater", tau2_method = "REML",
    expected = sum(p), theta = num(coef(f)), power = vec(p))
}
# the limit: uniroot to 1e-13 on tes's own p value (its own call stops at 1.2e-4)
for (set in c("hackshaw1998", "begg1989", "bcg_rr")) for (test in c("chi-square", "binomial", "exact")) for (side in c("greater", "less")) {
  d <- sets[[set]]; if (test == "exact" && length(d$yi) > 13) next
  run <- function(theta = NULL) quiet(tes(d$yi, d$vi, theta = theta, test = c("chi-square" = "chi2", binomial = "binom", exact = "exact")[[test]],
                                          tes.alternative = side, find.lim = FALSE, progbar = FALSE))
  s <- sign(run()$theta); gap <- function(t) tryCatch(run(s * t)$pval - .1, error = function(e) NA)   # NA: a power of 1 in all studies
  if (if (side == "greater") gap(0) >= 0 else gap(0) <= 0) next
  high <- min(sqrt(d$vi)) / 10; while (high < 10 * max(abs(d$yi)) && isTRUE(gap(high) * gap(0) > 0)) high <- 1.2 * high
  if (!isTRUE(gap(high) * gap(0) < 0)) next
  cases[[length(cases) + 1]] <- list(set = set, alternative = "two-sided", test = test, test_alternative = side,
    theta_limit = s * uniroot(gap, c(0, high), tol = 1e-13)$root)
}
save("bias_excess", "tes(yi, vi, alternative, test, tes.alternative, theta); power with tau2: integrate() over 12 tau to 1e-12; limit: uniroot on tes", cases,
     data = sets)

# --- PET-PEESE, WAAP -------------------------------------------------------------------------------------------
cases <- list()
for (set in names(sets)) {
  d <- sets[[set]]; w <- 1 / d$vi; m <- sum(w * d$yi) / sum(w); k <- length(d$yi)
  pet <- coef(summary(lm(d$yi ~ sqrt(d$vi), weights = w))); peese <- coef(summary(lm(d$yi ~ d$vi, weights = w)))
  one <- if (sign(pet[1, 1]) == sign(m)) pet[1, 4] / 2 else 1 - pet[1, 4] / 2
  for (rule in c("one-sided", "two-sided", "pet", "peese")) {
    p <- switch(rule, "one-sided" = one < .05, "two-sided" = pet[1, 4] < .05, pet = FALSE, peese = TRUE)
    b <- if (p) peese else pet
    cases[[length(cases) + 1]] <- list(set = set, rule = rule, model = "multiplicative", chosen = if (p) "peese" else "pet", estimate = b[1, 1], se = b[1, 2],
      ci_low = b[1, 1] - qt(.975, k - 2) * b[1, 2], p_value = b[1, 4])
  }
  f <- fit_rma(d, "REML", "z", mods = cbind(d$vi))
  cases[[length(cases) + 1]] <- list(set = set, rule = "peese", model = "random", chosen = "peese", estimate = num(f$beta[1]), se = f$se[1], ci_low = f$ci.lb[1], p_value = f$pval[1])
  ok <- sqrt(d$vi) <= abs(m) / 2.8; few <- sum(ok) < 2; if (few) ok[] <- TRUE
  b <- coef(summary(lm(d$yi[ok] ~ 1, weights = w[ok])))
  cases[[length(cases) + 1]] <- list(set = set, rule = "waap", estimate = b[1, 1], se = b[1, 2], p_value = b[1, 4], k_used = sum(ok), k_powered = if (few) NA else sum(ok))
}
save("bias_pet", "lm(yi ~ sqrt(vi), weights=1/vi), lm(yi ~ vi, weights=1/vi), rma(mods=vi); WAAP: lm(yi ~ 1, weights=1/vi) of powered studies", cases, data = sets)

# --- limit meta-analysis -----------------------------------------------------------------------------------------
cases <- list()
for (set in names(sets)) for (method in c("REML", "DL")) {
  d <- sets[[set]]; f <- fit_rma(d, method); t2 <- f$tau2; se <- sqrt(d$vi); k <- length(se); st <- sqrt(d$vi + t2)
  g <- coef(lm(I(d$yi / st) ~ I(1 / st))); lim <- g[2] + sqrt(t2) / st * (d$yi - g[2])
  l <- lm(I(lim / se) ~ I(1 / se)); e <- lm(I(d$yi / se) ~ I(1 / se)); q <- sum((d$yi - weighted.mean(d$yi, 1 / d$vi))^2 / d$vi)
  X <- cbind(1, 1 / st); V <- solve(t(X) %*% X); h <- c(sqrt(t2), 1)            # covariance of (intercept, slope) with residual variance 1
  adj <- list(beta0 = c(sum(h * g), sqrt(t(h) %*% V %*% h)), betalim = c(coef(l)[2], 1 / (sd(1 / se) * sqrt(k - 1))),
              mulim = c(weighted.mean(lim, 1 / d$vi), sqrt(1 / sum(1 / d$vi))))
  for (m in names(adj)) cases[[length(cases) + 1]] <- list(set = set, tau2_method = method, method = m, estimate = adj[[m]][1], se = adj[[m]][2],
    p_value = 2 * pnorm(-abs(adj[[m]][1] / adj[[m]][2])), bias = num(g[1]), slope = num(g[2]), tau2 = t2, q_residual = sum(resid(e)^2), q_small = q - sum(resid(e)^2),
    g2 = 100 * (1 - quiet(summary(l))$r.squared))
}
save("bias_limit", "lm on generalised radial plots: the formulas of metasens::limitmeta (Ruecker et al. 2011)", cases, CLOSED, data = sets)

# --- unreported results -----------------------------------------------------------------------------------------
cases <- list()
for (set in names(sets)) for (method in c("REML", "DL")) {
  d <- sets[[set]]; f <- fit_rma(d, method); common <- fit_rma(d, "EE"); k <- length(d$yi); m <- c(0, 1, 2, 5, 10); s <- sqrt(d$vi + f$tau2)
  left <- coef(lm(d$yi ~ sqrt(d$vi), weights = 1 / d$vi))[2] > 0
  bias <- (if (left) -1 else 1) * (k + m) / k * dnorm(qnorm(k / (k + m))) * sum(1 / s) / sum(1 / s^2)
  cases[[length(cases) + 1]] <- list(set = set, tau2_method = method, suspected = vec(m), side = if (left) "left" else "right", bias = vec(bias), estimate = vec(num(coef(f)) + bias),
    ci_low = vec(num(coef(f)) + bias - qnorm(.975) * f$se), p_value = vec(2 * pnorm(-abs((num(coef(f)) + bias) / f$se))), common_estimate = vec(num(coef(common)) + bias),
    common_ci_high = vec(num(coef(common)) + bias + qnorm(.975) * common$se))
}
save("bias_unreported", "dnorm(qnorm(k/(k+m))): the bound of Copas & Jackson 2004 as metasens::orbbound has it", cases, CLOSED, data = sets)

# --- p-curve -----------------------------------------------------------------------------------------------------
pcurve <- function(x, df1, df2) {    # the tests of p-curve app 4.06, x: chi-square(1) where df2 is NA, else F(1, df2)
  cdf <- function(x, d, ncp) if (is.na(d)) pchisq(x, 1, ncp) else if (ncp == 0) pf(x, 1, d) else pf(x, 1, d, ncp)
  q <- function(p, d) if (is.na(d)) qchisq(p, 1) else qf(p, 1, d)
  ncp <- function(d, power) uniroot(function(n) 1 - cdf(q(.95, d), d, n) - power, c(0, 80), tol = 1e-13)$root
  p <- ifelse(is.na(df2), pchisq(x, 1, lower.tail = FALSE), pf(x, 1, ifelse(is.na(df2), 1, df2), lower.tail = FALSE)); full <- p < .05; half <- p < .025
  bound <- function(p) pmin(pmax(p, 2.2e-16), 1 - 2.2e-16); st <- function(pp) sum(qnorm(bound(pp))) / sqrt(length(pp))
  xs <- x[full]; ds <- df2[full]; nc <- sapply(ds, ncp, power = 1/3)
  flat <- mapply(function(x, d, n) 3 * (cdf(x, d, n) - 2/3), xs, ds, nc)
  share <- mapply(function(d, n) 1 - cdf(q(.975, d), d, n), ds, nc)
  hh <- half[full]; flath <- mapply(function(x, d, n, s) (cdf(x, d, n) - (1 - s)) / s, xs[hh], ds[hh], nc[hh], share[hh])
  pb <- 1; for (s in 3 * share) pb <- c(pb * (1 - s), 0) + c(0, pb * s)
  z <- function(power) {n <- sapply(ds, ncp, power = power); st(mapply(function(x, d, n) (cdf(x, d, n) - (1 - power)) / power, xs, ds, n))}
  at <- function(t) tryCatch(uniroot(function(w) z(w) - t, c(.0500001, .999), tol = 1e-12)$root, error = function(e) NA)  # NA: an end of the search
  list(right_skew_z = st(p[full] / .05), right_skew_half_z = st(p[half] / .025), right_skew_binomial_p = 1 - pbinom(sum(half) - 1, sum(full), .5),
       flatness_z = st(flat), flatness_half_z = st(flath), flatness_binomial_p = sum(pb[1:(sum(half) + 1)]), k_significant = sum(full), k_half = sum(half),
       power = at(0), power_ci_low = at(qnorm(.95)), power_ci_high = at(qnorm(.05)))
}
curves <- lapply(sets[c("begg1989", "bangertdrowns2004", "baskerville2012", "hackshaw1998", "egger2001_or")], function(d) list(statistic = d$yi / sqrt(d$vi)))
curves$with_t <- list(statistic = c(2.1, 2.5, 3.2, 2.8, 3.9, 2.2, 1.5, 2.06), df = c(20, 30, 1000, 40, 12, NA, 3, 58))
curves <- lapply(drawn(curves), function(d) lapply(d, as.numeric))
cases <- list()
for (set in names(curves)) {d <- curves[[set]]
  cases[[length(cases) + 1]] <- c(list(set = set), lapply(pcurve(d$statistic^2, 1, if (is.null(d$df)) rep(NA, length(d$statistic)) else d$df), num))}
save("bias_p_curve", "pchisq, pf with ncp and uniroot: the tests of the p-curve app 4.06", cases, CLOSED, data = curves)

# --- p-uniform and p-uniform* ----------------------------------------------------------------------------------------
irwin <- function(x, k) sum((-1)^(0:floor(x)) * choose(k, 0:floor(x)) * (x - 0:floor(x))^k) / factorial(k)
cases <- list()
for (set in names(sets)) for (side in c("right", "left")) {
  d <- sets[[set]]; s <- if (side == "right") 1 else -1; se <- sqrt(d$vi); cv <- qnorm(.975); ok <- s * d$yi / se > cv; k <- sum(ok)
  if (k < 2 || k > 12) next
  y <- s * d$yi[ok]; e <- se[ok]; common <- s * weighted.mean(d$yi, 1 / d$vi)
  q <- function(t) exp(pnorm(y, t, e, lower.tail = FALSE, log.p = TRUE) - pnorm(cv * e, t, e, lower.tail = FALSE, log.p = TRUE))
  root <- function(f) uniroot(f, c(min(y) - 40 * max(e), max(y) + 10 * max(e)), tol = 1e-14, maxiter = 1e5, extendInt = "upX")$root
  edge_p <- uniroot(function(x) irwin(x, k) - .025, c(1e-9, k / 2), tol = 1e-15)$root
  P <- sapply(c(k / 2, edge_p, k - edge_p), function(g) root(function(t) sum(q(t)) - g))
  L <- sapply(c(k, qgamma(.975, k), qgamma(.025, k)), function(g) root(function(t) g + sum(log(q(t)))))
  ll <- function(t) sum(dnorm(y, t, e, log = TRUE) - pnorm(cv * e, t, e, lower.tail = FALSE, log.p = TRUE))
  score <- function(t) sum((y - t) / e^2 - exp(dnorm(cv * e, t, e, log = TRUE) - pnorm(cv * e, t, e, lower.tail = FALSE, log.p = TRUE)))
  M <- root(function(t) -score(t)); lr <- function(t) 2 * (ll(M) - ll(t))
  lim <- c(uniroot(function(t) lr(t) - qchisq(.95, 1), c(M - 60 * max(e), M), tol = 1e-13)$root, uniroot(function(t) lr(t) - qchisq(.95, 1), c(M, M + 20 * max(e)), tol = 1e-13)$root)
  zP <- function(t) (sum(q(t)) - k / 2) / sqrt(k / 12); sL <- function(t) -sum(log(q(t)))
  rec <- function(method, est, lo, hi, st, p, bst, bp) cases[[length(cases) + 1]] <<- list(set = set, side = side, method = method, estimate = s * est,
    ci_low = min(s * lo, s * hi), ci_high = max(s * lo, s * hi), statistic = st, p_value = p, bias_statistic = bst, bias_p_value = bp, k_significant = k)
  rec("P", P[1], P[2], P[3], zP(0), pnorm(zP(0)), zP(common), pnorm(-zP(common)))
  rec("LNP", L[1], L[2], L[3], sL(0), pgamma(sL(0), k, lower.tail = FALSE), sL(common), pgamma(sL(common), k))
  rec("ML", M, lim[1], lim[2], lr(0), pchisq(lr(0), 1, lower.tail = FALSE), lr(common), pchisq(lr(common), 1, lower.tail = FALSE))
  N <- sapply(c(k, qgamma(.025, k), qgamma(.975, k)), function(g) root(function(t) -sum(log1p(-q(t))) - g)); sN <- function(t) -sum(log1p(-q(t)))
  rec("LN1MINP", N[1], N[2], N[3], sN(0), pgamma(sN(0), k), sN(common), pgamma(sN(common), k, lower.tail = FALSE))
  ks <- function(t) quiet(ks.test(q(t), punif))$statistic; at <- seq(P[1] - 6 * median(e), P[1] + 6 * median(e), length = 1201); i <- which.min(sapply(at, ks))
  rec("KS", optimize(ks, at[c(max(i - 1, 1), min(i + 1, 1201))], tol = 1e-13)$minimum, NA, NA, NA, NA, NA, NA)
  ad <- function(t) {u <- sort(pmin(q(t), 1 - 1e-16)); -k - mean((2 * seq_len(k) - 1) * (log(u) + log1p(-rev(u))))}; i <- which.min(sapply(at, ad))
  rec("AD", optimize(ad, at[c(max(i - 1, 1), min(i + 1, 1201))], tol = 1e-13)$minimum, NA, NA, NA, NA, NA, NA)
}
save("bias_p_uniform", "uniroot to 1e-14 on the conditional p values (van Assen 2015; van Aert 2016); Irwin-Hall by its sum", cases, CLOSED, data = sets)

cases <- list()
for (set in c("hackshaw1998", "raudenbush1985", "baskerville2012", "begg1989", "bangertdrowns2004", "hine1989_or")) {
  d <- sets[[set]]; y <- d$yi; v <- d$vi; cv <- qnorm(.975) * sqrt(v); sig <- y > cv
  ll <- function(m, t2) {s <- sqrt(v + t2); sum(dnorm(y, m, s, log = TRUE) - ifelse(sig, pnorm(cv, m, s, lower.tail = FALSE, log.p = TRUE), pnorm(cv, m, s, log.p = TRUE)))}
  over_m <- function(t2) optimize(function(m) ll(m, t2), c(-15, 15), maximum = TRUE, tol = 1e-13)
  best <- NULL; for (m0 in c(0, .2, .5)) for (t0 in c(.001, .05, .3)) {
    o <- nlminb(c(m0, t0), function(p) -ll(p[1], p[2]), lower = c(-Inf, 0), control = list(rel.tol = 1e-15, x.tol = 1e-13, eval.max = 1e5, iter.max = 1e5))
    if (is.null(best) || o$objective < best$objective) best <- o}
  # Newton to the flat top where tau2 is inside
  p <- best$par; f <- function(p) ll(p[1], p[2])
  if (p[2] > 1e-8) for (i in 1:8) p <- p - solve(hessian(f, p), grad(f, p)) else p <- c(over_m(0)$maximum, 0)
  H <- -hessian(function(q) ll(q[1], if (p[2] > 0) q[2] else 0), p); se <- if (p[2] > 0) sqrt(solve(H)[1, 1]) else sqrt(1 / H[1, 1])
  top <- f(p); over_t <- function(m) max(optimize(function(l) ll(m, exp(l)), c(-30, 3), maximum = TRUE, tol = 1e-13)$objective, ll(m, 0))
  pm <- fit_rma(d, "PM"); cut <- qchisq(.95, 1) / 2
  lo <- uniroot(function(m) top - over_t(m) - cut, c(p[1] - 3, p[1]), tol = 1e-12, extendInt = "downX")$root; hi <- uniroot(function(m) top - over_t(m) - cut, c(p[1], p[1] + 3), tol = 1e-12, extendInt = "upX")$root
  cases[[length(cases) + 1]] <- list(set = set, estimate = p[1], se = se, tau2 = p[2], ci_low = lo, ci_high = hi, statistic = 2 * (top - over_t(0)),
    tau2_statistic = 2 * (top - over_m(0)$objective), bias_statistic = 2 * (top - ll(num(coef(pm)), pm$tau2)), log_likelihood = top)
}
save("bias_p_uniform_star", "nlminb and Newton on the truncated likelihood; profiles by optimize and uniroot (van Aert & van Assen)", cases, CLOSED, data = sets)

# --- contours ------------------------------------------------------------------------------------------------------------
cases <- list()
for (side in c("two-sided", "greater", "less")) {d <- sets$begg1989; z <- (d$yi - .1) / sqrt(d$vi)
  cases[[length(cases) + 1]] <- list(set = "begg1989", alternative = side, null = .1, p_values = vec(switch(side, "two-sided" = 2 * pnorm(-abs(z)), greater = pnorm(-z), less = pnorm(z))))}
save("bias_contours", "pnorm of (yi - null) / sqrt(vi)", cases, data = sets["begg1989"])
