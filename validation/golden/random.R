# Golden values of random effects and heterogeneity.
# Run from the repository's root: Rscript validation/golden/random.R
# What metafor 3.8 has not (DL2 and CA2 by name, GENQM without CompQuadForm, Kenward-Roger, IQWiG's rule, meta's
# prediction intervals, R_b, test-based H, Nagashima's bootstrap) is written here by matrices or by another
# algorithm than evergrove's; each file's note says so.
source("validation/golden/record.R")
save <- recorder("validation/golden/random.R")

es <- list(
  bcg_rr = escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
  normand1999_md = escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999),
  molloy2014_zcor = escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014),
  hackshaw1998_or = data.frame(yi = dat.hackshaw1998$yi, vi = dat.hackshaw1998$vi),
  yusuf1985_rd = escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = subset(dat.yusuf1985, table == "6" & !is.na(ai))),
  lee2004_or = escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.lee2004),
  pignon2000_hr = data.frame(yi = dat.pignon2000$OmE / dat.pignon2000$V, vi = 1 / dat.pignon2000$V),
  homogeneous = data.frame(yi = c(0.21, 0.18, 0.25, 0.2, 0.23), vi = c(0.04, 0.03, 0.05, 0.08, 0.02)),
  three = data.frame(yi = c(-0.475, 0.35, 1.866), vi = c(0.3612, 0.07, 0.4352)),
  two = data.frame(yi = c(0.1, 1.3), vi = c(0.04, 0.09)),
  equal_variances = data.frame(yi = c(0.3, -0.2, 0.9, 0.45, 0.1), vi = rep(0.05, 5)),
  wide = data.frame(yi = c(0.31, 0.9, -2.5, 14, -40, 0.3), vi = c(1e-4, 0.3, 4, 90, 1e4, 2e-3)))
es <- lapply(es, function(d) data.frame(yi = as.numeric(d$yi), vi = as.numeric(d$vi)))
unit <- function(d) max(median(d$vi), var(d$yi))
rma_tight <- function(d, method, test = "z", ...) {
  u <- unit(d)
  control <- list(threshold = 1e-14 * u, maxiter = 100000, tol = 1e-15 * u, tau2.max = 1000 * u, ...)
  quiet(rma(d$yi, d$vi, method = method, test = test, control = control))
}
# Distribution of a weighted sum of chi-squares: Davies' trapezoid rule for the characteristic function
weighted_tail <- function(lambda, q) {
  n <- if (length(lambda) > 4) 20000 else 400000
  step <- 2 * pi / (12 * (sum(lambda) + q + 8 * sqrt(sum(lambda^2))))
  u <- (seq_len(n) - 0.5) * step
  angle <- -u * q; size <- 0
  for (l in lambda) { angle <- angle + 0.5 * atan(2 * l * u); size <- size - 0.25 * log1p(4 * l^2 * u^2) }
  0.5 + sum(sin(angle) * exp(size) / (seq_len(n) - 0.5)) / pi
}
form <- function(d, a, X = matrix(1, nrow(d))) {
  A <- diag(a); P <- A - A %*% X %*% solve(t(X) %*% A %*% X, t(X) %*% A)
  list(P = P, q = as.numeric(t(d$yi) %*% P %*% d$yi), df = nrow(d) - ncol(X))
}
above <- function(f, d, tau2) {
  S <- diag(sqrt(d$vi + tau2))
  weighted_tail(eigen(S %*% f$P %*% S, symmetric = TRUE, only.values = TRUE)$values[seq_len(f$df)], f$q)
}
tau2_at <- function(f, d, share) {
  if (above(f, d, 0) >= share) return(0)
  high <- unit(d); while (above(f, d, high) < share) high <- 4 * high
  uniroot(function(t) above(f, d, t) - share, c(0, high), tol = 1e-13 * high)$root
}

