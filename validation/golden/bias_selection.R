# Golden values of selection models and of the Copas model.
# metafor's selmodel stops at R's loose defaults and integrates to 1e-4. The likelihoods are therefore written here on
# their own (closed forms for steps, integrate() between kinks to 1e-11 otherwise), climbed by nlminb from metafor's
# solution and places around it (`^` is printed where a later start found a higher maximum), the highest finished by
# Newton steps; metafor's own value stands beside as `metafor_estimate`.
# Run from the repository's root (some minutes): Rscript validation/golden/bias_selection.R
source("validation/golden/record.R")
suppressMessages({library(numDeriv); library(statmod)})
save <- recorder("validation/golden/bias_selection.R", c("numDeriv", "statmod"))
rule <- gauss.quad(20, "legendre")

sets <- list(
  hackshaw1998 = list(yi = as.numeric(dat.hackshaw1998$yi), vi = as.numeric(dat.hackshaw1998$vi)),
  baskerville2012 = list(yi = dat.baskerville2012$smd, vi = dat.baskerville2012$se^2),
  bangertdrowns2004 = with(dat.bangertdrowns2004, list(yi = as.numeric(yi), vi = as.numeric(vi), n = ni)),
  lehmann2018 = with(subset(dat.lehmann2018, Gender == "Males"), list(yi = as.numeric(yi), vi = as.numeric(vi), preregistered = as.numeric(Preregistered == "Pre-Registered"))),
  begg1989 = list(yi = as.numeric(dat.begg1989$yi), vi = as.numeric(dat.begg1989$vi)),
  hahn2001 = with(escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hahn2001, drop00 = TRUE), {ok <- !is.na(yi); list(yi = as.numeric(yi[ok]), vi = as.numeric(vi[ok]))}))
sets <- drawn(sets)
SQ <- function(x) sqrt(pmax(x, 0))
pvalue <- function(y, s, side) switch(side, greater = pnorm(y / s, lower.tail = FALSE), less = pnorm(y / s), "two-sided" = 2 * pnorm(abs(y / s), lower.tail = FALSE))
zcut <- function(p, side) switch(side, "two-sided" = sort(c(qnorm(p / 2), -qnorm(p / 2))), greater = -qnorm(p), less = qnorm(p))

weight <- list(
  beta = function(p, d, c, a) (d[1] - 1) * log(p) + (d[2] - 1) * log1p(-p),
  "half-normal" = function(p, d, c, a) ifelse(p <= a, 0, -d[1] * c * (p^2 - a^2)),
  "negative-exponential" = function(p, d, c, a) ifelse(p <= a, 0, -d[1] * c * (p - a)),
  logistic = function(p, d, c, a) {f <- function(p) log(2) - d[1] * c * p - log1p(exp(-d[1] * c * p)); ifelse(p <= a, 0, f(p) - f(a))},
  power = function(p, d, c, a) ifelse(p <= a, 0, c * d[1] * (log1p(-p) - log1p(-a))),
  "negative-exponential-power" = function(p, d, c, a) ifelse(p <= a, 0, -d[1] * c * (p^(1 / d[2]) - a^(1 / d[2]))))
smallest <- c(beta = 1e-5, power = 1e-5)
mass <- function(lo, hi, m, s) ifelse((lo - m) > 0, pnorm(lo, m, s, lower.tail = FALSE) - pnorm(hi, m, s, lower.tail = FALSE), pnorm(hi, m, s) - pnorm(lo, m, s))

