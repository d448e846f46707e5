# Golden values of dependent effects: multilevel and multivariate models, sampling covariances, cluster-robust tests,
# robust variance estimation, dose-response. Run from the repository's root: Rscript validation/golden/dependence.R
source("validation/golden/record.R")
source("validation/golden/polish.R")
suppressMessages({library(numDeriv); library(clubSandwich); library(robumeta)})
save <- recorder("validation/golden/dependence.R", c("clubSandwich", "robumeta", "numDeriv"))

fit_record <- function(p, test, dfs) {
  f <- p$tight
  k <- if (f$method == "REML") f$k - f$p else f$k
  ll <- as.numeric(logLik(f)); n <- p$parameters; m <- max(k, n + 2)
  list(estimate = vec(coef(f)), se = vec(f$se), ci_low = vec(f$ci.lb), ci_high = vec(f$ci.ub), statistic = vec(f$zval),
       p_value = vec(f$pval), df = if (f$test == "t") vec(f$ddf) else NULL, q = num(f$QE), q_p_value = num(f$QEp),
       qm = num(f$QM), qm_p_value = num(f$QMp), log_likelihood = ll, aic = -2 * ll + 2 * n, bic = -2 * ll + n * log(k),
       aicc = -2 * ll + 2 * n * m / (m - n - 1), components = p$values, gradient = p$gradient)
}