# --- tau² -------------------------------------------------------------------------------------------
plain <- c("REML", "ML", "DL", "PM", "PMM", "EB", "HE", "HS", "HSk", "SJ")
tau2_of <- function(method, d, mods = NULL) {
  u <- unit(d)
  control <- list(threshold = 1e-14 * u, maxiter = 100000, tol = 1e-15 * u, tau2.max = 1000 * u)
  args <- list(d$yi, d$vi, control = control)
  if (!is.null(mods)) args$mods <- mods
  fit <- function(...) quiet(do.call(rma, c(args, list(...))))
  if (method %in% plain) return(fit(method = method))
  if (method == "SJ-HE") {
    start <- fit(method = "HE")$tau2
    args$control$tau2.init <- if (start > 0) start else 0.01
    return(quiet(do.call(rma, c(args, method = "SJ"))))
  }
  if (method == "GENQ") return(fit(method = "GENQ", weights = 1 / sqrt(d$vi)))
  first <- fit(method = c(DL2 = "DL", CA2 = "HE")[[method]])$tau2
  fit(method = "GENQ", weights = 1 / (d$vi + first))
}
cases <- list()
for (set in names(es)) for (method in c(plain, "SJ-HE", "GENQ", "DL2", "CA2")) {
  f <- tau2_of(method, es[[set]])
  cases[[length(cases) + 1]] <- list(set = set, method = method, tau2 = num(f$tau2), tau2_se = num(f$se.tau2))
}
for (set in setdiff(names(es), c("two", "hackshaw1998_or"))) {
  d <- es[[set]]; f <- form(d, 1 / sqrt(d$vi)); tau2 <- tau2_at(f, d, 0.5)
  V <- diag(d$vi); PV <- f$P %*% V
  se <- sqrt(2 * sum(PV * t(PV)) + 4 * tau2 * sum(PV * f$P) + 2 * tau2^2 * sum(f$P^2)) / sum(diag(f$P))
  cases[[length(cases) + 1]] <- list(set = set, method = "GENQM", tau2 = tau2, tau2_se = se)
}
save("random_tau2", "rma(yi, vi, method); DL2 and CA2: method='GENQ', weights=1/(vi + tau2 of DL or HE); SJ-HE: tau2.init = HE; GENQ: weights = 1/sqrt(vi)",
     cases, "GENQM: root of the distribution of Q by Davies' trapezoid rule", data = columns(es))

designs <- list(bcg_rr = cbind(dat.bcg$ablat, dat.bcg$year), molloy2014_zcor = cbind(dat.molloy2014$meanage),
                wide = cbind(c(0, 1, 0, 1, 1, 0)), hackshaw1998_or = cbind(dat.hackshaw1998$year))
cases <- list()
for (set in names(designs)) for (method in c(plain, "SJ-HE", "GENQ", "DL2", "CA2")) {
  f <- tau2_of(method, es[[set]], designs[[set]])
  cases[[length(cases) + 1]] <- list(set = set, method = method, tau2 = num(f$tau2), tau2_se = num(f$se.tau2))
}
data <- columns(es[names(designs)])
for (set in names(designs)) data[[set]]$moderators <- unname(designs[[set]])
save("random_tau2_design", "rma(yi, vi, mods=, method=)", cases, data = data)

# --- fits ------------------------------------------------------------------------------------------
tests <- c(normal = "z", t = "t", "hartung-knapp" = "knha", "hartung-knapp-truncated" = "adhoc")
record <- function(f) {
  p <- predict(f)
  list(estimate = num(coef(f)), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub), statistic = num(f$zval),
       p_value = num(f$pval), tau2 = num(f$tau2), i2 = num(f$I2), h2 = num(f$H2), q = num(f$QE), q_p_value = num(f$QEp),
       prediction_low = num(p$pi.lb), prediction_high = num(p$pi.ub))
}
cases <- list()
for (set in setdiff(names(es), c("wide", "hackshaw1998_or"))) for (method in c("ML", "EB", "PMM", "HE", "HS", "HSk", "SJ")) {
  ci <- names(tests)[1 + (length(cases) %% 4)]
  f <- rma_tight(es[[set]], method, tests[[ci]])
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, ci = ci), record(f))
}
save("random_fits", "rma(yi, vi, method, test); predict()", cases, data = columns(es))

