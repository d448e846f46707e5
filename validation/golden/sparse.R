# Golden values of sparse data: Mantel-Haenszel, Peto, stratified and exact tests, mixed models, regressions.
# Run from the repository's root: Rscript validation/golden/sparse.R
source("validation/golden/record.R")
suppressMessages({library(lme4); library(brglm2); library(numDeriv); library(survival)})
save <- recorder("validation/golden/sparse.R", c("lme4", "brglm2", "numDeriv", "survival"))

# --- data -----------------------------------------------------------------------------------------
arms <- function(d) list(events1 = d$ai, n1 = d$n1i, events2 = d$ci, n2 = d$n2i)
rates2 <- function(d) list(events1 = d$x1i, time1 = d$t1i, events2 = d$x2i, time2 = d$t2i)
bcg <- with(dat.bcg, list(events1 = tpos, n1 = tpos + tneg, events2 = cpos, n2 = cpos + cneg))
# double-zero, all-event and one-zero arms together: no example in metadat has them all
edge <- list(events1 = c(0, 2, 0, 5, 10, 0, 7), n1 = c(10, 12, 8, 5, 20, 30, 7),
             events2 = c(1, 0, 0, 5, 12, 4, 9), n2 = c(11, 13, 9, 6, 22, 30, 9))
tables <- list(bcg = bcg, nielweise2007 = arms(dat.nielweise2007),
               yusuf1985_6 = arms(subset(dat.yusuf1985, table == "6" & !is.na(ai))),
               hine1989 = arms(dat.hine1989), edge = edge,
               axfors2021 = with(dat.axfors2021, list(events1 = hcq_arm_event, n1 = hcq_arm_total,
                                                      events2 = control_arm_event, n2 = control_arm_total)))
sparse_rates <- list(events1 = c(0, 2, 0, 1, 4), time1 = c(55.5, 120, 31, 80, 210.2),
                     events2 = c(3, 0, 0, 2, 9), time2 = c(60, 118.1, 30, 77, 190))
rates <- list(nielweise2008 = rates2(dat.nielweise2008), hart1999 = rates2(dat.hart1999), sparse = sparse_rates)
# rare: invented, three of seven without events
one <- list(pritz1997 = list(events = dat.pritz1997$xi, n = dat.pritz1997$ni),
            rare = list(events = c(0, 1, 0, 3, 2, 0, 1), n = c(24, 60, 33, 102, 88, 41, 37)))
one_rate <- list(nielweise2008_2 = list(events = dat.nielweise2008$x2i, time = dat.nielweise2008$t2i))
numeric_sets <- function(sets) lapply(sets, function(d) lapply(d, as.numeric))  # integers overflow
tables <- numeric_sets(tables); rates <- numeric_sets(rates); one <- numeric_sets(one); one_rate <- numeric_sets(one_rate)
rules <- c("only-zero" = "only0", "all" = "all", "if-any-zero" = "if0all", "none" = "none")
cases <- list()
add <- function(...) cases[[length(cases) + 1]] <<- c(...)

# --- Mantel-Haenszel and Peto ------------------------------------------------------------------------
mh <- function(f) list(estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub),
                       statistic = num(f$zval), p_value = num(f$pval), q = num(f$QE), q_df = f$k.yi - 1,
                       q_p_value = num(f$QEp), i2 = num(f$I2), h2 = num(f$H2))
for (set in names(tables)) for (m in c("RR", "OR", "RD")) for (rule in names(rules)) for (drop in c(TRUE, FALSE)) {
  f <- quiet(with(tables[[set]], rma.mh(ai = events1, n1i = n1, ci = events2, n2i = n2, measure = m,
    add = c(1/2, 1/2), to = c("only0", rules[[rule]]), drop00 = c(TRUE, drop))))
  if (drop || rule != "if-any-zero")  # drop00 = FALSE with a double zero: the rule sees that zero
    add(list(set = set, measure = m, to = rule, drop_double_zero = drop), mh(f))
}
save("sparse_mantel_haenszel", "rma.mh(ai, n1i, ci, n2i, measure, add=c(1/2,1/2), to=c('only0', to), drop00=c(TRUE, drop_double_zero))",
     cases, data = columns(tables))

cases <- list()
for (set in names(rates)) for (m in c("IRR", "IRD")) for (rule in names(rules)) {
  f <- quiet(with(rates[[set]], rma.mh(x1i = events1, t1i = time1, x2i = events2, t2i = time2, measure = m,
    add = c(1/2, 1/2), to = c("only0", rules[[rule]]), drop00 = c(TRUE, m == "IRR"))))
  add(list(set = set, measure = m, to = rule), mh(f))
}
save("sparse_rates", "rma.mh(x1i, t1i, x2i, t2i, measure, add=c(1/2,1/2), to=c('only0', to), drop00=c(TRUE, measure == 'IRR'))",
     cases, data = columns(rates))