# --- data: rows of a study stand together -------------------------------------------------------------------------
konst <- dat.konstantopoulos2011; konst$yc <- konst$year - 1980
assink <- dat.assink2016[order(dat.assink2016$study, dat.assink2016$esid), ]
berkey <- dat.berkey1998; berkey$yc <- berkey$year - 1990; berkey$pd <- as.numeric(berkey$outcome == "PD"); berkey$al <- 1 - berkey$pd
ishak <- reshape(dat.ishak2007, direction = "long", idvar = "study", v.names = c("yi", "vi"),
                 varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
ishak <- ishak[order(ishak$study, ishak$time), ]; ishak <- ishak[!is.na(ishak$yi), ]
ishak$months <- c(3, 6, 12, 18)[ishak$time]
for (i in 1:4) ishak[[paste0("t", i)]] <- as.numeric(ishak$time == i)
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
set.seed(20240501)
cross <- expand.grid(time = 1:3, outcome = 1:2, study = 1:14)
cross$lab <- (cross$study * 5) %% 6 + 1
cross$vi <- round(runif(nrow(cross), 0.01, 0.08), 4)
cross$yi <- round(0.3 + rnorm(14, 0, 0.4)[cross$study] + rnorm(28, 0, 0.3)[2 * cross$study + cross$outcome - 2] +
                  rnorm(6, 0, 0.3)[cross$lab] + rnorm(nrow(cross), 0, sqrt(cross$vi + 0.02)), 4)
cross$dose <- rep(c(0.5, 1, 2, 4, 1.5, 3), length.out = nrow(cross))
same <- data.frame(study = rep(1:6, each = 3), effect = 1:18, vi = 0.05,
                   yi = rep(c(0.1, 0.5, 0.9, 0.3, 0.7, -0.2), each = 3) + rep(c(-0.02, 0, 0.02), 6))
set.seed(11)
labs <- expand.grid(time = 1:3, outcome = 1:2, study = 1:24)
labs$lab <- (labs$study * 7) %% 12 + 1
shift <- t(sapply(1:12, function(i) as.vector(arima.sim(list(ar = 0.6), 3, sd = 0.4))))
labs$vi <- round(runif(nrow(labs), 0.01, 0.04), 4)
labs$yi <- round(0.2 + matrix(rnorm(48, 0, 0.3), 24)[cbind(labs$study, labs$outcome)] + rnorm(24, 0, 0.3)[labs$study] +
                 shift[cbind(labs$lab, labs$time)] + rnorm(nrow(labs), 0, sqrt(labs$vi)), 4)
block <- function(V, cluster) { i <- split(seq_along(cluster), factor(cluster, unique(cluster))); unname(lapply(i, function(r) unname(V[r, r, drop = FALSE]))) }
Vb <- block(vcalc(1, cluster = trial, rvars = c(v1i, v2i), data = berkey), berkey$trial)
Vi <- block(vcalc(vi, cluster = study, time1 = months, phi = 0.97, data = ishak), ishak$study)
Va <- block(vcalc(vi, cluster = study, obs = esid, rho = 0.6, data = assink), assink$study)
sets <- list(
  konstantopoulos2011 = list(d = konst, cols = c("yi", "vi", "district", "school", "yc")),
  assink2016 = list(d = assink, cols = c("yi", "vi", "study", "esid", "pubstatus")),
  assink2016_rho = list(d = assink, cols = c("yi", "vi", "study", "esid", "pubstatus"), V = Va),
  berkey1998 = list(d = berkey, cols = c("yi", "vi", "trial", "outcome", "yc", "al", "pd"), V = Vb),
  ishak2007 = list(d = ishak, cols = c("yi", "vi", "study", "time", "months", "t1", "t2", "t3", "t4"), V = Vi),
  bcg = list(d = bcg, cols = c("yi", "vi", "trial", "ablat", "alloc")),
  cross = list(d = cross, cols = c("yi", "vi", "study", "outcome", "time", "lab", "dose")),
  labs = list(d = labs, cols = c("yi", "vi", "study", "outcome", "time", "lab")),
  same = list(d = same, cols = c("yi", "vi", "study", "effect"))
)
data <- lapply(sets, function(s) c(setNames(lapply(s$cols, function(n) if (is.numeric(s$d[[n]])) vec(s$d[[n]]) else I(as.character(s$d[[n]]))), s$cols),
                                   if (!is.null(s$V)) list(V = s$V)))
V_of <- function(set) if (is.null(sets[[set]]$V)) diag(sets[[set]]$d$vi) else bldiag(sets[[set]]$V)

# --- fits ------------------------------------------------------------------------------------------------------------
cases <- list()
fit <- function(set, random, struct = "CS", mods = character(), intercept = TRUE, method = "REML", test = "z", dfs = "residual",
                given = list(), R = NULL, Rscale = "cor") {
  d <- as.data.frame(sets[[set]]$d)
  X <- if (length(mods)) as.matrix(d[mods]) else NULL
  args <- list(yi = as.numeric(d$yi), V = V_of(set), random = lapply(random, as.formula), struct = struct, data = d, method = method,
               test = test, dfs = dfs, intercept = intercept)
  if (!is.null(X)) args$mods <- X
  if (!is.null(R)) { args$R <- R; args$Rscale <- Rscale }
  p <- tryCatch(do.call(polish, c(args, given)), error = function(e) NULL)
  if (is.null(p)) { cat("not polished:", set, random, struct, "\n"); return(invisible(NULL)) }
  cases[[length(cases) + 1]] <<- c(list(set = set, random = I(random), struct = I(struct), mods = I(mods), intercept = intercept,
    method = method, test = test, dfs = dfs, given = lapply(given, vec),
    R = if (is.null(R)) NULL else lapply(R, function(m) list(levels = I(rownames(m)), matrix = unname(m))), correlation_scale = Rscale),
    fit_record(p, test, dfs))
  cat(".")
  invisible(p)
}
nested <- "~ 1 | district/school"
for (method in c("REML", "ML")) for (test in c("z", "t")) for (dfs in c("residual", "contain")) if (test == "t" || dfs == "residual")
  for (mods in list(character(), "yc")) fit("konstantopoulos2011", nested, mods = mods, method = method, test = test, dfs = dfs)
fit("konstantopoulos2011", "~ school | district"); fit("konstantopoulos2011", "~ 1 | district")
fit("konstantopoulos2011", "~ 1 + yc | district", struct = "GEN"); fit("konstantopoulos2011", "~ 1 + yc | district", struct = "GDIAG")
fit("konstantopoulos2011", nested, given = list(sigma2 = c(0.05, NA))); fit("konstantopoulos2011", nested, given = list(sigma2 = c(0.05, 0.02)))
levels <- as.character(sort(unique(konst$district)))
near <- outer(seq_along(levels), seq_along(levels), function(i, j) 0.6^abs(i - j)); dimnames(near) <- list(levels, levels)
for (s in c("cor", "cor0", "cov0", "none")) fit("konstantopoulos2011", c("~ 1 | district", "~ 1 | school"), R = list(district = near * ifelse(s %in% c("cov0"), 2, 1)), Rscale = s)
fit("assink2016", "~ 1 | study/esid"); fit("assink2016", "~ 1 | study/esid", mods = "pubstatus", test = "t", dfs = "contain"); fit("assink2016", "~ 1 | study/esid", method = "ML")
fit("assink2016_rho", "~ 1 | study/esid", mods = "pubstatus"); fit("assink2016_rho", "~ 1 | study")
for (s in c("UN", "CS", "HCS", "DIAG", "ID")) for (method in c("REML", "ML"))
  fit("berkey1998", "~ outcome | trial", struct = s, mods = c("al", "pd"), intercept = FALSE, method = method, test = if (s == "HCS") "t" else "z", dfs = "contain")
fit("berkey1998", "~ outcome | trial", struct = "UN", mods = c("pd", "yc"))
fit("berkey1998", "~ outcome | trial", struct = "UN", mods = c("al", "pd"), intercept = FALSE, given = list(rho = 0.3))
fit("berkey1998", "~ outcome | trial", struct = "UN", mods = c("al", "pd"), intercept = FALSE, given = list(tau2 = c(0.02, 0.01), rho = 0.5))
for (s in c("CS", "HCS", "AR", "HAR", "ID", "DIAG")) fit("ishak2007", "~ time | study", struct = s, mods = paste0("t", 1:4), intercept = FALSE)
fit("ishak2007", "~ months | study", struct = "CAR", mods = paste0("t", 1:4), intercept = FALSE)
fit("ishak2007", "~ months | study", struct = "CAR", mods = paste0("t", 1:4), intercept = FALSE, method = "ML")
fit("bcg", "~ 1 | trial"); fit("bcg", "~ 1 | trial", mods = "ablat", method = "ML", test = "t"); fit("bcg", "~ alloc | trial", struct = "DIAG")
fit("cross", c("~ 1 | study", "~ 1 | lab")); fit("cross", c("~ 1 | study/outcome", "~ 1 | lab"), mods = "dose", test = "t", dfs = "contain")
fit("cross", c("~ 1 | study", "~ outcome | lab"), struct = "DIAG"); fit("cross", "~ time | study", struct = "CS")
fit("labs", c("~ outcome | study", "~ time | lab"), struct = c("CS", "AR")); fit("labs", c("~ time | lab", "~ outcome | study"), struct = c("HCS", "UN"))
fit("labs", "~ time | lab", struct = "UN")
fit("same", "~ 1 | study/effect")
# UNR is not in metafor 3.8: its restricted likelihood written out, climbed by nlminb and Newton steps
local({
  d <- cross; y <- d$yi; X <- matrix(1, nrow(d)); st <- outer(d$study, d$study, "=="); n <- length(y)
  parts <- function(x) { R <- diag(3); R[lower.tri(R)] <- x[2:4]; R[upper.tri(R)] <- t(R)[upper.tri(R)]; M <- diag(d$vi) + x[1] * R[d$time, d$time] * st
    W <- solve(M); XWX <- t(X) %*% W %*% X; b <- solve(XWX, t(X) %*% W %*% y); e <- y - X %*% b; list(M = M, R = R, W = W, XWX = XWX, b = b, e = e) }
  ll <- function(x) { p <- parts(x); if (min(eigen(p$R, TRUE, TRUE)$values) < 0) return(-1e6)
    as.numeric(-0.5 * ((n - 1) * log(2 * pi) - log(n) + determinant(p$M)$modulus + log(p$XWX) + t(p$e) %*% p$W %*% p$e)) }
  x <- nlminb(c(0.2, 0.5, 0.5, 0.5), function(x) -ll(x), lower = c(0, -1, -1, -1), upper = c(9, 1, 1, 1))$par
  for (i in 1:3) x <- x - as.vector(solve(hessian(ll, x), grad(ll, x)))
  p <- parts(x); se <- 1 / sqrt(p$XWX); z <- p$b / se
  f <- quiet(rma.mv(yi, vi, data = d)); L <- ll(x)
  cases[[length(cases) + 1]] <<- list(set = "cross", random = I("~ time | study"), struct = I("UNR"), mods = I(character()), intercept = TRUE, method = "REML", test = "z", dfs = "residual",
    given = list(), R = NULL, correlation_scale = "cor", estimate = vec(p$b), se = vec(se), ci_low = vec(p$b - qnorm(.975) * se), ci_high = vec(p$b + qnorm(.975) * se), statistic = vec(z),
    p_value = vec(2 * pnorm(-abs(z))), df = NULL, q = num(f$QE), q_p_value = num(f$QEp), qm = num(z^2), qm_p_value = num(pchisq(z^2, 1, lower.tail = FALSE)), log_likelihood = L,
    aic = -2 * L + 10, bic = -2 * L + 5 * log(n - 1), aicc = -2 * L + 10 * (n - 1) / (n - 7), components = list(sigma2 = vec(numeric()), tau2 = vec(x[1]), rho = vec(x[2:4]), gamma2 = vec(numeric()), phi = vec(numeric())),
    gradient = max(abs(grad(ll, x))))
})
save("multilevel_fits", "rma.mv(yi, V, mods, random, struct, method, test, dfs, sigma2, tau2, rho, R, Rscale)", cases,
     "components polished by Newton steps on rma.mv's logLik with numDeriv; the rest by rma.mv with these components given", data)

# --- profile intervals, predictions, random effects ------------------------------------------------------------------------
cases <- list()
more <- list(list(set = "bcg", random = "~ 1 | trial", struct = "CS"), list(set = "berkey1998", random = "~ outcome | trial", struct = "UN"),
             list(set = "assink2016", random = "~ 1 | study/esid", struct = "CS"))
for (one in more) {
  d <- as.data.frame(sets[[one$set]]$d); B <- one$set == "berkey1998"
  args <- list(yi = as.numeric(d$yi), V = V_of(one$set), random = as.formula(one$random), struct = one$struct, data = d)
  if (B) args <- c(args, list(mods = as.matrix(d[c("al", "pd")]), intercept = FALSE))
  f <- do.call(rma.mv, c(args, list(control = list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15, maxit = 10000))))
  ci <- quiet(confint(f, control = list(tol = 1e-10)))
  ci <- if (is.null(ci$random)) lapply(ci[sapply(ci, is.list)], `[[`, "random") else list(ci$random)
  cases[[length(cases) + 1]] <- c(one, list(low = vec(sapply(ci, function(m) m[1, 2])), high = vec(sapply(ci, function(m) m[1, 3]))))
}
save("multilevel_intervals", "confint(rma.mv(...))", cases, "profile likelihood; NA where metafor's optimiser failed", data[sapply(more, `[[`, "set")])

cases <- list()
predicted <- list(list(set = "konstantopoulos2011", random = nested, struct = "CS", test = "t", dfs = "contain", mods = "yc", new = c(-5, 0, 10)),
                  list(set = "konstantopoulos2011", random = nested, struct = "CS", test = "z", dfs = "residual", mods = character(), new = NULL),
                  list(set = "berkey1998", random = "~ outcome | trial", struct = "UN", test = "z", dfs = "residual", mods = c("al", "pd"), new = NULL))