cases <- list()
for (set in c("bcg_rr", "normand1999_md", "homogeneous", "lee2004_or")) for (ci in names(tests)) for (method in c("DL", "EE")) {
  d <- es[[set]]; w <- 10 + (seq_len(nrow(d)) * 7) %% 11
  f <- quiet(rma(d$yi, d$vi, weights = w, method = method, test = tests[[ci]]))
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, ci = ci, weights = vec(w)), record(f),
    list(share = vec(weights(f) / 100), log_likelihood = num(f$fit.stats["ll", "REML"]), aic = num(f$fit.stats["AIC", "ML"])))
}
save("random_weights", "rma(yi, vi, weights=, method, test)", cases, data = columns(es))

# Kenward-Roger by matrices (Kenward & Roger 1997, expected information), and meta's rules about Hartung-Knapp
kenward_roger <- function(d, tau2) {
  X <- matrix(1, nrow(d)); W <- diag(1 / (d$vi + tau2)); Phi <- solve(t(X) %*% W %*% X)
  P <- W - W %*% X %*% Phi %*% t(X) %*% W
  info <- 0.5 * sum(P * P)                                # expected information of tau²
  dPhi <- -t(X) %*% W %*% W %*% X                         # P_i of Kenward & Roger
  Qii <- t(X) %*% W %*% W %*% W %*% X
  V <- as.numeric(Phi + 2 * Phi %*% ((Qii - dPhi %*% Phi %*% dPhi) / info) %*% Phi)
  gradient <- as.numeric(Phi %*% t(X) %*% W %*% W %*% X %*% Phi)   # of the unadjusted variance in tau²
  list(se = sqrt(V), satterthwaite = 2 * as.numeric(Phi)^2 * info / gradient^2,
       df = 2 * info / (V * sum(diag(W)^2))^2)            # with the adjusted variance, as Partlett & Riley
}
cases <- list()
for (set in c("bcg_rr", "normand1999_md", "molloy2014_zcor", "lee2004_or", "homogeneous", "three", "equal_variances", "pignon2000_hr")) {
  d <- es[[set]]; f <- rma_tight(d, "REML"); k <- nrow(d)
  kr <- kenward_roger(d, f$tau2)
  put <- function(ci, se, df, tau2_method) {
    half <- qt(0.975, df) * se; b <- num(coef(if (tau2_method == "REML") f else g))
    list(set = set, ci = ci, tau2_method = tau2_method, se = se, df = if (is.finite(df)) df else NA_real_, ci_low = b - half, ci_high = b + half,
         p_value = 2 * pt(-abs(b / se), df))
  }
  cases[[length(cases) + 1]] <- put("kenward-roger", kr$se, kr$df, "REML")
  dl <- rma_tight(d, "DL")
  for (method in c("REML", "SJ")) {
    g <- rma_tight(d, method); hk <- rma_tight(d, method, "knha")
    narrow <- qt(0.975, k - 1) * hk$se < qnorm(0.975) * dl$se
    cases[[length(cases) + 1]] <- put("hartung-knapp-iqwig", if (narrow) num(g$se) else num(hk$se), k - 1, method)
    narrow <- qt(0.975, k - 1) * hk$se < qnorm(0.975) * g$se
    cases[[length(cases) + 1]] <- put("hartung-knapp-adhoc", if (narrow) num(g$se) else num(hk$se), if (narrow) Inf else k - 1, method)
  }
}
save("random_intervals", "from rma(): Kenward-Roger by matrices; IQWiG's and the ad hoc rule by their definition", cases,
     "meta is not installable here: its rules (metagen, method.random.ci, adhoc.hakn.ci) written from their definition", data = columns(es))

# --- models ----------------------------------------------------------------------------------------
cases <- list()
for (set in c("bcg_rr", "normand1999_md", "lee2004_or", "homogeneous", "three", "two", "pignon2000_hr", "molloy2014_zcor")) {
  d <- es[[set]]
  g <- quiet(rma(d$yi, d$vi, weights = 1 / d$vi, method = "DL"))
  cases[[length(cases) + 1]] <- list(set = set, model = "ivhet", estimate = num(coef(g)), se = num(g$se), ci_low = num(g$ci.lb),
                                     ci_high = num(g$ci.ub), p_value = num(g$pval), tau2 = num(g$tau2))
  h <- quiet(hc(rma(d$yi, d$vi, method = "DL"), control = list(tol = 1e-13)))
  cases[[length(cases) + 1]] <- list(set = set, model = "henmi-copas", estimate = num(h$beta), se = num(h$se), ci_low = num(h$ci.lb),
                                     ci_high = num(h$ci.ub), tau2 = num(h$tau2))
}
save("random_models", "ivhet: rma(yi, vi, weights=1/vi, method='DL'); hc(rma(method='DL'), control=list(tol=1e-13))", cases,
     "hc() integrates to about 1e-5 (R's integrate with its default)", data = columns(es))

