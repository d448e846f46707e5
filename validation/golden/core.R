# Golden values of the first statistics: effect sizes, pooling, sparse data, influence, small studies, conversions.
# Run from the repository's root: Rscript validation/golden/core.R
source("validation/golden/record.R")
save <- recorder("validation/golden/core.R")

# --- data -----------------------------------------------------------------------------------------
bcg <- with(dat.bcg, list(events1 = tpos, n1 = tpos + tneg, events2 = cpos, n2 = cpos + cneg))
two_arm <- function(d) list(events1 = d$ai, n1 = d$n1i, events2 = d$ci, n2 = d$n2i)
yusuf <- subset(dat.yusuf1985, table == "6" & !is.na(ai))
axfors <- with(dat.axfors2021, list(events1 = hcq_arm_event, n1 = hcq_arm_total,
                                    events2 = control_arm_event, n2 = control_arm_total))
collins <- with(subset(dat.collins1985b, !is.na(ped.xti)), list(events1 = ped.xti, n1 = pre.nti, events2 = ped.xci,
                                                               n2 = pre.nci))
# double-zero, all-event and one-zero arms together: no example in metadat has them all
edge <- list(events1 = c(0, 2, 0, 5, 10, 0, 7), n1 = c(10, 12, 8, 5, 20, 30, 7),
             events2 = c(1, 0, 0, 5, 12, 4, 9), n2 = c(11, 13, 9, 6, 22, 30, 9))
tables <- list(bcg = bcg, nielweise2007 = two_arm(dat.nielweise2007), yusuf1985_6 = two_arm(yusuf),
               li2007 = two_arm(dat.li2007), hine1989 = two_arm(dat.hine1989), collins1985b = collins,
               axfors2021 = axfors, edge = edge)
curtis <- head(dat.curtis1998, 20)
arms <- function(d) list(mean1 = d$m1i, sd1 = d$sd1i, n1 = d$n1i, mean2 = d$m2i, sd2 = d$sd2i, n2 = d$n2i)
means <- list(normand1999 = arms(dat.normand1999), curtis1998 = arms(curtis))
pritz <- list(events = dat.pritz1997$xi, n = dat.pritz1997$ni)
edge_p <- list(events = c(0, 3, 5, 9), n = c(10, 11, 5, 40))
props <- list(pritz1997 = pritz, edge = edge_p)
rules <- c("only-zero" = "only0", "all" = "all", "if-any-zero" = "if0all", "none" = "none")

# --- effect sizes -----------------------------------------------------------------------------------
escalc2 <- function(m, d, to, drop) quiet(escalc(m, ai = events1, n1i = n1, ci = events2, n2i = n2, data = as.data.frame(d),
                                                 add = 1/2, to = to, drop00 = drop))
cases <- list()
for (set in names(tables)) for (m in c("RR", "OR", "RD", "PETO")) for (rule in names(rules)) for (drop in c(TRUE, FALSE)) {
  r <- escalc2(m, tables[[set]], rules[[rule]], drop)
  cases[[length(cases) + 1]] <- list(set = set, measure = m, to = rule,
                                     drop_double_zero = drop, yi = vec(r$yi), vi = vec(r$vi))
}
save("effect_sizes_events", "escalc(measure, ai, n1i, ci, n2i, add=1/2, to, drop00)", cases, data = columns(tables))

cases <- list()
for (set in names(means)) for (mv in list(c("MD", "LS"), c("MD", "HO"), c("SMD", "LS"), c("SMD", "UB"), c("ROM", "LS"),
                                          c("ROM", "HO"))) {
  r <- with(means[[set]], escalc(mv[1], m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2, vtype = mv[2]))
  cases[[length(cases) + 1]] <- list(set = set, measure = mv[1], variance = mv[2],
                                     yi = vec(r$yi), vi = vec(r$vi))
}
save("effect_sizes_means", "escalc(measure, m1i, sd1i, n1i, m2i, sd2i, n2i, vtype)", cases, data = columns(means))

cases <- list()
for (set in names(props)) for (m in c("PR", "PLN", "PLO", "PAS", "PFT")) for (rule in names(rules)) {
  r <- quiet(with(props[[set]], escalc(m, xi = events, ni = n, add = 1/2, to = rules[[rule]])))
  if (m %in% c("PAS", "PFT"))  # their corrections are metafor's defaults, add = 0
    r <- quiet(with(props[[set]], escalc(m, xi = events, ni = n)))
  cases[[length(cases) + 1]] <- list(set = set, measure = m, to = rule,
                                     yi = vec(r$yi), vi = vec(r$vi))
}
save("effect_sizes_proportions", "escalc(measure, xi, ni, add=1/2, to); PAS and PFT with their default add=0", cases, data = columns(props))

