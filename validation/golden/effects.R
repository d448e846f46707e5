# Golden values of effect sizes: metafor's escalc where 3.8 computes what 5.x does, and elsewhere the published
# formula or the delta method by numerical differentiation, written apart from the Python.
# Run from the repository's root: Rscript validation/golden/effects.R
source("validation/golden/record.R")
suppressMessages({library(mvtnorm); library(gsl); library(numDeriv)})
save <- recorder("validation/golden/effects.R", c("mvtnorm", "gsl", "numDeriv"))

# --- data: evergrove's names ------------------------------------------------------------------------
rename <- function(d, names) setNames(lapply(names, function(n) as.numeric(d[[n]])), names(names))
table_names <- c(events1 = "ai", n1 = "n1i", events2 = "ci", n2 = "n2i")
arm_names <- c(mean1 = "m1i", sd1 = "sd1i", n1 = "n1i", mean2 = "m2i", sd2 = "sd2i", n2 = "n2i")
edge <- list(events1 = c(0, 2, 0, 5, 10, 0, 7), n1 = c(10, 12, 8, 5, 20, 30, 7),
             events2 = c(1, 0, 0, 5, 12, 4, 9), n2 = c(11, 13, 9, 6, 22, 30, 9))
bcg <- lapply(with(dat.bcg, list(events1 = tpos, n1 = tpos + tneg, events2 = cpos, n2 = cpos + cneg)), as.numeric)
nielweise <- rename(dat.nielweise2007, table_names)
pairs <- list(both = c(12, 3, 40, 0, 25), only1 = c(8, 2, 5, 4, 0), only2 = c(3, 6, 9, 1, 2), neither = c(30, 11, 60, 9, 31))
margins <- with(pairs, list(events1 = both + only1, n1 = both + only1 + only2 + neither, events2 = both + only2,
                            n2 = both + only1 + only2 + neither, both = both))
hart <- rename(dat.hart1999, c(events1 = "x1i", time1 = "t1i", events2 = "x2i", time2 = "t2i"))
rates <- rename(dat.nielweise2008, c(events1 = "x1i", time1 = "t1i", events2 = "x2i", time2 = "t2i"))
edge_rates <- list(events1 = c(0, 5, 0, 12), time1 = c(120.5, 80, 44, 310), events2 = c(2, 0, 0, 15), time2 = c(98, 77.5, 51, 305))
normand <- rename(dat.normand1999, arm_names)
gibson <- rename(subset(dat.gibson2002, !is.na(m1i)), arm_names)
curtis <- rename(head(dat.curtis1998, 25), arm_names)
small_arms <- list(mean1 = c(3.1, 10, 0.2), sd1 = c(1.2, 4, 0.9), n1 = c(3, 2, 5), mean2 = c(2.5, 14, -0.4), sd2 = c(0.7, 3, 1.4), n2 = c(4, 3, 2))
molloy <- rename(dat.molloy2014, c(r = "ri", n = "ni"))
mcdaniel <- rename(head(dat.mcdaniel1994, 40), c(r = "ri", n = "ni"))
small_r <- list(r = c(-0.9, 0, 0.45, 0.99, 0.3), n = c(5, 6, 12, 9, 4))
aloe <- list(t = dat.aloe2013$tval, n = dat.aloe2013$n, predictors = dat.aloe2013$preds, r2 = dat.aloe2013$R2)
pritz <- list(events = dat.pritz1997$xi, n = dat.pritz1997$ni)
edge_p <- list(events = c(0, 3, 5, 9), n = c(10, 11, 5, 40))
one_rate <- list(events = c(dat.hart1999$x1i, 0, 3), time = c(dat.hart1999$t1i, 52, 0.7))
one_mean <- list(mean = normand$mean1, sd = normand$sd1, n = normand$n1)
alphas <- list(alpha = dat.bonett2010$ai, items = dat.bonett2010$mi, n = dat.bonett2010$ni)
genes <- list(aa = c(dat.frank2008$bc.ins.ins, 12), ab = c(dat.frank2008$bc.ins.del, 30), bb = c(dat.frank2008$bc.del.del, 7))
changes <- list(mean1 = c(30, 24.2, 12, 7.4, 101), sd1 = c(8, 6.1, 3, 2.2, 15), mean2 = c(25, 22.9, 12.5, 5.1, 88),
                sd2 = c(7, 6.4, 2.1, 3.9, 14), n = c(20, 45, 8, 5, 130), r = c(0.6, 0.45, 0.8, -0.2, 0.93))
sets <- list(bcg = bcg, nielweise2007 = nielweise, edge = edge, pairs = pairs, margins = margins, hart1999 = hart, nielweise2008 = rates,
             edge_rates = edge_rates, normand1999 = normand, gibson2002 = gibson, curtis1998 = curtis, small_arms = small_arms,
             molloy2014 = molloy, mcdaniel1994 = mcdaniel, small_r = small_r, aloe2013 = aloe, pritz1997 = pritz, edge_p = edge_p,
             one_rate = one_rate, one_mean = one_mean, bonett2010 = alphas, genes = genes, changes = changes)
# escalc's names of these columns
to_metafor <- function(d) {
  names <- c(events1 = "ai", events2 = "ci", n1 = "n1i", n2 = "n2i", time1 = "t1i", time2 = "t2i", mean1 = "m1i", sd1 = "sd1i",
             mean2 = "m2i", sd2 = "sd2i", r = "ri", n = "ni", events = "xi", time = "ti", mean = "mi", sd = "sdi", alpha = "ai",
             items = "mi", aa = "ai", ab = "bi", bb = "ci", t = "ti", d = "di", r2 = "r2i", both = "ai", only1 = "bi",
             only2 = "ci", neither = "di", predictors = "mi")
  if ("time1" %in% names(d)) names[c("events1", "events2")] <- c("x1i", "x2i")
  setNames(d, names[names(d)])
}
rules <- c("only-zero" = "only0", "all" = "all", "if-any-zero" = "if0all", "none" = "none")
case <- function(set, measure, r, ...) c(list(set = set, measure = measure), list(...), list(yi = vec(r$yi), vi = vec(r$vi)))