# --- prediction ------------------------------------------------------------------------------------
cases <- list()
for (set in c("bcg_rr", "normand1999_md", "molloy2014_zcor", "homogeneous", "three")) {
  d <- es[[set]]; f <- rma_tight(d, "REML"); k <- nrow(d); w <- 1 / (d$vi + f$tau2); b <- num(coef(f))
  classic <- num(f$se); hk <- sqrt(sum(w * (d$yi - b)^2) / (k - 1) / sum(w)); kr <- kenward_roger(d, f$tau2)
  for (m in list(list("V", classic, k - 1), list("HTS", classic, k - 2), list("HK", hk, k - 1), list("HK-PR", hk, k - 2),
                 list("KR", kr$se, kr$df), list("KR-PR", kr$se, kr$df - 1), list("S", classic, Inf))) {
    if (m[[1]] == "HK-PR" && k < 4 || m[[3]] <= 0) next
    half <- qt(0.975, m[[3]]) * sqrt(m[[2]]^2 + f$tau2)
    cases[[length(cases) + 1]] <- list(set = set, prediction = m[[1]], ci = "normal", prediction_low = b - half, prediction_high = b + half)
  }
}
save("random_prediction", "coef -/+ qt(0.975, df) * sqrt(tau2 + se^2) from rma(method='REML') with the se and df of meta's method.predict", cases,
     "meta is not installable here: its conventions written from their definition", data = columns(es))

set.seed(20260101)
cases <- list()
shares <- c(0.1, 0.3, 0.5, 0.8, 0.975)
for (set in c("bcg_rr", "normand1999_md", "three")) {
  d <- es[[set]]; k <- nrow(d); f <- form(d, 1 / d$vi)
  quantiles <- sapply(shares, function(s) tau2_at(f, d, s))
  grid <- c(0, exp(seq(log(1e-5 * min(d$vi)), log(1e5 * unit(d)), length.out = 400)))
  heights <- sapply(grid, function(t) above(f, d, t)); keep <- !duplicated(heights) & heights > 0 & heights < 1
  draw <- splinefun(heights[keep], grid[keep], method = "monoH.FC")
  n <- 400000; u <- runif(n); tau2 <- ifelse(u <= heights[1], 0, pmax(0, draw(pmin(u, max(heights[keep])))))
  w <- 1 / outer(tau2, d$vi, "+"); sw <- rowSums(w); m <- as.numeric(w %*% d$yi) / sw
  v <- rowSums(w * (matrix(d$yi, n, k, byrow = TRUE) - m)^2) / (k - 1) / sw
  drawn <- quantile(m + rnorm(n) * sqrt(tau2) - rt(n, k - 1) * sqrt(v), c(0.025, 0.975))
  cases[[length(cases) + 1]] <- list(set = set, shares = vec(shares), tau2 = vec(quantiles), prediction_low = num(drawn[1]), prediction_high = num(drawn[2]))
}
save("random_bootstrap", "Nagashima, Noma & Furukawa (2019) written in R with 400,000 draws", cases,
     "simulated: limits agree to about a hundredth of the width; tau2 is the exact quantile of its confidence distribution", data = columns(es))

