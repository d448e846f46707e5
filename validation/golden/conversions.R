# Golden values of the conversions. metafor 3.8 has no conv.* functions, so: the published formulas written a second
# time, known tables and raw data whose summaries are converted back, and metafor's escalc where it has the measure.
# Run from the repository's root: Rscript validation/golden/conversions.R
source("validation/golden/record.R")
save <- recorder("validation/golden/conversions.R", "numDeriv")
add <- function(cases, ...) c(cases, list(list(...)))

# --- means and SDs from quantiles --------------------------------------------------------------------
# Wan's tables are expected order statistics rounded to 3 digits: computed here by integration, not copied
order_mean <- function(r, n) integrate(function(x) x * exp(lchoose(n, r) + log(r) + dnorm(x, log = TRUE) +
  (r - 1) * pnorm(x, log.p = TRUE) + (n - r) * pnorm(x, lower.tail = FALSE, log.p = TRUE)), -10, 10,
  rel.tol = 1e-12, subdivisions = 2000)$value
range_table <- sapply(1:50, function(n) if (n == 1) 0 else round(2 * order_mean(n, n), 3))
iqr_table <- sapply(1:50, function(q) round(2 * order_mean(3 * q + 1, 4 * q + 1), 3))
range_div <- function(n, tables) if (tables && n <= 50) range_table[n] else 2 * qnorm((n - 0.375) / (n + 0.25))
iqr_div <- function(n, tables) if (tables && n <= 201) iqr_table[ceiling(0.25 * (n - 1))] else 2 * qnorm((0.75 * n - 0.125) / (n + 0.25))

five <- function(s, x, n, method, tables = FALSE) {
  a <- x[1]; q1 <- x[2]; m <- x[3]; q3 <- x[4]; b <- x[5]
  R <- (b - a) / range_div(n, tables); Q <- (q3 - q1) / iqr_div(n, tables)
  luo <- switch(s, range = m + 4 / (4 + n^.75) * ((a + b) / 2 - m), quartiles = m + (.7 + .39 / n) * ((q1 + q3) / 2 - m),
    "five numbers" = { w1 <- 2.2 / (2.2 + n^.75); w2 <- .7 - .72 / n^.55
      w1 * (a + b) / 2 + w2 * (q1 + q3) / 2 + (.3 + .72 / n^.55 - 2.2 / (2.2 + n^.75)) * m })
  wan <- switch(s, range = (a + 2 * m + b) / 4, quartiles = (q1 + m + q3) / 3, "five numbers" = (a + 2 * q1 + 2 * m + 2 * q3 + b) / 8)
  sd_wan <- switch(s, range = R, quartiles = Q, "five numbers" = (R + Q) / 2)
  # Shi's eq 11: the form with theta1 and theta2
  sd_shi <- if (s == "five numbers") (b - a) / ((1 + .07 * n^.6) * range_div(n, FALSE)) +
    (q3 - q1) / ((1 + 1 / (.07 * n^.6)) * iqr_div(n, FALSE)) else sd_wan
  switch(method, "luo-shi" = c(luo, sd_shi), "luo-wan" = c(luo, sd_wan), wan = c(wan, sd_wan),
    "wan-n" = c(if (s == "range") wan + (a - 2 * m + b) / (4 * n) else wan, sd_wan),
    hozo = c(if (n <= 25) (a + 2 * m + b) / 4 else m,
             if (n <= 15) sqrt(((a - 2 * m + b)^2 / 4 + (b - a)^2) / 12) else if (n <= 70) (b - a) / 4 else (b - a) / 6),
    bland = c(wan, sqrt((a^2 + 2 * q1^2 + 2 * m^2 + 2 * q3^2 + b^2) / 16 + (a * q1 + q1 * m + m * q3 + q3 * b) / 8 -
                          (a + 2 * q1 + 2 * m + 2 * q3 + b)^2 / 64)),
    walter = c(m, (b - a) / (2 * integrate(function(z) { p <- pnorm(z); 1 - (1 - p)^n - p^n }, 0, 40, rel.tol = 1e-12)$value)))
}
skew <- function(s, x, n) switch(s,
  range = c(abs(x[1] + x[5] - 2 * x[3]) / (x[5] - x[1]), 1 / log(n + 9) + 2.5 / (n + 1)),
  quartiles = c(abs(x[2] + x[4] - 2 * x[3]) / (x[4] - x[2]), 2.65 / sqrt(n) - 6 / n^2),
  "five numbers" = c(max(2.65 * log(.6 * n) / sqrt(n) * abs(x[1] + x[5] - 2 * x[3]) / (x[5] - x[1]),
                         abs(x[2] + x[4] - 2 * x[3]) / (x[4] - x[2])), 3 / sqrt(n) - 40 / n^3))
