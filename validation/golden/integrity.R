# Golden values of the integrity checks: brute force over whole numbers in integer arithmetic, R's distributions,
# t.test, aov, chisq.test and ks.test on raw data. No CRAN package of these checks is in Debian.
# Run from the repository's root: Rscript validation/golden/integrity.R
source("validation/golden/record.R")
save <- recorder("validation/golden/integrity.R")
add <- function(cases, ...) c(cases, list(list(...)))

# does the fraction num/den print as text with d digits? all in whole numbers: compare 2 num 10^d with (2 v ± 1) den
prints <- function(num, den, text, d, rule) {
  v <- round(as.numeric(text) * 10^d); x <- 2 * num * 10^d; lo <- (2 * v - 1) * den; hi <- (2 * v + 1) * den
  switch(rule, either = x >= lo & x <= hi, "half-up" = if (v > 0) x >= lo & x < hi else x > lo & x < hi,
         "half-even" = if (v %% 2 == 0) x >= lo & x <= hi else x > lo & x < hi,
         truncated = if (v == 0) x > -2 * den & x < 2 * den else x >= 2 * v * den & x < (2 * v + 2) * den)
}
verdict <- function(ok, certain = FALSE) if (!ok) "inconsistent" else if (certain) "cannot-tell" else "consistent"
rules <- c("either", "half-up", "half-even", "truncated")

cases <- list()
for (rule in rules) for (d in 1:2) for (n in c(7, 19, 28, 32, 150)) for (items in c(1, 3)) {
  values <- sprintf(paste0("%.", d, "f"), c(5.19, 3.44, 2.5, 0.31, 1.03, 4.875, 2.25))
  for (m in values) { N <- n * items; sums <- 0:(N * 6); ok <- any(prints(sums, N, m, d, rule))
    cases <- add(cases, mean = m, n = n, items = items, rounding = rule, verdict = verdict(ok, N >= 10^d)) }
}
save("integrity_grim", "every sum from 0 to 6 n items, in whole numbers", cases)

# GRIMMER: every sum and sum of squares with the right parity; the variance as a fraction
sd_prints <- function(num, den, text, d, rule) {  # does sqrt(num/den) print as text?
  v <- round(as.numeric(text) * 10^d); x <- 4 * num * 10^(2 * d); lo <- pmax(2 * v - 1, 0)^2 * den; hi <- (2 * v + 1)^2 * den
  switch(rule, either = x >= lo & x <= hi, "half-up" = x >= lo & x < hi, "half-even" = if (v %% 2 == 0) x >= lo & x <= hi else x > lo & x < hi,
         truncated = x >= 4 * v^2 * den & x < 4 * (v + 1)^2 * den)
}
grimmer <- function(m, s, n, items, rule, scale) {
  d <- nchar(sub(".*\\.", "", m)); e <- nchar(sub(".*\\.", "", s)); top <- if (is.null(scale)) 40 else scale[2]
  for (S in 0:(n * items * top)) if (prints(S, n * items, m, d, rule)) {
    f <- S %/% n; r <- S %% n; low <- n * f^2 + r * (2 * f + 1)
    high <- if (is.null(scale)) S^2 else { a <- scale[1] * items; b <- scale[2] * items
      if (S < n * a || S > n * b) next
      k <- (S - n * a) %/% (b - a); k * b^2 + if (k < n) (S - k * b - (n - k - 1) * a)^2 + (n - k - 1) * a^2 else 0 }
    if (high < low) next
    Q <- seq(low, high, by = 1); Q <- Q[Q %% 2 == S %% 2]
    # variance of persons = (Q - S^2/n) / (n - 1) / items^2
    if (any(sd_prints(n * Q - S^2, n * (n - 1) * items^2, s, e, rule))) return(TRUE)
  }
  FALSE
}
cases <- list()
for (rule in rules) for (x in list(list("3.44", "2.47", 18, 1, NULL), list("3.44", "2.48", 18, 1, NULL), list("1.03", "0.41", 40, 1, NULL), list("52.13", "2.26", 8, 1, c(0, 60)),
  list("2.50", "1.29", 4, 1, NULL), list("3.25", "1.37", 20, 1, c(1, 5)), list("3.25", "1.38", 20, 1, c(1, 5)), list("3.25", "2.1", 20, 1, c(1, 5)), list("2.33", "0.58", 9, 3, c(1, 4)),
  list("2.33", "0.59", 9, 3, c(1, 4)), list("2.0", "0.0", 5, 1, NULL), list("1.90", "0.31", 10, 1, NULL), list("1.90", "0.32", 10, 1, NULL), list("4.9", "0.3", 10, 1, c(1, 5)), list("4.9", "0.4", 10, 1, c(1, 5))))
  cases <- add(cases, mean = x[[1]], sd = x[[2]], n = x[[3]], items = x[[4]], scale = if (is.null(x[[5]])) NULL else vec(x[[5]]), rounding = rule,
               verdict = verdict(grimmer(x[[1]], x[[2]], x[[3]], x[[4]], rule, x[[5]])))
