# Golden values of the examples on metafor's own help pages: dependent effects, cluster-robust tests, selection models.
# The calls are those of the help pages; components are polished (polish.R), likelihoods climbed and integrated tightly.
# Run from the repository's root: Rscript validation/golden/help_pages_models.R
source("validation/golden/help_pages_read.R")
source("validation/golden/polish.R")
suppressMessages(library(clubSandwich))
save <- recorder("validation/golden/help_pages_models.R", c("clubSandwich", "numDeriv"))
rma.mv <- function(...) polish(..., steps = 2)$tight
bfgs <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000)

# --- data: rows of a study stand together -------------------------------------------------------------------------
bcg <- escalc(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
long <- function(d) escalc(measure = "PLO", xi = out1, mi = out2, data = to.long(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d))
arms <- long(dat.bcg); levels(arms$group) <- c("exp", "con"); arms$group <- relevel(arms$group, ref = "con")
colditz <- long(dat.colditz1994); levels(colditz$group) <- c("CON", "EXP")
konst <- dat.konstantopoulos2011
assink <- dat.assink2016
berkey <- dat.berkey1998
bangert <- dat.bangertdrowns2004
kalaian <- dat.kalaian1996
ishak <- reshape(dat.ishak2007, direction = "long", idvar = "study", v.names = c("yi", "vi"), varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
ishak <- ishak[order(ishak$study, ishak$time), ]; ishak <- ishak[!is.na(ishak$yi), ]
knapp <- dat.knapp2017
knapp$task.diff <- unlist(lapply(split(knapp, knapp$study), function(x) {
  task <- as.integer(factor(x$task)); difficulty <- as.integer(factor(x$difficulty)); difficulty[is.na(difficulty)] <- 1
  paste0(task, ".", difficulty)}))
R <- matrix(0.4, nrow = 8, ncol = 8); R[5:8, 1:4] <- R[1:4, 5:8] <- 0.28; diag(R[1:4, 5:8]) <- 0.7; diag(R[5:8, 1:4]) <- 0.7; diag(R) <- 1
rownames(R) <- colnames(R) <- paste0(rep(1:2, each = 4), ".", 1:4)
craft <- rcalc(ri ~ var1 + var2 | study, ni = ni, data = dat.craft2003)
# the help page orders the pairs by meaning; here by text, as evergrove does. rma.mv leaves out rows with a covariance missing
used <- quiet(metafor::rma.mv(craft$dat$yi, craft$V, mods = ~ var1.var2 - 1, random = ~ var1.var2 | study, struct = "UN", data = craft$dat))$not.na
craft <- list(dat = craft$dat[used, ], V = craft$V[used, used])
Va <- vcalc(vi, cluster = study, obs = esid, data = assink, rho = 0.6)
Vb <- vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = berkey)
sets <- list(bcg = raw(bcg, "tpos", "tneg", "cpos", "cneg", "trial"), arms = raw(arms, "yi", "vi", "group", "study"), colditz = raw(colditz, "yi", "vi", "group", "trial"),
  konst = raw(konst, "yi", "vi", "district", "school"), assink = raw(assink, "yi", "vi", "study", "esid", "deltype"),
  berkey = c(raw(berkey, "yi", "vi", "trial", "outcome"), list(v = unname(cbind(berkey$v1i, berkey$v2i)))),
  bangert = raw(bangert, "yi", "vi", "id", "length"), kalaian = raw(kalaian, "vi", "study", "outcome"), ishak = raw(ishak, "yi", "vi", "study", "time"),
  knapp = c(raw(knapp, "vi", "study", "group1", "group2", "n_sz", "n_hc", "task.diff"), list(R = unname(R))),
  craft = list(yi = vec(craft$dat$yi), pair = I(as.character(craft$dat$var1.var2)), study = vec(craft$dat$study), V = unname(craft$V)))

# --- reading ----------------------------------------------------------------------------------------------------------
# what the restricted likelihood of rma.mv counts as estimated changes where components were given by polish: from the number of components
multilevel <- function(estimated) function(f) {
  k <- if (f$method == "REML") f$k - f$p else f$k
  ll <- as.numeric(logLik(f)); n <- f$p + estimated; m <- max(k, n + 2)
  c(coefficients_of(f), residual_q(f), list(covariance = vec(vcov(f)), qm = num(f$QM), qm_df = num(f$QMdf), qm_p_value = num(f$QMp), log_likelihood = ll,
      aic = -2 * ll + 2 * n, bic = -2 * ll + n * log(k), aicc = -2 * ll + 2 * n * m / (m - n - 1)),
    if (f$withS) list(sigma2 = vec(f$sigma2)), if (f$withG) list(tau2 = vec(f$tau2), rho = vec(f$rho)))
}
sandwich <- function(f) c(coefficients_of(f), list(df = vec(if (length(f$ddf) == 1) rep(f$ddf, f$p) else f$ddf), covariance = vec(vcov(f)),
  wald = num(f$QM), wald_df = num(f$QMdf), wald_df2 = f$QMdf[2], wald_p_value = num(f$QMp)))
ratio <- function(full, reduced, df) {
  statistic <- 2 * as.numeric(logLik(full) - logLik(reduced))
  list(statistic = statistic, df = df, p_value = pchisq(statistic, df, lower.tail = FALSE), log_likelihood_full = as.numeric(logLik(full)), log_likelihood_reduced = as.numeric(logLik(reduced)))
}

# --- rma.mv ---------------------------------------------------------------------------------------------------------
begin()
ask("rma.mv", "one term", rma.mv(yi = bcg$yi, V = bcg$vi, random = ~ 1 | trial, data = bcg), multilevel(1))
ask("rma.mv", "bivariate", rma.mv(yi = arms$yi, V = arms$vi, mods = ~ group, random = ~ group | study, struct = "UN", data = arms), multilevel(3))
ask("matreg", "bivariate ML", rma.mv(yi = colditz$yi, V = colditz$vi, mods = ~ group - 1, random = ~ group | trial, struct = "UN", data = colditz, method = "ML"), multilevel(3))
nested <- rma.mv(yi = konst$yi, V = konst$vi, random = ~ 1 | district/school, data = konst)
ask("confint.rma", "district/school", nested, multilevel(2))
ask("confint.rma", "school | district", rma.mv(yi = konst$yi, V = konst$vi, random = ~ school | district, data = konst), multilevel(2))
ask("anova.rma", "no variance of districts", ratio(nested, rma.mv(yi = konst$yi, V = konst$vi, random = ~ 1 | district/school, data = konst, sigma2 = c(0, NA)), 1), identity)
ask("anova.rma", "no variance of schools", ratio(nested, rma.mv(yi = konst$yi, V = konst$vi, random = ~ 1 | district/school, data = konst, sigma2 = c(NA, 0)), 1), identity)
ask("anova.rma", "no variance", ratio(nested, quiet(metafor::rma.mv(yi, vi, data = konst)), 2), identity)
delinquency <- rma.mv(yi = assink$yi, V = Va, random = ~ 1 | study/esid, data = assink)
ask("anova.rma", "study/esid", delinquency, multilevel(2))
ask("anova.rma", "no variance of studies", ratio(delinquency, rma.mv(yi = assink$yi, V = Va, random = ~ 1 | study/esid, data = assink, sigma2 = c(0, NA)), 1), identity)
ask("anova.rma", "no variance within studies", ratio(delinquency, rma.mv(yi = assink$yi, V = Va, random = ~ 1 | study/esid, data = assink, sigma2 = c(NA, 0)), 1), identity)
types <- rma.mv(yi = assink$yi, V = Va, mods = ~ deltype, random = ~ 1 | study/esid, data = assink)
ask("anova.rma", "deltype", types, multilevel(2))
outcomes <- rma.mv(yi = berkey$yi, V = Vb, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = berkey)
ask("robust", "two outcomes", outcomes, multilevel(3))
# Newton steps in 21 components fail: the optimiser's own end
ask("matreg", "six correlations", quiet(metafor::rma.mv(craft$dat$yi, craft$V, mods = ~ var1.var2 - 1, random = ~ var1.var2 | study, struct = "UN", data = craft$dat,
  control = list(rel.tol = 1e-15, x.tol = 1e-12, iter.max = 20000, eval.max = 20000))), multilevel(21))
free <- metafor::rma.mv(yi, vi, random = ~ 1 | district/school, data = konst, control = bfgs)   # polished components would count as given
ask("influence.rma.mv", "each effect", cooks.distance(free), function(f) list(cooks_distance = vec(f)))
ask("influence.rma.mv", "each district", cooks.distance(free, cluster = konst$district), function(f) list(cooks_distance = vec(f)))
ask("influence.rma.mv", "hat values", hatvalues(nested), function(f) list(leverage = vec(f)))
# intervals and profiles: every point is a fit of its own
free_inner <- metafor::rma.mv(yi, vi, random = ~ school | district, data = konst, control = bfgs)
free_outcomes <- metafor::rma.mv(yi, Vb, mods = ~ outcome - 1, random = ~ outcome | trial, struct = "UN", data = berkey, control = bfgs)
free_arms <- metafor::rma.mv(yi, vi, mods = ~ group, random = ~ group | study, struct = "UN", data = arms, control = bfgs)
both_limits <- function(f) {
  rows <- if (inherits(f, "list.confint.rma")) sapply(f[sapply(f, is.list)], function(one) one$random[1, 2:3]) else f$random[1, 2:3]
  rows <- matrix(unlist(rows), 2)
  list(ci_low = vec(rows[1, ]), ci_high = vec(rows[2, ]))
}
root <- list(tol = 1e-10)
ask("confint.rma", "limits, district/school", confint(free, control = root), both_limits)
ask("confint.rma", "limits, school | district", confint(free_inner, control = root), both_limits)
ask("methods.confint.rma", "limits, two outcomes", confint(free_outcomes, control = root), both_limits)
profiled <- function(f) {
  values <- f[[intersect(names(f), c("sigma2", "tau2", "rho"))[1]]]
  list(value = vec(values), log_likelihood = vec(f$ll))
}
ask("confint.rma", "profile, districts", profile(free, sigma2 = 1, xlim = c(0, 0.3), steps = 5, progbar = FALSE, plot = FALSE), profiled)
ask("confint.rma", "profile, schools", profile(free, sigma2 = 2, xlim = c(0.01, 0.1), steps = 5, progbar = FALSE, plot = FALSE), profiled)
ask("confint.rma", "profile, correlation of schools", profile(free_inner, rho = 1, xlim = c(0.2, 0.95), steps = 4, progbar = FALSE, plot = FALSE), profiled)
ask("profile.rma", "controls", profile(free_arms, tau2 = 1, xlim = c(0.8, 6), steps = 5, progbar = FALSE, plot = FALSE), profiled)
ask("profile.rma", "vaccinated", profile(free_arms, tau2 = 2, xlim = c(0.5, 3), steps = 5, progbar = FALSE, plot = FALSE), profiled)
ask("profile.rma", "correlation", profile(free_arms, rho = 1, xlim = c(0.90, 0.98), steps = 5, progbar = FALSE, plot = FALSE), profiled)
finish("help_pages_multilevel", sets[c("bcg", "arms", "colditz", "konst", "assink", "berkey", "craft")], "components: Newton steps on metafor's log-likelihood")

# --- cluster-robust tests ------------------------------------------------------------------------------------------
begin()
bangert_fit <- rma(yi, vi, data = bangert)
bangert_length <- rma(yi, vi, mods = ~ length, data = bangert)
for (club in c(FALSE, TRUE)) {
  ending <- if (club) "clubSandwich" else "plain"
  ask("robust", paste("one mean,", ending), robust(bangert_fit, cluster = bangert$id, clubSandwich = club), sandwich)
  ask("robust", paste("length,", ending), robust(bangert_length, cluster = bangert$id, clubSandwich = club), sandwich)
  ask("robust", paste("district/school,", ending), robust(nested, cluster = konst$district, clubSandwich = club), sandwich)
  ask("robust", paste("two outcomes,", ending), robust(outcomes, cluster = berkey$trial, clubSandwich = club), sandwich)
}
ask("anova.rma", "study/esid, clubSandwich", robust(delinquency, cluster = assink$study, clubSandwich = TRUE), sandwich)
ask("anova.rma", "deltype, clubSandwich", robust(types, cluster = assink$study, clubSandwich = TRUE), sandwich)
finish("help_pages_robust", sets[c("konst", "assink", "berkey", "bangert")], "components: Newton steps on metafor's log-likelihood")

# --- covariances and aggregation -------------------------------------------------------------------------------------
begin()
whole <- function(V) list(matrix = vec(V))
aggregated <- function(f) list(yi = vec(f$yi), vi = vec(f$vi))
ask("vcalc", "one correlation", vcalc(vi, cluster = study, obs = esid, data = assink, rho = 0.6), whole)
ask("vcalc", "two correlations", vcalc(vi, cluster = study, type = deltype, obs = esid, data = assink, rho = c(0.7, 0.5)), whole)
ask("vcalc", "autocorrelation", vcalc(vi, cluster = study, time1 = time, phi = 0.97, data = ishak), whole)
ask("vcalc", "types", vcalc(vi, cluster = study, type = outcome, data = kalaian, rho = 0.66), whole)
ask("vcalc", "covariances given", vcalc(vi = 1, cluster = author, rvars = c(v1i, v2i), data = berkey), whole)
ask("vcalc", "types of Berkey", vcalc(vi = vi, cluster = trial, type = outcome, data = berkey, rho = 0.4), whole)
ask("vcalc", "shared groups and a matrix", vcalc(vi, cluster = study, grp1 = group1, grp2 = group2, w1 = n_sz, w2 = n_hc, obs = task.diff, rho = R, data = knapp), whole)
escaled <- escalc(yi = yi, vi = vi, data = assink)
ask("aggregate.escalc", "independent", aggregate(konst, cluster = district, struct = "ID", addk = TRUE), function(f) c(aggregated(f), list(count = vec(f$ki))))
ask("aggregate.escalc", "rho", aggregate(escaled, cluster = study, rho = 0.6), aggregated)
ask("aggregate.escalc", "V", aggregate(escaled, cluster = study, V = vcalc(vi, cluster = study, obs = esid, data = assink, rho = 0.6)), aggregated)
ask("aggregate.escalc", "V of two correlations", aggregate(escaled, cluster = study, V = vcalc(vi, cluster = study, type = deltype, obs = esid, data = assink, rho = c(0.7, 0.5))), aggregated)
ask("aggregate.escalc", "autocorrelation", aggregate(escalc(yi = yi, vi = vi, data = ishak), cluster = study, struct = "CAR", time = time, phi = 0.9), aggregated)
finish("help_pages_covariances", sets[c("konst", "assink", "berkey", "kalaian", "ishak", "knapp")], "closed forms")

# --- selection models --------------------------------------------------------------------------------------------------
begin()
sel_tight <- list(optimizer = "nlminb", iter.max = 1000, eval.max = 1000, intCtrl = list(rel.tol = 1e-7, subdivisions = 1000))
selmodel <- tightened("selmodel", sel_tight)
selected <- function(f) {
  bound <- f$tau2 < 1e-9                        # selmodel ends a hair above 0 and gives a standard error there
  c(list(coefficients = vec(f$beta), coefficient_se = vec(f$se), tau2 = if (bound) 0 else num(f$tau2), delta = vec(f$delta), delta_se = vec(f$se.delta),
      selection_statistic = num(f$LRT), selection_df = num(f$LRTdf), selection_p_value = num(f$LRTp), log_likelihood = as.numeric(logLik(f)), k = f$k),
    if (f$method != "EE") list(tau2_se = if (bound) NA else num(f$se.tau2)))
}
baskerville <- dat.baskerville2012
hahn <- escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hahn2001, drop00 = TRUE)
cohen <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.cohen1981)
sets <- list(baskerville = raw(baskerville, "smd", "se", "blind"), hahn = raw(dat.hahn2001, "ai", "n1i", "ci", "n2i"), hackshaw = raw(dat.hackshaw1998, "yi", "vi"),
             cohen = raw(dat.cohen1981, "ri", "ni"))