shapes <- list(c(2, 10, 14, 20, 40), c(-8.5, -1.2, 0.3, 1.1, 9), c(0.01, 0.4, 1.7, 6, 90))
cases <- list()
for (x in shapes) for (n in c(5, 15, 16, 26, 50, 51, 70, 71, 201, 202)) for (s in c("range", "quartiles", "five numbers"))
  for (m in c("luo-shi", "luo-wan", "wan", "wan-n", if (s == "range") c("hozo", "walter"), if (s == "five numbers") "bland"))
    for (tables in if (m %in% c("luo-shi", "wan")) c(FALSE, TRUE) else FALSE)
      cases <- add(cases, values = vec(x), n = n, scenario = s, method = m, expected_range = if (tables) "tables" else "blom",
                   found = vec(five(s, x, n, m, tables)), skewness = vec(skew(s, x, n)))
save("conversions_five_numbers", "published formulas; Wan's tables by integrate() of order statistics, rounded to 3 digits", cases)

# log-normal (Shi, Tong, Wang & Genton 2020), on the logs, and back with its bias correction
shi <- function(s, x, n, back) {
  x <- log(x); f <- five(s, x, n, "luo-shi"); mu <- f[1]; S2 <- f[2]^2
  z <- switch(s, range = 1.01 + .25 / log(n)^2, quartiles = 1 + 1.58 / n, "five numbers" = 1 + .28 / log(n)^2)
  z4 <- switch(s, range = 1 + 2.23 / log(n)^2, quartiles = 1 + 19.2 / n^1.2, "five numbers" = 1 + 3.93 / n)
  k <- switch(s, range = c(.565, .37, 2.26, 5.92, 1.48), quartiles = c(.57, .75, 2.28, 12, 3), "five numbers" = c(.405, .315, 1.62, 5.04, 1.26))
  v <- S2 / z; v4 <- S2^2 / z4
  if (!back) return(c(mu, sqrt(v)))
  c(exp(mu + v / 2) / (1 + k[1] * v / n + k[2] * v4 / n),
    sqrt(exp(2 * mu + 2 * v) / (1 + k[3] * v / n + k[4] * v4 / n) - exp(2 * mu + v) / (1 + k[3] * v / n + k[5] * v4 / n)))
}
cases <- list()
for (x in list(c(2, 10, 14, 20, 40), c(11, 23, 30, 38, 52), c(.9, 2.2, 3.1, 4.6, 9))) for (n in c(8, 30, 75, 400))
  for (s in c("range", "quartiles", "five numbers")) for (back in c(FALSE, TRUE)) {
    k <- skew(s, log(x), n); is_skewed <- k[1] >= k[2]
    cases <- add(cases, values = vec(x), n = n, scenario = s, shape = "log-normal", back_transform = back,
                 found = vec(shi(s, x, n, back)), skewed = is_skewed, left_out = vec(if (is_skewed) c(NA, NA) else shi(s, x, n, back)))
  }
save("conversions_log_normal", "Shi, Tong, Wang & Genton (Stat Interface 2020), with the constants of metafor's conv.fivenum", cases)