for (one in predicted) {
  d <- as.data.frame(sets[[one$set]]$d); B <- one$set == "berkey1998"
  args <- list(yi = as.numeric(d$yi), V = V_of(one$set), random = as.formula(one$random), struct = one$struct, data = d, test = one$test, dfs = one$dfs, intercept = !B)
  if (length(one$mods)) args$mods <- as.matrix(d[one$mods])
  f <- do.call(polish, args)$tight
  p <- if (B) predict(f, newmods = diag(2), tau2.levels = c("AL", "PD")) else if (is.null(one$new)) predict(f) else predict(f, newmods = one$new)
  r <- ranef(f)
  cases[[length(cases) + 1]] <- c(one[c("set", "random", "struct", "test", "dfs")], list(mods = I(one$mods), new = if (is.null(one$new)) NULL else vec(one$new),
    estimate = vec(p$pred), se = vec(p$se), ci_low = vec(p$ci.lb), ci_high = vec(p$ci.ub), prediction_low = vec(p$pi.lb), prediction_high = vec(p$pi.ub),
    effects = lapply(unname(r), function(x) vec(x$intrcpt)), effects_se = lapply(unname(r), function(x) vec(x$se)), effects_low = lapply(unname(r), function(x) vec(x$pi.lb))))
}
save("multilevel_predictions", "predict(rma.mv(...)); ranef(rma.mv(...))", cases, data = data[c("konstantopoulos2011", "berkey1998")])

# --- influence of clusters, weights of the caller, formulas ----------------------------------------------------------------
cases <- list()
for (one in list(list(set = "konstantopoulos2011", random = nested, struct = "CS", mods = "yc", cluster = "district"), list(set = "berkey1998", random = "~ outcome | trial", struct = "UN", mods = c("al", "pd"), cluster = "trial"),
                 list(set = "assink2016_rho", random = "~ 1 | study/esid", struct = "CS", mods = character(), cluster = "study"))) for (again in c(FALSE, TRUE)) {
  d <- as.data.frame(sets[[one$set]]$d); B <- one$set == "berkey1998"
  if (again && B) next                                            # five trials: nlminb stops short without one of them
  args <- list(yi = as.numeric(d$yi), V = V_of(one$set), random = as.formula(one$random), struct = one$struct, data = d, intercept = !B)
  if (length(one$mods)) args$mods <- as.matrix(d[one$mods])
  f <- do.call(polish, args)$tight
  if (again) { args$control <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 10000); f <- quiet(do.call(rma.mv, args)) }
  g <- d[[one$cluster]]; ids <- unique(g); o <- match(ids, sort(ids))
  s <- rstudent(f, cluster = g, reestimate = again)
  cases[[length(cases) + 1]] <- c(one[c("set", "random", "struct", "cluster")], list(mods = I(one$mods), intercept = !B, reestimate = again, cooks_distance = vec(cooks.distance(f, cluster = g, reestimate = again)[o]),
    dfbetas = vec(as.matrix(dfbetas(f, cluster = g, reestimate = again))[o, , drop = FALSE]), studentised = vec(s$obs$z), chi2 = vec(s$cluster$X2[o])))
}
save("multilevel_influence", "cooks.distance, dfbetas, rstudent (rma.mv, cluster, reestimate)", cases, "components polished; with reestimate by BFGS at reltol 1e-15", data[c("konstantopoulos2011", "berkey1998", "assink2016_rho")])
cases <- list()
for (w in c("ones", "root", "matrix")) {
  d <- as.data.frame(sets$assink2016_rho$d); y <- as.numeric(d$yi); V <- V_of("assink2016_rho")
  W <- switch(w, ones = rep(1, length(y)), root = 1 / sqrt(d$vi), matrix = solve(V))
  f <- polish(yi = y, V = V, random = ~ 1 | study/esid, data = d, mods = as.matrix(d["pubstatus"]))$tight
  h <- quiet(rma.mv(y, V, W = W, random = ~ 1 | study/esid, data = d, mods = as.matrix(d["pubstatus"]), sigma2 = f$sigma2))
  cases[[length(cases) + 1]] <- list(set = "assink2016_rho", random = "~ 1 | study/esid", mods = I("pubstatus"), weights = w, estimate = vec(coef(h)), se = vec(h$se), log_likelihood = as.numeric(logLik(h)), q = num(h$QE))
}
save("multilevel_weights", "rma.mv(yi, V, W, mods, random, sigma2)", cases, data = data["assink2016_rho"])
cases <- list()
for (formula in c("~ yc + I(yc^2)", "~ poly(yc, 2)", "~ yc - 1")) {
  d <- as.data.frame(sets$konstantopoulos2011$d)
  f <- polish(yi = as.numeric(d$yi), V = d$vi, mods = as.formula(formula), random = ~ 1 | district/school, data = d)$tight
  cases[[length(cases) + 1]] <- list(set = "konstantopoulos2011", formula = if (formula == "~ yc + I(yc^2)") "~ yc + I(yc**2)" else formula, fitted = vec(fitted(f)), log_likelihood = as.numeric(logLik(f)), qm = num(f$QM))
}
save("multilevel_formulas", "rma.mv(yi, vi, mods = formula, random)", cases, data = data["konstantopoulos2011"])

cases <- list()
for (method in c("ML", "REML")) {
  d <- as.data.frame(sets$konstantopoulos2011$d)
  full <- polish(yi = as.numeric(d$yi), V = diag(d$vi), mods = as.matrix(d["yc"]), random = ~ 1 | district/school, data = d, method = method)$tight
  less <- if (method == "ML") polish(yi = as.numeric(d$yi), V = diag(d$vi), random = ~ 1 | district/school, data = d, method = method)$tight else
    polish(yi = as.numeric(d$yi), V = diag(d$vi), mods = as.matrix(d["yc"]), random = ~ 1 | district, data = d, method = method)$tight
  n <- c(full = full$p + 2, less = less$p + length(less$sigma2)); k <- if (method == "ML") full$k else full$k - full$p; L <- c(logLik(full), logLik(less)); lrt <- 2 * (L[1] - L[2])
  cases[[length(cases) + 1]] <- list(set = "konstantopoulos2011", method = method, statistic = lrt, df = n[[1]] - n[[2]], p_value = pchisq(lrt, n[[1]] - n[[2]], lower.tail = FALSE),
    aicc_full = -2 * L[1] + 2 * n[[1]] * k / (k - n[[1]] - 1), aicc_reduced = -2 * L[2] + 2 * n[[2]] * k / (k - n[[2]] - 1))
}
save("multilevel_comparison", "anova(rma.mv, rma.mv): 2 (logLik - logLik), AICc by its formula", cases, "polished components are given to the fits, so that parameters are counted here", data["konstantopoulos2011"])

# --- I² (formulas of metafor's documentation) -----------------------------------------------------------------------------------
cases <- list()
for (one in list(list(set = "konstantopoulos2011", random = nested), list(set = "assink2016_rho", random = "~ 1 | study/esid"))) {
  d <- as.data.frame(sets[[one$set]]$d)
  f <- polish(yi = as.numeric(d$yi), V = V_of(one$set), random = as.formula(one$random), data = d)$tight
  W <- solve(f$V); X <- model.matrix(f); P <- W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
  s <- f$sigma2; typical <- (f$k - f$p) / sum(diag(P))
  cases[[length(cases) + 1]] <- c(one, list(i2 = 100 * sum(s) / (sum(s) + typical), shares = vec(100 * s / (sum(s) + typical))))
}
f <- polish(yi = berkey$yi, V = V_of("berkey1998"), mods = as.matrix(berkey[c("al", "pd")]), intercept = FALSE, random = ~ outcome | trial, struct = "UN", data = berkey)$tight
W <- solve(f$V); X <- model.matrix(f); P <- W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
by <- sapply(1:2, function(j) { r <- berkey$outcome == c("AL", "PD")[j]; 100 * f$tau2[j] / (f$tau2[j] + (sum(r) - 1) / sum(diag(P)[r])) })
cases[[length(cases) + 1]] <- list(set = "berkey1998", random = "~ outcome | trial", by_level = vec(by))
save("multilevel_i2", "100 sigma2 / (sum(sigma2) + (k - p) / sum(diag(P))), metafor's documentation", cases, data = data[c("konstantopoulos2011", "assink2016_rho", "berkey1998")])

