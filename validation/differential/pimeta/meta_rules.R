# meta 8's rules where pimeta has none of them: written from the help pages and sources of metabin, metainc, metaprop, metacont and
# metagen, with metafor for tau². Cases of meta_rules.py.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "..", "models_exchange.R"))

# the amounts added to the events of both arms: "only0", "if0all" or "all" of the studies that count, constant or by arm
amounts <- function(x, zero, counts) {
  k <- length(zero); zero[!counts] <- FALSE
  which <- switch(x$method_incr, only0 = zero, if0all = rep(any(zero), k), all = rep(TRUE, k))
  if (identical(x$incr, "TACC")) list(e = which * x$n1 / (x$n1 + x$n2), c = which * x$n2 / (x$n1 + x$n2))
  else list(e = which * x$incr, c = which * x$incr)
}

random <- function(yi, vi, method) {
  on <- is.finite(yi) & is.finite(vi)
  if (sum(on) < 2) return(list(estimate = if (sum(on)) yi[on] else NA, se = if (sum(on)) sqrt(vi[on]) else NA, tau2 = 0))
  f <- rma.uni(yi[on], vi[on], method = method, control = if (method == "REML") list(threshold = 1e-13 * median(vi[on]), maxiter = 1e5) else list())
  list(estimate = num(f$beta), se = num(f$se), tau2 = num(f$tau2))
}

metabin <- function(x) {
  a <- x$events1; n1 <- x$n1; c <- x$events2; n2 <- x$n2; none <- a == 0 & c == 0; only <- a == n1 & c == n2
  counts <- if (x$allstudies || x$sm %in% c("RD", "ASD")) rep(TRUE, length(a)) else if (x$sm == "OR") !(none | only) else !none
  zero <- if (x$sm == "ASD") rep(FALSE, length(a)) else a == 0 | c == 0 | a == n1 | c == n2
  s <- amounts(x, zero, counts); gone <- ifelse(counts, 1, NA)
  a <- a * gone; c <- c * gone; n1 <- n1 * gone; n2 <- n2 * gone; b <- n1 - a; d <- n2 - c; N <- n1 + n2; e <- s$e; f <- s$c
  if (x$sm == "OR") { yi <- log((a + e) * (d + f) / ((b + e) * (c + f))); vi <- 1/(a + e) + 1/(b + e) + 1/(c + f) + 1/(d + f) }
  if (x$sm == "RR" && !x$cochrane) {
    yi <- log((a + e) / (n1 + e) / ((c + f) / (n2 + f)))
    vi <- 1 / (a + e * !only) - 1 / (n1 + e) + 1 / (c + f * !only) - 1 / (n2 + f) }
  if (x$sm == "RR" && x$cochrane) {
    yi <- log((a + e) / (n1 + 2 * e) / ((c + f) / (n2 + 2 * f)))
    vi <- 1 / (a + e) - 1 / (n1 + 2 * e) + 1 / (c + f) - 1 / (n2 + 2 * f) }
  if (x$sm == "RD") { yi <- a / n1 - c / n2; vi <- (a + e) * (b + e) / (n1 + 2 * e)^3 + (c + f) * (d + f) / (n2 + 2 * f)^3 }
  if (x$sm == "ASD") { yi <- asin(sqrt(a / n1)) - asin(sqrt(c / n2)); vi <- 0.25 / n1 + 0.25 / n2 }
  ok <- !is.na(vi) & vi > 0; out <- list(yi = vec(yi), vi = vec(vi))
  re <- random(ifelse(ok, yi, NA), vi, x$tau2); w <- ifelse(ok, 1 / vi, 0)
  out <- c(out, list(random_estimate = re$estimate, random_se = re$se, random_tau2 = re$tau2,
                     iv_estimate = sum(w * ifelse(ok, yi, 0)) / sum(w), iv_se = sqrt(1 / sum(w))))
  if (x$sm == "ASD") return(out)
  g <- e * !x$exact; h <- f * !x$exact; A <- a + g; B <- b + g; C <- c + h; D <- d + h; N1 <- n1 + 2 * g; N2 <- n2 + 2 * h; M <- N1 + N2
  S <- function(v) sum(v, na.rm = TRUE)
  if (x$sm == "OR") {
    P <- A * D / M; Q <- B * C / M; p <- (A + D) / M; q <- (B + C) / M
    mh <- log(S(P) / S(Q)); se <- sqrt(S(P * p) / (2 * S(P)^2) + S(P * q + Q * p) / (2 * S(P) * S(Q)) + S(Q * q) / (2 * S(Q)^2)) }
  if (x$sm == "RR") {
    R <- A * N2 / M; T <- C * N1 / M
    mh <- log(S(R) / S(T)); se <- sqrt(S((N1 * N2 * (A + C) - A * C * M) / M^2) / (S(R) * S(T))) }
  if (x$sm == "RD") {
    w <- N1 * N2 / M; mh <- S(w * yi) / S(w); se <- sqrt(S((A * B * N2^3 + C * D * N1^3) / (N1 * N2 * M^2)) / S(w)^2) }
  # Q and tau² by DerSimonian and Laird about the Mantel-Haenszel estimate (Q.Cochrane)
  v <- vi[ok]; y <- yi[ok]; Q <- sum((y - mh)^2 / v); k <- sum(ok); u <- 1 / v
  t <- if (k > 1) max(0, (Q - (k - 1)) / (sum(u) - sum(u^2) / sum(u))) else 0; u <- 1 / (v + t)
  c(out, list(mh_estimate = mh, mh_se = se, about_q = Q, about_tau2 = t, about_estimate = sum(u * y) / sum(u), about_se = sqrt(1 / sum(u))))
}