back <- list()
v <- c(-3, -0.4, 0, 0.2, 0.9, 2.5)
for (m in c("RR", "PLO", "PAS")) {
  f <- list(RR = exp, PLO = transf.ilogit, PAS = transf.iarcsin)[[m]]
  x <- if (m == "PAS") c(0, 0.2, 0.9, 1.5) else v
  back[[length(back) + 1]] <- list(measure = m, value = vec(x), natural = vec(sapply(x, f)))
}
x <- c(0.2, 0.6, 0.9, 1.2)
back[[length(back) + 1]] <- list(measure = "PFT", value = vec(x), n = vec(pritz$n),
                                 natural = vec(sapply(x, transf.ipft.hm, targs = list(ni = pritz$n))))
save("back_transform", "exp, transf.ilogit, transf.iarcsin, transf.ipft.hm", back)

# --- pooling ------------------------------------------------------------------------------------------
es <- list(
  bcg_rr = escalc2("RR", bcg, "only0", FALSE), bcg_or = escalc2("OR", bcg, "only0", FALSE),
  bcg_rd = escalc2("RD", bcg, "only0", FALSE),
  nielweise2007_or = escalc2("OR", tables$nielweise2007, "only0", FALSE),
  hine1989_rd = escalc2("RD", tables$hine1989, "only0", FALSE),
  li2007_or = escalc2("OR", tables$li2007, "only0", FALSE),
  normand1999_md = with(means$normand1999, escalc("MD", m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2)),
  normand1999_smd = with(means$normand1999, escalc("SMD", m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2)),
  curtis1998_rom = with(means$curtis1998, escalc("ROM", m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2)),
  molloy2014_zcor = escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014),
  pritz1997_plo = escalc("PLO", xi = events, ni = n, data = as.data.frame(pritz)),
  raudenbush1985_smd = dat.raudenbush1985,
  hackshaw1998_or = dat.hackshaw1998
)
tests <- c(normal = "z", t = "t", "hartung-knapp" = "knha", "hartung-knapp-truncated" = "adhoc")
fit_record <- function(f) {
  p <- predict(f)
  list(estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub), statistic = num(f$zval),
       p_value = num(f$pval), tau2 = num(f$tau2), i2 = num(f$I2), h2 = num(f$H2), q = num(f$QE), q_p_value = num(f$QEp),
       prediction_low = num(p$pi.lb), prediction_high = num(p$pi.ub), weights = vec(weights(f) / 100))
}
rma_tight <- function(yi, vi, method, test, ...) {
  control <- if (method == "REML") tight else if (method == "PM") tight_root else list()
  rma(as.numeric(yi), as.numeric(vi), method = method, test = test, control = control, ...)
}
cases <- list()
for (set in names(es)) for (method in c("REML", "DL", "PM", "EE")) for (ci in names(tests)) {
  d <- es[[set]]
  f <- rma_tight(d$yi, d$vi, method, tests[[ci]])
  rec <- fit_record(f)
  if (method == "EE") rec$prediction_low <- rec$prediction_high <- NA_real_
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, ci = ci), rec)
}
# not narrower than the classic interval: the wider of two metafor fits
for (set in names(es)) for (method in c("REML", "DL")) {
  d <- es[[set]]
  hk <- rma_tight(d$yi, d$vi, method, "knha")
  z <- rma_tight(d$yi, d$vi, method, "z")
  f <- if (hk$ci.ub - hk$ci.lb < z$ci.ub - z$ci.lb) z else hk
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, ci = "hartung-knapp-adhoc"), fit_record(f))
}
save("pooling", "rma(yi, vi, method, test, control); predict()", cases,
     "REML: control=list(threshold=1e-12, maxiter=10000); PM: control=list(tol=1e-14); EE is the common effect", data = columns(es))

cases <- list()
for (set in names(es)) for (level in c(0.95, 0.8)) {
  d <- es[[set]]
  f <- rma_tight(d$yi, d$vi, "DL", "z")
  ci <- confint(f, level = 100 * level, control = tight_root)$random
  cases[[length(cases) + 1]] <- list(set = set, level = level,
                                     tau2_ci_low = ci["tau^2", "ci.lb"], tau2_ci_high = ci["tau^2", "ci.ub"],
                                     i2_ci_low = ci["I^2(%)", "ci.lb"], i2_ci_high = ci["I^2(%)", "ci.ub"])
}
save("q_profile", "confint(rma(yi, vi, method='DL'), level, control=list(tol=1e-14, maxiter=100000))", cases, data = columns(es))