log_lik <- function(par, job) {      # par: coefficients, tau2, delta (all)
  p <- ncol(job$X); mu <- c(job$X %*% par[1:p]); t2 <- par[p + 1]; d <- par[-(1:(p + 1))]
  y <- job$y; v <- job$v; s <- sqrt(v + t2); se <- sqrt(v)
  if (job$weights == "step") {
    cuts <- zcut(job$steps[job$steps < 1], job$side); edge <- c(-Inf, sort(cuts), Inf)
    mid <- (pmax(edge[-length(edge)], -50) + pmin(edge[-1], 50)) / 2
    w <- d[findInterval(pvalue(mid, 1, job$side), c(0, job$steps), left.open = TRUE)]
    A <- rowSums(sapply(seq_along(mid), function(j) w[j] * mass(edge[j] * se, edge[j + 1] * se, mu, s)))
    own <- d[findInterval(pvalue(y, se, job$side), c(0, job$steps), left.open = TRUE)]
    return(sum(log(own) + dnorm(y, mu, s, log = TRUE) - log(A)))
  }
  if (job$weights == "truncated") {
    up <- if (job$side == "greater") y > job$steps else y < job$steps
    A1 <- pnorm(job$steps, mu, s, lower.tail = job$side == "less")
    return(sum(log(ifelse(up, 1, d)) + dnorm(y, mu, s, log = TRUE) - log(A1 + d * (1 - A1))))
  }
  f <- weight[[job$weights]]; low <- if (is.na(smallest[job$weights])) 0 else smallest[job$weights]
  clip <- function(p) pmin(pmax(p, low), 1 - low)
  if (!isTRUE(job$adaptive)) {         # 20 nodes on each piece of at most 0.75 in z; all weight beyond |z| = 9 is that of the end
    ends <- zcut(max(job$alpha, if (low > 0) low else 1e-17), job$side)
    br <- sort(unique(c(seq(-9, 9, .75), ends[abs(ends) < 9], if (low > 0) zcut(1 - low, job$side),
      if (low > 0 && job$side == "two-sided") c(-1, 1) %o% (zcut(1 - low, job$side)[2] * 4^(0:7)))));   # (1 - p)^d is a power of |z| near 0
    h <- diff(br) / 2
    z <- c(outer(rule$nodes, h) + rep(br[-1] - h, each = 20)); g <- c(outer(rule$weights, h)); pz <- clip(pvalue(z, 1, job$side))
    lw <- if (length(unique(job$prec)) == 1) matrix(f(pz, d, job$prec[1], job$alpha), length(y), length(z), byrow = TRUE)
          else t(sapply(job$prec, function(c) f(pz, d, c, job$alpha)))
    dens <- exp(-.5 * ((outer(se, z) - mu) / s)^2) / (sqrt(2 * pi) * s) * se
    ends <- exp(f(clip(pvalue(c(-9, 9), 1, job$side)), d, 1, job$alpha))
    if (length(unique(job$prec)) > 1) ends <- NULL
    lowend <- if (is.null(ends)) sapply(job$prec, function(c) exp(f(clip(pvalue(-9, 1, job$side)), d, c, job$alpha))) else ends[1]
    highend <- if (is.null(ends)) sapply(job$prec, function(c) exp(f(clip(pvalue(9, 1, job$side)), d, c, job$alpha))) else ends[2]
    if (length(unique(job$prec)) == 1 && job$prec[1] != 1) stop("one precision")
    A <- rowSums(exp(lw) * dens * rep(g, each = length(y))) + lowend * pnorm(-9 * se, mu, s) + highend * pnorm(9 * se, mu, s, lower.tail = FALSE)
  } else A <- sapply(seq_along(y), function(i) {
    ends <- c(zcut(max(job$alpha, if (low > 0) low else 1e-17), job$side), if (low > 0) zcut(1 - low, job$side), if (job$side == "two-sided") 0)
    far <- c((mu[i] + c(-9, -4, 0, 4, 9) * s[i]) / se[i], -8.6, 8.6)
    br <- sort(unique(c(ends, far[far > min(-9, (mu[i] - 9 * s[i]) / se[i]) - 1]))); br <- br[is.finite(br)]
    g <- function(z) exp(f(clip(pvalue(z, 1, job$side)), d, job$prec[i], job$alpha)) * dnorm(z, mu[i] / se[i], s[i] / se[i])
    sum(sapply(seq_len(length(br) - 1), function(j) integrate(g, br[j], br[j + 1], rel.tol = 1e-11, abs.tol = 1e-15, subdivisions = 500, stop.on.error = FALSE)$value))
  })
  sum(f(clip(pvalue(y, se, job$side)), d, job$prec, job$alpha) + dnorm(y, mu, s, log = TRUE) - log(A))
}
ml <- function(y, v, X, common) {    # without selection
  f <- quiet(rma(y, v, mods = X, intercept = FALSE, method = if (common) "EE" else "ML", control = if (common) list() else tight))
  list(par = c(coef(f), f$tau2), ll = as.numeric(logLik(f, REML = FALSE)))
}
climb <- function(job, start, free) {
  full <- start; p <- ncol(job$X); at <- (p + 2):length(start); low <- c(rep(-Inf, p), 0, rep(if (job$weights == "beta") 1e-5 else 0, length(start) - p - 1)); high <- c(rep(Inf, p + 1), rep(100, length(start) - p - 1))
  obj <- function(q) {full[free] <- q; r <- -log_lik(full, job); if (is.finite(r)) r else 1e10}
  # nlminb can stop early or at a lower maximum: it begins at several places, the highest likelihood is kept
  around <- list(c(1, 1), c(3, .05), c(.3, 4))      # factors of delta and tau2
  if (job$weights %in% c("step", "truncated")) around <- c(around, list(c(1, .05), c(3, 1), c(.3, .05)))   # these cost little
  o <- NULL; for (factors in around) {
    first <- start; first[at] <- pmin(factors[1] * first[at], 50); first[p + 1] <- factors[2] * first[p + 1]; first[!free] <- start[!free]
    o2 <- nlminb(pmax(first, low)[free], obj, lower = low[free], upper = high[free], control = list(rel.tol = 1e-13, x.tol = 1e-11, iter.max = 500, eval.max = 2000))
    if (is.null(o) || o2$objective < o$objective) {if (!is.null(o) && o$objective - o2$objective > 1e-6) cat("^"); o <- o2}
  }
  q <- o$par; inside <- q > low[free] + 1e-7 & q < high[free] - 1e-6
  part <- function(r) {q2 <- q; q2[inside] <- r; -obj(q2)}
  for (i in 1:3) {g <- grad(part, q[inside]); H <- hessian(part, q[inside]); step <- solve(H, g); if (max(abs(step)) > .05) break; q[inside] <- q[inside] - step}
  H <- hessian(part, q[inside]); V <- matrix(NA, length(q), length(q)); V[inside, inside] <- solve(-H)
  full[free] <- q; se <- rep(NA, length(start)); se[free] <- sqrt(diag(V))
  list(par = full, se = se, ll = -obj(q))
}
types <- c(step = "stepfun", beta = "beta", "half-normal" = "halfnorm", "negative-exponential" = "negexp", logistic = "logistic", power = "power",
           "negative-exponential-power" = "negexppow", truncated = "trunc")