# --- escalc of metafor 3.8 -----------------------------------------------------------------------------
cases <- list()
put <- function(set, measure, metafor = list(), ...) {
  r <- quiet(do.call(escalc, c(list(measure = measure), to_metafor(sets[[set]]), metafor)))
  cases[[length(cases) + 1]] <<- case(set, measure, r, ...)
}
two_by_two <- c("AS", "PHI", "YUQ", "YUY", "PBIT", "OR2D", "OR2DN", "OR2DL")
for (set in c("bcg", "nielweise2007", "edge")) {
  for (m in two_by_two) for (rule in names(rules)) for (drop in c(TRUE, FALSE))
    put(set, m, list(to = rules[[rule]], drop00 = drop), to = rule, drop_double_zero = drop)
  for (m in c("AS", "PHI", "RR", "YUQ")) put(set, m, list(add = 0.25, to = "all"), add = 0.25, to = "all", drop_double_zero = FALSE)
  for (v in c("UB", "AV")) put(set, "RD", list(vtype = v), variance = v)
  for (v in c("ST", "CS")) put(set, "PHI", list(vtype = v), variance = v)
  for (m in c("RR", "OR", "RD")) {
    put(set, m, list(addyi = FALSE), correct_effect = FALSE, drop_double_zero = FALSE)
    put(set, m, list(addvi = FALSE), correct_variance = FALSE, drop_double_zero = FALSE)
  }
  # onlyo1 gives a variance of 0 or a difference of logs where all have the event: those rows are in effects_meta
  put(set, "OR", list(onlyo1 = TRUE), cells = "events", drop_double_zero = FALSE)
}
for (m in c("MPRD", "MPRR", "MPOR", "MPORC", "MPPETO")) for (rule in names(rules)) put("pairs", m, list(to = rules[[rule]]), to = rule)
for (set in c("hart1999", "nielweise2008", "edge_rates")) for (m in c("IRR", "IRD", "IRSD")) for (rule in names(rules)) for (drop in c(TRUE, FALSE))
  put(set, m, list(to = rules[[rule]], drop00 = drop), to = rule, drop_double_zero = drop)
put("edge_rates", "IRSD", list(add = 0.5), add = 0.5, drop_double_zero = FALSE)
put("edge_rates", "IRD", list(addyi = FALSE), correct_effect = FALSE)
for (m in c("IR", "IRLN", "IRS", "IRFT")) for (rule in names(rules)) put("one_rate", m, list(to = rules[[rule]]), to = rule)
put("one_rate", "IRFT", list(add = 0.5), add = 0.5)
put("one_rate", "IR", list(addvi = FALSE), correct_variance = FALSE)
for (set in c("normand1999", "gibson2002", "curtis1998", "small_arms")) {
  for (v in c("LS", "LS2", "UB", "AV")) for (m in c("SMD", "SMD1")) put(set, m, list(vtype = v), variance = v)
  for (m in c("RPB", "RBIS", "D2OR", "D2ORN", "D2ORL", "VR")) put(set, m)
  for (v in c("ST", "CS")) put(set, "RPB", list(vtype = v), variance = v)
  for (m in c("SMDH", "SMD1H")) put(set, m, variance = "LS-3.8")
  if (set != "small_arms") {   # a mean below 0
    for (v in c("LS", "HO", "AV", "AVHO")) put(set, "ROM", list(vtype = v), variance = v, bias_correction = "none")
    put(set, "CVR", bias_correction = "first-order")
  }
}
for (set in c("molloy2014", "mcdaniel1994", "small_r")) {
  for (v in c("LS", "AV")) for (m in c("COR", "UCOR")) put(set, m, list(vtype = v), variance = v)
  put(set, "UCOR", list(vtype = "UB"), variance = "UB")
  put(set, "ZCOR")
}
for (v in c("LS", "AV")) put("aloe2013", "SPCOR", list(vtype = v), variance = v)
for (m in c("PCOR", "ZPCOR")) put("aloe2013", m, variance = "LS-3.8")
for (set in c("pritz1997", "edge_p")) {
  for (v in c("LS", "UB", "AV")) put(set, "PR", list(vtype = v), variance = v)
  for (v in c("LS", "AV")) for (m in c("PLN", "PLO")) put(set, m, list(vtype = v), variance = v)
  for (m in c("PAS", "PFT")) put(set, m, list(add = 0.5), add = 0.5)
  for (m in c("PR", "PLO")) put(set, m, list(addyi = FALSE), correct_effect = FALSE)
}
for (m in c("MN", "SMN", "MNLN", "SDLN", "CVLN")) put("one_mean", m)
for (m in c("MC", "VRC")) put("changes", m)
for (v in c("LS", "LS2")) for (m in c("SMCC", "SMCR")) put("changes", m, list(vtype = v), variance = v)
put("changes", "SMCRH", variance = "LS-3.8")
for (m in c("ROMC", "CVRC")) put("changes", m, bias_correction = "none")
for (m in c("ARAW", "AHW", "ABT")) put("bonett2010", m)
put("genes", "REH")
save("effects_escalc", "escalc(measure, ..., add, to, drop00, vtype, addyi, addvi, onlyo1)", cases, data = lapply(sets, function(d) lapply(d, vec)),
     "measures and variances that metafor 3.8 and 5.x compute alike, and the older ones by name")

# --- what 3.8 lacks: formulas written apart, and delta methods by differentiation -----------------------
cases <- list()
add <- function(set, measure, yi, vi, ...) cases[[length(cases) + 1]] <<- case(set, measure, list(yi = yi, vi = vi), ...)
slope <- function(f, x) sapply(x, function(v) if (is.na(v)) NA else numDeriv::grad(f, v))
esc <- function(set, measure, ...) { r <- quiet(do.call(escalc, c(list(measure = measure), to_metafor(sets[[set]]), list(...))));
  data.frame(yi = as.numeric(r$yi), vi = as.numeric(r$vi)) }