# --- several outcomes by moments: the moment equation solved by probing it, which is linear in the covariance ----------------
cases <- list()
moments <- function(y, V, study, outcome) {
  n <- length(y); X <- sapply(sort(unique(outcome)), function(o) as.numeric(outcome == o)); q <- ncol(X)
  W <- solve(V); H <- X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
  same <- outer(study, study, "==")
  full <- function(S) (X %*% S %*% t(X)) * same
  stat <- function(E) t(X) %*% ((W %*% E) * same) %*% X       # E: residual products or their expectation
  r <- (diag(n) - H) %*% y
  expect <- function(S) stat((diag(n) - H) %*% (V + full(S)) %*% t(diag(n) - H))
  base <- expect(matrix(0, q, q))
  A <- sapply(seq_len(q * q), function(i) { S <- matrix(0, q, q); S[i] <- 1; as.vector(expect(S) - base) })
  S <- matrix(solve(A, as.vector(stat(r %*% t(r)) - base)), q); S <- (S + t(S)) / 2
  e <- eigen(S, symmetric = TRUE); S <- e$vectors %*% diag(pmax(e$values, 0), q) %*% t(e$vectors)
  M <- solve(V + full(S)); C <- solve(t(X) %*% M %*% X)
  list(between = S, estimate = as.vector(C %*% t(X) %*% M %*% y), se = sqrt(diag(C)))
}
for (one in list(list(set = "berkey1998", study = "trial", outcome = "outcome"), list(set = "ishak2007", study = "study", outcome = "time"))) {
  d <- as.data.frame(sets[[one$set]]$d)
  m <- moments(as.numeric(d$yi), V_of(one$set), d[[one$study]], d[[one$outcome]])
  cases[[length(cases) + 1]] <- c(one, list(between = unname(m$between), estimate = vec(m$estimate), se = vec(m$se)))
}
dl <- rma(yi, vi, data = bcg, method = "DL")
cases[[3]] <- list(set = "bcg", study = "trial", outcome = "one", between = matrix(dl$tau2), estimate = vec(coef(dl)), se = vec(dl$se))
save("multilevel_moments", "Jackson, White & Riley (2013), written in R by probing the linear moment equation; one outcome: rma(method='DL')", cases, data = data[c("berkey1998", "ishak2007", "bcg")])

# --- sampling covariances ---------------------------------------------------------------------------------------------------------
d <- data.frame(study = c(1, 1, 1, 1, 2, 2, 2, 3), obs = c(1, 2, 1, 2, 1, 2, 1, 1), type = c("a", "a", "b", "b", "a", "a", "b", "a"),
                time1 = c(1, 1, 3, 3, 1, 4, 4, 2), grp1 = c("h", "l", "h", "m", "h", "l", "m", "h"), grp2 = c("p", "p", "p", "p", "q", "q", "q", "p"),
                w1 = c(20, 22, 20, 30, 15, 15, 18, 40), w2 = c(25, 25, 25, 25, 16, 16, 16, 42), vi = c(0.1, 0.12, 0.09, 0.2, 0.15, 0.1, 0.11, 0.05),
                sub = c("x", "x", "y", "y", "x", "x", "x", "x"))
m2 <- matrix(c(1, 0.3, 0.3, 1), 2, dimnames = list(c("a", "b"), c("a", "b")))
mats <- list(
  obs = vcalc(vi, cluster = study, obs = obs, rho = 0.7, data = transform(d, obs = seq_along(vi))),
  type = vcalc(vi, cluster = study, subgroup = obs, type = type, rho = 0.4, data = d),
  both = vcalc(vi, cluster = study, obs = obs, type = type, rho = c(0.7, 0.4), data = d),
  matrix = vcalc(vi, cluster = study, obs = obs, type = type, rho = list(matrix(c(1, 0.6, 0.6, 1), 2, dimnames = list(1:2, 1:2)), m2), data = d),
  time = vcalc(vi, cluster = study, obs = obs, type = type, time1 = time1, rho = c(0.7, 0.4), phi = 0.9, data = d),
  groups = vcalc(vi, cluster = study, grp1 = grp1, grp2 = grp2, data = transform(d, grp1 = letters[seq_along(vi)])),
  sizes = vcalc(vi, cluster = study, grp1 = grp1, grp2 = grp2, w1 = w1, w2 = w2, data = transform(d, grp1 = letters[seq_along(vi)])),
  all = vcalc(vi, cluster = study, obs = obs, type = type, time1 = time1, grp1 = grp1, grp2 = grp2, w1 = w1, w2 = w2, rho = c(0.7, 0.4), phi = 0.9, data = d),
  impute = impute_covariance_matrix(d$vi, d$study, 0.7, return_list = FALSE),
  smooth = impute_covariance_matrix(d$vi, d$study, 0.7, smooth_vi = TRUE, return_list = FALSE)
)
near_in <- matrix(c(1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1), 3)
mats$near <- quiet(vcalc(c(0.1, 0.2, 0.3), cluster = c(1, 1, 1), type = c("a", "b", "c"), rho = matrix(near_in, 3, dimnames = list(c("a", "b", "c"), c("a", "b", "c"))), nearpd = TRUE))
save("multilevel_vcalc", "vcalc(vi, cluster, subgroup, obs, type, time1, grp1, grp2, w1, w2, rho, phi, nearpd); impute_covariance_matrix(vi, cluster, r, smooth_vi)",
     lapply(names(mats), function(n) list(name = n, matrix = unname(as.matrix(mats[[n]])))), data = list(d = lapply(d, function(x) if (is.numeric(x)) vec(x) else I(x))))

# shared control: the covariances of calc.v in metafor's examples of Gleser & Olkin (2009), written out
sc <- data.frame(study = c(1, 1, 2, 3, 3, 3), e2 = c(10, 10, 5, 20, 20, 20), n2 = c(50, 50, 30, 80, 80, 80), m2 = c(4, 4, 5, 3, 3, 3), sd2 = c(1.2, 1.2, 1, 2, 2, 2),
                 y = c(0.3, 0.6, 0.2, -0.1, 0.4, 0.5), N = c(150, 150, 60, 330, 330, 330), vi = c(0.3, 0.28, 0.5, 0.2, 0.22, 0.21))
control <- list(RR = with(sc, 1 / e2 - 1 / n2), OR = with(sc, 1 / e2 + 1 / (n2 - e2)), RD = with(sc, (e2 / n2) * (1 - e2 / n2) / n2), MD = with(sc, sd2^2 / n2), ROM = with(sc, sd2^2 / (n2 * m2^2)))
shared <- function(m) { V <- outer(sc$study, sc$study, "==") * (if (m == "SMD") outer(1 / sc$n2, 1 / sc$n2, pmin) + outer(sc$y, sc$y) / (2 * sc$N) else outer(control[[m]], control[[m]], pmin)); diag(V) <- sc$vi; V }
save("multilevel_shared_control", "1/e - 1/n (RR), 1/e + 1/(n - e) (OR), p(1 - p)/n (RD), sd^2/n (MD), sd^2/(n m^2) (ROM), 1/n + d_i d_j / (2N) (SMD), written out in R",
     lapply(c("RR", "OR", "RD", "MD", "SMD", "ROM"), function(m) list(measure = m, matrix = unname(shared(m)))), data = list(d = lapply(sc, vec)))