fit <- rma(smd, se^2, data = baskerville, method = "ML")
blind <- rma(smd, se^2, data = baskerville, mods = ~ blind, method = "ML")
ask("selmodel", "beta", selmodel(fit, type = "beta"), selected)
beta_blind <- selmodel(blind, type = "beta")
ask("selmodel", "beta beside blind", beta_blind, selected)
ask("selmodel", "beta beside blind, predicted", predict(beta_blind, newmods = c(0, 1)), predicted)
fit <- rma(yi, vi, data = hahn, method = "EE")
for (type in c("halfnorm", "negexp", "logistic", "power")) {
  one <- selmodel(fit, type = type, alternative = "less")
  ask("selmodel", type, one, selected)
  ask("selmodel", paste(type, "predicted"), predict(one, transf = exp), predicted)
  ask("selmodel", paste(type, "by standard error"), selmodel(fit, type = type, prec = "sei", alternative = "less", scaleprec = FALSE), selected)
}
fit <- rma(yi, vi, data = dat.hackshaw1998, method = "ML")
ask("selmodel", "steps", selmodel(fit, type = "stepfun", alternative = "greater", steps = c(.025, .10, .50, 1)), selected)
ask("plot.rma.uni.selmodel", "steps", selmodel(fit, type = "stepfun", steps = c(0.05, 0.10, 0.50, 1.00)), selected)
ask("plot.rma.uni.selmodel", "negexp", selmodel(fit, type = "negexp"), selected)
fit <- rma(yi, vi, data = cohen, method = "ML")
steps <- c(0.005, 0.01, 0.05, 0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90, 0.95, 0.99, 0.995, 1)
given <- data.frame(
  mod.1 = c(1, 0.99, 0.95, 0.80, 0.75, 0.65, 0.60, 0.55, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50),
  sev.1 = c(1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.40, 0.35, 0.30, 0.25, 0.10, 0.10, 0.10, 0.10),
  mod.2 = c(1, 0.99, 0.95, 0.90, 0.80, 0.75, 0.60, 0.60, 0.75, 0.80, 0.90, 0.95, 0.99, 1.00),
  sev.2 = c(1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.25, 0.25, 0.50, 0.60, 0.75, 0.90, 0.99, 1.00))
for (name in names(given)) ask("selmodel", paste("Vevea & Woods,", name), selmodel(fit, type = "stepfun", steps = steps, delta = given[[name]]), selected)
finish("help_pages_selection", c(sets, list(steps = list(at = steps), given = lapply(given, vec))), "nlminb, integrals to 1e-7")