precision_of <- function(d, kind) if (is.null(kind)) rep(1, length(d$yi)) else {x <- switch(kind, se = sqrt(d$vi), variance = d$vi, "1/n" = 1 / d$n, "1/sqrt(n)" = 1 / sqrt(d$n)); x / max(x)}
fitted_case <- function(set, weights, side = "greater", steps = NULL, precision = NULL, delta = NULL, common = FALSE, moderator = NULL, compare = weights == "step") {
  d <- sets[[set]]; X <- cbind(rep(1, length(d$yi)), if (!is.null(moderator)) d[[moderator]])
  given_steps <- if (weights == "step") unique(c(sort(steps), 1)) else steps
  nd <- switch(weights, step = length(given_steps), beta = 2, "negative-exponential-power" = 2, 1)
  job <- list(y = d$yi, v = d$vi, X = X, weights = weights, side = side, steps = given_steps, alpha = if (is.null(steps) || weights == "step") 0 else steps, prec = precision_of(d, precision))
  base <- ml(d$yi, d$vi, X, common)
  full <- if (is.null(delta)) rep(NA, nd) else delta; if (weights == "step" && is.na(full[1])) full[1] <- 1
  ni <- if (is.null(d$n)) rep(10, length(d$yi)) else d$n
  rma_fit <- if (ncol(X) > 1) quiet(rma(d$yi, d$vi, mods = X[, 2], method = if (common) "EE" else "ML", ni = ni))
             else quiet(rma(d$yi, d$vi, method = if (common) "EE" else "ML", ni = ni))
  args <- list(rma_fit, type = types[[weights]], alternative = sub("-", ".", side))
  if (!is.null(steps)) args$steps <- steps
  if (!is.null(precision)) args$prec <- c(se = "sei", variance = "vi", "1/n" = "ninv", "1/sqrt(n)" = "sqrtninv")[[precision]]
  if (!is.null(delta)) args$delta <- delta
  their <- if (!compare) NULL else try(quiet(do.call(selmodel, args)), silent = TRUE)
  start <- if (is.null(their) || inherits(their, "try-error")) c(base$par, ifelse(is.na(full), c(1, .5)[1 + (weights == "truncated")], full)) else c(their$beta, their$tau2, their$delta)
  start[ncol(X) + 1] <- if (common) 0 else max(start[ncol(X) + 1], 1e-3)
  free <- c(rep(TRUE, ncol(X)), !common, is.na(full))
  r <- climb(job, start, free)
  if (!(weights %in% c("step", "truncated"))) {   # the fixed rule against adaptive integration
    gap <- abs(r$ll - log_lik(r$par, c(job, adaptive = TRUE))); cat(" ", format(gap, digits = 1)); stopifnot(gap < 1e-6)
  }
  none <- if (common) NULL else climb(job, replace(r$par, ncol(X) + 1, 0), replace(free, ncol(X) + 1, FALSE))
  p <- ncol(X); at <- (p + 2):(p + 1 + nd)
  c(list(set = set, weights = weights, alternative = side, steps = if (is.null(steps)) NULL else vec(steps), precision = precision,
         given = if (is.null(delta)) NULL else vec(delta), model = if (common) "common" else "random", moderator = moderator,
         coefficients = vec(r$par[1:p]), coefficient_se = vec(r$se[1:p]), tau2 = r$par[p + 1], tau2_se = r$se[p + 1], delta = vec(r$par[at]), delta_se = vec(r$se[at]),
         log_likelihood = r$ll, selection_statistic = max(0, 2 * (r$ll - base$ll)), tau2_statistic = if (common) NA else max(0, 2 * (r$ll - none$ll)),
         unadjusted_estimate = num(base$par[1]), metafor_estimate = if (is.null(their) || inherits(their, "try-error")) NA else num(their$beta[1]),
         metafor_log_likelihood = if (is.null(their) || inherits(their, "try-error")) NA else num(their$ll)))
}
cases <- list(); add <- function(...) {cases[[length(cases) + 1]] <<- fitted_case(...); cat(".")}
for (set in c("hackshaw1998", "baskerville2012", "bangertdrowns2004", "lehmann2018", "begg1989")) {
  add(set, "step", steps = .025); add(set, "step", steps = .025, side = "two-sided"); add(set, "step", steps = c(.025, .5))
}
add("hackshaw1998", "step", steps = c(.025, .1, .5)); add("hackshaw1998", "step", steps = c(.05, .1, .5)); add("bangertdrowns2004", "step", steps = c(.025, .1, .3, .6))
add("bangertdrowns2004", "step", steps = .025, side = "less"); add("hackshaw1998", "step", steps = .025, common = TRUE)
add("hackshaw1998", "step", steps = c(.005, .01, .05, .1, .25, .35, .5, .65, .75, .9, .95, .99, .995),
    delta = c(1, .99, .95, .8, .75, .65, .6, .55, .5, .5, .5, .5, .5, .5))   # Vevea & Woods 2005, moderate one-tailed