# meta's conventions, written out: the treatment-arm correction, risk ratios whose patients grow by one correction, risk
# differences that correct the variance alone; the pooling by rma.mh on the corrected cells with nothing added
cases <- list()
for (set in names(tables)) with(tables[[set]], for (m in c("RR", "OR", "RD")) for (how in c("constant", "treatment-arm")) {
  gone <- if (m == "RR") events1 + events2 == 0 else if (m == "OR") events1 + events2 == 0 | (events1 == n1 & events2 == n2) else rep(FALSE, length(n1))
  zero <- (events1 == 0 | events1 == n1 | events2 == 0 | events2 == n2) & !gone
  s1 <- zero * if (how == "constant") 1/2 else n1 / (n1 + n2); s2 <- zero * if (how == "constant") 1/2 else n2 / (n1 + n2)
  a <- events1 + s1; b <- n1 - events1 + s1; c <- events2 + s2; d <- n2 - events2 + s2
  f <- quiet(rma.mh(measure = m, ai = a[!gone], bi = b[!gone], ci = c[!gone], di = d[!gone], add = 0, to = "none", drop00 = FALSE))
  if (m == "OR") { yi <- log(a * d / (b * c)); vi <- 1/a + 1/b + 1/c + 1/d }
  if (m == "RR") { yi <- log(a / (n1 + s1) / (c / (n2 + s2))); vi <- 1/a - 1/(n1 + s1) + 1/c - 1/(n2 + s2) }
  if (m == "RD") { yi <- events1 / n1 - events2 / n2; vi <- a * b / (a + b)^3 + c * d / (c + d)^3 }
  yi[gone] <- NA; vi[gone] <- NA; sure <- vi <= 0 & !is.na(vi); yi[sure] <- NA; vi[sure] <- NA
  r <- rma.uni(yi, vi, method = "REML", control = tight)
  add(list(set = set, measure = m, add_by = how, estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub),
           yi = vec(yi), vi = vec(vi), random_estimate = num(coef(r)), random_se = num(r$se), random_tau2 = num(r$tau2)))
})
save("sparse_meta_conventions", "rma.mh(add=0) on cells corrected by hand; rows by meta's formulas; rma.uni(yi, vi)", cases, data = columns(tables))

# meta's random effects beside Mantel-Haenszel (Q.Cochrane) on the studies that it keeps: no event in either arm is dropped for risk
# ratios, that and only events for odds ratios, nothing for risk differences or with allstudies = TRUE; the risk difference averages
# uncorrected differences with the weights of the corrected tables
cases <- list()
for (set in names(tables)) with(tables[[set]], for (m in c("RR", "OR", "RD")) for (keep in unique(c(m == "RD", TRUE))) {
  none <- events1 + events2 == 0; only <- events1 == n1 & events2 == n2
  gone <- if (keep) rep(FALSE, length(n1)) else if (m == "RR") none else none | only
  s <- 0.5 * ((events1 == 0 | events1 == n1 | events2 == 0 | events2 == n2) & !gone)
  a <- events1 + s; b <- n1 - events1 + s; c <- events2 + s; d <- n2 - events2 + s
  if (m == "OR") { yi <- log(a * d / (b * c)); vi <- 1/a + 1/b + 1/c + 1/d }
  if (m == "RR") {
    yi <- log(a / (n1 + s) / (c / (n2 + s))); vi <- ifelse(only, 1/events1 + 1/events2, 1/a + 1/c) - 1/(n1 + s) - 1/(n2 + s) }
  if (m == "RD") { yi <- events1 / n1 - events2 / n2; vi <- a * b / (a + b)^3 + c * d / (c + d)^3 }
  if (m == "RD") {
    w <- (a + b) * (c + d) / (a + b + c + d); centre <- sum(w * yi) / sum(w); error <- sqrt(sum(w^2 * vi)) / sum(w)
  } else {
    f <- quiet(rma.mh(measure = m, ai = a[!gone], bi = b[!gone], ci = c[!gone], di = d[!gone], add = 0, to = "none", drop00 = FALSE))
    centre <- num(coef(f)); error <- num(f$se) }
  yi <- yi[!gone]; vi <- vi[!gone]; q <- sum((yi - centre)^2 / vi); w <- 1 / vi
  tau2 <- max(0, (q - (length(yi) - 1)) / (sum(w) - sum(w^2) / sum(w)))
  r <- rma.uni(yi, vi, tau2 = tau2)
  add(list(set = set, measure = m, row_double_zero = if (keep) "keep" else if (m == "RR") "drop-no-event" else "drop",
           estimate = centre, se = error, q = q, tau2 = tau2, random_estimate = num(coef(r)), random_se = num(r$se)))
})
save("sparse_meta_random", "rma.mh(add=0) on cells corrected by hand (RD: its formula); DerSimonian & Laird's formula about it; rma.uni(tau2=)",
     cases, "metabin's rules, from its source; meta is in no Debian package", data = columns(tables))