# --- quantile estimation and Box-Cox -------------------------------------------------------------------
polish <- function(par, f) { for (i in 1:6) { o <- optim(par, f, control = list(reltol = 1e-16, maxit = 20000)); par <- o$par }
  o <- nlm(f, par, gradtol = 1e-14, steptol = 1e-14, iterlim = 1000); if (o$minimum < f(par)) o$estimate else par }
qe <- function(s, x, n) {
  p <- switch(s, range = c(1 / n, .5, 1 - 1 / n), quartiles = c(.25, .5, .75), "five numbers" = c(1 / n, .25, .5, .75, 1 - 1 / n))
  q <- switch(s, range = x[c(1, 3, 5)], quartiles = x[2:4], "five numbers" = x)
  m0 <- mean(q); s0 <- sd(q); u <- max(abs(q)); fits <- list()
  sse <- function(qf) function(t) { v <- sum(((qf(t) - q) / u)^2); if (is.finite(v)) v else 1e10 }
  keep <- function(name, t, qf, mean, sd) fits[[name]] <<- c(sum((qf(t) - q)^2), mean, sd)
  t <- coef(lm(q ~ qnorm(p))); keep("normal", t, function(t) qnorm(p, t[1], t[2]), t[1], t[2])
  if (min(q) > 0) {
    t <- polish(c(log(q[ceiling(length(q) / 2)]), log(.8)), sse(f <- function(t) qlnorm(p, t[1], exp(t[2]))))
    v <- exp(t[2])^2; keep("log-normal", t, f, exp(t[1] + v / 2), sqrt(exp(v) - 1) * exp(t[1] + v / 2))
    t <- polish(c(log(2), log(2 / m0)), sse(f <- function(t) qgamma(p, exp(t[1]), exp(t[2])))); keep("gamma", t, f, exp(t[1] - t[2]), sqrt(exp(t[1])) / exp(t[2]))
    t <- polish(c(log(1.5), log(m0)), sse(f <- function(t) qweibull(p, exp(t[1]), exp(t[2])))); k <- exp(t[1]); l <- exp(t[2])
    keep("weibull", t, f, l * gamma(1 + 1 / k), l * sqrt(gamma(1 + 2 / k) - gamma(1 + 1 / k)^2))
    if (max(q) < 1) { t <- polish(log(c(2, 3)), sse(f <- function(t) qbeta(p, exp(t[1]), exp(t[2])))); a <- exp(t[1]); b <- exp(t[2])
      keep("beta", t, f, a / (a + b), sqrt(a * b / ((a + b)^2 * (a + b + 1)))) }
  }
  fits
}
cases <- list()
for (x in list(c(2, 10, 14, 20, 40), c(.5, 4, 8, 18, 77), c(.05, .22, .31, .47, .8), c(-6, -1, .4, 1.9, 5), c(120, 340, 420, 470, 610),
               c(1, 3, 7, 8, 9.5)))
  for (n in c(12, 60, 400)) for (s in c("range", "quartiles", "five numbers")) {
    f <- qe(s, x, n); best <- names(f)[which.min(sapply(f, `[`, 1))]
    if (s != "five numbers" && sort(sapply(f, `[`, 1))[1] < 1e-12 * max(abs(x))^2) next  # an exact fit: families tie
    cases <- add(cases, values = vec(x), n = n, scenario = s, method = "quantile-estimation", best = best, families = I(names(f)),
                 distances = vec(sapply(f, `[`, 1)), means = vec(sapply(f, `[`, 2)), sds = vec(sapply(f, `[`, 3)))
  }
save("conversions_quantile_estimation", "qnorm, qlnorm, qgamma, qweibull, qbeta; least squares by optim (Nelder-Mead, repeated) and nlm", cases,
     note = "the method of estmeansd::qe.mean.sd (McGrath 2020) without its boxes and to convergence; estmeansd is not in Debian")