ag <- escalc(yi = yi, vi = vi, data = transform(assink[1:40, c("study", "esid", "yi", "vi")], obs = rep(1:2, 20), time = 1.5 * ave(seq_len(40), study[1:40], FUN = seq_along)))
agg <- function(...) { a <- aggregate(ag, cluster = ag$study, ...); list(yi = vec(a$yi), vi = vec(a$vi)) }
cases <- list(c(list(struct = "ID", weighted = TRUE), agg(struct = "ID")), c(list(struct = "CS", rho = 0.6, weighted = TRUE), agg(struct = "CS", rho = 0.6)),
  c(list(struct = "CS", rho = 0.6, weighted = FALSE), agg(struct = "CS", rho = 0.6, weighted = FALSE)),
  c(list(struct = "CAR", phi = 0.8, weighted = TRUE), agg(struct = "CAR", phi = 0.8, time = ag$time)),
  c(list(struct = "CS+CAR", rho = 0.5, phi = 0.8, weighted = TRUE), agg(struct = "CS+CAR", rho = 0.5, phi = 0.8, time = ag$time)),
  c(list(struct = "CS*CAR", rho = 0.5, phi = 0.8, weighted = TRUE), agg(struct = "CS*CAR", rho = 0.5, phi = 0.8, time = ag$time, obs = ag$obs)))
save("multilevel_aggregate", "aggregate(escalc, cluster, struct, rho, phi, time, obs, weighted)", cases, data = list(d = lapply(ag[c("study", "yi", "vi", "obs", "time")], vec)))

# --- cluster-robust tests ------------------------------------------------------------------------------------------------------------
cases <- list()
tests <- c(satterthwaite = "Satterthwaite", "clusters-1" = "naive-t", "clusters-p" = "naive-tp", normal = "z")
joint <- c(satterthwaite = "HTZ", "clusters-1" = "Naive-F", "clusters-p" = "Naive-Fp", normal = "chi-sq")
fits <- list(list(set = "konstantopoulos2011", random = nested, mods = "yc", cluster = "district"), list(set = "assink2016_rho", random = "~ 1 | study/esid", mods = "pubstatus", cluster = "study"),
             list(set = "berkey1998", random = "~ outcome | trial", mods = c("pd"), cluster = "trial"), list(set = "cross", random = "~ 1 | study/outcome", mods = "dose", cluster = "study"))
for (one in fits) {
  d <- as.data.frame(sets[[one$set]]$d)
  f <- polish(yi = as.numeric(d$yi), V = V_of(one$set), random = as.formula(one$random), struct = "UN", mods = as.matrix(d[one$mods]), data = d)$tight
  for (a in c("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3")) for (t in names(tests)) {
    ct <- coef_test(f, vcov = a, cluster = d[[one$cluster]], test = tests[[t]])
    w <- Wald_test(f, constraints = constrain_zero(seq_len(f$p)), vcov = a, cluster = d[[one$cluster]], test = joint[[t]])
    df <- ct[[grep("^df", names(ct))[1]]]; p <- ct[[grep("^p_", names(ct))[1]]]
    cases[[length(cases) + 1]] <- c(one, list(adjust = a, df_method = t, estimate = vec(coef(f)), se = vec(ct$SE), df = if (t == "normal" || is.null(df)) NULL else vec(df), p_value = vec(p),
      wald = num(w$Fstat), wald_p_value = num(w$p_val)))
  }
}
save("robust_tests", "coef_test(rma.mv, vcov, cluster, test), Wald_test(constrain_zero, test)", cases, "on polished components", data[sapply(fits, `[[`, "set")])
cases <- list()
for (adjust in c(TRUE, FALSE)) {
  f <- rma(yi, vi, data = bcg, method = "DL"); r <- robust(f, cluster = bcg$alloc, adjust = adjust)
  cases[[length(cases) + 1]] <- list(model = "pool", adjust = if (adjust) "CR1p" else "CR0", estimate = vec(coef(r)), se = vec(r$se), p_value = vec(r$pval), ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub))
}
ct <- coef_test(f, vcov = "CR2", cluster = bcg$alloc)
cases[[3]] <- list(model = "pool", adjust = "CR2", estimate = vec(coef(f)), se = vec(ct$SE), p_value = vec(ct$p_Satt), df = vec(ct[[grep("^df", names(ct))[1]]]))
save("robust_pooling", "robust(rma(method='DL'), cluster, adjust); coef_test(vcov='CR2')", cases, data = list(bcg = lapply(as.list(as.data.frame(bcg)[c("yi", "vi", "alloc")]), function(x) if (is.numeric(x)) vec(x) else I(as.character(x)))))
cases <- list()
for (one in list(list(set = "konstantopoulos2011", mods = "yc", cluster = "district"), list(set = "assink2016", mods = "pubstatus", cluster = "study")))
  for (a in c("CR0", "CR1p", "CR2", "CR3", "CR4")) for (t in c("satterthwaite", "clusters-p")) {
    d <- as.data.frame(sets[[one$set]]$d); f <- rma(as.numeric(yi), vi, mods = as.matrix(d[one$mods]), data = d, method = "DL")
    ct <- coef_test(f, vcov = a, cluster = d[[one$cluster]], test = tests[[t]]); w <- Wald_test(f, constraints = constrain_zero(1:2), vcov = a, cluster = d[[one$cluster]], test = joint[[t]])
    cases[[length(cases) + 1]] <- c(one, list(adjust = a, df_method = t, estimate = vec(coef(f)), se = vec(ct$SE), df = vec(ct[[grep("^df", names(ct))[1]]]), p_value = vec(ct[[grep("^p_", names(ct))[1]]]), wald = num(w$Fstat), wald_p_value = num(w$p_val)))
  }