# the risk difference's other variance and interval, from their papers: Greenland & Robins 1985 as stratum variances,
# Klingenberg 2014 by uniroot on the test that its closed form inverts
cases <- list()
for (set in names(tables)) with(tables[[set]], {
  n <- n1 + n2; w <- n1 * n2 / n; p1 <- events1 / n1; p2 <- events2 / n2; d <- sum(w * (p1 - p2)) / sum(w)
  gr <- sqrt(sum(w^2 * (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2))) / sum(w)
  add(list(set = set, variance = "greenland-robins", estimate = d, se = gr, ci_low = d - qnorm(.975) * gr,
           ci_high = d + qnorm(.975) * gr))
  P <- sum((n1^2 * events2 - n2^2 * events1 + n1 * n2 * (n2 - n1) / 2) / n^2)
  Q <- sum((events1 * (n2 - events2) + events2 * (n1 - events1)) / (2 * n))
  test <- function(delta) (d - delta)^2 - qnorm(.975)^2 * (delta * P + Q) / sum(w)^2
  low <- uniroot(test, c(-1, d), tol = 1e-14)$root; high <- uniroot(test, c(d, 1), tol = 1e-14)$root
  add(list(set = set, variance = "klingenberg", estimate = d, se = sqrt((d * P + Q) / sum(w)^2), ci_low = low,
           ci_high = high))
})
save("sparse_risk_difference", "formulas of Greenland & Robins 1985 and Klingenberg 2014", cases, data = columns(tables),
     note = "limits of Klingenberg by uniroot, 1e-14")

# random effects beside Mantel-Haenszel and Peto: tau2 of DerSimonian & Laird with Q about the pooled effect
cases <- list()
random <- function(yi, vi, centre, test) {
  ok <- !is.na(yi) & !is.na(vi); yi <- yi[ok]; vi <- vi[ok]; w <- 1 / vi
  q <- sum(w * (yi - centre)^2); tau2 <- max(0, (q - (length(yi) - 1)) / (sum(w) - sum(w^2) / sum(w)))
  f <- rma.uni(yi, vi, tau2 = tau2, test = test)
  list(estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub), tau2 = tau2, q = q)
}
for (set in names(tables)) for (ci in c("z", "knha")) {
  for (m in c("RR", "OR", "RD")) {
    f <- quiet(with(tables[[set]], rma.mh(ai = events1, n1i = n1, ci = events2, n2i = n2, measure = m)))
    e <- quiet(with(tables[[set]], escalc(m, ai = events1, n1i = n1, ci = events2, n2i = n2, drop00 = m != "RD")))
    # all events in both arms: a ratio of risks of exactly 1 with variance 0 is left out
    e$vi[!is.na(e$vi) & e$vi <= 0] <- NA
    add(list(set = set, method = "mantel-haenszel", measure = m, ci = ci), random(e$yi, e$vi, num(coef(f)), ci))
  }
  f <- quiet(with(tables[[set]], rma.peto(ai = events1, n1i = n1, ci = events2, n2i = n2)))
  e <- quiet(with(tables[[set]], escalc("PETO", ai = events1, n1i = n1, ci = events2, n2i = n2, add = 0, drop00 = TRUE)))
  add(list(set = set, method = "peto", measure = "PETO", ci = ci), random(e$yi, e$vi, num(coef(f)), ci))
}
save("sparse_random", "rma.uni(yi, vi, tau2, test) with tau2 = (Q - df)/C, Q about rma.mh's or rma.peto's estimate", cases,
     data = columns(tables))

cases <- list()
for (set in names(tables)) for (rule in names(rules)) {
  f <- quiet(with(tables[[set]], rma.peto(ai = events1, n1i = n1, ci = events2, n2i = n2, add = c(1/2, 1/2),
                                          to = c("only0", rules[[rule]]), drop00 = c(TRUE, TRUE))))
  add(list(set = set, to = rule), mh(f))
}
save("sparse_peto", "rma.peto(ai, n1i, ci, n2i, add=c(1/2,1/2), to=c('only0', to), drop00=c(TRUE, TRUE))", cases,
     data = columns(tables))

cases <- list()
for (set in names(tables)) for (method in c("EE", "DL", "REML")) {
  f <- with(tables[[set]], rma.uni(measure = "AS", ai = events1, n1i = n1, ci = events2, n2i = n2, method = method,
                                   add = 0, to = "none", drop00 = FALSE, control = tight))
  add(list(set = set, method = method, estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb),
           ci_high = num(f$ci.ub), tau2 = num(f$tau2), q = num(f$QE)))
}
save("sparse_arcsine", "rma.uni(measure='AS', add=0, drop00=FALSE, method)", cases, data = columns(tables))

# --- tests on strata -----------------------------------------------------------------------------------
cases <- list()
for (set in names(tables)) {
  for (correct in c(TRUE, FALSE)) {
    f <- quiet(with(tables[[set]], rma.mh(ai = events1, n1i = n1, ci = events2, n2i = n2, measure = "OR", correct = correct)))
    add(list(set = set, test = "cochran-mantel-haenszel", continuity = correct, statistic = num(f$MH), p_value = num(f$MHp), df = 1))
    add(list(set = set, test = "cochran", continuity = correct, statistic = num(f$CO), p_value = num(f$COp), df = 1))
  }
  add(list(set = set, test = "breslow-day", statistic = num(f$BD), p_value = num(f$BDp), df = f$k.pos - 1))
  add(list(set = set, test = "tarone", statistic = num(f$TA), p_value = num(f$TAp), df = f$k.pos - 1))
}
save("sparse_strata", "rma.mh(measure='OR', correct)$MH, $CO, $BD, $TA", cases, data = columns(tables))