add("baskerville2012", "step", steps = c(.005, .01, .05, .1, .25, .35, .5, .65, .75, .9, .95, .99, .995),
    delta = c(1, .99, .9, .75, .6, .5, .4, .35, .3, .25, .1, .1, .1, .1))
add("lehmann2018", "step", steps = .025, moderator = "preregistered"); add("bangertdrowns2004", "step", steps = .025, moderator = "n")
for (set in c("hackshaw1998", "baskerville2012")) for (w in c("beta", "half-normal", "negative-exponential", "logistic", "power"))
  add(set, w, compare = set == "baskerville2012" && w %in% c("half-normal", "logistic"))
for (w in c("half-normal", "negative-exponential", "logistic", "power")) {add("hackshaw1998", w, precision = "se"); add("hackshaw1998", w, side = "two-sided")}
add("bangertdrowns2004", "half-normal", precision = "1/sqrt(n)"); add("bangertdrowns2004", "logistic", precision = "1/n")
add("begg1989", "power", precision = "variance"); add("begg1989", "negative-exponential", steps = .05)
add("hahn2001", "half-normal", side = "less", common = TRUE, compare = TRUE); add("hahn2001", "half-normal", side = "less", common = TRUE, precision = "se")
add("hackshaw1998", "negative-exponential-power", delta = c(NA, 2)); add("hackshaw1998", "beta", delta = c(.8, 1.2))
for (side in c("greater", "less")) add("hackshaw1998", "truncated", side = side, steps = 0)
add("bangertdrowns2004", "truncated", steps = .1)
cat("\n")
save("bias_selection", "likelihoods written here, nlminb from several starts and Newton; one start is the solution of selmodel(rma(method='ML'), type, alternative, steps, prec, delta)", cases,
     "metafor_estimate: selmodel with its defaults", data = sets)