cases <- list()
for (set in c("bcg_rr", "normand1999_md", "molloy2014_zcor")) for (ci in c("normal", "hartung-knapp")) {
  d <- es[[set]]
  f <- rma_tight(d$yi, d$vi, "DL", tests[[ci]])
  half <- sqrt(f$tau2 + f$se^2)
  for (df in list(c("t(k-1)", f$k - 1), c("t(k-2)", f$k - 2), c("normal", Inf))) {
    q <- qt(0.975, as.numeric(df[2]))
    cases[[length(cases) + 1]] <- list(set = set, ci = ci, prediction = df[1], prediction_low = num(coef(f)) - q * half,
                                       prediction_high = num(coef(f)) + q * half)
  }
  p <- predict(f)
  cases[[length(cases) + 1]] <- list(set = set, ci = ci, prediction = "test", prediction_low = num(p$pi.lb),
                                     prediction_high = num(p$pi.ub))
}
save("prediction", "coef -/+ qt(0.975, df) * sqrt(tau2 + se^2) from rma(method='DL'); predict() for 'test'", cases,
     data = columns(es))

# tau2 given: isolates the adjustments from the estimator
cases <- list()
for (set in c("bcg_rr", "normand1999_md", "molloy2014_zcor")) for (ci in names(tests)) for (tau2 in c(0, 0.01, 0.4)) {
  d <- es[[set]]
  f <- rma(as.numeric(d$yi), as.numeric(d$vi), tau2 = tau2, test = tests[[ci]])
  cases[[length(cases) + 1]] <- c(list(set = set, given = tau2, ci = ci), fit_record(f))
}
save("pooling_tau2_given", "rma(yi, vi, tau2=, test=)", cases, data = columns(es))

# Two maxima of the restricted likelihood: by matrices and optimize(), not by metafor, whose scoring finds one
restricted <- function(tau2, y, v) {
  V <- diag(v + tau2); X <- matrix(1, length(y)); W <- solve(V); info <- t(X) %*% W %*% X
  b <- solve(info, t(X) %*% W %*% y); r <- y - X %*% b
  as.numeric(-0.5 * (determinant(V)$modulus + determinant(info)$modulus + t(r) %*% W %*% r))
}
two <- list(
  four = list(yi = c(-0.181, -0.164, 1.834, 0.23), vi = c(0.0241, 0.0119, 0.4549, 0.4144)),
  three = list(yi = c(-0.475, -0.02, 2.866), vi = c(0.3612, 0.007, 1.4352)),
  bcg_rr = list(yi = as.numeric(es$bcg_rr$yi), vi = as.numeric(es$bcg_rr$vi)))
cases <- list()
for (set in names(two)) {
  d <- two[[set]]
  grid <- c(0, exp(seq(log(1e-8), log(100), length.out = 4000)))
  ll <- sapply(grid, restricted, y = d$yi, v = d$vi)
  n <- length(grid)
  at <- which(ll > c(-Inf, ll[-n]) & ll >= c(ll[-1], -Inf))
  peak <- sapply(at, function(i) if (i == 1) 0 else optimize(restricted, c(grid[i - 1], grid[i + 1]), y = d$yi, v = d$vi,
                                                             maximum = TRUE, tol = 1e-12)$maximum)
  height <- sapply(peak, restricted, y = d$yi, v = d$vi)
  cases[[length(cases) + 1]] <- list(set = set, maxima = vec(peak), log_likelihood = vec(height), tau2 = peak[which.max(height)])
}
save("restricted_likelihood", "optimize(restricted log-likelihood by matrices)", cases, data = two,
     "optimize() finds a flat top to about 1e-7 of tau2")

# --- sparse ----------------------------------------------------------------------------------------
mh_record <- function(f) list(estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub),
                              statistic = num(f$zval), p_value = num(f$pval), q = num(f$QE), q_df = f$k.yi - 1,
                              q_p_value = num(f$QEp), i2 = num(f$I2), h2 = num(f$H2), weights = vec(weights(f) / 100))