cases <- list()
for (set in names(rates)) with(rates[[set]], {
  for (correct in c(TRUE, FALSE)) {
    f <- quiet(rma.mh(x1i = events1, t1i = time1, x2i = events2, t2i = time2, measure = "IRR", correct = correct))
    add(list(set = set, test = "rates", continuity = correct, statistic = num(f$MH), p_value = num(f$MHp), df = 1))
  }
  t <- events1 + events2; ok <- t > 0
  # Pearson statistic of the conditional binomial model held at the Mantel-Haenszel ratio, less Tarone's term
  g <- glm(cbind(events1, events2)[ok, ] ~ 0 + offset(num(coef(f)) + log(time1 / time2)[ok]), family = binomial)
  v <- t[ok] * fitted(g) * (1 - fitted(g))
  s <- sum(residuals(g, "pearson")^2) - sum(events1[ok] - t[ok] * fitted(g))^2 / sum(v)
  add(list(set = set, test = "homogeneity", statistic = s, p_value = pchisq(s, sum(ok) - 1, lower.tail = FALSE), df = sum(ok) - 1))
})
save("sparse_rate_strata", "rma.mh(measure='IRR', correct)$MH; homogeneity: Pearson residuals of glm(binomial) with an offset, less Tarone's term",
     cases, data = columns(rates))

# --- exact -----------------------------------------------------------------------------------------------
cases <- list()
hyper <- function(n1, n2, t) { u <- max(0, t - n2):min(n1, t); list(u = u, w = lchoose(n1, u) + lchoose(n2, t - u)) }
sum_of <- function(d) {  # the sum's distribution by convolution in logs
  out <- list(u = 0, w = 0)
  for (i in seq_along(d$n1)) {
    h <- hyper(d$n1[i], d$n2[i], d$events1[i] + d$events2[i]); u <- out$u[1] + h$u[1]
    n <- length(out$u) + length(h$u) - 1; w <- rep(-Inf, n)
    for (j in seq_along(h$u)) { at <- j - 1 + seq_along(out$w); x <- cbind(w[at], out$w + h$w[j]); m <- pmax(x[, 1], x[, 2])
      w[at] <- m + log(rowSums(exp(x - m))) }
    out <- list(u = u + 0:(n - 1), w = w - max(w))
  }
  out
}
inverted <- function(d, level, share) {
  s <- sum_of(d); x <- sum(d$events1)
  p <- function(eta) { z <- s$w + s$u * eta; z <- exp(z - max(z)); z / sum(z) }
  up <- function(eta) sum(p(eta)[s$u > x]) + share * p(eta)[s$u == x]
  low <- function(eta) sum(p(eta)[s$u < x]) + share * p(eta)[s$u == x]
  root <- function(f) exp(uniroot(f, c(-20, 20), tol = 1e-14)$root); half <- (1 - level) / 2
  list(estimate = if (x == s$u[1]) 0 else root(function(e) sum(s$u * p(e)) - x), ci_low = if (x == s$u[1]) 0 else root(function(e) up(e) - half),
       ci_high = root(function(e) low(e) - half), p_value = min(1, 2 * min(up(0), low(0))))
}
single <- list(agresti = list(events1 = 3, n1 = 4, events2 = 1, n2 = 4), trial = list(events1 = 3, n1 = 20, events2 = 9, n2 = 20),
               zero = list(events1 = 0, n1 = 25, events2 = 5, n2 = 24))
exact_sets <- c(single, tables[c("nielweise2007", "yusuf1985_6", "hine1989", "edge")])
for (set in names(exact_sets)) for (level in c(0.95, 0.9)) {
  d <- exact_sets[[set]]; ok <- with(d, events1 + events2 > 0 & events1 + events2 < n1 + n2)
  x <- with(d, array(rbind(events1, events2, n1 - events1, n2 - events2), c(2, 2, length(n1))))[, , ok]
  f <- if (sum(ok) == 1) fisher.test(x) else mantelhaen.test(x, exact = TRUE)
  e <- inverted(d, level, 1); e$p_value <- f$p.value
  stopifnot(abs(e$estimate - f$estimate) < 1e-3 * (1 + e$estimate))
  if (level == 0.95) stopifnot(abs(e$ci_low - f$conf.int[1]) < 1e-2 * (e$ci_low + 1e-3), abs(e$ci_high - f$conf.int[2]) < 1e-2 * e$ci_high)
  add(c(list(set = set, method = "exact", level = level), e))
  add(c(list(set = set, method = "mid-p", level = level), inverted(d, level, 0.5)))
}
save("sparse_exact", "p_value of method exact: fisher.test, mantelhaen.test(exact=TRUE); else the sum's distribution by convolution in logs and uniroot",
     cases, data = columns(exact_sets), note = "fisher.test's and mantelhaen.test's own limits are roots to 1e-4 only; they agree to 1 percent")