save("robust_regression", "coef_test(rma(method='DL', mods), vcov, cluster, test), Wald_test", cases, data = data[c("konstantopoulos2011", "assink2016")])
cases <- list()
d <- data.frame(yi = as.numeric(bcg$yi), vi = as.numeric(bcg$vi), ablat = bcg$ablat, pair = c(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8), row = 1:13)
w <- c(3, 1, 2, 5, 4, 1, 2, 6, 3, 2, 4, 1, 2); A <- diag(w); A[1, 2] <- A[2, 1] <- 0.5; A[5, 6] <- A[6, 5] <- -0.4
for (model in c("pool", "regression", "multilevel", "matrix")) for (a in c("CR0", "CR1p", "CR2", "CR3", "CR4")) {
  mods <- if (model == "pool") ~ 1 else ~ ablat
  f <- if (model %in% c("pool", "regression")) rma(yi, vi, mods = mods, data = d, weights = w, method = "DL") else
    quiet(rma.mv(yi, vi, W = if (model == "matrix") A else w, mods = mods, random = ~ 1 | pair/row, data = d, sigma2 = c(0.1, 0.2)))
  ct <- coef_test(f, vcov = a, cluster = d$pair, test = "Satterthwaite")
  wt <- if (model == "pool") list() else Wald_test(f, constraints = constrain_zero(1:2), vcov = a, cluster = d$pair, test = "HTZ")
  cases[[length(cases) + 1]] <- list(model = model, adjust = a, estimate = vec(coef(f)), se = vec(ct$SE), df = vec(ct$df), p_value = vec(ct$p_Satt), wald = num(wt$Fstat), wald_p_value = num(wt$p_val))
}
save("robust_weights", "coef_test(rma(weights=), rma.mv(W=), vcov, cluster), Wald_test", cases, data = list(d = c(lapply(d, vec), list(w = vec(w), A = vec(A)))))
cases <- list()
for (model in c("row", "matrix")) for (method in c("REML", "ML")) {
  f <- quiet(rma.mv(yi, vi, W = if (model == "matrix") A else w, mods = ~ ablat, random = ~ 1 | pair/row, data = d, method = method,
                    control = list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15, maxit = 10000)))
  for (s in 1:2) {
    ci <- quiet(confint(f, sigma2 = s, control = list(tol = 1e-10)))$random
    cases[[length(cases) + 1]] <- list(weights = model, method = method, component = s, estimate = ci[1, 1], low = ci[1, 2], high = ci[1, 3], log_likelihood = as.numeric(logLik(f)))
  }
}
save("multilevel_weights_intervals", "confint(rma.mv(W=), sigma2)", cases, "optim's Nelder-Mead at reltol 1e-15", list(d = c(lapply(d, vec), list(w = vec(w), A = vec(A)))))
cases <- list()
for (a in c("CR0", "CR1p", "CR2")) for (level in c(95, if (a != "CR2") 80)) {  # clubSandwich: predict() ignores the level in 3.8
  f <- rma(yi, vi, mods = ~ ablat, data = d, method = "DL")
  r <- if (a == "CR2") robust(f, cluster = d$pair, clubSandwich = TRUE) else robust(f, cluster = d$pair, adjust = a == "CR1p")
  p <- predict(r, newmods = c(10, 33, 60), level = level)
  cases[[length(cases) + 1]] <- list(adjust = a, level = level / 100, rows = c(10, 33, 60), estimate = vec(p$pred), se = vec(p$se), ci_low = vec(p$ci.lb), ci_high = vec(p$ci.ub),
    prediction_low = vec(p$pi.lb), prediction_high = vec(p$pi.ub), df = if (a == "CR2") vec(p$ddf) else rep(r$ddf, 3))
}
save("robust_predictions", "predict(robust(rma(method='DL', mods), cluster, adjust, clubSandwich), newmods, level)", cases, data = list(d = lapply(d, vec)))
f <- quiet(rma.mv(yi, vi, W = A, mods = as.matrix(d["ablat"]), random = ~ 1 | pair/row, data = d, sigma2 = c(0.1, 0.2))); s <- rstudent(f, cluster = d$pair)
save("multilevel_influence_weights", "cooks.distance, dfbetas, rstudent (rma.mv(W=), cluster)", list(list(cooks_distance = vec(cooks.distance(f, cluster = d$pair)),
  dfbetas = vec(as.matrix(dfbetas(f, cluster = d$pair))), studentised = vec(s$obs$z), chi2 = vec(s$cluster$X2))), data = list(d = c(lapply(d, vec), list(A = vec(A)))))
cases <- list(); d$alloc <- match(bcg$alloc, c("random", "alternate", "systematic")); d$year <- bcg$year
for (model in c("matrix", "crossed", "regression", "pool")) {
  mv <- function(random, ...) quiet(rma.mv(yi, vi, mods = ~ ablat + year, random = random, data = d, sigma2 = c(0.1, 0.2), ...))
  f <- switch(model, matrix = mv(~ 1 | pair/row, W = A), crossed = mv(list(~ 1 | pair, ~ 1 | alloc)),
              regression = rma(yi, vi, mods = ~ ablat + year, data = d, tau2 = 0.1), pool = rma(yi, vi, data = d, method = "DL"))
  s <- if (inherits(f, "rma.mv")) rstandard(f, cluster = d$pair) else list(obs = rstandard(f))
  cases[[length(cases) + 1]] <- list(model = model, residual = vec(s$obs$resid), se = vec(s$obs$se), standardised = vec(s$obs$z), hat = vec(hatvalues(f)),
    chi2 = if (is.null(s$cluster)) NULL else vec(s$cluster$X2), vif = if (model == "pool") NULL else vec(sapply(vif(f)$vif, `[[`, "vif")))
}
save("residuals_standardised", "rstandard(rma.mv(W=), cluster), hatvalues, vif", cases, data = list(d = c(lapply(d, vec), list(A = vec(A)))))
cases <- list()
for (one in list(list(set = "konstantopoulos2011", mods = "yc", cluster = "district"), list(set = "assink2016", mods = "pubstatus", cluster = "study"), list(set = "assink2016", mods = character(), cluster = "study"), list(set = "cross", mods = "dose", cluster = "lab")))
  for (model in c("CORR", "HIER")) for (rho in if (model == "CORR") c(0.8, 0.3) else 0.8) for (small in c(TRUE, FALSE)) {
    d <- as.data.frame(sets[[one$set]]$d); d$.y <- as.numeric(d$yi); d$.v <- as.numeric(d$vi); d$.s <- d[[one$cluster]]
    r <- robu(as.formula(paste(".y ~", if (length(one$mods)) one$mods else "1")), data = d, studynum = .s, var.eff.size = .v, rho = rho, small = small, modelweights = model)
    t <- r$reg_table
    cases[[length(cases) + 1]] <- list(set = one$set, mods = I(one$mods), cluster = one$cluster, model = c(CORR = "correlated", HIER = "hierarchical")[[model]], rho = rho, small_sample = small,
      estimate = vec(t$b.r), se = vec(t$SE), df = vec(t$dfs), ci_low = vec(t$CI.L), ci_high = vec(t$CI.U), tau2 = num(r$mod_info$tau.sq), omega2 = if (model == "HIER") num(r$mod_info$omega.sq) else NULL)
  }
save("robust_variance", "robu(formula, data, studynum, var.eff.size, rho, small, modelweights)", cases, data = data[c("konstantopoulos2011", "assink2016", "cross")])

# --- dose-response -----------------------------------------------------------------------------------------------------------------------
gl <- function(y, v, cases, n, type) {                       # plain Newton on the log-counts' equations, undamped, in uniroot-free form
  o <- v > 0; A <- cases[o]; M <- sum(cases)
  for (i in 1:500) {
    A0 <- M - sum(A)
    if (type == "ir") { e <- y[o] - log(A / n[o]) + log(A0 / n[!o]); J <- -diag(1 / A, length(A)) - 1 / A0 }
    else { e <- y[o] - log(A / (n[o] - A)) + log(A0 / (n[!o] - A0)); J <- -diag(1 / A + 1 / (n[o] - A), length(A)) - 1 / A0 - 1 / (n[!o] - A0) }
    A <- A - solve(J, e)
  }
  C <- cases; C[o] <- A; C[!o] <- M - sum(A); C
}
hamling <- function(y, v, cases, n, type) {                  # two equations solved by nested uniroot
  o <- v > 0; B <- if (type == "cc") n - cases else n; p <- B[!o] / sum(B); z <- sum(B) / sum(cases)
  counts <- function(a0, b0) {
    left <- v[o] - switch(type, cc = 1 / a0 + 1 / b0, ir = 1 / a0, ci = 1 / a0 - 1 / b0); risk <- a0 * exp(y[o]) / b0
    a <- (1 + switch(type, cc = 1, ir = 0, ci = -1) * risk) / left; list(a = a, b = a / risk)
  }
  f <- function(x) { c0 <- counts(exp(x[1]), exp(x[2])); c(log(exp(x[2]) / (exp(x[2]) + sum(c0$b)) / p), log((exp(x[2]) + sum(c0$b)) / (exp(x[1]) + sum(c0$a)) / z)) }
  x <- log(c(cases[!o], B[!o]))
  while (any(is.na(quiet(f(x)))) || any(counts(exp(x[1]), exp(x[2]))$a <= 0)) x <- x + 0.1
  for (i in 1:200) { s <- solve(jacobian(f, x), f(x)); k <- 1; while (any(is.na(quiet(f(x - k * s)))) || max(abs(quiet(f(x - k * s)))) > max(abs(f(x))) * (1 + 1e-12)) { k <- k / 2; if (k < 1e-8) break }; x <- x - k * s }
  c0 <- counts(exp(x[1]), exp(x[2])); A <- cases; N <- n; A[o] <- c0$a; A[!o] <- exp(x[1]); N[o] <- c0$b; N[!o] <- exp(x[2])
  list(A = A, N = if (type == "cc") A + N else N)
}
covariance <- function(v, A, N, type) {
  o <- v > 0; s <- switch(type, cc = 1 / A + 1 / (N - A), ir = 1 / A, ci = 1 / A - 1 / N); S <- outer(sqrt(v[o]), sqrt(v[o])) * s[!o] / sqrt(outer(s[!o] + s[o], s[!o] + s[o])); diag(S) <- v[o]; S
}
rohan <- list(y = log(c(1, 0.80, 1.16, 1.57)), v = c(0, ((log(c(1.27, 1.85, 2.51)) - log(c(0.51, 0.73, 0.99))) / (2 * qnorm(0.975)))^2),
              cases = c(165, 74, 90, 122), n = c(337, 167, 186, 212), dose = c(0, 2, 6, 11))
