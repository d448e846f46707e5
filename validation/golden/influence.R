# Golden values of residuals, case deletion, cumulative and leave-one-out results.
# Run from the repository's root: Rscript validation/golden/influence.R
source("validation/golden/record.R")
save <- recorder("validation/golden/influence.R")

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
bang <- dat.bangertdrowns2004[!is.na(dat.bangertdrowns2004$length) & !is.na(dat.bangertdrowns2004$meta), ]
raud <- dat.raudenbush1985
norm <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
one <- function(d) matrix(1, nrow(d), 1)
# years are counted from 1948: R loses digits on a design of ones and years near 2000
sets <- list(
  bcg = list(yi = bcg$yi, vi = bcg$vi, design = one(bcg), order = bcg$year),
  bcg_latitude = list(yi = bcg$yi, vi = bcg$vi, design = cbind(1, bcg$ablat), order = bcg$year),
  bcg_year_allocation = list(yi = bcg$yi, vi = bcg$vi, order = bcg$year,
                             design = cbind(1, bcg$year - 1948, bcg$alloc == "random", bcg$alloc == "systematic")),
  bangertdrowns = list(yi = bang$yi, vi = bang$vi, design = cbind(1, bang$length, bang$meta), order = bang$year),
  raudenbush = list(yi = raud$yi, vi = raud$vi, design = cbind(1, raud$weeks), order = raud$year),
  normand = list(yi = norm$yi, vi = norm$vi, design = one(norm), order = seq_along(norm$yi))
)
data <- lapply(sets, function(s) list(yi = vec(s$yi), vi = vec(s$vi), order = vec(s$order),
                                      design = lapply(seq_len(ncol(s$design)), function(j) vec(s$design[, j]))))
tests <- c(normal = "z", t = "t", "hartung-knapp" = "knha", "hartung-knapp-truncated" = "adhoc")
fit <- function(s, method, test, keep = TRUE, weights = NULL) {
  control <- if (method %in% c("REML", "ML")) tight else if (method == "PM") tight_root else list()
  args <- list(s$yi[keep], s$vi[keep], mods = s$design[keep, , drop = FALSE], intercept = FALSE, method = method, test = test, control = control)
  if (!is.null(weights)) args$weights <- weights
  quiet(do.call(rma, args))
}

record <- function(set, method, ci, f) {
  i <- quiet(influence(f)); r <- quiet(rstandard(f))
  list(
    set = set, tau2_method = method, ci = ci, rstudent = vec(i$inf$rstudent), dffits = vec(i$inf$dffits),
    cook = vec(i$inf$cook.d), covariance_ratio = vec(i$inf$cov.r), tau2 = vec(i$inf$tau2.del), qe = vec(i$inf$QE.del),
    hat = vec(i$inf$hat), weight = vec(i$inf$weight / 100), influential = I(as.logical(i$is.infl)),
    dfbetas = lapply(unclass(i$dfbs)[seq_len(f$p)], vec), residual = vec(r$resid), residual_se = vec(r$se), rstandard = vec(r$z))
}
cases <- list(); stats <- list()
for (set in names(sets)) for (method in c("REML", "ML", "DL", "PM", "EE")) for (ci in names(tests)) {
  if (method == "EE" && ci %in% c("hartung-knapp", "hartung-knapp-truncated")) next
  if (set != "bcg_latitude" && method %in% c("ML", "PM") && ci != "normal") next
  cases[[length(cases) + 1]] <- record(set, method, ci, fit(sets[[set]], method, tests[[ci]]))
}
save("influence_diagnostics", "influence(rma(yi, vi, mods=X, intercept=FALSE, method, test)); rstandard()", cases, data = data)
cases <- list()
for (set in c("bcg", "bcg_latitude", "raudenbush")) for (method in c("DL", "EE")) for (ci in c("normal", "hartung-knapp")) {
  if (method == "EE" && ci == "hartung-knapp") next
  w <- seq_along(sets[[set]]$yi) %% 5 + 1
  cases[[length(cases) + 1]] <- c(record(set, method, ci, fit(sets[[set]], method, tests[[ci]], weights = w)), list(weights = vec(w)))
}
save("influence_weights", "influence(rma(yi, vi, mods=X, intercept=FALSE, weights, method, test)); rstandard()", cases, data = data[c("bcg", "bcg_latitude", "raudenbush")])

cases <- list()
for (set in c("bcg", "normand")) for (method in c("REML", "DL", "EE")) for (ci in c("normal", "hartung-knapp")) {
  if (method == "EE" && ci != "normal") next
  s <- sets[[set]]
  control <- if (method == "REML") tight else list()
  f <- quiet(rma(s$yi, s$vi, method = method, test = tests[[ci]], control = control))
  o <- order(s$order)
  # cumul() refits with the same control
  m <- quiet(cumul(f, order = s$order))
  keep <- as.list(m)
  b <- quiet(baujat(f))
  cases[[length(cases) + 1]] <- list(set = set, tau2_method = method, ci = ci, rows = I(o - 1), k = vec(seq_along(o)),
    estimate = vec(m$estimate), se = vec(m$se), ci_low = vec(m$ci.lb), ci_high = vec(m$ci.ub), p_value = vec(m$pval),
    q = vec(m$Q), tau2 = if (method == "EE") vec(rep(0, length(o))) else vec(m$tau2), i2 = vec(m$I2),
    contribution = vec(b$x), influence = vec(b$y))
}
save("influence_cumulative", "cumul(rma(yi, vi, method, test), order); baujat()", cases, data = data)