save("integrity_grimmer", "every sum and every sum of squares of the right parity, in whole numbers", cases)

cases <- list()
for (rule in rules) for (x in list(c("0.35", "0.18", 20), c("0.35", "0.49", 20), c("0.5", "0.5", 12), c("0.50", "0.52", 12), c("0.44", "0.50", 32), c("0.44", "0.51", 32), c("0.17", "0.38", 1683), c("0.03", "0.17", 33), c("0.0", "0.0", 9)))
  { n <- as.numeric(x[3]); d <- nchar(sub(".*\\.", "", x[1])); e <- nchar(sub(".*\\.", "", x[2])); k <- 0:n
    cases <- add(cases, mean = x[1], sd = x[2], n = n, rounding = rule, verdict = verdict(any(prints(k, n, x[1], d, rule) & sd_prints(k * (n - k), n * (n - 1), x[2], e, rule)))) }
save("integrity_debit", "every count from 0 to n, in whole numbers", cases)

cases <- list()
for (rule in rules) for (x in c("17.3", "15", "15.0", "33.3", "66.7", "0.5", "12.5", "13", "100")) for (n in c(8, 20, 33, 200, 1200)) {
  d <- if (grepl(".", x, fixed = TRUE)) nchar(sub(".*\\.", "", x)) else 0; k <- 0:n; ok <- prints(100 * k, n, x, d, rule)
  cases <- add(cases, percent = x, n = n, rounding = rule, verdict = verdict(any(ok), n >= 100 * 10^d), counts = vec(head(k[ok], 10)),
               events = vec(3), with_events = verdict(ok[4])) }
save("integrity_percentages", "every count from 0 to n, in whole numbers", cases)

# --- p values ---------------------------------------------------------------------------------------------
tail <- list(t = function(x, a, b) 2 * pt(-x, b), F = function(x, a, b) pf(x, a, b, lower.tail = FALSE), chi2 = function(x, a, b) pchisq(x, a, lower.tail = FALSE),
             z = function(x, a, b) 2 * pnorm(-x), r = function(x, a, b) 2 * pt(-x * sqrt(b / (1 - x^2)), b))
cases <- list()
for (x in list(list("t", "2.20", NA, 28), list("t", "-1.3", NA, 12.5), list("F", "4.35", 2, 57), list("chi2", "3.84", 1, NA), list("z", "1.96", NA, NA), list("r", "0.31", NA, 48), list("t", "0.02", NA, 30), list("t", "8.1", NA, 60)))
  for (p in list(c("=", "0.036"), c("=", "0.04"), c("=", "0.018"), c("<", "0.05"), c("<", "0.001"), c(">", "0.05"), c("=", "0.000"), c("=", "0.05"), c("=", "0.98"))) {
    s <- as.numeric(x[[2]]); h <- .5 * 10^-nchar(sub(".*\\.", "", x[[2]])); f <- tail[[x[[1]]]]
    big <- f(abs(s) + h, x[[3]], x[[4]]); small <- f(max(abs(s) - h, 0), x[[3]], x[[4]])
    v <- as.numeric(p[2]); g <- .5 * 10^-nchar(sub(".*\\.", "", p[2]))
    fits <- function(lo, hi) switch(p[1], "=" = hi >= v - g && lo <= v + g, "<" = lo < v, ">" = hi > v)
    two <- x[[1]] %in% c("t", "z", "r")
    cases <- add(cases, kind = x[[1]], statistic = x[[2]], df1 = x[[3]], df2 = x[[4]], comparison = p[1], p = p[2], p_low = big, p_high = small,
                 verdict = if (fits(big, small)) "consistent" else if (two && fits(big / 2, small / 2)) "cannot-tell" else "inconsistent")
  }