metainc <- function(x) {
  a <- x$events1; n1 <- x$time1; c <- x$events2; n2 <- x$time2; x$n1 <- n1; x$n2 <- n2
  s <- amounts(x, a == 0 | c == 0, rep(TRUE, length(a)))$e
  if (x$sm == "IRR") { yi <- log((a + s) / n1 / ((c + s) / n2)); vi <- 1 / (a + s) + 1 / (c + s) }
  if (x$sm == "IRD") { yi <- a / n1 - c / n2; vi <- (a + s) / n1^2 + (c + s) / n2^2 }
  if (x$sm == "IRSD") { yi <- sqrt(a / n1) - sqrt(c / n2); vi <- 0.25 / n1 + 0.25 / n2 }
  re <- random(yi, vi, x$tau2)
  list(yi = vec(yi), vi = vec(vi), random_estimate = re$estimate, random_se = re$se, random_tau2 = re$tau2)
}

metaprop <- function(x) {
  a <- x$events; n <- x$n; zero <- a == 0 | a == n; k <- length(a)
  s <- switch(x$method_incr, only0 = zero, if0all = rep(any(zero), k), all = rep(TRUE, k)) * x$incr
  if (x$sm == "PLOGIT") { yi <- log((a + s) / (n - a + s)); vi <- 1 / (a + s) + 1 / (n - a + s) }
  if (x$sm == "PLN") { yi <- log((a + s) / (n + s)); vi <- ifelse(a == n, 1 / a, 1 / (a + s)) - 1 / (n + s) }
  if (x$sm == "PRAW") { yi <- a / n; vi <- (a + s) * (n - a + s) / (n + 2 * s)^3 }
  if (x$sm == "PAS") { yi <- asin(sqrt(a / n)); vi <- 1 / (4 * n) }
  if (x$sm == "PFT") { yi <- (asin(sqrt(a / (n + 1))) + asin(sqrt((a + 1) / (n + 1)))) / 2; vi <- 1 / (4 * n + 2) }
  re <- random(ifelse(vi > 0, yi, NA), vi, x$tau2)
  list(yi = vec(yi), vi = vec(vi), random_estimate = re$estimate, random_se = re$se, random_tau2 = re$tau2)
}