# Liu, Liu & Xie 2014, written out: mid-p functions given the margins, normal scores, weights of the central variances
cases <- list()
for (set in names(exact_sets)) for (level in c(0.95, 0.8)) with(exact_sets[[set]], {
  h <- lapply(seq_along(n1), function(i) hyper(n1[i], n2[i], events1[i] + events2[i]))
  central <- n1 * n2 * (events1 + events2) * (n1 + n2 - events1 - events2) / ((n1 + n2)^2 * (n1 + n2 - 1))
  score <- function(eta) sum(sapply(which(central > 0), function(i) {
    z <- h[[i]]$w + h[[i]]$u * eta; p <- exp(z - max(z)); p <- p / sum(p); here <- h[[i]]$u == events1[i]
    low <- sum(p[h[[i]]$u < events1[i]]) + p[here] / 2; high <- sum(p[h[[i]]$u > events1[i]]) + p[here] / 2
    sqrt(central[i]) * (if (high < low) qnorm(high) else -qnorm(low)) })) / sqrt(sum(central))
  at <- function(target) exp(uniroot(function(eta) score(eta) - target, c(-15, 15), tol = 1e-14)$root)
  none <- all(events1[central > 0] == sapply(h[central > 0], function(x) x$u[1])); z <- qnorm((1 + level) / 2)
  add(list(set = set, level = level, estimate = if (none) 0 else at(0), ci_low = if (none) 0 else at(-z), ci_high = at(z),
           p_value = 2 * pnorm(-abs(score(0)))))
})
save("sparse_combined", "combination of mid-p functions written out; uniroot", cases, data = columns(exact_sets))

# sample-size weights and Cochran's rate ratio, from meta's documentation and Bakbergenuly et al. 2020
cases <- list()
for (set in c("bcg", "nielweise2007", "axfors2021")) for (method in c("EE", "DL", "REML")) with(tables[[set]], {
  e <- escalc("OR", ai = events1, n1i = n1, ci = events2, n2i = n2, drop00 = FALSE); w <- n1 * n2 / (n1 + n2); w <- w / sum(w)
  tau2 <- if (method == "EE") 0 else num(rma.uni(e$yi, e$vi, method = method, control = tight)$tau2)
  m <- crossprod(w, e$yi)[1]; s <- sqrt(crossprod(w^2, e$vi + tau2)[1])
  add(list(set = set, method = method, yi = vec(e$yi), vi = vec(e$vi), estimate = m, se = s, ci_low = m - qnorm(.975) * s,
           ci_high = m + qnorm(.975) * s, tau2 = tau2))
})
save("sparse_sample_size", "weights n1 n2/(n1 + n2); tau2 by rma.uni", cases, data = columns(tables))
cases <- list()
for (set in names(rates)) with(rates[[set]], {
  step <- ifelse(events1 == 0 | events2 == 0, 0.5, 0); y <- log((events1 + step) / time1 / ((events2 + step) / time2))
  w <- events2 * time1 / time2; m <- weighted.mean(y, w); s <- sqrt(1 / sum(events1) + 1 / sum(events2))
  add(list(set = set, estimate = m, se = s, ci_low = m - qnorm(.975) * s, ci_high = m + qnorm(.975) * s))
})
save("sparse_cochran_rates", "meta's metainc(method='Cochran') by its documentation", cases, data = columns(rates))

# --- generalised linear mixed models through metafor and lme4 ---------------------------------------------
# lme4 is tightened (penalised iterations to tolPwrss, bobyqa to 1e-11 in the parameters); where that tolerance lies
# below rounding it gives up, so that the next larger one is tried. Its Hessian is by differences of 1e-4.
fit <- function(measure, d, ...) {
  named <- switch(measure, OR = list(ai = d$events1, n1i = d$n1, ci = d$events2, n2i = d$n2),
                  IRR = list(x1i = d$events1, t1i = d$time1, x2i = d$events2, t2i = d$time2),
                  PLO = list(xi = d$events, ni = d$n), IRLN = list(xi = d$events, ti = d$time))
  for (tol in 10^(-13:-8)) for (epsilon in c(1e-13, 1e-14, 1e-10, 1e-8)) {
    glmer <- list(optimizer = "bobyqa", tolPwrss = tol, check.conv.grad = "ignore", check.conv.singular = "ignore",
                  check.conv.hess = "ignore", optCtrl = list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e6))
    f <- try(quiet(do.call(rma.glmm, c(list(measure = measure), named, list(...), list(control = list(glmerCtrl = glmer,
             glmCtrl = list(epsilon = epsilon, maxit = 100)))))), silent = TRUE)
    if (!inherits(f, "try-error")) return(f)
  }
  stop(f)
}
glmm <- function(f) list(coefficients = vec(f$beta), ses = vec(f$se), p_values = vec(f$pval), ci_lows = vec(f$ci.lb), ci_highs = vec(f$ci.ub),
  tau2 = num(f$tau2), sigma2 = num(f$sigma2), rho = num(f$rho), q_wald = if (f$model == "UM.RS" && f$measure == "OR" && f$k == 13) NA else num(f$QE.Wld), q_lrt = num(f$QE.LRT), q_df = num(f$QE.df),
  q_model = num(f$QM), i2 = num(f$I2), h2 = num(f$H2), printed_log_likelihood = num(f$fit.stats[1, 1]), printed_aic = num(f$fit.stats[3, 1]),
  parameters = num(f$parms), k = num(f$k))
