# Golden values of the survival methods: R's survival package on its own data sets, and published formulas.
# Run from the repository's root: Rscript validation/golden/survival.R
source("validation/golden/record.R")
suppressMessages(library(survival))
save <- recorder("validation/golden/survival.R", "survival")
add <- function(cases, ...) c(cases, list(list(...)))
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-16, iter.max = 100)
num_vec <- function(x) vec(as.numeric(x))

lung2 <- subset(lung, !is.na(ph.ecog))
sets <- list(
  aml = with(aml, list(time = time, event = status, group = as.integer(x == "Maintained"), z = as.integer(x == "Maintained"), strata = rep(1, 23))),
  ovarian = with(ovarian, list(time = futime, event = fustat, group = rx, z = age, strata = resid.ds)),
  veteran = with(veteran, list(time = time, event = status, group = as.integer(celltype), z = karno, strata = trt)),
  lung = with(lung2, list(time = time, event = status - 1, group = sex, z = age, strata = ph.ecog)),
  heavy_ties = list(time = rep(1:5, each = 8), event = rep(c(1, 1, 0, 1), 10), group = rep(c(1, 1, 2), length.out = 40),
                    z = ((1:40) * 7) %% 13, strata = rep(1:2, 20)))
data <- lapply(sets, function(d) lapply(d, num_vec))

cases <- list()
for (s in names(sets)) for (type in c("log", "log-log", "plain")) for (level in c(.95, .8)) {
  d <- sets[[s]]; f <- survfit(Surv(time, event) ~ 1, data = d, conf.type = type, conf.int = level)
  q <- quantile(f, c(.25, .5)); h <- max(d$time) * .6
  m <- summary(f, rmean = h)$table; ends <- paste0(level, c("LCL", "UCL"))
  cases <- add(cases, set = s, interval = type, level = level, time = vec(f$time), survival = vec(f$surv), se = vec(f$std.err * f$surv),
    ci_low = vec(f$lower), ci_high = vec(f$upper), at_risk = vec(f$n.risk), quartile = vec(c(q$quantile[1], q$lower[1], q$upper[1])),
    median = vec(m[c("median", ends)]), horizon = h, mean = m[["rmean"]], mean_se = m[["se(rmean)"]])
}
save("survival_curves", "survfit(Surv(time, event) ~ 1, conf.type, conf.int); quantile() for the quartile, summary(rmean =) for median and mean", cases, data = data)

cases <- list()
for (s in names(sets)) for (stratified in c(FALSE, TRUE)) {
  d <- sets[[s]]
  f <- if (stratified) survdiff(Surv(time, event) ~ group + strata(strata), data = d) else survdiff(Surv(time, event) ~ group, data = d)
  total <- function(x) if (is.matrix(x)) rowSums(x) else x
  o <- order(match(sort(unique(d$group)), unique(d$group)))  # in order of appearance
  cases <- add(cases, set = s, stratified = stratified, statistic = f$chisq, df = length(unique(d$group)) - 1,
    p_value = pchisq(f$chisq, length(unique(d$group)) - 1, lower.tail = FALSE), observed = vec(total(f$obs)[o]), expected = vec(total(f$exp)[o]),
    variance = f$var[o[1], o[1]])
}
save("survival_log_rank", "survdiff(Surv(time, event) ~ group [+ strata(strata)])", cases, data = data)

cases <- list()
for (s in names(sets)) for (ties in c("efron", "breslow")) for (model in c("group", "both", "strata")) {
  d <- sets[[s]]; if (s == "aml" && model == "both") next
  form <- switch(model, group = Surv(time, event) ~ group, both = Surv(time, event) ~ group + z, strata = Surv(time, event) ~ group + strata(strata))
  f <- coxph(form, data = d, ties = ties, control = tight); g <- summary(f)
  cases <- add(cases, set = s, ties = ties, model = model, estimate = vec(coef(f)), covariance = vec(vcov(f)), log_likelihood = vec(f$loglik),
    tests = vec(c(g$logtest[["test"]], f$score, f$wald.test)), p_values = vec(pchisq(c(g$logtest[["test"]], f$score, f$wald.test), length(coef(f)), lower.tail = FALSE)))
}
save("survival_cox", "coxph(ties, control = coxph.control(eps = 1e-14, iter.max = 100))", cases, data = data)

# --- hazard ratios from print: the formulas of Parmar 1998 and Tierney 2007 -----------------------------------
z <- qnorm(.975)
whole <- function(source, call, yi, v) list(source = source, call = call, yi = yi, v = v, estimate = exp(yi), ci = vec(exp(yi + c(-1, 1) * z * sqrt(v))),
                                            o_minus_e = yi / v, variance = 1 / v)