save("integrity_p_values", "pt, pf, pchisq, pnorm at both ends of the statistic's rounding interval", cases)

cases <- list()
for (x in list(c("0.81", "0.70", "0.94", "0.005"), c("0.81", "0.70", "0.94", "0.05"), c("1.50", "0.9", "2.5", "0.12"), c("0.81", "0.70", "0.99", "0.04"), c("0.60", "0.70", "0.99", "0.04"), c("2.1", "1.2", "3.7", "0.001")))
  for (ratio in c(TRUE, FALSE)) {
    v <- as.numeric(x); h <- .5 * 10^-nchar(sub(".*\\.", "", x)); g <- if (ratio) log else identity; z <- qnorm(.975)
    lo <- g(v - h); hi <- g(v + h); e <- c(lo[1], hi[1]); w <- c(lo[3] - hi[2], hi[3] - lo[2]) / (2 * z)
    least <- if (e[1] <= 0 && e[2] >= 0) 0 else min(abs(e)); most <- max(abs(e))
    p_low <- 2 * pnorm(-most / w[1]); p_high <- 2 * pnorm(-least / w[2])
    outside <- e[2] < lo[2] || e[1] > hi[3]; off <- (lo[2] + lo[3]) / 2 > e[2] + 1e-9 || (hi[2] + hi[3]) / 2 < e[1] - 1e-9
    fits <- p_high >= v[4] - h[4] && p_low <= v[4] + h[4]
    cases <- add(cases, estimate = x[1], ci_low = x[2], ci_high = x[3], p = x[4], ratio = ratio, p_low = if (outside) NA else p_low, p_high = if (outside) NA else p_high,
                 verdict = if (outside) "inconsistent" else if (off) "cannot-tell" else if (fits) "consistent" else "inconsistent")
  }
save("integrity_estimates", "pnorm at the ends of the rounding intervals", cases)

# --- spreads ------------------------------------------------------------------------------------------------
cases <- list()
for (n in c(2, 5, 9)) for (mean in c(1.4, 3, 4.7)) {
  # the largest SD: all values but one at the ends, every split tried
  most <- max(sapply(0:(n - 1), function(k) { r <- n * mean - 5 * k - (n - 1 - k); if (r < 1 || r > 5) -Inf else sd(c(rep(5, k), r, rep(1, n - 1 - k))) }))
  least <- if (n == 2) NA else { rest <- (n * mean - 6) / (n - 2); if (rest < 1 || rest > 5) NA else sd(c(1, 5, rep(rest, n - 2))) }
  cases <- add(cases, n = n, mean = mean, most = most, least = least)
}
save("integrity_sd_bounds", "sd() of every sample with all values but one at the ends, and of the flattest sample", cases)
cases <- list()
for (x in list(list(c("10.1", "12.3"), c("0.7", "0.8"), c(30, 32), "0.04"), list(c("10.1", "12.3"), c("3.9", "4.4"), c(30, 32), "0.04"), list(c("10.1", "12.3"), c("2", "2"), c(9, 9), "0.5"), list(c("1.5", "1.5"), c("0.2", "0.3"), c(20, 20), "1.0"))) {
  m <- as.numeric(x[[1]]); s <- as.numeric(x[[2]]); n <- x[[3]]; hm <- .5 * 10^-nchar(sub(".*\\.", "", x[[1]])); 
  hs <- .5 * 10^-ifelse(grepl(".", x[[2]], fixed = TRUE), nchar(sub(".*\\.", "", x[[2]])), 0); df <- sum(n) - 2
  gap <- c(m[1] - m[2] - sum(hm), m[1] - m[2] + sum(hm)); least <- if (gap[1] <= 0 && gap[2] >= 0) 0 else min(abs(gap)); most <- max(abs(gap))
  se <- function(s) sqrt(sum((n - 1) * s^2) / df * sum(1 / n)); both <- list()
  for (f in list(c(1, 1), sqrt(n))) both <- c(both, list(2 * pt(-c(most / se((s - hs) * f), least / se((s + hs) * f)), df)))
  p <- as.numeric(x[[4]]); g <- .5 * 10^-nchar(sub(".*\\.", "", x[[4]])); ok <- sapply(both, function(b) b[2] >= p - g && b[1] <= p + g)
  cases <- add(cases, means = I(x[[1]]), spreads = I(x[[2]]), n = vec(n), p = x[[4]], p_values = vec(unlist(both)), verdict = if (ok[1] && !ok[2]) "consistent" else if (ok[2] && !ok[1]) "inconsistent" else "cannot-tell")
}
save("integrity_spread_reading", "pt at the ends of the rounding intervals, for SDs and for standard errors", cases)