fisher <- function(r) { inside <- !is.na(r$yi) & abs(r$yi) < 1; d <- rep(NA, nrow(r)); d[inside] <- slope(atanh, r$yi[inside]);
  list(yi = ifelse(inside, atanh(pmin(1, pmax(-1, r$yi))), NA), vi = d^2 * r$vi) }

# tetrachoric: the root of the bivariate normal at the margins' cuts; the variance from the information
tetrachoric <- function(a, b, c, d) {
  n <- a + b + c + d
  upper <- function(h, k, rho) as.numeric(pmvnorm(upper = c(h, k), corr = matrix(c(1, rho, rho, 1), 2), algorithm = TVPACK(1e-14)))
  h <- qnorm((a + b) / n); k <- qnorm((a + c) / n)
  rho <- uniroot(function(r) upper(h, k, r) - a / n, c(-0.99999, 0.99999), tol = 1e-15)$root
  cells <- function(x) { pa <- upper(x[2], x[3], x[1]); pr <- pnorm(x[2]); pc <- pnorm(x[3]); c(pa, pr - pa, pc - pa, 1 - pr - pc + pa) }
  slopes <- numDeriv::jacobian(cells, c(rho, h, k))   # the cells' slopes by correlation and cuts give the information
  c(rho, solve(n * t(slopes) %*% (slopes / cells(c(rho, h, k))))[1, 1])
}
for (set in c("bcg", "nielweise2007")) {
  full <- with(sets[[set]], events1 > 0 & events2 > 0)
  x <- with(sets[[set]], mapply(function(a, b, c, d, ok) if (ok) tetrachoric(a, b, c, d) else c(NA, NA), events1, n1 - events1, events2, n2 - events2, full))
  add(set, "RTET", x[1, ], x[2, ])
  z <- fisher(data.frame(yi = x[1, ], vi = x[2, ])); add(set, "ZTET", z$yi, z$vi)
}
for (set in c("bcg", "edge", "nielweise2007")) for (v in c("LS", "ST")) { z <- fisher(esc(set, "PHI", vtype = v)); add(set, "ZPHI", z$yi, z$vi, variance = v) }
# homogeneous and null variances of ratios: the risk's variance carried to the log and the logit
spread <- list(RR = function(p) log(p), OR = function(p) qlogis(p), RD = function(p) p)
for (set in c("bcg", "nielweise2007")) for (m in c("RR", "OR", "RD", "OR2D")) for (v in c("AV", "H0")) {
  d <- sets[[set]]; zero <- with(d, events1 == 0 | events2 == 0 | events1 == n1 | events2 == n2) * 0.5
  a <- d$events1 + zero; n1 <- d$n1 + 2 * zero; cc <- d$events2 + zero; n2 <- d$n2 + 2 * zero
  p1 <- if (v == "AV") rep(sum(a) / sum(n1), length(a)) else (a + cc) / (n1 + n2)
  p2 <- if (v == "AV") rep(sum(cc) / sum(n2), length(a)) else p1
  f <- spread[[if (m == "OR2D") "OR" else m]]
  vi <- slope(f, p1)^2 * p1 * (1 - p1) / n1 + slope(f, p2)^2 * p2 * (1 - p2) / n2
  if (m == "OR2D") vi <- vi * 3 / pi^2
  add(set, m, esc(set, m)$yi, vi, variance = v, drop_double_zero = FALSE)
}
for (set in c("normand1999", "gibson2002")) for (m in c("RPB", "RBIS")) { z <- fisher(esc(set, m)); add(set, sub("R", "Z", m), z$yi, z$vi) }
# matched pairs known by their margins: the variance of the log odds of either and their covariance, cell by cell;
# escalc(measure="MPOR") of the pairs is the same number where nothing is corrected
x <- esc("pairs", "MPOR", to = "none"); add("margins", "MPORM", x$yi, x$vi, to = "none")