# profile likelihood limits (what confint gives of selmodel, to uniroot's 1e-9 in place of 1e-4)
profile_case <- function(set, steps) {
  d <- sets[[set]]; X <- matrix(1, length(d$yi)); base <- ml(d$yi, d$vi, X, FALSE)
  job <- list(y = d$yi, v = d$vi, X = X, weights = "step", side = "greater", steps = c(steps, 1), alpha = 0, prec = rep(1, length(d$yi)))
  start <- c(base$par, 1, rep(.5, length(steps))); start[2] <- max(start[2], 1e-3); free <- c(TRUE, TRUE, FALSE, rep(TRUE, length(steps))); r <- climb(job, start, free)
  gap <- function(j) function(x) {
    full <- replace(r$par, j, x); rest <- replace(free, j, FALSE)
    obj <- function(q) {full[rest] <- q; v <- suppressWarnings(-log_lik(full, job)); if (is.finite(v)) v else 1e10}
    best <- min(sapply(c(1, .1, 10), function(by) nlminb(replace(r$par, 2, by * r$par[2] + 1e-4)[rest], obj, lower = c(-Inf, 0, rep(1e-12, length(steps) + 1))[rest],
      upper = c(Inf, Inf, rep(100, length(steps) + 1))[rest], control = list(rel.tol = 1e-14, x.tol = 1e-12, iter.max = 1000, eval.max = 5000))$objective))
    -best - (r$ll - qchisq(.95, 1) / 2)
  }
  limits <- function(j, low, high) {g <- gap(j); at <- r$par[j]
    c(if (at <= low + 1e-7 || g(low) > 0) 0 else uniroot(g, c(low, at), tol = 1e-9)$root, if (g(high) > 0) high else uniroot(g, c(max(at, low), high), tol = 1e-9)$root)}
  t <- limits(2, 0, 4); w <- sapply(seq_along(steps), function(i) limits(3 + i, 1e-6, 100))
  list(set = set, steps = vec(steps), tau2_ci_low = t[1], tau2_ci_high = t[2], delta_ci_low = vec(w[1, ]), delta_ci_high = vec(w[2, ]))
}
cases <- list(profile_case("hackshaw1998", .025), profile_case("hackshaw1998", c(.025, .5)), profile_case("bangertdrowns2004", .025), profile_case("begg1989", .025))
save("bias_selection_profile", "profile likelihood written here, uniroot to 1e-9: what confint(selmodel(rma(method='ML'), type='stepfun', steps)) gives", cases, data = sets)