# --- limits of tau² and measures of heterogeneity --------------------------------------------------
cases <- list()
put <- function(set, method, interval, low, high, level) list(set = set, method = method, interval = interval, level = level, low = low, high = high)
restricted <- function(tau2, d, reml) {
  w <- 1 / (d$vi + tau2); b <- sum(w * d$yi) / sum(w)
  -0.5 * (sum(log(d$vi + tau2)) + sum(w * (d$yi - b)^2) + if (reml) log(sum(w)) else 0)
}
for (set in c("bcg_rr", "normand1999_md", "molloy2014_zcor", "lee2004_or", "homogeneous", "three", "equal_variances")) for (level in c(0.95, 0.8)) {
  d <- es[[set]]; u <- unit(d)
  for (method in c("REML", "ML")) {
    f <- rma_tight(d, method)
    ci <- quiet(confint(f, type = "PL", level = 100 * level, control = list(tol = 1e-13 * u, maxiter = 100000, tau2.max = 1000 * u)))$random
    cases[[length(cases) + 1]] <- put(set, method, "profile-likelihood", num(ci["tau^2", "ci.lb"]), num(ci["tau^2", "ci.ub"]), level)
    ci <- confint(f, type = "Wald", level = 100 * level)$random
    cases[[length(cases) + 1]] <- put(set, method, "wald", num(ci["tau^2", "ci.lb"]), num(ci["tau^2", "ci.ub"]), level)
  }
  f <- rma_tight(d, "DL")
  for (interval in c("jackson", "biggerstaff-jackson", "generalised-q")) {
    a <- switch(interval, jackson = 1 / sqrt(d$vi), "biggerstaff-jackson" = 1 / d$vi, "generalised-q" = seq_len(nrow(d)))
    g <- form(d, a); tail <- (1 - level) / 2
    empty <- above(g, d, 0) > 1 - tail
    cases[[length(cases) + 1]] <- put(set, "DL", interval, if (empty) NA_real_ else tau2_at(g, d, tail), if (empty) NA_real_ else tau2_at(g, d, 1 - tail), level)
  }
  k <- nrow(d); Q <- num(f$QE); z <- qnorm((1 + level) / 2)
  se <- if (Q > k) 0.5 * (log(Q) - log(k - 1)) / (sqrt(2 * Q) - sqrt(2 * k - 3)) else sqrt(1 / (2 * (k - 2)) * (1 - 1 / (3 * (k - 2)^2)))
  vt <- (k - 1) / (sum(1 / d$vi) - sum(1 / d$vi^2) / sum(1 / d$vi)); h2 <- exp(log(num(f$H2)) + c(-2, 2) * z * se); i2 <- 1 - 1 / h2
  cases[[length(cases) + 1]] <- put(set, "DL", "higgins-thompson", max(0, i2[1] * vt / (1 - i2[1])), i2[2] * vt / (1 - i2[2]), level)
}
save("random_tau2_limits", "confint(rma(), type='PL' or 'Wald'); generalised Q by Davies' trapezoid rule; Higgins-Thompson by the formula of metafor 5's type='HT'",
     cases, "an empty set is null", data = columns(es))

cases <- list()
for (set in names(es)) for (method in c("REML", "DL")) {
  d <- es[[set]]; f <- rma_tight(d, method); k <- nrow(d); Q <- num(f$QE); w <- 1 / d$vi; z <- qnorm(0.975)
  se <- if (Q > k) 0.5 * (log(Q) - log(k - 1)) / (sqrt(2 * Q) - sqrt(2 * k - 3)) else if (k > 2) sqrt(1 / (2 * (k - 2)) * (1 - 1 / (3 * (k - 2)^2))) else NA
  h <- max(1, sqrt(Q / (k - 1))); hci <- exp(log(h) + c(-1, 1) * z * se); hci <- pmax(1, hci)
  S <- function(n) sum(w^n)
  rb <- f$tau2 * sum(1 / (d$vi + f$tau2)) / k
  a <- d$vi * (S(1) - S(2) / S(1))
  seQ <- sqrt(2 * (k - 1) + 4 * (S(1) - S(2) / S(1)) * f$tau2 + 2 * (S(2) - 2 * S(3) / S(1) + S(2)^2 / S(1)^2) * f$tau2^2)
  seRb <- mean(a / (Q + a - (k - 1))^2) * seQ
  cases[[length(cases) + 1]] <- list(set = set, method = method, tau2_se = num(f$se.tau2), i2 = num(f$I2), h2 = num(f$H2), typical_variance = num(f$vt),
    h_q = h, h_q_ci_low = hci[1], h_q_ci_high = hci[2], i2_q = 100 * (1 - 1 / h^2), i2_q_ci_low = 100 * (1 - 1 / hci[1]^2),
    i2_q_ci_high = 100 * (1 - 1 / hci[2]^2), r_b = rb, r_b_ci_low = max(0, rb - z * seRb), r_b_ci_high = min(1, rb + z * seRb))
}
save("random_heterogeneity", "rma(); H, I2 and R_b with limits by the formulas of Higgins & Thompson (2002) and Crippa et al. (2016)", cases,
     "meta is not installable here: its limits about log max(H, 1) written from their definition", data = columns(es))