all_sets <- c(tables, rates, one, one_rate)
cases <- list()
go <- function(measure, set, ..., moderators = NULL) {
  options <- list(...)
  extra <- if (is.null(moderators)) list() else list(mods = moderators)
  f <- do.call(fit, c(list(measure, all_sets[[set]]), options, extra))
  options$mods <- NULL
  add(list(measure = measure, set = set), options, if (is.null(moderators)) NULL else list(moderators = vec(moderators)), glmm(f))
}
for (set in c("nielweise2007", "yusuf1985_6", "bcg", "hine1989")) for (model in c("UM.FS", "UM.RS", "CM.AL")) for (method in c("ML", "EE"))
  go("OR", set, model = model, method = method)
for (coding in c(0, 1)) for (model in c("UM.FS", "UM.RS")) go("OR", "nielweise2007", model = model, method = "ML", coding = coding)
go("OR", "nielweise2007", model = "UM.RS", method = "ML", cor = TRUE)
go("OR", "bcg", model = "UM.RS", method = "ML", cor = TRUE)
for (points in c(1, 3, 15)) go("OR", "nielweise2007", model = "UM.FS", method = "ML", nAGQ = points)
for (model in c("UM.FS", "UM.RS", "CM.AL")) go("OR", "nielweise2007", model = model, method = "ML", test = "t")
year <- c(4, 7, 2, 9, 12, 1, 3, 8, 11, 5, 6, 10, 15, 13, 14, 18, 16, 17) / 10  # an invented moderator, fixed here
for (model in c("UM.FS", "UM.RS", "CM.AL")) go("OR", "nielweise2007", model = model, method = "ML", moderators = year)
for (set in c("nielweise2008", "hart1999")) for (model in c("UM.FS", "UM.RS", "CM.EL")) for (method in c("ML", "EE"))
  go("IRR", set, model = model, method = method)
for (method in c("ML", "EE")) {
  for (set in names(one)) go("PLO", set, method = method)
  for (set in names(one_rate)) go("IRLN", set, method = method)
}
save("sparse_glmm", "rma.glmm(measure, model, method, coding, cor, nAGQ, test, mods) with tight lme4 controls", cases,
     data = columns(all_sets),
     note = "For models fitted through lme4's quadrature the printed log-likelihood rests on the deviance at the modes (ML) or lacks the saturated part (UM.RS, EE); see validation/notes/sparse.md. q_wald of bcg, UM.RS: lme4 does not find the saturated maximum")