bc <- function(s, x, n) {
  q <- switch(s, range = x[c(1, 3, 5)], quartiles = x[2:4], "five numbers" = x); mid <- ceiling(length(q) / 2)
  tr <- function(l) if (l == 0) log(q) else (q^l - 1) / l
  crit <- function(l) { t <- tr(l); v <- ((t[length(t)] - t[mid]) / (t[mid] - t[1]) - 1)^2
    if (length(t) == 5) v <- v + ((t[4] - t[3]) / (t[3] - t[2]) - 1)^2; v }
  grid <- seq(-2, 3, by = .01); at <- grid[which.min(sapply(grid, crit))]
  l <- optimize(crit, c(at - .01, at + .01), tol = 1e-12)$minimum
  if (at %in% c(-2, 3)) l <- at else if (length(q) == 3)
    l <- uniroot(function(l) { t <- tr(l); t[3] - 2 * t[2] + t[1] }, c(at - .01, at + .01), tol = 1e-14)$root
  if (l < 0) l <- 0
  t <- tr(l); y <- if (length(t) == 5) t else if (s == "range") t[c(1, 1, 2, 3, 3)] else t[c(1, 1, 2, 3, 3)]
  f <- five(s, y, n, "luo-wan")
  if (l == 0) return(c(l, f, exp(f[1] + f[2]^2 / 2), sqrt(exp(f[2]^2) - 1) * exp(f[1] + f[2]^2 / 2)))
  lo <- max(-1 / l, f[1] - 12 * f[2]); hi <- min(2 * f[1] + 1 / l, f[1] + 12 * f[2])
  if (lo > hi) { h <- lo; lo <- hi; hi <- h }
  w <- integrate(function(z) dnorm(z, f[1], f[2]), lo, hi, rel.tol = 1e-12)$value
  inv <- function(z) pmax(l * z + 1, 0)^(1 / l)
  m <- integrate(function(z) inv(z) * dnorm(z, f[1], f[2]), lo, hi, rel.tol = 1e-12)$value / w
  v <- integrate(function(z) (inv(z) - m)^2 * dnorm(z, f[1], f[2]), lo, hi, rel.tol = 1e-12)$value / w
  c(l, f, m, sqrt(v))
}
cases <- list()
for (x in list(c(2, 10, 14, 20, 40), c(.5, 4, 8, 18, 77), c(.05, .22, .31, .47, .8), c(120, 340, 420, 470, 610), c(3, 4, 5, 9, 30)))
  for (n in c(12, 60, 400)) for (s in c("range", "quartiles", "five numbers"))
    cases <- add(cases, values = vec(x), n = n, scenario = s, method = "box-cox", found = vec(bc(s, x, n)))
save("conversions_box_cox", "optimize and uniroot for the power, integrate for the way back", cases,
     note = "the method of estmeansd::bc.mean.sd(avoid.mc = TRUE) to convergence; estmeansd is not in Debian")