# standardised differences
J <- function(m) exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / sqrt(m / 2)
for (set in c("normand1999", "gibson2002", "small_arms")) with(sets[[set]], {
  sp <- sqrt(((n1 - 1) * sd1^2 + (n2 - 1) * sd2^2) / (n1 + n2 - 2)); d <- (mean1 - mean2) / sp; m <- n1 + n2 - 2; N <- n1 + n2
  small <- 1 - 3 / (4 * m - 1); u <- 1 / n1 + 1 / n2
  add(set, "SMD", J(m) * d, u + (J(m) * d)^2 / (2 * (N - 3.94)), variance = "LS3")
  add(set, "SMD", J(m) * d, ifelse(m > 2, J(m)^2 * u * m / (m - 2), NA), variance = "H0")
  add(set, "SMD", small * d, u + (small * d)^2 / (2 * N), bias_correction = "approximate")
  add(set, "SMD", small * d, u + (small * d)^2 / (2 * (m - 1.94)), bias_correction = "approximate", variance = "LS3")
  add(set, "SMD", d, u + d^2 / (2 * N), bias_correction = "none")
  add(set, "SMD", d, u + (J(m) * d)^2 * (1 - (m - 2) / (m * J(m)^2)), bias_correction = "none", variance = "UB-g")
  for (arm in 1:2) {
    s <- if (arm == 1) sd1 else sd2; k <- if (arm == 1) n1 else n2; o <- if (arm == 1) sd2 else sd1; l <- if (arm == 1) n2 else n1
    e <- (mean1 - mean2) / s
    add(set, "SMD1", e, u + e^2 / (2 * (k - 1)), bias_correction = "none", variance = "GLASS", glass_arm = arm)
    g <- ifelse(k > 2, J(k - 1), NA) * e
    add(set, "SMD1H", g, (o / s)^2 / (l - 1) + 1 / (k - 1) + g^2 / (2 * (k - 1)), glass_arm = arm)
  }
  q <- (sd1^2 + sd2^2) / 2; g <- J(m) * (mean1 - mean2) / sqrt(q)
  add(set, "SMDH", g, (sd1^2 / (n1 - 1) + sd2^2 / (n2 - 1)) / q + g^2 / (8 * q^2) * (sd1^4 / (n1 - 1) + sd2^4 / (n2 - 1)))
  add(set, "SMDH", g, (sd1^2 / n1 + sd2^2 / n2) / q + g^2 / (8 * q^2) * (sd1^4 / n1 + sd2^4 / n2), variance = "LS2")
  # LS3: the delta method itself, of (m1 - m2) / sqrt((v1 + v2) / 2) with var(v) = 2 sigma^4 / (n - 1), at the corrected effect
  size <- mapply(function(a, s, k, b, t, l, factor) { f <- function(x) (x[1] - x[2]) / sqrt((x[3] + x[4]) / 2)
    h <- numDeriv::grad(f, c(a, b, s^2, t^2)); h[3:4] <- h[3:4] * factor
    sum(h^2 * c(s^2 / k, t^2 / l, 2 * s^4 / (k - 1), 2 * t^4 / (l - 1))) }, mean1, sd1, n1, mean2, sd2, n2, J(m))
  add(set, "SMDH", g, size, variance = "LS3")
  # common language: the delta method of the uncorrected differences
  area <- function(x) pnorm(x / sqrt(2))
  e <- (mean1 - mean2) / sqrt(q); base <- function(k, l) (sd1^2 / k + sd2^2 / l) / q; tilt <- function(k, l) e^2 / (8 * q^2) * (sd1^4 / k + sd2^4 / l)
  add(set, "CLESN", area(e), slope(area, e)^2 * (base(n1 - 1, n2 - 1) + tilt(n1 - 1, n2 - 1)))
  add(set, "AUCN", area(e), slope(area, e)^2 * (base(n1, n2) + tilt(n1, n2)), variance = "LS2")
  add(set, "CLESN", area(e), slope(area, e)^2 * (base(n1, n2) + tilt(n1 - 1, n2 - 1)), variance = "LS3")
  add(set, "CLESN", area(d), slope(area, d)^2 * (u + d^2 / (2 * N)), variance = "HO")
  add(set, "CLESN", area(e), slope(area, 0)^2 * base(n1 - 1, n2 - 1), variance = "H0")
  range <- c(-5, 45); unit <- 100 / diff(range)
  add(set, "POMPMD", unit * (mean1 - mean2), unit^2 * (sd1^2 / n1 + sd2^2 / n2), scale_min = -5, scale_max = 45)
  add(set, "POMPMD", unit * (mean1 - mean2), unit^2 * sp^2 * u, scale_min = -5, scale_max = 45, variance = "HO")
})
# first and second derivatives of the log give bias and second-order variance of log means
bend <- D(D(quote(log(m)), "m"), "m"); tilt <- D(quote(log(m)), "m")
second <- function(m, v) list(bias = eval(bend) * v / 2, first = eval(tilt)^2 * v, more = eval(bend)^2 * v^2 / 2)
for (set in c("normand1999", "curtis1998")) with(sets[[set]], {
  x <- second(mean1, sd1^2 / n1); y <- second(mean2, sd2^2 / n2)
  rom <- log(mean1 / mean2) - (x$bias - y$bias)
  add(set, "ROM", rom, x$first + y$first)
  add(set, "ROM", rom, x$first + y$first + x$more + y$more, variance = "LS2")
  add(set, "ROM", rom - log(mean1 / mean2) + log(mean1 / mean2), ((n1 - 1) * sd1^2 + (n2 - 1) * sd2^2) / (n1 + n2 - 2) * (1 / (n1 * mean1^2) + 1 / (n2 * mean2^2)), variance = "HO")
  half <- 1 / (2 * (n1 - 1)) - 1 / (2 * (n2 - 1))
  wide <- (n1 / (n1 - 1)^2 + n2 / (n2 - 1)^2) / 2
  add(set, "VR", log(sd1 / sd2) + half, wide, variance = "LS2")
  add(set, "VR", log(sd1 / sd2), 1 / (2 * (n1 - 1)) + 1 / (2 * (n2 - 1)), bias_correction = "none")
  cvr <- log(sd1 / sd2) + half - rom
  plain <- 1 / (2 * (n1 - 1)) + 1 / (2 * (n2 - 1)) + x$first + y$first
  add(set, "CVR", cvr, plain)
  add(set, "CVR", log(sd1 / mean1) - log(sd2 / mean2), plain, bias_correction = "none")
  add(set, "CVR", cvr, wide + x$first + y$first + x$more + y$more, variance = "LS2")
})
with(sets$one_mean, {
  add("one_mean", "SDLN", log(sd), 1 / (2 * (n - 1)), bias_correction = "none")
  add("one_mean", "CVLN", log(sd / mean), 1 / (2 * (n - 1)) + sd^2 / (n * mean^2), bias_correction = "none")
  add("one_mean", "SMN", (1 - 3 / (4 * (n - 1) - 1)) * mean / sd, 1 / n + ((1 - 3 / (4 * n - 5)) * mean / sd)^2 / (2 * n), bias_correction = "approximate")
  add("one_mean", "MN", mean, sum((n - 1) * sd^2) / sum(n - 1) / n, variance = "HO")
  add("one_mean", "POMPMN", 100 * (mean - 10) / 90, (100 / 90)^2 * sd^2 / n, scale_min = 10, scale_max = 100)
})
# one group twice
with(sets$changes, {
  s <- sqrt(sd1^2 + sd2^2 - 2 * r * sd1 * sd2); m <- n - 1; set <- "changes"
  k <- function(m) 1 - (m - 2) / (m * J(m)^2)
  ru <- ifelse(n > 4, r * hyperg_2F1(0.5, 0.5, (n - 2) / 2, 1 - r^2), NA)
  c1 <- (mean1 - mean2) / s; c2 <- (mean1 - mean2) / sd1
  add(set, "SMCC", J(m) * c1, 1 / n + k(m) * (J(m) * c1)^2, variance = "UB")
  add(set, "SMCC", J(m) * c1, J(m)^2 / n * m / (m - 2), variance = "H0")
  add(set, "SMCR", J(m) * c2, 2 * (1 - ru) / n + k(m) * (J(m) * c2)^2, variance = "UB")
  add(set, "SMCR", J(m) * c2, J(m)^2 * 2 * (1 - ru) / n * m / (m - 2), variance = "H0")
  add(set, "SMCRH", J(m) * c2, s^2 / (sd1^2 * m) + (J(m) * c2)^2 / (2 * m))
  add(set, "SMCRH", J(m) * c2, s^2 / (sd1^2 * n) + (J(m) * c2)^2 / (2 * n), variance = "LS2")
  q <- (sd1^2 + sd2^2) / 2; e <- (mean1 - mean2) / sqrt(q); g <- J(2 * m / (1 + r^2)) * e
  add(set, "SMCRP", g, 2 * (1 - r) / n + g^2 * (1 + r^2) / (4 * n))
  wide <- (sd1^4 + sd2^4 + 2 * r^2 * sd1^2 * sd2^2) / (8 * q^2)
  add(set, "SMCRPH", g, s^2 / (q * m) + g^2 * wide / m)
  add(set, "SMCRPH", g, s^2 / (q * n) + g^2 * wide / n, variance = "LS2")
  area <- function(x) pnorm(x / sqrt(2))
  for (name in c("CLESCN", "AUCCN")) add(set, name, area(e), slope(area, e)^2 * (s^2 / (q * m) + e^2 * wide / m))
  add(set, "POMPMC", 100 / 80 * (mean1 - mean2), (100 / 80)^2 * s^2 / n, scale_min = 0, scale_max = 80)
  # dependent ratios: first and second order, the covariance r s1 s2 / n entering both
  x <- second(mean1, sd1^2 / n); y <- second(mean2, sd2^2 / n); cv <- r * sd1 * sd2 / n
  m1 <- mean1; m2 <- mean2
  cross <- 1 / (m1 * m2) * cv; more <- (-1 / m1^2) * (-1 / m2^2) * cv^2 / 2
  romc <- log(m1 / m2) - (x$bias - y$bias)
  add(set, "ROMC", romc, x$first + y$first - 2 * cross)
  add(set, "ROMC", romc, x$first + y$first - 2 * cross + x$more + y$more - 2 * more, variance = "LS2")
  vr1 <- (1 - r^2) / m; vr2 <- vr1 + (1 - r^4) / m^2
  add(set, "VRC", log(sd1 / sd2), vr2, variance = "LS2")
  add(set, "CVRC", log(sd1 / sd2) - romc, x$first + y$first - 2 * cross + vr1)
  add(set, "CVRC", log(sd1 / sd2) - romc, x$first + y$first - 2 * cross + x$more + y$more - 2 * more + vr2, variance = "LS2")
  # as printed by Senior et al 2020, eqs. 19, 22 and 24
  p19 <- sd1^2 / (n * m1^2) + sd2^2 / (n * m2^2) + sd1^4 / (2 * n^2 * m1^4) + sd2^4 / (2 * n^2 * m2^4) - 2 * r * sd1 * sd2 / (n * m1 * m2) +
    r^2 * sd1^2 * sd2^2 * (m1^4 + m2^4) / (2 * n^2 * m1^4 * m2^4)
  p22 <- n / (n - 1)^2 - r^2 / (n - 1) + r^4 * (sd1^8 + sd2^8) / (2 * (n - 1)^2 * sd1^4 * sd2^4)
  add(set, "ROMC", romc, p19, variance = "LS2-published")
  add(set, "VRC", log(sd1 / sd2), p22, variance = "LS2-published")
  add(set, "CVRC", log(sd1 / sd2) - romc, p19 + p22, variance = "LS2-published")
})
# correlations
for (set in c("molloy2014", "small_r")) with(sets[[set]], {
  few <- ifelse(n > 3, 1, NA)
  add(set, "COR", few * r, few * (1 - r^2) / (n - 2), variance = "H0"); add(set, "COR", few * r, few / n, variance = "H0b")
})
with(sets$aloe2013, {
  pr <- t / sqrt(t^2 + n - predictors - 1); add("aloe2013", "ZPCOR", atanh(pr), 1 / (n - predictors - 2))
  mean_pr <- sum(n * pr) / sum(n)
  add("aloe2013", "PCOR", pr, (1 - pr^2)^2 / (n - predictors)); add("aloe2013", "PCOR", pr, (1 - mean_pr^2)^2 / (n - predictors), variance = "AV")
  for (v in c("LS", "AV")) { z <- fisher(esc("aloe2013", "SPCOR", vtype = v)); add("aloe2013", "ZSPCOR", z$yi, z$vi, variance = v) }
})
explained <- list(n = c(50, 120, 31, 400), predictors = c(3, 5, 2, 11), r2 = c(0.21, 0.05, 0.62, 0.34))
areas <- list(cles = c(0.62, 0.5, 0.81, 0.3, 0.97), n1 = c(20, 35, 12, 8, 15), n2 = c(25, 30, 10, 9, 40), ties = c(0.02, 0.1, 0, 0.05, 0))
more_sets <- list(explained = explained, areas = areas)
with(explained, {
  k87 <- 4 * r2 * (1 - r2)^2 * (n - predictors - 1)^2 / ((n^2 - 1) * (n + 3)); w <- sum(n * r2) / sum(n)
  add("explained", "R2", r2, 4 * r2 * (1 - r2)^2 / n); add("explained", "R2", r2, k87, variance = "LS2")
  add("explained", "R2", r2, 4 * w * (1 - w)^2 / n, variance = "AV")
  add("explained", "R2", r2, 4 * w * (1 - w)^2 * (n - predictors - 1)^2 / ((n^2 - 1) * (n + 3)), variance = "AV2")
  add("explained", "ZR2", atanh(sqrt(r2)), slope(function(x) atanh(sqrt(x)), r2)^2 * 4 * r2 * (1 - r2)^2 / n)
})
with(areas, {
  # Newcombe's method 4 with n* = (n1 + n2)/2 and Hanley-McNeil, both over (n1-1)(n2-1)
  nn <- (n1 + n2) / 2
  ls <- cles * (1 - cles) * (2 * nn - 1 - (3 * nn - 3) / ((2 - cles) * (1 + cles))) / ((n1 - 1) * (n2 - 1))
  hm <- (cles * (1 - cles) - ties / 4 + (n1 - 1) * (cles / (2 - cles) - cles^2) + (n2 - 1) * (2 * cles^2 / (1 + cles) - cles^2)) / ((n1 - 1) * (n2 - 1))
  add("areas", "CLES", cles, ls); add("areas", "AUC", cles, hm, variance = "LS2")
  add("areas", "CLES", cles, (n1 + n2 + 1) / (12 * n1 * n2), variance = "H0")
  add("areas", "CLES", cles, cles * (1 - cles) / (pmin(n1, n2) - 1), variance = "MAX")
})
for (set in c("pritz1997", "edge_p")) with(sets[[set]], {
  zero <- (events == 0 | events == n) * 0.5; p <- (events + zero) / (n + 2 * zero)
  add(set, "PRZ", qnorm(p), slope(qnorm, p)^2 * p * (1 - p) / (n + 2 * zero))
})
save("effects_formulas", "published formulas and numDeriv::grad of transformations; pmvnorm, hyperg_2F1", cases,
     "what metafor 3.8 lacks or computes otherwise than 5.x, written a second time from the papers",
     data = lapply(c(sets, more_sets), function(d) lapply(d, vec)))