# weights that may not rise: nlminb over falls
cases <- list()
for (set in c("hackshaw1998", "bangertdrowns2004", "lehmann2018")) for (steps in list(c(.025, .1, .5), c(.01, .05, .2, .6))) {
  d <- sets[[set]]; st <- c(steps, 1); n <- length(st); base <- ml(d$yi, d$vi, matrix(1, length(d$yi)), FALSE)
  job <- list(y = d$yi, v = d$vi, X = matrix(1, length(d$yi)), weights = "step", side = "greater", steps = st)
  obj <- function(q) {r <- suppressWarnings(-log_lik(c(q[1:2], 1 - cumsum(c(0, q[-(1:2)]))), job)); if (is.finite(r)) r else 1e10}
  best <- NULL; for (t0 in c(.5, .05)) for (fall in c(.1, .4, .9)) {o <- nlminb(c(base$par * c(1, t0), rep(fall / n, n - 1)), obj, lower = c(-Inf, 0, rep(0, n - 1)), upper = c(Inf, Inf, rep(1, n - 1)),
    control = list(rel.tol = 1e-15, x.tol = 1e-13, iter.max = 5000, eval.max = 20000)); if (is.null(best) || o$objective < best$objective) best <- o}
  cases[[length(cases) + 1]] <- list(set = set, steps = vec(steps), estimate = best$par[1], tau2 = best$par[2], delta = vec(1 - cumsum(c(0, best$par[-(1:2)]))), log_likelihood = -best$objective)
}
save("bias_selection_decreasing", "nlminb over the falls between weights, each not below 0 (what selmodel(decreasing=TRUE) of metafor 4.8 asks for)", cases, data = sets)

# --- Copas -------------------------------------------------------------------------------------------------------
copas_ll <- function(q, u, y, s, slope) {
  lam <- exp(dnorm(u, log = TRUE) - pnorm(u, log.p = TRUE)); s2 <- s^2 / (1 - q[2]^2 * lam * (u + lam)); tot <- s2 + q[3]; r <- q[2] * sqrt(s2 / tot)
  e <- y - q[1] - if (slope) q[4] * s else 0
  sum(-.5 * log(tot) - e^2 / (2 * tot) + pnorm((u + r * e / sqrt(tot)) / sqrt(1 - r^2), log.p = TRUE))
}
cases <- list()
for (set in c("hackshaw1998", "baskerville2012", "bangertdrowns2004", "begg1989")) for (g in list(c(10, 0), c(-.5, .3), c(0, .1), c(-1, .2), c(.5, .05))) {
  d <- sets[[set]]; y <- d$yi; s <- sqrt(d$vi); u <- g[1] + g[2] / s; left <- coef(lm(y ~ s, weights = 1 / s^2))[2] > 0
  top <- function(slope, lo, hi) {best <- NULL; for (m0 in c(mean(y), quantile(y, c(.1, .9)))) for (r0 in c(.5, .05, .8, .95, .9999)) for (t0 in c(0, 1e-4, .01, .1)) {
    st <- c(m0, if (left) r0 else -r0, t0, 0)[1:(3 + slope)]
    st[2] <- min(max(st[2], lo), hi)
    o <- try(nlminb(st, function(q) {r <- suppressWarnings(-copas_ll(q, u, y, s, slope)); if (is.finite(r)) r else 1e10}, lower = c(-Inf, lo, 0, -Inf)[1:(3 + slope)], upper = c(Inf, hi, Inf, Inf)[1:(3 + slope)],
                    control = list(rel.tol = 1e-15, x.tol = 1e-13, iter.max = 5000, eval.max = 20000)), silent = TRUE)
    if (!inherits(o, "try-error") && (is.null(best) || o$objective < best$objective)) best <- o}; best}
  b <- if (g[1] == 10) top(FALSE, 0, 0) else top(FALSE, -.9999, .9999)
  q <- b$par; inside <- c(TRUE, abs(q[2]) < .999 && g[1] != 10, q[3] > 1e-8); f <- function(r) {z <- q; z[inside] <- r; copas_ll(z, u, y, s, FALSE)}
  for (i in 1:4) {st <- try(solve(hessian(f, q[inside]), grad(f, q[inside])), silent = TRUE)
    if (!inherits(st, "try-error") && all(is.finite(st)) && max(abs(st)) < .02) q[inside] <- q[inside] - st}
  V <- tryCatch(solve(-hessian(f, q[inside], method.args = list(d = .01))), error = function(e) matrix(NA, 1, 1)); lim <- if (g[1] == 10) c(0, 0) else if (left) c(0, .9999) else c(-.9999, 0)
  w <- top(TRUE, lim[1], lim[2])
  cases[[length(cases) + 1]] <- list(set = set, gamma0 = g[1], gamma1 = g[2], estimate = q[1], se = sqrt(V[1, 1]), rho = q[2], tau2 = q[3], log_likelihood = f(q[inside]),
    residual_statistic = max(0, 2 * (-w$objective - f(q[inside]))), unpublished = sum((1 - pnorm(u)) / pnorm(u)), publication_largest_se = pnorm(u)[which.max(s)])
}
save("bias_copas", "nlminb and Newton on the likelihood of Copas & Shi 2000 (that of metasens::copas)", cases, "metasens itself is not in R 4.2 of Debian", data = sets)