cases <- list()
for (type in c("cc", "ir", "ci")) for (how in c("greenland-longnecker", "hamling")) for (which in 1:2) {
  r <- if (which == 1) rohan else list(y = c(0, 0.15, 0.42, 0.61), v = c(0, 0.03, 0.035, 0.06), cases = c(90, 110, 95, 60), n = c(1000, 1050, 700, 340))
  ok <- tryCatch({ if (how == "hamling") { h <- hamling(r$y, r$v, r$cases, r$n, type); A <- h$A; N <- h$N } else { A <- gl(r$y, r$v, r$cases, r$n, type); N <- r$n }; TRUE }, error = function(e) FALSE)
  if (ok) cases[[length(cases) + 1]] <- list(design = type, method = how, yi = vec(r$y), vi = vec(r$v), cases = vec(r$cases), n = vec(r$n), counts = vec(A), totals = vec(N), matrix = unname(covariance(r$v, A, N, type)))
}
save("dose_response_covariance", "Greenland & Longnecker (1992) and Hamling (2008) written a second way in R", cases)
# printed on the reference page of covar.logrr and grl, dosresmeta 2.1.1 (alcohol_cvd: six studies; log ratios follow from the printed counts)
printed <- list(list(design = "cc", A = c(125.045754, 67.121348, 68.861059, 18.649722, 17.321957), N = c(414, 261, 228, 44, 34), v = c(0, 0.04987985, 0.05463996, 0.14176254, 0.19714011),
                     off = c(0.01875906, 0.01678737, 0.01780975, 0.01736485, 0.01842239, 0.01648609)),
                list(design = "cc", A = c(76.326336, 88.590929, 25.247951, 11.834726), N = c(258, 413, 202, 64), v = c(0, 0.04897601, 0.08854517, 0.14983031), off = c(0.02669775, 0.02510026, 0.02425041)),
                list(design = "cc", A = c(81.774216, 46.587219, 15.641699, 5.996615), N = c(208, 175, 58, 11), v = c(0, 0.10058223, 0.17523766, 0.82646389), off = c(0.03667789, 0.04203026, 0.03757552)),
                list(design = "cc", A = c(75.746492, 35.156220, 39.598921, 11.498375), N = c(208, 117, 81, 39), v = c(0, 0.11104463, 0.11449601, 0.22216648), off = c(0.03566026, 0.03466437, 0.03293283)),
                list(design = "ci", A = c(153.244004, 230.458403, 41.209336, 40.088318), N = c(480, 975, 207, 133), v = c(0, 0.02079807, 0.05681004, 0.07501320), off = c(0.01122058, 0.01347285, 0.01269044)),
                list(design = "ci", A = c(343.064318, 99.685219, 13.149854, 9.100567), N = c(1269, 436, 49, 41), v = c(0, 0.024519546, 0.123263570, 0.173481760), off = c(0.004898219, 0.004718234, 0.004371731)))
save("dose_response_published", "printed output of covar.logrr and grl, R package dosresmeta 2.1.1 (Crippa & Orsini), reference pages",
     lapply(printed, function(p) list(design = p$design, cases = vec(p$A), n = vec(p$N), vi = vec(p$v), off = vec(p$off))))

rcs <- function(x, k) { m <- length(k); pos <- function(u) pmax(u, 0)^3; cbind(x, sapply(seq_len(m - 2), function(j)
  (pos(x - k[j]) - pos(x - k[m - 1]) * (k[m] - k[j]) / (k[m] - k[m - 1]) + pos(x - k[m]) * (k[m - 1] - k[j]) / (k[m] - k[m - 1])) / (k[m] - k[1])^2)) }
set.seed(77)
dr <- do.call(rbind, lapply(1:9, function(i) {
  dose <- c(0, sort(sample(c(0.5, 1, 1.5, 2, 3, 4, 5, 6), 4))); if (i == 3) dose <- dose + 0.5
  n <- round(runif(5, 300, 900)); type <- c("cc", "ir", "ci")[i %% 3 + 1]
  y <- (-0.35 + rnorm(1, 0, 0.25)) * dose + (0.04 + rnorm(1, 0, 0.04)) * dose^2; cases <- round(n * plogis(-1.3 + y))
  v <- c(0, 1 / cases[-1] + 1 / cases[1]) * 1.1; v[1] <- 0
  y <- y + c(0, rnorm(4, 0, 0.8 * sqrt(v[-1]))); y <- round(y - y[1], 4); data.frame(study = i, dose = dose, y = y, v = round(v, 5), cases = cases, n = n, type = type)
}))
per <- split(dr, dr$study)
knots <- quantile(dr$dose, c(0.1, 0.5, 0.9))
shapes <- list(linear = function(x) cbind(x), quadratic = function(x) cbind(x, x^2), spline = function(x) rcs(x, knots),
               "fractional-polynomial" = function(x) cbind((x + 1)^0.5, (x + 1)^0.5 * log(x + 1)))
S_of <- lapply(per, function(d) covariance(d$v, gl(d$y, d$v, d$cases, d$n, d$type[1]), d$n, d$type[1]))
X_of <- function(f) lapply(per, function(d) { X <- f(d$dose); sweep(X[d$v > 0, , drop = FALSE], 2, X[d$v == 0, ]) })
y_of <- lapply(per, function(d) d$y[d$v > 0])
# a moderator of the curve, constant within studies: coefficients of the curve and of their change
zs <- c(0.2, 1.1, -0.4, 0.9, 0.1, 1.5, 0.7, -0.3, 0.6)
cases <- list()
for (shape in c("linear", "quadratic")) for (approach in c("two-stage", "one-stage")) for (method in c("REML", "ML", "fixed")) {
  X <- X_of(shapes[[shape]]); q <- ncol(X[[1]]); A <- qr.R(qr(do.call(rbind, X))) / sqrt(nrow(do.call(rbind, X))); X <- lapply(X, function(x) x %*% solve(A))
  if (approach == "two-stage") {
    C <- Map(function(x, S) solve(t(x) %*% solve(S) %*% x), X, S_of); y <- unlist(Map(function(x, S, y, c) as.vector(c %*% t(x) %*% solve(S) %*% y), X, S_of, y_of, C))
    V <- bldiag(unname(C)); st <- rep(1:9, each = q); kd <- rep(seq_len(q), 9); base <- diag(q)[kd, , drop = FALSE]
    args <- list(yi = y, V = V, intercept = FALSE, data = data.frame(st = st, kd = factor(kd)), random = ~ kd | st, struct = "UN")
    if (q == 1) args[c("random", "struct")] <- list(~ 1 | st, NULL)
  } else {
    base <- do.call(rbind, X); y <- unlist(y_of); V <- bldiag(unname(S_of)); st <- rep(1:9, each = 4); dd <- as.data.frame(base); names(dd) <- paste0("b", seq_len(q)); dd$st <- st
    args <- list(yi = y, V = V, intercept = FALSE, data = dd, random = ~ 0 + b1 + b2 | st, struct = "GEN")
    if (q == 1 && method != "fixed") next                           # one random slope, which metafor's GEN refuses
  }
  args$mods <- cbind(base, base * zs[st])
  args <- args[!sapply(args, is.null)]
  if (method == "fixed") args[c("random", "struct")] <- NULL else args$method <- method
  f <- if (method == "fixed") quiet(do.call(rma.mv, args)) else do.call(polish, args)$tight
  B <- kronecker(diag(2), solve(A)); beta <- as.vector(B %*% coef(f)); vb <- B %*% vcov(f) %*% t(B); i <- (q + 1):(2 * q)
  cases[[length(cases) + 1]] <- list(shape = shape, approach = approach, method = method, estimate = vec(beta), se = vec(sqrt(diag(vb))), q = num(f$QE),
    moderation = num(beta[i] %*% solve(vb[i, i]) %*% beta[i]))
}
save("dose_response_moderators", "rma.mv on the studies' coefficients, and on all effects, with the columns times a moderator", cases,
     data = list(d = c(lapply(dr[c("study", "dose", "y", "v", "cases", "n")], vec), list(type = I(dr$type), z = vec(zs[dr$study])))))