# Cai 2021, its likelihood without a Jacobian as in estmeansd::mln.mean.sd, to convergence; the way back integrated
mln <- function(s, x, n) {
  q <- switch(s, range = x[c(1, 3, 5)], quartiles = x[2:4], "five numbers" = x)
  h <- floor(.25 * n + 1); j <- floor(.5 * n + 1); k <- floor(.75 * n + 1)
  counts <- switch(s, range = c(0, j - 2, n - j - 1, 0), quartiles = c(h - 1, j - h - 1, k - j - 1, n - k),
                   "five numbers" = c(0, h - 2, j - h - 1, k - j - 1, n - k - 1, 0))
  tr <- function(l) if (l == 0) log(q) else (q^l - 1) / l
  height <- function(t, m, sd) {
    p <- c(0, pnorm(t, m, sd), 1); gap <- diff(p)
    tail <- diff(c(-1, -pnorm(t, m, sd, lower.tail = FALSE), 0))   # from the upper side, where the lower loses digits
    gap <- ifelse(p[-length(p)] > .5, tail, gap)
    sum(dnorm(t, m, sd, log = TRUE)) + sum((counts * log(gap))[counts > 0])
  }
  plug <- function(t) { y <- if (length(t) == 5) t else t[c(1, 1, 2, 3, 3)]; five(s, y, n, "luo-wan") }
  profile <- function(l) { t <- tr(l); f <- plug(t); height(t, f[1], f[2]) }
  grid <- seq(0, 10, by = .025); at <- grid[which.max(sapply(grid, profile))]
  l <- optimize(profile, c(max(0, at - .025), min(10, at + .025)), tol = 1e-12, maximum = TRUE)$maximum
  if (at %in% c(0, 10) && profile(at) >= profile(l)) l <- at
  t <- tr(l); f <- plug(t)
  top <- optim(c(0, 0), function(z) -height(t, f[1] + f[2] * z[1], f[2] * exp(z[2])), control = list(reltol = 1e-15, maxit = 5000))$par
  top <- optim(top, function(z) -height(t, f[1] + f[2] * z[1], f[2] * exp(z[2])), control = list(reltol = 1e-15, maxit = 5000))$par
  m <- f[1] + f[2] * top[1]; sd <- f[2] * exp(top[2])
  if (l == 0) return(c(l, m, sd, exp(m + sd^2 / 2), sqrt(exp(sd^2) - 1) * exp(m + sd^2 / 2)))
  lo <- max(-1 / l, m - 10 * sd, 2 * m - (m + 10 * sd)); hi <- min(2 * m + 1 / l, m + 10 * sd)
  inv <- function(z) pmax(l * z + 1, 0)^(1 / l)
  part <- function(g) { e <- seq(lo, hi, length.out = 9)   # in parts, since the density fills little of a wide range
    sum(sapply(1:8, function(i) integrate(function(z) g(z) * dnorm(z, m, sd), e[i], e[i + 1], rel.tol = 1e-11, abs.tol = 0, subdivisions = 1000, stop.on.error = FALSE)$value)) }
  w <- part(function(z) 1); mean <- part(inv) / w
  c(l, m, sd, mean, sqrt(part(function(z) (inv(z) - mean)^2) / w))
}
cases <- list()
for (x in list(c(2, 10, 14, 20, 40), c(.5, 4, 8, 18, 77), c(.05, .22, .31, .47, .8), c(120, 340, 420, 470, 610), c(3, 4, 5, 9, 30)))
  for (n in c(12, 60, 400)) for (s in c("range", "quartiles", "five numbers"))
    cases <- add(cases, values = vec(x), n = n, scenario = s, method = "mln", found = vec(mln(s, x, n)))
save("conversions_power_likelihood", "optimize for the power, optim for mean and SD, integrate for the way back", cases,
     note = "the method of estmeansd::mln.mean.sd to convergence, its way back integrated, not simulated; estmeansd is not in Debian")

# --- spreads: raw data, summarised, converted back -------------------------------------------------------
set.seed(20260101)
cases <- list()
for (n in c(5, 12, 40)) {
  a <- rnorm(n, 20, 4); b <- a + rnorm(n, 1, 2); other <- rnorm(n + 3, 22, 5); third <- rnorm(n + 9, 19, 3)
  both <- t.test(b, other, var.equal = TRUE); one <- t.test(a); all3 <- c(a, other, third)
  pooled <- sqrt(((n - 1) * var(b) + (n + 2) * var(other)) / (2 * n + 1))
  cases <- add(cases, n = n, n2 = n + 3, n3 = n + 9, sd = sd(a), se = sd(a) / sqrt(n), ci = vec(one$conf.int),
    difference = as.numeric(both$estimate[1] - both$estimate[2]), difference_se = both$stderr, difference_ci = vec(both$conf.int),
    t = as.numeric(both$statistic), df = as.numeric(both$parameter), p_value = both$p.value, pooled_sd = pooled,
    sd_baseline = sd(a), sd_final = sd(b), sd_change = sd(b - a), correlation = cor(a, b),
    means = vec(c(mean(a), mean(other), mean(third))), sds = vec(c(sd(a), sd(other), sd(third))), all_mean = mean(all3), all_sd = sd(all3),
    log_scale = vec(c(log(mean(a)) - log(1 + var(a) / mean(a)^2) / 2, sqrt(log(1 + var(a) / mean(a)^2)))))
}
save("conversions_spreads", "t.test, sd, cor on simulated raw data (set.seed(20260101))", cases)