metacont <- function(x) {
  n1 <- x$n1; n2 <- x$n2; m1 <- x$mean1; m2 <- x$mean2; s1 <- x$sd1; s2 <- x$sd2; N <- n1 + n2; m <- N - 2
  pooled <- ((n1 - 1) * s1^2 + (n2 - 1) * s2^2) / m
  J <- if (x$exact) exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2)) else 1 - 3 / (4 * m - 1)
  K <- if (x$exact) 1 - (m - 2) / (m * J^2) else 1 / (2 * (m - 1.94))
  if (x$sm == "MD") { yi <- m1 - m2; vi <- if (x$pooledvar) pooled * (1 / n1 + 1 / n2) else s1^2 / n1 + s2^2 / n2 }
  if (x$sm == "ROM") { yi <- log(m1 / m2)
    vi <- if (x$pooledvar) pooled * (1 / (n1 * m1^2) + 1 / (n2 * m2^2)) else s1^2 / (n1 * m1^2) + s2^2 / (n2 * m2^2) }
  if (x$sm == "SMD") {
    if (x$method_smd == "Hedges") { yi <- J * (m1 - m2) / sqrt(pooled); vi <- 1 / n1 + 1 / n2 + yi^2 * K }
    if (x$method_smd == "Cohen") { yi <- (m1 - m2) / sqrt(pooled)
      vi <- 1 / n1 + 1 / n2 + if (x$exact) (J * yi)^2 * K else yi^2 / (2 * N) }
    if (x$method_smd == "Glass") { second <- x$sd_glass == "control"; yi <- (m1 - m2) / (if (second) s2 else s1)
      vi <- 1 / n1 + 1 / n2 + yi^2 / (2 * ((if (second) n2 else n1) - 1)) } }
  list(yi = vec(yi), vi = vec(vi))
}

metagen <- function(x) {
  yi <- x$yi; vi <- x$vi; k <- length(yi); level <- x$level; z <- qnorm((1 + level) / 2)
  re <- random(yi, vi, x$tau2); t2 <- re$tau2; b <- re$estimate; w <- 1 / (vi + t2); classic <- sqrt(1 / sum(w))
  q <- sum(w * (yi - b)^2) / (k - 1); hk <- sqrt(q / sum(w)); half <- function(se, df) qt((1 + level) / 2, df) * se
  w1 <- sum(w); w2 <- sum(w^2); w3 <- sum(w^3); info <- w2 / 2 - w3 / w1 + (w2 / w1)^2 / 2
  v <- (1 + 2 * (w3 / w1 - (w2 / w1)^2) / info) / w1; kr <- if (!is.na(v) && v >= 0) sqrt(v) else NA; dk <- 2 * info / (v * w2)^2
  dl <- random(yi, vi, "DL")$tau2; dl <- sqrt(1 / sum(1 / (vi + dl)))
  ci <- switch(x$ci, classic = list(classic, Inf), HK = list(hk, k - 1), "HK se" = list(if (q < 1) classic else hk, k - 1),
    "HK ci" = if (half(hk, k - 1) < z * classic) list(classic, Inf) else list(hk, k - 1),
    "HK IQWiG6" = list(if (half(hk, k - 1) < z * dl) classic else hk, k - 1), KR = list(kr, dk))
  none <- list(NA, NA)
  pi <- switch(x$predict, V = if (k > 1) list(classic, k - 1) else none, HTS = if (k > 2) list(classic, k - 2) else none,
    S = list(classic, Inf), HK = if (k - 1 > 1) list(hk, k - 1) else none, "HK-PR" = if (k - 1 > 2) list(hk, k - 2) else none,
    KR = if (isTRUE(dk > 0)) list(kr, dk) else none, "KR-PR" = if (isTRUE(dk > 1)) list(kr, dk - 1) else none)
  width <- half(sqrt(pi[[1]]^2 + t2), pi[[2]])
  list(estimate = b, se = num(ci[[1]]), ci_low = num(b - half(ci[[1]], ci[[2]])), ci_high = num(b + half(ci[[1]], ci[[2]])),
       p_value = num(2 * pt(-abs(b / ci[[1]]), ci[[2]])), prediction_low = num(b - width), prediction_high = num(b + width))
}

answer_all(function(x) get(x$kind)(x))