# --- baseline tables ------------------------------------------------------------------------------------------
set.seed(20260103)
cases <- list()
for (arms in 2:3) for (k in 1:4) {
  raw <- lapply(1:arms, function(a) rnorm(10 * a + 5 * k, 50, 9)); y <- unlist(raw); g <- factor(rep(seq_along(raw), lengths(raw)))
  table <- matrix(rpois(arms * (1 + k), 12) + 1, arms)
  cases <- add(cases, mean = vec(sapply(raw, mean)), sd = vec(sapply(raw, sd)), n = vec(lengths(raw)), anova_p = summary(aov(y ~ g))[[1]][["Pr(>F)"]][1],
               counts = lapply(seq_len(arms), function(a) vec(table[a, ])), chi2_p = suppressWarnings(chisq.test(table, correct = FALSE)$p.value), method = "analytic")
}
save("integrity_baseline", "aov and chisq.test(correct = FALSE) on simulated raw data (set.seed(20260103))", cases)
cases <- list()
for (x in list(c(12, 38, 20, 30), c(5, 5, 5, 5), c(1, 29, 6, 24), c(40, 60, 41, 59))) {
  n1 <- x[1] + x[2]; n2 <- x[3] + x[4]; m <- x[1] + x[3]; k <- max(0, m - n2):min(n1, m); pr <- dhyper(k, n1, n2, m)
  e <- n1 * m / (n1 + n2); far <- abs(k - e); cases <- add(cases, counts = list(vec(x[1:2]), vec(x[3:4])), method = "simulated",
    mid_p = sum(pr[far > abs(x[1] - e) + 1e-9]) + .5 * sum(pr[abs(far - abs(x[1] - e)) <= 1e-9]))
}
save("integrity_baseline_simulated", "mid-p of the hypergeometric distribution by dhyper", cases)

cases <- list()
for (n in c(3, 10, 40, 150)) { p <- runif(n)^c(1, .6)[1 + n %% 2]; f <- ks.test(p, "punif", exact = TRUE); s <- sort(p)
  cases <- add(cases, p = vec(p), stouffer = sum(qnorm(p)) / sqrt(n), stouffer_p = pnorm(sum(qnorm(p)) / sqrt(n)), fisher = -2 * sum(log(p)),
    fisher_p = pchisq(-2 * sum(log(p)), 2 * n, lower.tail = FALSE), ks = as.numeric(f$statistic), ks_p = f$p.value,
    ad = -n - mean((2 * seq_len(n) - 1) * (log(s) + log(1 - rev(s))))) }
save("integrity_uniformity", "qnorm, pchisq, ks.test(exact = TRUE); Anderson-Darling's statistic by its formula", cases)
cases <- list()
for (n in c(60, 200)) { d <- sample(0:9, n, TRUE, prob = c(3, rep(1, 9))); t <- chisq.test(table(factor(d, 0:9)))
  cases <- add(cases, values = I(sprintf("%d.%d%d", sample(10:99, n, TRUE), sample(0:9, n, TRUE), d)), statistic = as.numeric(t$statistic), p_value = t$p.value) }
save("integrity_terminal_digits", "chisq.test of the last digits", cases)