cases <- list()
for (set in setdiff(names(es), "wide")) for (method in c("REML", "ML", "DL", "EE")) {
  s <- as.matrix(rma_tight(es[[set]], method)$fit.stats)
  cases[[length(cases) + 1]] <- list(set = set, method = method, ml = vec(s[, "ML"]), reml = vec(s[, "REML"]))
}
save("random_fit_statistics", "rma()$fit.stats (ll, dev, AIC, BIC, AICc)", cases, data = columns(es))

# --- subgroups ---------------------------------------------------------------------------------------
cases <- list()
add <- function(set, group, method, test) {
  d <- es[[set]]
  u <- unit(d); control <- list(threshold = 1e-14 * u, maxiter = 100000, tol = 1e-15 * u, tau2.max = 1000 * u)
  mixed <- quiet(rma(d$yi, d$vi, mods = ~ factor(group), method = method, test = test, control = control))
  limits <- as.numeric(confint(mixed, control = list(tol = 1e-15 * u, maxiter = 100000, tau2.max = 1000 * u))$random["tau^2", c("ci.lb", "ci.ub")])
  own <- lapply(split(d, group), function(s) rma_tight(s, method, test))
  predicted <- lapply(own, function(f) if (f$k > 2) predict(f) else list(pi.lb = NA_real_, pi.ub = NA_real_))
  cases[[length(cases) + 1]] <<- list(set = set, groups = as.character(group), names = names(own), tau2_method = method, ci = names(tests)[tests == test],
    tau2 = num(mixed$tau2), tau2_ci_low = limits[1], tau2_ci_high = limits[2], omnibus = num(mixed$QM), omnibus_p_value = num(mixed$QMp), q_within = num(mixed$QE), q_within_p_value = num(mixed$QEp),
    prediction_low = vec(sapply(predicted, function(p) num(p$pi.lb))), prediction_high = vec(sapply(predicted, function(p) num(p$pi.ub))))
}
for (method in c("REML", "ML", "HE", "SJ")) for (test in c("z", "knha")) {
  add("bcg_rr", dat.bcg$alloc, method, test)
  add("molloy2014_zcor", dat.molloy2014$design, method, test)
}
save("random_subgroups", "rma(yi, vi, mods=~factor(group), method, test): QM, QMp, QE, tau2; predict() of one rma per group", cases, data = columns(es))

# Maxima of the likelihood on a dense grid, refined by optimize()
two <- list(four = data.frame(yi = c(-0.181, -0.164, 1.834, 0.23), vi = c(0.0241, 0.0119, 0.4549, 0.4144)),
            three = data.frame(yi = c(-0.475, -0.02, 2.866), vi = c(0.3612, 0.007, 1.4352)), bcg_rr = es$bcg_rr)
cases <- list()
for (set in names(two)) for (reml in c(TRUE, FALSE)) {
  d <- two[[set]]; grid <- c(0, exp(seq(log(1e-8), log(100), length.out = 4000)))
  ll <- sapply(grid, restricted, d = d, reml = reml); n <- length(grid)
  at <- which(ll > c(-Inf, ll[-n]) & ll >= c(ll[-1], -Inf))
  peak <- sapply(at, function(i) if (i == 1) 0 else optimize(restricted, c(grid[i - 1], grid[i + 1]), d = d, reml = reml, maximum = TRUE, tol = 1e-12)$maximum)
  cases[[length(cases) + 1]] <- list(set = set, method = if (reml) "REML" else "ML", maxima = vec(peak),
                                     tau2 = peak[which.max(sapply(peak, restricted, d = d, reml = reml))])
}
save("random_maxima", "optimize(log-likelihood)", cases, "optimize() finds a flat top to about 1e-7 of tau2", data = columns(two))
print(unique(warnings()))