# --- QQ plots: the points of qqnorm(); and the envelope of equal variances, where metafor's residuals differ from
# standardised ones by the factor sqrt(1 - 1/k) alone ------------------------------------------------------------------
cases <- list()
tables <- list(bcg = dat.bcg[c("tpos", "tneg", "cpos", "cneg")], nielweise2007 = setNames(with(dat.nielweise2007, data.frame(ai, n1i - ai, ci, n2i - ci)), c("tpos", "tneg", "cpos", "cneg")))
for (set in c("bcg", "bcg_latitude", "normand")) for (method in c("DL", "EE")) for (kind in c("rstandard", "rstudent")) {
  f <- fit(sets[[set]], method, "z")
  q <- quiet(qqnorm(f, type = kind, envelope = FALSE))
  cases[[length(cases) + 1]] <- list(model = "inverse-variance", set = set, tau2_method = method, kind = kind, quantile = vec(q$x), residual = vec(q$y))
}
for (set in names(tables)) for (model in c("mh", "peto")) for (kind in c("rstandard", "rstudent")) {
  d <- tables[[set]]
  f <- if (model == "mh") rma.mh(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d, correct = FALSE) else rma.peto(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d, add = 0, to = "none")
  q <- quiet(qqnorm(f, type = kind))
  cases[[length(cases) + 1]] <- list(model = model, set = set, kind = kind, quantile = vec(q$x), residual = vec(q$y))
}
set.seed(20261127)
k <- 13
ends <- apply(apply((diag(k) - 1 / k) %*% matrix(rnorm(k * 4e5), k), 2, sort)[c(1, 2, k), ], 1, quantile, c(0.025, 0.975)) / sqrt(1 - 1 / k)
save("influence_quantiles", "qqnorm(rma.uni, rma.mh, rma.peto; type, envelope)", cases, "envelope: (I - H) z of 13 equal variances over sqrt(1 - 1/k), 400,000 draws",
     c(data[c("bcg", "bcg_latitude", "normand")], list(tables = lapply(tables, function(d) lapply(d, vec)), low = vec(ends[1, ]), high = vec(ends[2, ]))))

# --- llplot(): normal and exact likelihoods ------------------------------------------------------------------------------
cases <- list()
for (scale in c(TRUE, FALSE)) {
  cases[[length(cases) + 1]] <- list(kind = "normal", set = "bcg", scaled = scale, points = 101, level = 0.9999,
                                     likelihood = apply(llplot(measure = "GEN", yi = bcg$yi, vi = bcg$vi, scale = scale, xvals = 101), 1, vec, simplify = FALSE))
  for (set in names(tables)) {
    d <- tables[[set]]
    l <- quiet(llplot(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d, scale = scale, xvals = 61, level = 99))
    cases[[length(cases) + 1]] <- list(kind = "exact", set = set, scaled = scale, points = 61, level = 0.99, likelihood = apply(l, 1, vec, simplify = FALSE))
  }
}
save("influence_likelihoods", "llplot(measure, yi, vi, ai, bi, ci, di, scale, xvals, level)", cases, "BiasedUrn at precision 1e-10", list(bcg = data$bcg, tables = lapply(tables, function(d) lapply(d, vec))))

# Mantel-Haenszel and Peto: residuals with and without each study. Peto's rows need no correction (add = 0); risk differences
# keep a study without events (drop00 = FALSE), which ratios leave out
options(na.action = "na.exclude")
bcg2 <- with(dat.bcg, list(ai = tpos, bi = tneg, ci = cpos, di = cneg))
zeros <- with(dat.nielweise2007, list(ai = ai, bi = n1i - ai, ci = ci, di = n2i - ci))  # studies with a zero cell
person <- with(dat.nielweise2008, list(x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i))
counts <- list(bcg = bcg2, nielweise2007 = zeros, nielweise2008 = person)
counts <- lapply(counts, function(d) lapply(d, as.numeric))  # integers overflow
ours <- lapply(counts, function(d) if ("x1i" %in% names(d)) list(events1 = vec(d$x1i), time1 = vec(d$t1i), events2 = vec(d$x2i), time2 = vec(d$t2i))
               else list(events1 = vec(d$ai), n1 = vec(d$ai + d$bi), events2 = vec(d$ci), n2 = vec(d$ci + d$di)))
cases <- list()
for (set in names(counts)) for (measure in if (set == "nielweise2008") c("IRR", "IRD") else c("RR", "OR", "RD", "PETO")) {
  f <- quiet(if (measure == "PETO") do.call(rma.peto, c(counts[[set]], list(add = 0)))
             else do.call(rma.mh, c(counts[[set]], list(measure = measure, drop00 = measure != "RD"))))
  r <- quiet(rstandard(f)); d <- quiet(rstudent(f))
  cases[[length(cases) + 1]] <- list(set = set, measure = measure, residual = vec(r$resid), residual_se = vec(r$se), rstandard = vec(r$z),
    deleted_residual = vec(d$resid), deleted_residual_se = vec(d$se), rstudent = vec(d$z))
}
save("influence_counts", "rstandard(f); rstudent(f) of rma.mh(..., measure, drop00 = measure != 'RD'), rma.peto(..., add = 0)", cases, data = ours)