cases <- list()
for (shape in names(shapes)) for (approach in c("two-stage", "one-stage")) for (method in c("REML", "ML", "MM", "fixed")) if (!(approach == "one-stage" && method == "MM")) {
  X <- X_of(shapes[[shape]]); q <- ncol(X[[1]]); A <- qr.R(qr(do.call(rbind, X))) / sqrt(nrow(do.call(rbind, X))); X <- lapply(X, function(x) x %*% solve(A))
  if (approach == "two-stage") {
    C <- Map(function(x, S) solve(t(x) %*% solve(S) %*% x), X, S_of); b <- Map(function(x, S, y, c) as.vector(c %*% t(x) %*% solve(S) %*% y), X, S_of, y_of, C)
    y <- unlist(b); V <- bldiag(unname(C)); st <- rep(1:9, each = q); kd <- rep(seq_len(q), 9); D <- diag(q)[kd, , drop = FALSE]
    args <- list(yi = y, V = V, mods = D, intercept = FALSE, data = data.frame(st = st, kd = factor(kd)))
    if (method %in% c("REML", "ML")) args <- c(args, list(random = ~ kd | st, struct = "UN", method = method))
    if (method == "MM") between <- moments(y, V, st, kd)$between
  } else {
    D <- do.call(rbind, X); y <- unlist(y_of); V <- bldiag(unname(S_of)); st <- rep(1:9, each = 4); dd <- as.data.frame(D); names(dd) <- paste0("b", seq_len(q)); dd$st <- st
    args <- list(yi = y, V = V, mods = D, intercept = FALSE, data = dd)
    if (method %in% c("REML", "ML")) args <- c(args, if (q > 1) list(random = as.formula(paste("~ 0 +", paste0("b", seq_len(q), collapse = "+"), "| st")), struct = "GEN", method = method)
                                                     else list(random = ~ 1 | st, method = method))
  }
  if (approach == "one-stage" && q == 1 && method != "fixed") {                       # one random slope, which metafor's GEN refuses: optimize() on the likelihood
    ll <- function(t) { M <- V + outer(st, st, "==") * tcrossprod(D[, 1]) * t; W <- solve(M); XWX <- sum(D * (W %*% D)); be <- sum(D * (W %*% y)) / XWX; e <- y - D * be
      -0.5 * (determinant(M)$modulus + sum(e * (W %*% e)) + if (method == "REML") log(XWX) else 0) }
    t <- optimize(ll, c(0, 100), maximum = TRUE, tol = 1e-14)$maximum; x <- t; for (i in 1:3) x <- x - as.vector(grad(ll, x) / hessian(ll, x)); between <- matrix(x)
    M <- V + outer(st, st, "==") * tcrossprod(D[, 1]) * x; W <- solve(M); vb <- solve(t(D) %*% W %*% D); beta <- vb %*% t(D) %*% W %*% y
  } else if (method == "fixed" || method == "MM") {
    if (method == "fixed") between <- matrix(0, q, q)
    M <- if (approach == "two-stage") V + (D %*% between %*% t(D)) * outer(st, st, "==") else V
    W <- solve(M); vb <- solve(t(D) %*% W %*% D); beta <- vb %*% t(D) %*% W %*% y
  } else {
    p <- tryCatch(do.call(polish, args), error = function(e) NULL)
    if (is.null(p)) { cat("not polished:", shape, approach, method, "\n"); next }
    f <- p$tight; beta <- coef(f); vb <- vcov(f); between <- unname(as.matrix(f$G)); if (q == 1) between <- matrix(f$tau2)
  }
  B <- solve(A); beta <- as.vector(B %*% beta); vb <- B %*% vb %*% t(B); between <- B %*% between %*% t(B)
  Xo <- X_of(shapes[[shape]]); D0 <- sum(mapply(function(y, x, S) { e <- y - x %*% beta; sum(e * solve(S, e)) }, y_of, Xo, S_of)); T0 <- sum(mapply(function(y, S) sum(y * solve(S, y)), y_of, S_of))
  at <- c(0.5, 2, 5); cu <- sweep(shapes[[shape]](at), 2, shapes[[shape]](1)); 
  cases[[length(cases) + 1]] <- list(shape = shape, approach = approach, method = method, estimate = vec(beta), se = vec(sqrt(diag(vb))), between = unname(between),
    wald = num(t(beta) %*% solve(vb, beta)), nonlinear = if (shape %in% c("quadratic", "spline")) num(t(beta[-1]) %*% solve(vb[-1, -1, drop = FALSE], beta[-1])) else NULL,
    deviance = D0, r2 = 1 - D0 / T0, curve = vec(cu %*% beta), curve_se = vec(sqrt(diag(cu %*% vb %*% t(cu)))))
}
save("dose_response_models", "Greenland-Longnecker covariances and study curves written in R; second stage rma.mv(struct='UN'), one stage rma.mv(struct='GEN'), both on orthonormal columns and transformed back",
     cases, "nine simulated studies of four doses and a reference; curve against dose 1", list(d = lapply(dr, function(x) if (is.numeric(x)) vec(x) else I(x))))
cc <- with(rohan, { S <- covariance(v, gl(y, v, cases, n, "cc"), n, "cc"); x <- dose[-1]; b <- sum(x * solve(S, y[-1])) / sum(x * solve(S, x)); c(b, 1 / sqrt(sum(x * solve(S, x)))) })
save("dose_response_rohan", "Greenland & Longnecker (1992), Rohan & McMichael's case-control study; dosresmeta's reference page prints 0.0454 (0.0207), chi-square 4.8333, log-likelihood 0.7835",
     list(list(yi = vec(rohan$y), vi = vec(rohan$v), dose = vec(rohan$dose), cases = vec(rohan$cases), n = vec(rohan$n), estimate = cc[1], se = cc[2], printed = vec(c(0.0454, 0.0207, 4.8333)), log_likelihood = 0.7835)))
md <- list(mean = c(10, 11.5, 13.2, 12.8), sd = c(3, 2.8, 3.5, 3.1), n = c(40, 38, 42, 35))
s2 <- sum((md$n - 1) * md$sd^2) / sum(md$n - 1); K <- cbind(-1, diag(3)); base <- K %*% diag(1 / md$n) %*% t(K); dd <- (md$mean[-1] - md$mean[1]) / sqrt(s2)
save("dose_response_differences", "contrast matrix K diag(1/n) K' times the pooled variance (MD), plus d d'/(2N) (SMD)",
     list(list(measure = "MD", yi = vec(md$mean[-1] - md$mean[1]), matrix = unname(s2 * base)), list(measure = "SMD", yi = vec(dd), matrix = unname(base + outer(dd, dd) / (2 * sum(md$n))))), data = list(d = lapply(md, vec)))
