# The number that each call of docs/how-to/coming-from-r.md gives in R, on the BCG trials.
# Run from the repository's root: Rscript validation/golden/calls.R
source("validation/golden/record.R")
dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
yi <- c(dat$yi); vi <- dat$vi; ablat <- dat$ablat; year <- dat$year
grp <- c(1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5); trial <- 1:13
dat$grp <- grp; dat$trial <- trial
fit <- rma(yi, vi, data = dat, control = tight)
reg <- rma(yi, vi, mods = ~ ablat, data = dat, control = tight)
calls <- c(
  'escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)$yi[1]',
  'escalc("RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)$vi[1]',
  'escalc("PLO", xi = 3, ni = 20)$yi[1]',
  'escalc("SMD", m1i = 12, sd1i = 4, n1i = 20, m2i = 10, sd2i = 5, n2i = 22)$vi[1]',
  'escalc("ROM", m1i = 12, sd1i = 4, n1i = 20, m2i = 10, sd2i = 5, n2i = 22)$vi[1]',
  'escalc("ZCOR", ri = 0.4, ni = 30)$yi[1]',
  'escalc("SMCR", m1i = 12, m2i = 10, sd1i = 4, ni = 20, ri = 0.6)$vi[1]',
  'summary(escalc("OR", ai = 4, n1i = 123, ci = 11, n2i = 139))$ci.ub',
  'rma(yi, vi)$b[1]', 'rma(yi, vi)$tau2', 'rma(yi, vi)$se.tau2', 'rma(yi, vi)$I2', 'rma(yi, vi)$H2', 'rma(yi, vi)$QE',
  'rma(yi, vi, test = "knha")$ci.ub', 'rma(yi, vi, test = "adhoc")$se', 'rma(yi, vi, test = "t")$pval',
  'rma(yi, vi, method = "DL")$b[1]', 'rma(yi, vi, method = "PM")$tau2', 'rma(yi, vi, method = "ML")$tau2',
  'rma(yi, vi, method = "EE")$b[1]', 'rma(yi, vi, method = "SJ")$tau2', 'rma(yi, vi, tau2 = 0.1)$se',
  'rma(yi, vi, weighted = FALSE)$b[1]',
  'predict(fit)$pi.lb', 'predict(fit, transf = exp)$pred', 'confint(fit, control = list(tol = 1e-12))$random[1, 3]', 'weights(fit)[[1]]',
  'fitstats(fit)["AIC:", "REML"]', 'logLik(fit)[1]', 'hc(fit, control = list(tol = 1e-12))$ci.lb', 'blup(fit)$pred[1]',
  'coef(reg)[[2]]', 'reg$QM', 'reg$R2', 'rma(yi, vi, mods = ~ ablat, test = "knha")$pval[2]',
  'predict(reg, newmods = 30)$pred', 'vif(rma(yi, vi, mods = ~ ablat + year))$vifs[[1]]',
  'anova(rma(yi, vi, mods = ~ ablat, method = "ML"), rma(yi, vi, method = "ML"))$LRT',
  'anova(reg, X = c(0, 10))$zval', 'rma(yi, vi, scale = ~ ablat)$alpha[2]',
  'permutest(rma(yi[1:6], vi[1:6], mods = ablat[1:6]), exact = TRUE)$pval[2]',
  'leave1out(fit)$estimate[1]', 'cumul(fit, order = year)$estimate[5]', 'influence(fit)$inf$cook.d[1]',
  'rstudent(fit)$z[1]', 'rstandard(fit)$z[1]', 'hatvalues(fit)[[1]]', 'dfbetas(fit)[[1]][1]',
  'regtest(fit)$zval', 'regtest(fit, model = "lm")$zval', 'ranktest(fit)$pval',
  'trimfill(fit, estimator = "L0")$k0', 'trimfill(fit)$b[1]',
  'fsn(yi, vi)$fsnum', 'tes(yi, vi)$E', 'selmodel(rma(yi, vi, method = "ML"), type = "stepfun", alternative = "less", steps = 0.025)$b[1]',
  'rma.mh(tpos, tneg, cpos, cneg, data = dat.bcg, measure = "OR")$b[1]',
  'rma.mh(tpos, tneg, cpos, cneg, data = dat.bcg, measure = "RR")$se',
  'rma.mh(tpos, tneg, cpos, cneg, data = dat.bcg, measure = "RD")$b[1]',
  'rma.mh(x1i = c(4, 6), t1i = c(40, 60), x2i = c(7, 9), t2i = c(42, 61), measure = "IRR")$b[1]',
  'rma.mh(tpos, tneg, cpos, cneg, data = dat.bcg, measure = "OR")$TA', 'rma.peto(tpos, tneg, cpos, cneg, data = dat.bcg)$b[1]',
  'rma.glmm(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg, model = "UM.FS")$b[1]',
  'rma.mv(yi, vi, random = ~ 1 | grp/trial, data = dat)$b[1]', 'rma.mv(yi, vi, random = ~ 1 | grp/trial, data = dat)$sigma2[2]',
  'robust(rma.mv(yi, vi, random = ~ 1 | grp/trial, data = dat), cluster = grp, clubSandwich = TRUE)$se[1]',
  'vcalc(vi, cluster = grp, obs = trial, rho = 0.6, data = dat)[1, 2]',
  'aggregate(dat, cluster = grp, struct = "CS", rho = 0.6)$yi[1]',
  'transf.ilogit(-1.5)', 'transf.ztor(0.3)', 'transf.ipft.hm(0.4, targs = list(ni = c(10, 20)))')
# a tight control goes to every fit of rma that brings none, so that the number is not R's stopping rule
tightly <- function(..., control = list(threshold = 1e-12, maxiter = 10000, tol = 1e-12), scale)
  if (missing(scale)) metafor::rma(..., control = control) else metafor::rma(..., scale = scale)
value <- function(call) quiet(as.numeric(eval(parse(text = call), list(rma = tightly)))[1])
cases <- lapply(calls, function(call) list(call = call, value = value(call)))
write(toJSON(list(source = list(r = R.version.string, metafor = as.character(packageVersion("metafor")),
                                script = "validation/golden/calls.R"), cases = cases), auto_unbox = TRUE, digits = NA, pretty = 1),
      "tests/golden/coming_from_r.json")