cases <- list(
  whole("interval", list(estimate = .7, ci_low = .5, ci_high = .98), log(.7), (log(.98 / .5) / (2 * z))^2),
  whole("log-rank", list(o_minus_e = -8.4, variance = 24), -8.4 / 24, 1 / 24),
  whole("observed-expected", list(observed1 = 34, expected1 = 41.2, observed2 = 45, expected2 = 37.8), log((34 / 41.2) / (45 / 37.8)), 1 / 41.2 + 1 / 37.8),
  whole("events", list(p_value = .03, favours = "second", events1 = 61, events2 = 44), qnorm(1 - .015) / sqrt(61 * 44 / 105), 105 / (61 * 44)),
  whole("allocation", list(p_value = .03, favours = "first", events = 105), -qnorm(1 - .015) / sqrt(105 / 4), 4 / 105),
  whole("allocation", list(p_value = .02, favours = "first", events = 90, n1 = 200, n2 = 100, one_sided = TRUE), -qnorm(.98) / sqrt(90 * 2 / 9), 9 / 180),
  whole("ratio-and-p", list(estimate = .72, p_value = .03), log(.72), (log(.72) / qnorm(.015))^2))
save("survival_hazard_ratio", "Parmar, Torri & Stewart 1998, eqs 1 to 13; Tierney 2007", cases)

# --- patients from a curve: Guyot's algorithm written a second time, point by point ---------------------------
guyot <- function(t, S, trisk, nrisk, tot) {
  m <- length(t); low <- sapply(trisk, function(x) which(t >= x)[1])
  use <- !is.na(low) & !duplicated(low, fromLast = TRUE); low <- low[use]; trisk <- trisk[use]; nrisk <- nrisk[use]; up <- c(low[-1] - 1, m); k <- length(low)
  n <- rep(nrisk[1], m + 1); d <- cen <- numeric(m); km <- rep(1, m); last <- 1; rate <- 0
  one <- function(i, nc, end) {
    idx <- low[i]:up[i]; cen[idx] <<- 0
    if (nc > 0) for (j in 1:nc) { tc <- t[low[i]] + j * (end - t[low[i]]) / (nc + 1)
      at <- max(idx[t[idx] <= tc]); cen[at] <<- cen[at] + 1 }
    l <- last
    for (q in idx) {
      d[q] <<- if (q == 1 || km[l] == 0 || n[q] == 0) 0 else min(max(floor(n[q] * (1 - S[q] / km[l]) + .5), 0), n[q])
      km[q] <<- if (n[q] > 0) km[l] * (1 - d[q] / n[q]) else km[l]
      cen[q] <<- min(cen[q], n[q] - d[q]); n[q + 1] <<- n[q] - d[q] - cen[q]
      if (d[q] > 0) l <- q
    }
    l
  }
  search <- function(i, nc, most, end, gap) {
    done <- c(); gaps <- c(); nc <- max(0, min(nc, most))
    repeat {
      if (nc %in% done) { nc <- done[order(abs(gaps), done)[1]]; return(one(i, nc, end)) }
      l <- one(i, nc, end); g <- gap(); done <- c(done, nc); gaps <- c(gaps, g)
      if (g == 0) return(l)
      nc <- max(0, min(nc + g, most))
    }
  }
  if (k > 1) for (i in 1:(k - 1)) {
    start <- n[low[i]]; goal <- nrisk[i + 1]
    last <- search(i, round(start * S[low[i + 1]] / S[low[i]] - goal), max(0, start - goal), t[low[i + 1]], function() n[low[i + 1]] - goal)
    rate <- sum(cen[1:up[i]]) / i / (trisk[i + 1] - trisk[i])
  }
  before <- sum(d[seq_len(low[k] - 1)]); start <- n[low[k]]; nc <- min(round(rate * (t[m] - t[low[k]])), start)
  if (!is.null(tot) && before >= tot) { nc <- start; S[low[k]:m] <- km[last] }
  last <- search(k, nc, start, t[m], function() if (is.null(tot)) 0 else before + sum(d[low[k]:m]) - tot)
  list(events = d, censored = cen, left = n[m + 1])
}
set.seed(20260102)
cases <- list()
for (n in c(40, 150, 400)) for (digits in c(2, 3)) for (known in c(TRUE, FALSE)) {
  x <- round(rexp(n, .05), 2) + .01; c0 <- round(runif(n, 5, 40), 2); time <- pmin(x, c0); event <- as.integer(x <= c0)
  f <- survfit(Surv(time, event) ~ 1); e <- f$n.event > 0
  t <- rep(f$time[e], each = 2); S <- c(1, rep(f$surv[e], each = 2)); S <- S[-length(S)]
  t <- c(0, t, max(time)); S <- c(1, S, min(f$surv)); S <- round(S, digits)
  keep <- !duplicated(cbind(t, S)); t <- t[keep]; S <- S[keep]
  trisk <- seq(0, 30, by = 6); trisk <- trisk[trisk < max(time)]; nrisk <- sapply(trisk, function(a) sum(time >= a))
  g <- guyot(t, S, trisk, nrisk, if (known) sum(event) else NULL)
  cases <- add(cases, n = n, digits = digits, time = vec(t), survival = vec(S), risk_times = vec(trisk), at_risk = vec(nrisk),
               total_events = if (known) sum(event) else NA, events = vec(g$events), censored = vec(g$censored), left = g$left)
}
save("survival_reconstruction", "Guyot's algorithm (2012), written a second time; curves of simulated trials (set.seed(20260102)), rounded", cases)