cases <- list()
for (set in names(tables)) for (m in c("RR", "OR", "RD")) {
  f <- quiet(with(tables[[set]], rma.mh(ai = events1, n1i = n1, ci = events2, n2i = n2, measure = m)))
  cases[[length(cases) + 1]] <- c(list(set = set, measure = m, correction = 0), mh_record(f))
}
for (m in c("RR", "OR")) {   # correction in the pooling itself, as RevMan does
  f <- quiet(with(tables$nielweise2007, rma.mh(ai = events1, n1i = n1, ci = events2, n2i = n2, measure = m,
                                               add = c(1/2, 1/2), to = c("only0", "only0"), drop00 = c(TRUE, TRUE))))
  cases[[length(cases) + 1]] <- c(list(set = "nielweise2007", measure = m,
                                       correction = 0.5), mh_record(f))
}
save("mantel_haenszel", "rma.mh(ai, n1i, ci, n2i, measure); add=c(1/2, correction), to=c('only0', 'none' or 'only0'), drop00=c(TRUE, TRUE) with a correction", cases, data = columns(tables))

cases <- list()
for (set in names(tables)) {
  f <- quiet(with(tables[[set]], rma.peto(ai = events1, n1i = n1, ci = events2, n2i = n2)))
  cases[[length(cases) + 1]] <- c(list(set = set), mh_record(f))
}
save("peto", "rma.peto(ai, n1i, ci, n2i)", cases, data = columns(tables))

# --- influence, subgroups, small studies -----------------------------------------------------------------
cases <- list()
for (set in c("bcg_rr", "normand1999_md", "molloy2014_zcor")) for (method in c("REML", "DL", "EE")) {
  d <- es[[set]]
  l <- leave1out(rma_tight(d$yi, d$vi, method, if (method == "EE") "z" else "knha"))
  cases[[length(cases) + 1]] <- list(set = set, tau2_method = method,
                                     ci = if (method == "EE") "normal" else "hartung-knapp", estimate = vec(l$estimate),
                                     ci_low = vec(l$ci.lb), ci_high = vec(l$ci.ub), p_value = vec(l$pval),
                                     tau2 = if (method == "EE") vec(rep(0, nrow(d))) else vec(l$tau2),
                                     i2 = vec(l$I2), q = vec(l$Q))
}
save("leave_one_out", "leave1out(rma(yi, vi, method, test, control))", cases, data = columns(es))

subgroup_case <- function(set, yi, vi, group, method, test) {
  own <- lapply(split(data.frame(yi = as.numeric(yi), vi = as.numeric(vi)), group),
                function(d) rma_tight(d$yi, d$vi, method, test))
  between <- rma(sapply(own, function(f) coef(f)), sapply(own, function(f) f$se^2), method = "EE")
  mixed <- rma_tight(yi, vi, method, "z", mods = model.matrix(~ factor(group))[, -1, drop = FALSE])
  cell <- rma_tight(yi, vi, method, "z", mods = model.matrix(~ 0 + factor(group)), intercept = FALSE)
  list(set = set, groups = as.character(group), names = names(own), tau2_method = method,
       ci = names(tests)[tests == test], estimates = vec(sapply(own, function(f) coef(f))), se = vec(sapply(own, function(f) f$se)),
       q = num(between$QE), p_value = num(between$QEp), residual_tau2 = num(mixed$tau2), residual_q_between = num(mixed$QM),
       residual_p_value = num(mixed$QMp), residual_estimates = vec(coef(cell)), residual_se = vec(cell$se))
}
cases <- list()
for (method in c("REML", "DL", "PM")) for (test in c("z", "knha")) {
  cases[[length(cases) + 1]] <- subgroup_case("bcg_rr", es$bcg_rr$yi, es$bcg_rr$vi, dat.bcg$alloc, method, test)
  cases[[length(cases) + 1]] <- subgroup_case("molloy2014_zcor", es$molloy2014_zcor$yi, es$molloy2014_zcor$vi,
                                              dat.molloy2014$design, method, test)
}
save("subgroups", "rma per group; rma(estimates, se^2, method='EE')$QE; rma(yi, vi, mods=~factor(group))$QM, tau2", cases, data = columns(es))

cases <- list()
for (set in c("bcg_rr", "li2007_or", "normand1999_smd", "hackshaw1998_or", "molloy2014_zcor")) {
  d <- es[[set]]
  r <- regtest(as.numeric(d$yi), as.numeric(d$vi), model = "lm", ret.fit = TRUE)
  s <- summary(r$fit)
  cases[[length(cases) + 1]] <- list(set = set, slope = coef(s)[2, 1], slope_se = coef(s)[2, 2],
                                     statistic = num(r$zval), df = num(r$dfs), p_value = num(r$pval), limit_estimate = num(r$est),
                                     limit_ci_low = num(r$ci.lb), limit_ci_high = num(r$ci.ub), dispersion = s$sigma^2)
}
save("egger", "regtest(yi, vi, model='lm', ret.fit=TRUE)", cases, data = columns(es))