# --- statistics in place of means ------------------------------------------------------------------------
cases <- list()
n1 <- c(20, 12, 40, 3); n2 <- c(25, 15, 38, 2); tt <- c(2.1, -0.4, 5.5, -9); df <- n1 + n2 - 2
d <- tt * sqrt(1 / n1 + 1 / n2); p <- sign(tt) * 2 * pt(-abs(tt), df); rpb <- tt / sqrt(tt^2 + df)
given <- list(t = tt, f = sign(tt) * tt^2, p = p, d = d, r = rpb)
for (m in c("SMD", "RPB", "RBIS", "D2OR", "D2ORN")) {
  r <- escalc(m, m1i = d, sd1i = rep(1, 4), n1i = n1, m2i = rep(0, 4), sd2i = rep(1, 4), n2i = n2)
  for (name in names(given)) cases[[length(cases) + 1]] <- list(measure = m, columns = c(lapply(list(n1 = n1, n2 = n2), vec), setNames(list(vec(given[[name]])), name)),
                                                                 yi = vec(r$yi), vi = vec(r$vi))
}
area <- function(x) pnorm(x / sqrt(2)); vi <- slope(area, d)^2 * (1 / n1 + 1 / n2 + d^2 / (2 * (n1 + n2)))
for (name in c("t", "f", "p", "d")) cases[[length(cases) + 1]] <- list(measure = "CLESN",
  columns = c(lapply(list(n1 = n1, n2 = n2), vec), setNames(list(vec(given[[name]])), name)), yi = vec(area(d)), vi = vec(vi))