# the path of metasens::copas over R's own contour lines: a line fitted to each, their mean slope, the crossings
copas_path <- function(y, v, grid) {
  s <- sqrt(v); left <- coef(lm(y ~ s, weights = 1 / v))[2] > 0; f <- quiet(rma(y, v, control = tight)); start <- c(coef(f), if (left) .49995 else -.49995, sqrt(f$tau2))
  g1 <- c(0, 1.29 / (1 / min(s) - 1 / max(s))); g0 <- c(-.25 - g1[2] / max(s), 2); a <- seq(g0[1], g0[2], length = grid); b <- seq(g1[1], g1[2], length = grid)
  z <- outer(a, b, Vectorize(function(a, b) {      # as metasens: L-BFGS-B over tau from one start; then nlminb from there
    f <- function(q) -copas_ll(q, a + b / s, y, s, FALSE); g <- function(q) f(c(q[1:2], q[3]^2))
    near <- optim(start, g, function(q) grad(g, q), method = "L-BFGS-B", lower = c(-Inf, -.9999, 0), upper = c(Inf, .9999, Inf))$par
    nlminb(c(near[1:2], max(near[3]^2, 1e-5)), function(q) {r <- suppressWarnings(f(q)); if (is.finite(r)) r else 1e10}, lower = c(-Inf, -.9999, 0), upper = c(Inf, .9999, Inf),
           control = list(rel.tol = 1e-15, x.tol = 1e-13, iter.max = 5000, eval.max = 20000))$par[1]}))
  u <- seq(0, 1, length = grid); lines <- contourLines(u, u, z, nlevels = 10)
  fits <- lapply(lines, function(l) {m <- lm(l$y ~ l$x); c(coef(m), length(l$x), quiet(summary(m)$adj.r.squared))}); fits <- do.call(rbind, fits)
  good <- !is.nan(fits[, 4]) & fits[, 4] > 0; slope <- -1 / weighted.mean(fits[good, 2], fits[good, 3])
  x <- (1 - slope - fits[, 1]) / (fits[, 2] - slope); yy <- 1 + slope * (x - 1); p0 <- g0[1] + x * diff(g0); p1 <- g1[1] + yy * diff(g1)
  ok <- which(!is.na(x) & p0 >= g0[1] & p0 <= g0[2] & p1 >= g1[1] & p1 <= g1[2]); ok <- ok[order(-pnorm(p0[ok] + p1[ok] / max(s)))]
  list(gamma0 = vec(p0[ok]), gamma1 = vec(p1[ok]), contour = vec(t(z)))
}
cases <- list()
for (set in c("hackshaw1998", "begg1989", "bangertdrowns2004")) {d <- sets[[set]]
  cases[[length(cases) + 1]] <- c(list(set = set, grid = 12), copas_path(d$yi, d$vi, 12))}
save("bias_copas_path", "contourLines() of the effect over publication parameters, lm() of each line: the path of metasens::copas, written here; L-BFGS-B from its start, then nlminb",
     cases, "contour: by rows of gamma0", data = sets)