# --- the same likelihoods written out, maximised by Newton's method on numDeriv's derivatives ----------------
# rows: list of (y, n, offset-free) per study; one random effect with loading z; adaptive Gauss-Hermite with m nodes
agq <- function(par, y, n, place, z, m, poisson) {
  gh <- statmod::gauss.quad(m, "hermite"); tau <- par[length(par)]; total <- 0
  for (i in seq_len(nrow(y))) {
    base <- place(par, i)
    logf <- function(u) { eta <- base + z * tau * u
      sum(if (poisson) dpois(y[i, ], n[i, ] * exp(eta), log = TRUE) else dbinom(y[i, ], n[i, ], plogis(eta), log = TRUE)) - u^2 / 2 }
    u <- 0
    for (step in 1:60) {
      eta <- base + z * tau * u; mu <- if (poisson) n[i, ] * exp(eta) else n[i, ] * plogis(eta)
      v <- if (poisson) mu else mu * (1 - mu / n[i, ])
      s <- (tau * sum(z * (y[i, ] - mu)) - u) / (1 + tau^2 * sum(z^2 * v)); if (!is.finite(s)) return(-1e10)
      u <- u + sign(s) * min(abs(s), 1); if (abs(s) < 1e-15) break
    }
    eta <- base + z * tau * u; mu <- if (poisson) n[i, ] * exp(eta) else n[i, ] * plogis(eta)
    v <- if (poisson) mu else mu * (1 - mu / n[i, ]); scale <- 1 / sqrt(1 + tau^2 * sum(z^2 * v))
    f <- sapply(u + sqrt(2) * scale * gh$nodes, logf) + gh$nodes^2
    total <- total + max(f) + log(sum(gh$weights * exp(f - max(f)))) + log(scale) - log(pi) / 2
  }
  total
}
peak <- function(f, start) {
  p <- optim(start, f, method = "BFGS", control = list(fnscale = -1, reltol = 1e-14, maxit = 2000))$par
  for (step in 1:4) { h <- hessian(f, p); p <- p - solve(h, grad(f, p)) }
  list(par = p, cov = solve(-hessian(f, p)), height = f(p))
}
exact <- function(par, d) {
  tau <- exp(par[2] / 2); total <- 0
  for (i in seq_along(d$n1)) {
    h <- hyper(d$n1[i], d$n2[i], d$events1[i] + d$events2[i]); at <- which(h$u == d$events1[i])
    f <- function(x) sapply(x, function(e) { v <- h$w + h$u * (par[1] + tau * e); m <- max(v); exp(v[at] - m) / sum(exp(v - m)) }) * dnorm(x)
    total <- total + log(integrate(f, -10, 10, rel.tol = 1e-13, subdivisions = 5000)$value)
  }
  total
}
cases <- list()
informative <- function(d) { ok <- with(d, events1 + events2 > 0 & events1 + events2 < n1 + n2); lapply(d, function(x) x[ok]) }
d <- informative(tables$edge); k <- length(d$n1); y <- cbind(d$events1, d$events2); n <- cbind(d$n1, d$n2)
fixed <- function(par, i) c(par[1] + par[1 + i], par[1 + i])
for (coding in list(c(0.5, -0.5), c(1, 0), c(0, 1))) {
  f <- peak(function(p) agq(p, y, n, fixed, coding, 7, FALSE), c(-0.2, log((d$events2 + 0.5) / (d$n2 - d$events2 + 0.5)), 1))
  add(list(set = "edge", measure = "OR", model = "UM.FS", coding = coding[1], estimate = f$par[1], se = sqrt(f$cov[1, 1]),
           tau2 = f$par[k + 2]^2, tau2_se = 2 * abs(f$par[k + 2]) * sqrt(f$cov[k + 2, k + 2]), log_likelihood = f$height))
}
one_row <- function(par, i) par[1]
for (set in names(one)) with(one[[set]], {
  f <- peak(function(p) agq(p, cbind(events), cbind(n), one_row, 1, 7, FALSE), c(-1, 0.5))
  add(list(set = set, measure = "PLO", model = NA, coding = NA, estimate = f$par[1], se = sqrt(f$cov[1, 1]), tau2 = f$par[2]^2,
           tau2_se = 2 * abs(f$par[2]) * sqrt(f$cov[2, 2]), log_likelihood = f$height))
})
with(one_rate$nielweise2008_2, {
  f <- peak(function(p) agq(p, cbind(events), cbind(time), one_row, 1, 7, TRUE), c(log(sum(events) / sum(time)), 0.5))
  add(list(set = "nielweise2008_2", measure = "IRLN", model = NA, coding = NA, estimate = f$par[1], se = sqrt(f$cov[1, 1]), tau2 = f$par[2]^2,
           tau2_se = 2 * abs(f$par[2]) * sqrt(f$cov[2, 2]), log_likelihood = f$height))
})
for (set in c("nielweise2007", "edge", "bcg")) {
  d <- informative(tables[[set]])
  f <- peak(function(p) exact(p, d), c(-0.5, 0))
  add(list(set = set, measure = "OR", model = "CM.EL", coding = NA, estimate = f$par[1], se = sqrt(f$cov[1, 1]), tau2 = exp(f$par[2]),
           tau2_se = exp(f$par[2]) * sqrt(f$cov[2, 2]), log_likelihood = f$height))
}
save("sparse_glmm_likelihood", "adaptive quadrature and integrate() over dnorm written out; optim, then Newton on numDeriv", cases,
     data = columns(all_sets), note = "independent of lme4 and metafor; numDeriv's second derivatives limit the standard errors to about 1e-6")

# --- the exact conditional model at tau2 = 0, and its tests: a Cox model's exact partial likelihood ---------
cases <- list()
for (set in c("nielweise2007", "yusuf1985_6", "hine1989", "edge")) with(tables[[set]], {
  k <- length(n1); long <- function(a, b) rep(rep(1:0, k), as.vector(rbind(a, b)))
  event <- c(long(events1, n1 - events1), long(events2, n2 - events2)); arm <- rep(1:0, c(sum(n1), sum(n2)))
  study <- c(rep(1:k, n1), rep(1:k, n2))
  f <- quiet(clogit(event ~ arm + strata(study), method = "exact", eps = 1e-12, iter.max = 100))
  add(list(set = set, estimate = num(coef(f)), se = sqrt(num(vcov(f)))))
})
save("sparse_conditional", "survival::clogit(event ~ arm + strata(study), method='exact')", cases,
     data = columns(tables[c("nielweise2007", "yusuf1985_6", "hine1989", "edge")]))

# --- regressions ---------------------------------------------------------------------------------------------
cases <- list()
long <- function(d) { k <- length(d$events1); rate <- !is.null(d$time1)
  data.frame(y = c(d$events1, d$events2), n = if (rate) c(d$time1, d$time2) else c(d$n1, d$n2), arm = rep(1:0, each = k), study = factor(rep(1:k, 2))) }