cases[[length(cases) + 1]] <- list(measure = "CLESN", columns = lapply(list(n1 = n1, n2 = n2, cles = area(d)), vec), yi = vec(area(d)), vi = vec(vi))
n <- c(14, 30, 8, 210); df <- n - 1; p <- sign(tt) * 2 * pt(-abs(tt), df); dz <- tt / sqrt(n)
r <- escalc("SMCC", m1i = dz, sd1i = rep(1, 4), m2i = rep(0, 4), sd2i = rep(1, 4), ni = n, ri = rep(0.5, 4))
for (x in list(list(t = tt), list(f = sign(tt) * tt^2), list(p = p), list(d = dz)))
  cases[[length(cases) + 1]] <- list(measure = "SMCC", columns = lapply(c(list(n = n), x), vec), yi = vec(r$yi), vi = vec(r$vi))
df <- n - 2; p <- sign(tt) * 2 * pt(-abs(tt), df); rr <- tt / sqrt(tt^2 + df)
for (m in c("COR", "UCOR", "ZCOR")) { r <- escalc(m, ri = rr, ni = n)
  for (x in list(list(t = tt), list(f = sign(tt) * tt^2), list(p = p)))
    cases[[length(cases) + 1]] <- list(measure = m, columns = lapply(c(list(n = n), x), vec), yi = vec(r$yi), vi = vec(r$vi)) }
m <- c(2, 4, 1, 6); df <- n - m - 1; p <- sign(tt) * 2 * pt(-abs(tt), df); r2 <- c(0.4, 0.2, 0.95, 0.5)
r <- escalc("PCOR", ti = tt, ni = n, mi = m); r$vi <- (1 - r$yi^2)^2 / (n - m)
s <- escalc("SPCOR", ti = c(2.1, -0.4, 2, -9), ni = n, mi = m, r2i = r2)
cases[[length(cases) + 1]] <- list(measure = "PCOR", columns = lapply(list(n = n, predictors = m, p = p), vec), yi = vec(r$yi), vi = vec(r$vi))
cases[[length(cases) + 1]] <- list(measure = "PCOR", columns = lapply(list(n = n, predictors = m, r = as.numeric(r$yi)), vec), yi = vec(r$yi), vi = vec(r$vi))
cases[[length(cases) + 1]] <- list(measure = "SPCOR", columns = lapply(list(n = n, predictors = m, r2 = r2, t = c(2.1, -0.4, 2, -9)), vec), yi = vec(s$yi), vi = vec(s$vi))
with(explained, { f <- r2 / (1 - r2) * (n - predictors - 1) / predictors; pf <- pf(f, predictors, n - predictors - 1, lower.tail = FALSE)
  for (x in list(list(f = f), list(p = pf))) cases[[length(cases) + 1]] <<- list(measure = "R2", columns = lapply(c(list(n = n, predictors = predictors), x), vec),
                                                                               yi = vec(r2), vi = vec(4 * r2 * (1 - r2)^2 / n)) })
# MPORM with the correlation given
r <- escalc("MPORM", ai = c(30, 12), bi = c(20, 28), ci = c(22, 9), di = c(28, 31), ri = c(0.4, 0.15))
cases[[length(cases) + 1]] <- list(measure = "MPORM", columns = lapply(list(events1 = c(30, 12), n1 = c(50, 40), events2 = c(22, 9), n2 = c(50, 40), r = c(0.4, 0.15)), vec),
                                   yi = vec(r$yi), vi = vec(r$vi))