# --- effects from intervals, statistics, p values; delta method ------------------------------------------
cases <- list()
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
norm <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
for (d in list(list("bcg", bcg, TRUE, .95), list("bcg", bcg, TRUE, .9), list("normand1999", norm, FALSE, .95))) {
  s <- summary(d[[2]], level = 100 * d[[4]]); back <- if (d[[3]]) exp else identity
  cases <- add(cases, set = d[[1]], log = d[[3]], level = d[[4]], df = NA, estimate = vec(back(s$yi)), ci_low = vec(back(s$ci.lb)),
               ci_high = vec(back(s$ci.ub)), statistic = vec(s$zi), p_value = vec(s$pval), yi = vec(s$yi), vi = vec(s$vi))
}
df <- 17; se <- sqrt(norm$vi)
cases <- add(cases, set = "normand1999 t", log = FALSE, level = .95, df = df, estimate = vec(norm$yi), ci_low = vec(norm$yi - qt(.975, df) * se),
             ci_high = vec(norm$yi + qt(.975, df) * se), statistic = vec(norm$yi / se), p_value = vec(2 * pt(-abs(norm$yi / se), df)),
             yi = vec(norm$yi), vi = vec(norm$vi))
save("conversions_wald", "summary(escalc(...)): yi, vi, ci.lb, ci.ub, zi, pval; with qt and pt for t", cases,
     note = "what metafor 4 and later convert back by conv.wald")

cases <- list()
for (f in list(list("exp", exp), list("log", log), list("tanh", tanh), list("inverse-logit", plogis), list("smd-to-or", function(x) exp(x * pi / sqrt(3)))))
  for (x in c(.3, 1.2, 2.5)) cases <- add(cases, transform = f[[1]], yi = x, vi = .04, moved = f[[2]](x),
                                          variance = .04 * numDeriv::grad(f[[2]], x, method.args = list(r = 8))^2)
save("conversions_delta", "numDeriv::grad, as metafor's conv.delta", cases)

# --- 2 x 2 tables ----------------------------------------------------------------------------------------
cases <- list()
for (i in seq_len(nrow(dat.bcg))) {
  t <- with(dat.bcg[i, ], matrix(c(tpos, tneg, cpos, cneg), 2, byrow = TRUE)); n <- sum(t)
  phi <- (t[1, 1] * t[2, 2] - t[1, 2] * t[2, 1]) / sqrt(prod(as.numeric(c(rowSums(t), colSums(t)))))
  # chisq.test shrinks Yates' correction where |O - E| < 1/2; such a table cannot be rebuilt exactly
  full <- abs(t[1, 1] - sum(t[1, ]) * sum(t[, 1]) / n) >= .5
  x2 <- function(correct) if (correct && !full) NA else sign(phi) * as.numeric(suppressWarnings(chisq.test(t, correct = correct)$statistic))
  cases <- add(cases, study = dat.bcg$author[i], n = n, row1 = sum(t[1, ]), column1 = sum(t[, 1]), odds_ratio = t[1, 1] * t[2, 2] / (t[1, 2] * t[2, 1]),
               phi = phi, chi2 = x2(FALSE), chi2_corrected = x2(TRUE), cells = vec(c(t[1, 1], t[1, 2], t[2, 1], t[2, 2])))
}
save("conversions_two_by_two", "tables of dat.bcg, their odds ratio, phi and chisq.test; to be rebuilt", cases, note = "what metafor 4 and later do by conv.2x2")