# --- base R ----------------------------------------------------------------------------------------
cases <- list()
for (xn in list(c(0, 10), c(1, 10), c(3, 17), c(10, 10), c(45, 112), c(0, 1))) for (level in c(0.95, 0.9)) {
  w <- suppressWarnings(prop.test(xn[1], xn[2], conf.level = level, correct = FALSE)$conf.int)
  z <- qnorm((1 + level) / 2); nt <- xn[2] + z^2; pt_ <- (xn[1] + z^2 / 2) / nt
  ac <- pt_ + c(-1, 1) * z * sqrt(pt_ * (1 - pt_) / nt)
  cp <- binom.test(xn[1], xn[2], conf.level = level)$conf.int
  cases[[length(cases) + 1]] <- list(events = xn[1], n = xn[2], level = level, wilson = vec(w), "clopper-pearson" = vec(cp),
                                     "agresti-coull" = vec(pmin(1, pmax(0, ac))))
}
save("proportion_intervals", "prop.test(x, n, correct=FALSE); binom.test(x, n)", cases)

cases <- list()
for (x in c(0.3, 2, 10, 40, 300, 1e6)) for (df in c(1, 2, 9, 30, 500, 1e6, NA)) {
  lp <- if (is.na(df)) pnorm(-x, log.p = TRUE) + log(2) else pt(-x, df, log.p = TRUE) + log(2)
  cases[[length(cases) + 1]] <- list(statistic = x, df = df, log_p_value = lp)
}
save("log_p_values", "pt(-x, df, log.p=TRUE) + log(2); pnorm where df is null", cases)

h <- subset(dat.hackshaw1998, TRUE)
vi <- ((log(h$or.ub) - log(h$or.lb)) / (2 * qnorm(0.975)))^2
save("printed_intervals", "log(or); ((log(ub) - log(lb)) / (2 qnorm(0.975)))^2", lapply(c("OR", "HR"), function(m)
  list(set = "hackshaw1998", measure = m, yi = vec(log(h$or)), vi = vec(vi))),
  data = list(hackshaw1998 = list(estimate = vec(h$or), ci_low = vec(h$or.lb), ci_high = vec(h$or.ub))))

# Conversions: the published formulas written out in R (qnorm, qt), apart from the Python
cases <- list()
for (n in c(5, 12, 50, 101, 400)) {
  e <- 2 * qnorm((0.75 * n - 0.125) / (n + 0.25)); x <- 2 * qnorm((n - 0.375) / (n + 0.25))
  a <- 2; q1 <- 10; m <- 14; q3 <- 20; b <- 40
  w <- 0.7 + 0.39 / n; u <- 4 / (4 + n^0.75); w1 <- 2.2 / (2.2 + n^0.75); w2 <- 0.7 - 0.72 / n^0.55
  cases[[length(cases) + 1]] <- list(n = n, method = "luo-wan", iqr = vec(c(w * (q1 + q3) / 2 + (1 - w) * m, (q3 - q1) / e)),
    range = vec(c(u * (a + b) / 2 + (1 - u) * m, (b - a) / x)),
    five = vec(c(w1 * (a + b) / 2 + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * m, (b - a) / (2 * x) + (q3 - q1) / (2 * e))),
    bounds = vec(c(1 / log(n + 9) + 2.5 / (n + 1), 2.65 / sqrt(n) - 6 / n^2, 3 / sqrt(n) - 40 / n^3)),
    sd_from_ci = vec(c(sqrt(n) * (34.2 - 30) / (2 * qt(0.975, n - 1)), sqrt(n) * (34.2 - 30) / (2 * qnorm(0.975)))))
  cases[[length(cases) + 1]] <- list(n = n, method = "wan", iqr = vec(c((q1 + m + q3) / 3, (q3 - q1) / e)),
    range = vec(c((a + 2 * m + b) / 4, (b - a) / x)),
    five = vec(c((a + 2 * q1 + 2 * m + 2 * q3 + b) / 8, (b - a) / (2 * x) + (q3 - q1) / (2 * e))),
    bounds = vec(c(1 / log(n + 9) + 2.5 / (n + 1), 2.65 / sqrt(n) - 6 / n^2, 3 / sqrt(n) - 40 / n^3)),
    sd_from_ci = vec(c(sqrt(n) * (34.2 - 30) / (2 * qt(0.975, n - 1)), sqrt(n) * (34.2 - 30) / (2 * qnorm(0.975)))))
}
save("conversions", "published formulas with qnorm and qt; min 2, q1 10, median 14, q3 20, max 40", cases)
print(unique(warnings()))