penalised <- function(beta, x, y, n) { p <- plogis(x %*% beta); sum(dbinom(y, n, p, log = TRUE)) + 0.5 * determinant(t(x) %*% (x * as.vector(n * p * (1 - p))))$modulus }
profile_limits <- function(x, y, n, best, se) {
  top <- penalised(best, x, y, n)
  at <- function(b) -2 * (optim(best[-1], function(a) penalised(c(b, a), x, y, n), method = "BFGS",
                                control = list(fnscale = -1, reltol = 1e-15, maxit = 2000))$value - top) - qchisq(.95, 1)
  c(uniroot(at, c(best[1] - 5 * se, best[1]), tol = 1e-10)$root, uniroot(at, c(best[1], best[1] + 5 * se), tol = 1e-10)$root)
}
all_zero <- list(events1 = c(0, 0, 0), n1 = c(30, 25, 40), events2 = c(3, 2, 4), n2 = c(30, 26, 41))
sets <- c(tables[c("bcg", "nielweise2007", "yusuf1985_6", "hine1989", "edge")], list(all_zero = numeric_sets(list(all_zero))[[1]]))
for (set in names(sets)) {
  d <- long(sets[[set]])
  f <- glm(cbind(y, n - y) ~ arm + study, data = d, family = binomial, method = brglmFit, type = "AS_mean", epsilon = 1e-12, maxit = 2000)
  x <- model.matrix(f)[, c(2, 1, 3:(length(coef(f))))]; b <- coef(f)[c(2, 1, 3:length(coef(f)))]; se <- sqrt(vcov(f)["arm", "arm"])
  limits <- if (set == "bcg") c(NA, NA) else profile_limits(x, d$y, d$n, b, se)
  s <- mean((1 - 2 * fitted(f)) / (d$n * fitted(f) * (1 - fitted(f))))
  phi <- max(1, sum(residuals(f, "pearson")^2) / f$df.residual / (1 + s))
  add(list(set = set, method = "firth", estimate = num(b[1]), se = se, ci_low = limits[1], ci_high = limits[2], dispersion = phi))
  if (set != "all_zero") {
    ok <- with(sets[[set]], events1 + events2 > 0 & events1 + events2 < n1 + n2)
    f <- glm(cbind(y, n - y) ~ arm + study, data = d[rep(ok, 2), ], family = binomial, epsilon = 1e-14, maxit = 100)
    add(list(set = set, method = "ML", estimate = num(coef(f)["arm"]), se = sqrt(vcov(f)["arm", "arm"]), ci_low = NA, ci_high = NA, dispersion = NA))
  }
}
save("sparse_regression", "glm(cbind(y, n - y) ~ arm + study, binomial), method=brglm2::brglmFit type AS_mean for firth; limits by optim and uniroot",
     cases, data = columns(sets), note = "optim() on the penalised likelihood leaves about 1e-6 of the profile limits")

cases <- list()
for (set in names(rates)) {
  d <- long(rates[[set]])
  f <- glm(y ~ arm + study + offset(log(n)), data = d, family = poisson, method = brglmFit, type = "AS_mean", epsilon = 1e-12, maxit = 2000)
  add(list(set = set, method = "firth", estimate = num(coef(f)["arm"]), se = sqrt(vcov(f)["arm", "arm"])))
  d <- d[rep(with(rates[[set]], events1 + events2 > 0), 2), ]
  f <- glm(y ~ arm + study + offset(log(n)), data = d, family = poisson, epsilon = 1e-14, maxit = 100)
  add(list(set = set, method = "ML", estimate = num(coef(f)["arm"]), se = sqrt(vcov(f)["arm", "arm"])))
}
save("sparse_rate_regression", "glm(y ~ arm + study + offset(log(time)), poisson), method=brglm2::brglmFit for firth", cases, data = columns(rates))

cases <- list()
bb <- function(par, x, y, n) { p <- length(par) - 1; mu <- plogis(x %*% par[1:p]); t <- exp(-par[p + 1])  # t = (1 - rho)/rho
  sum(lchoose(n, y) + lbeta(y + mu * t, n - y + (1 - mu) * t) - lbeta(mu * t, (1 - mu) * t)) }
record <- function(set, x, y, n, start) {
  f <- peak(function(p) bb(p, x, y, n), start); p <- length(start) - 1; rho <- plogis(f$par[p + 1])
  add(list(set = set, arms = p, estimate = num(f$par[1]), se = sqrt(f$cov[1, 1]), intercept = num(f$par[p]), rho = rho,
           rho_se = sqrt(f$cov[p + 1, p + 1]) * rho * (1 - rho), log_likelihood = f$height))
}
for (set in c("nielweise2007", "yusuf1985_6", "axfors2021", "edge")) { d <- long(tables[[set]]); record(set, cbind(d$arm, 1), d$y, d$n, c(-0.3, -2.5, -2)) }
with(one$pritz1997, record("pritz1997", cbind(rep(1, length(n))), events, n, c(-1, -2)))
save("sparse_beta_binomial", "beta-binomial log-likelihood by lbeta(); optim, then Newton on numDeriv", cases, data = columns(c(tables, one)),
     note = "VGAM::vglm(betabinomial) gives the same estimates to its tolerance; lbeta and numDeriv limit the agreement to about 1e-6")