# --- ratios at a risk --------------------------------------------------------------------------------------
risk1 <- list(OR = function(x, r) plogis(qlogis(r) + log(x)), RR = function(x, r) x * r, RD = function(x, r) r + x, HR = function(x, r) 1 - (1 - r)^x)
effect <- list(OR = function(p, r) exp(qlogis(p) - qlogis(r)), RR = function(p, r) p / r, RD = function(p, r) p - r, HR = function(p, r) log(1 - p) / log(1 - r))
trio <- list(OR = c(.5, .3, .8), RR = c(.7, .55, 1.1), RD = c(-.05, -.08, .03), HR = c(.8, .62, 1.15))
cases <- list()
for (from in names(trio)) for (to in names(trio)) for (r in c(.1, .4)) {
  x <- trio[[from]]; g <- function(v) effect[[to]](risk1[[from]](v, r), r)
  lg <- function(v) if (to == "RD") v else log(v)
  onlog <- from != "RD"; h <- function(u) lg(g(if (onlog) exp(u) else u)); u <- if (onlog) log(x) else x
  se <- (u[3] - u[2]) / (2 * qnorm(.975)) * abs(numDeriv::grad(h, u[1], method.args = list(r = 8)))
  d <- lg(g(x[1])) + c(-1, 1) * qnorm(.975) * se; if (to != "RD") d <- exp(d)
  cases <- add(cases, from = from, to = to, control_risk = r, given = vec(x), substitution = vec(sapply(x, g)), delta = vec(c(g(x[1]), d)), delta_se = se)
}
save("conversions_ratios", "plogis and qlogis; the delta method by numDeriv::grad", cases)
cases <- list()
for (x in c(.2, .8, 1, 3.5)) cases <- add(cases, ratio = x, approximation = "common-outcome", or = sqrt(x), hr = (1 - .5^sqrt(x)) / (1 - .5^sqrt(1 / x)),
                                          or_at = plogis(qlogis(.3) + log(x)) / .3, hr_at = (1 - .7^x) / .3)
save("conversions_risk_ratio", "VanderWeele 2017 and 2020; and at a risk of 0.3", cases)

# --- standardised -------------------------------------------------------------------------------------------
cases <- list()
d <- with(dat.normand1999, { s <- sqrt(((n1i - 1) * sd1i^2 + (n2i - 1) * sd2i^2) / (n1i + n2i - 2)); y <- (m1i - m2i) / s
  list(yi = y, vi = 1 / n1i + 1 / n2i + y^2 / (2 * (n1i + n2i))) })  # escalc takes Cohen's d here, not Hedges' g
for (f in c("logistic", "cox")) {
  o <- escalc(c(logistic = "D2ORL", cox = "D2ORN")[f], m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
  b <- escalc(c(logistic = "OR2DL", cox = "OR2DN")[f], ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
  l <- escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
  cases <- add(cases, factor = f, smd = vec(d$yi), smd_vi = vec(d$vi), log_or = vec(o$yi), log_or_vi = vec(o$vi),
               from_log_or = vec(l$yi), from_log_or_vi = vec(l$vi), to_smd = vec(b$yi), to_smd_vi = vec(b$vi))
}
save("conversions_standardised", "escalc: D2ORL, D2ORN, OR, OR2DL, OR2DN; Cohen's d by hand", cases)
cases <- list()
for (x in c(-.8, .2, 1.1)) for (n in list(c(20, 20), c(15, 60))) {
  a <- sum(n)^2 / prod(n); f <- function(d) d / sqrt(d^2 + a); g <- function(r) 2 * r / sqrt(1 - r^2)
  cases <- add(cases, d = x, n = vec(n), vi = .05, r = f(x), r_vi = .05 * numDeriv::grad(f, x, method.args = list(r = 8))^2,
               back = g(x / 2), back_vi = .05 * numDeriv::grad(g, x / 2, method.args = list(r = 8))^2, t = x / sqrt(sum(1 / n)))
}
save("conversions_correlations", "Borenstein 2009, chapter 7; variances by numDeriv::grad", cases)