cases[[length(cases) + 1]] <- list(measure = "HD", columns = lapply(list(estimate = c(-0.02, 0.1), ci_low = c(-0.05, 0.02), ci_high = c(0.01, 0.18)), vec),
                                   yi = vec(c(-0.02, 0.1)), vi = vec((c(0.06, 0.16) / (2 * qnorm(0.975)))^2))
save("effects_reported", "escalc of the means 0 and d with SDs of 1, where d, t, F, p or r are given", cases)

# --- meta's conventions, by the formulas of its documentation ----------------------------------------------
cases <- list()
for (set in c("nielweise2007", "edge")) with(sets[[set]], {
  zero <- events1 == 0 | events2 == 0 | events1 == n1 | events2 == n2
  all <- events1 == n1 & events2 == n2; none <- events1 == 0 & events2 == 0
  for (name in c("constant", "treatment-arm")) {
    k1 <- zero * (if (name == "constant") 0.5 else n1 / (n1 + n2)); k2 <- zero * (if (name == "constant") 0.5 else n2 / (n1 + n2))
    rr <- log((events1 + k1) / (n1 + k1)) - log((events2 + k2) / (n2 + k2))
    vr <- 1 / (events1 + k1 * !all) - 1 / (n1 + k1) + 1 / (events2 + k2 * !all) - 1 / (n2 + k2)
    cases[[length(cases) + 1]] <<- list(set = set, measure = "RR", cells = "events", add_by = name, drop_double_zero = "drop-no-event",
                                        yi = vec(ifelse(none, NA, rr)), vi = vec(ifelse(none, NA, vr)))
    or <- qlogis((events1 + k1) / (n1 + 2 * k1)) - qlogis((events2 + k2) / (n2 + 2 * k2))
    vo <- 1 / (events1 + k1) + 1 / (n1 - events1 + k1) + 1 / (events2 + k2) + 1 / (n2 - events2 + k2)
    cases[[length(cases) + 1]] <<- list(set = set, measure = "OR", cells = "all", add_by = name, drop_double_zero = "drop",
                                        yi = vec(ifelse(none | all, NA, or)), vi = vec(ifelse(none | all, NA, vo)))
    cases[[length(cases) + 1]] <<- list(set = set, measure = "OR", cells = "all", add_by = name, drop_double_zero = "keep", yi = vec(or), vi = vec(vo))
    rd <- (events1 + k1) * (n1 - events1 + k1) / (n1 + 2 * k1)^3 + (events2 + k2) * (n2 - events2 + k2) / (n2 + 2 * k2)^3
    cases[[length(cases) + 1]] <<- list(set = set, measure = "RD", cells = "all", add_by = name, correct_effect = FALSE, drop_double_zero = "keep",
                                        yi = vec(events1 / n1 - events2 / n2), vi = vec(rd))
  }
})
for (set in c("pritz1997", "edge_p")) with(sets[[set]], {
  k <- 0.5 * (events == 0 | events == n)
  cases[[length(cases) + 1]] <<- list(set = set, measure = "PLN", cells = "events", yi = vec(log((events + k) / (n + k))),
                                      vi = vec(ifelse(events == n, 1 / events, 1 / (events + k)) - 1 / (n + k)))
  cases[[length(cases) + 1]] <<- list(set = set, measure = "PR", cells = "all", correct_effect = FALSE, yi = vec(events / n),
                                      vi = vec((events + k) * (n - events + k) / (n + 2 * k)^3))
})
save("effects_meta", "the formulas of meta's metabin, metaprop: RR.Cochrane=FALSE, incr='TACC', sm='RD', 'PLN', 'PRAW'", cases,
     "meta is in no Debian package: its documented formulas, written apart", data = lapply(sets[c("nielweise2007", "edge", "pritz1997", "edge_p")], function(d) lapply(d, vec)))

# --- scales and intervals --------------------------------------------------------------------------------
y <- c(-0.7, 0, 0.2, 0.9, 1.4)
ipft <- function(x, n) sapply(x, function(v) if (v <= transf.pft(0, n)) 0 else if (v >= transf.pft(1, n)) 1 else uniroot(function(p) transf.pft(p, n) - v, c(0, 1), tol = 1e-15)$root)
iirft <- function(x, t) sapply(x, function(v) if (v <= transf.irft(0, t)) 0 else uniroot(function(r) transf.irft(r, t) - v, c(0, 50), tol = 1e-15)$root)
hm <- function(n) length(n) / sum(1 / n)
cases <- list(
  list(measure = "ZCOR", value = vec(y), natural = vec(transf.ztor(y))), list(measure = "ZR2", value = vec(y), natural = vec(c(0, tanh(y[-1])^2))),
  list(measure = "PRZ", value = vec(y), natural = vec(pnorm(y))), list(measure = "IRS", value = vec(y), natural = vec(transf.isqrt(y))),
  list(measure = "AHW", value = vec(y), natural = vec(transf.iahw(y))), list(measure = "ABT", value = vec(y), natural = vec(transf.iabt(y))),
  list(measure = "SMD", value = vec(y), natural = vec(y)), list(measure = "IRLN", value = vec(y), natural = vec(exp(y))),
  list(measure = "PLO", value = vec(y), natural = vec(plogis(y))), list(measure = "PAS", value = vec(y), natural = vec(transf.iarcsin(y))),
  list(measure = "PFT", value = vec(c(0.05, y[3:5])), n = vec(pritz$n), natural = vec(ipft(c(0.05, y[3:5]), hm(pritz$n)))),
  list(measure = "PFT", value = vec(y[3:5]), variance = 0.004, natural = vec(ipft(y[3:5], 1 / (4 * 0.004)))),
  list(measure = "PFT", value = vec(y[3:5]), n = vec(c(9, 30, 12)), each = TRUE, natural = vec(mapply(ipft, y[3:5], c(9, 30, 12)))),
  list(measure = "IRFT", value = vec(c(0.01, y[3:5])), n = vec(one_rate$time), natural = vec(iirft(c(0.01, y[3:5]), hm(one_rate$time)))),
  list(measure = "IRFT", value = vec(y[3:5]), variance = 0.01, natural = vec(iirft(y[3:5], 1 / (4 * 0.01)))))
save("effects_scales", "transf.* of metafor; uniroot of transf.pft and transf.irft", cases)

# the mean of a transformed normal variable, within the bounds of the transformation
average <- function(f, tau2, from = -Inf, to = Inf) sapply(y, function(m) { t <- sqrt(tau2)
  a <- max(from, m - 10 * t); b <- min(to, m + 10 * t)
  parts <- seq(a, b, length.out = 9)
  total <- sum(sapply(1:8, function(i) integrate(function(x) f(x) * dnorm(x, m, t), parts[i], parts[i + 1], rel.tol = 1e-12, subdivisions = 1000)$value))
  total / (pnorm(to, m, t) - pnorm(from, m, t)) })
cases <- list()
for (tau2 in c(0.01, 0.5, 4)) {
  put_mean <- function(m, v) cases[[length(cases) + 1]] <<- list(measure = m, value = vec(y), tau2 = tau2, natural = vec(v))
  put_mean("PLO", average(plogis, tau2)); put_mean("PRZ", average(pnorm, tau2)); put_mean("ZCOR", average(tanh, tau2))
  put_mean("PAS", average(transf.iarcsin, tau2, 0, pi / 2)); put_mean("AHW", average(transf.iahw, tau2, 0, 1))
  put_mean("ABT", average(transf.iabt, tau2, 0)); put_mean("OR", exp(y + tau2 / 2)); put_mean("MD", y)
}
save("effects_averages", "integrate(transf * dnorm) in eight parts, over the mass within the bounds; exp(mu + tau2/2)", cases,
     "metafor 5's transf.*.int; 3.8 did not bound the last three")

# the mode: the highest peak of the density on the natural scale, by optimize on the side of the mean
mode_of <- function(log_slope, back, tau2) sapply(y[y != 0], function(m) { f <- function(z) dnorm(z, m, sqrt(tau2), log = TRUE) - log_slope(z)
  ends <- if (m > 0) c(0, m + 10 * (1 + tau2)) else c(m - 10 * (1 + tau2), 0); back(optimize(f, ends, maximum = TRUE, tol = 1e-12)$maximum) })
cases <- list()
for (tau2 in c(0.01, 0.5, 4)) {
  put_mode <- function(m, v) cases[[length(cases) + 1]] <<- list(measure = m, value = vec(y[y != 0]), tau2 = tau2, natural = vec(v))
  put_mode("PLO", mode_of(function(z) dlogis(z, log = TRUE), plogis, tau2))
  put_mode("ZCOR", mode_of(function(z) -2 * log(cosh(z)), tanh, tau2)); put_mode("OR", exp(y[y != 0] - tau2))
  if (tau2 < 1) put_mode("PRZ", mode_of(function(z) dnorm(z, log = TRUE), pnorm, tau2))
}
save("effects_modes", "optimize(log density of the transformed normal variable); exp(mu - tau2)", cases, "the peak that metafor 5's transf.*.mode looks for")
cases <- list()
for (xn in list(c(0, 10), c(1, 10), c(3, 17), c(10, 10), c(45, 112), c(199, 200))) for (level in c(0.95, 0.8)) {
  x <- xn[1]; n <- xn[2]; a <- (1 - level) / 2; z <- qnorm(1 - a); phat <- x / n
  # each limit is the root of a tail probability or of a test statistic
  beyond <- function(p) pbinom(x, n, p, lower.tail = FALSE) + dbinom(x, n, p) / 2
  root <- function(f, from, to) uniroot(f, c(from, to), tol = 1e-16)$root
  mid <- c(if (x == 0) 0 else root(function(p) beyond(p) - a, 0, 1), if (x == n) 1 else root(function(p) beyond(p) - (1 - a), 0, 1))
  yates <- suppressWarnings(prop.test(x, n, conf.level = level, correct = TRUE)$conf.int)
  jeff <- c(if (x == 0) 0 else qbeta(a, x + 0.5, n - x + 0.5), if (x == n) 1 else qbeta(1 - a, x + 0.5, n - x + 0.5))
  arc <- transf.iarcsin(transf.arcsin(phat) + c(-1, 1) * z / sqrt(4 * n))
  wald <- phat + c(-1, 1) * z * sqrt(phat * (1 - phat) / n); hold <- function(v) pmin(1, pmax(0, v))
  cases[[length(cases) + 1]] <- list(events = x, n = n, level = level, "mid-p" = vec(mid), "wilson-continuity" = vec(yates), jeffreys = vec(jeff),
    arcsine = vec(arc), normal = vec(hold(wald)), "normal-continuity" = vec(hold(wald + c(-1, 1) / (2 * n))))
}
save("effects_proportion_intervals", "uniroot of pbinom + dbinom/2; prop.test(correct=TRUE); qbeta; transf.iarcsin", cases)
cases <- list()
for (xt in list(c(0, 100), c(1, 50), c(5, 100), c(37, 812.5))) for (level in c(0.95, 0.8)) {
  x <- xt[1]; t <- xt[2]; a <- (1 - level) / 2; z <- qnorm(1 - a)
  beyond <- function(m) ppois(x, m, lower.tail = FALSE) + dpois(x, m) / 2
  top <- 10 * (x + 5); root <- function(f, from, to) uniroot(f, c(from, to), tol = 1e-16)$root
  score <- function(m) (x - m)^2 - z^2 * m
  cases[[length(cases) + 1]] <- list(events = x, time = t, level = level, exact = vec(poisson.test(x, t, conf.level = level)$conf.int),
    "mid-p" = vec(c(if (x == 0) 0 else root(function(m) beyond(m) - a, 1e-9, top), root(function(m) beyond(m) - (1 - a), 1e-9, top)) / t),
    score = vec(c(if (x == 0) 0 else root(score, 1e-12, x), root(score, max(x, 1e-9), top)) / t), normal = vec(pmax(0, x + c(-1, 1) * z * sqrt(x)) / t))
}
save("effects_rate_intervals", "poisson.test; uniroot of ppois + dpois/2 and of the score statistic", cases)
