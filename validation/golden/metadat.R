# Golden values of analyses of metadat's sets that no other script of this folder has: contrasts, robust contrasts and robust
# predictions of multilevel models, and whole sets of counts, means, proportions and effects from the raw data on.
# Run from the repository's root: Rscript validation/golden/metadat.R
source("validation/golden/record.R")
suppressMessages(library(clubSandwich))
save <- recorder("validation/golden/metadat.R", "clubSandwich")
rows_of <- function(m) I(unname(lapply(seq_len(nrow(m)), function(i) I(as.numeric(m[i, ])))))
words <- function(x) I(as.character(x))

# --- multilevel models with components given, so that R's optimisers play no part --------------------------------------
kalaian <- dat.kalaian1996[stats::complete.cases(dat.kalaian1996$hrs), ]
kalaian$loghrs <- log(kalaian$hrs) - mean(log(kalaian$hrs))
kalaian$verbal <- as.numeric(kalaian$outcome == "verbal"); kalaian$math <- 1 - kalaian$verbal
tanner <- dat.tannersmith2016; tanner$esid <- seq_len(nrow(tanner))
tanner$aget1 <- ave(tanner$aget1, tanner$studyid); tanner$aget2 <- ave(tanner$aget2, tanner$studyid)
knapp <- dat.knapp2017[!is.na(dat.knapp2017$difficulty), ]
dagostino <- escalc("SMD", m1i = mt, sd1i = sdt, n1i = nt, m2i = mc, sd2i = sdc, n2i = nc, data = dat.dagostino1998)
dagostino <- dagostino[dagostino$outcome %in% c("rnic1", "rnic2") & !is.na(dagostino$yi), ]
dagostino$first <- as.numeric(dagostino$outcome == "rnic1"); dagostino$second <- 1 - dagostino$first

MODELS <- list(
  kalaian1996 = list(data = kalaian, V = vcalc(vi, cluster = study, type = outcome, rho = 0.66, data = kalaian), mods = c("verbal", "math"), intercept = FALSE, random = "~ outcome | study", struct = "UN",
                     given = list(tau2 = c(0.01, 0.006), rho = -0.3), cluster = "study", X = rbind(c(1, -1)), new = NULL, columns = c("outcome", "study")),
  kalaian1996_hours = list(data = kalaian, V = vcalc(vi, cluster = study, type = outcome, rho = 0.66, data = kalaian), mods = c("loghrs", "ets"), intercept = TRUE, random = "~ outcome | study", struct = "CS",
                           given = list(tau2 = 0.01, rho = 0.4), cluster = "study", X = rbind(c(1, 1, 0), c(0, 1, -1)), new = rbind(c(-1, 0), c(0.5, 1)), columns = c("outcome", "study")),
  tannersmith2016 = list(data = tanner, V = vcalc(vi, cluster = studyid, obs = esid, rho = 0.8, data = tanner), mods = c("aget1", "aget2"), intercept = TRUE, random = "~ 1 | studyid/esid", struct = "CS",
                         given = list(sigma2 = c(0.008, 0.002)), cluster = "studyid", X = rbind(c(0, 1, -1), c(1, 13, 16)), new = rbind(c(13, 16), c(16, 18)), columns = c("studyid", "esid")),
  knapp2017 = list(data = knapp, V = diag(knapp$vi), mods = "difficulty", intercept = TRUE, random = "~ 1 | study/comp", struct = "CS",
                   given = list(sigma2 = c(0.03, 0.02)), cluster = "study", X = rbind(c(1, 3), c(1, 5)), new = cbind(c(2, 3.5, 5)), columns = c("study", "comp")),
  dagostino1998 = list(data = dagostino, V = vcalc(vi, cluster = study, obs = outcome, rho = 0.7, data = dagostino), mods = c("first", "second"), intercept = FALSE, random = NULL, struct = "CS",
                       given = list(), cluster = "study", X = rbind(c(1, -1)), new = NULL, columns = character()))
tests <- list(list(test = "z", dfs = "residual"), list(test = "t", dfs = "residual"), list(test = "t", dfs = "contain"))
blocks_of <- function(V, cluster) lapply(split(seq_along(cluster), factor(cluster, unique(cluster))), function(r) rows_of(V[r, r, drop = FALSE]))
cases <- list()
for (name in names(MODELS)) for (how in tests) {
  m <- MODELS[[name]]; d <- m$data
  if (is.null(m$random) && how$dfs == "contain") next
  X <- as.matrix(d[m$mods])
  arguments <- c(list(yi = d$yi, V = m$V, mods = X, intercept = m$intercept, struct = m$struct, test = how$test, dfs = how$dfs, data = d), m$given)
  if (!is.null(m$random)) arguments$random <- as.formula(m$random)
  f <- quiet(do.call(rma.mv, arguments))
  a <- anova(f, X = m$X)
  case <- c(list(set = name, random = m$random, struct = m$struct, mods = I(m$mods), intercept = m$intercept, given = lapply(m$given, vec), cluster = m$cluster, X = rows_of(m$X), new = if (!is.null(m$new)) rows_of(m$new)), how,
            list(contrast = list(estimate = vec(a$Xb), se = vec(a$se), statistic = vec(a$zval), p_value = vec(a$pval), joint = num(a$QM), joint_p_value = num(a$QMp))))
  if (how$test == "z") {
    lc <- linear_contrast(f, vcov = "CR2", cluster = d[[m$cluster]], contrasts = m$X)
    w <- Wald_test(f, constraints = m$X, vcov = "CR2", cluster = d[[m$cluster]], test = "HTZ")
    case$robust_contrast <- list(estimate = vec(lc$Est), se = vec(lc$SE), df = vec(lc$df), ci_low = vec(lc$CI_L), ci_high = vec(lc$CI_U), joint = num(w$Fstat), joint_df = num(w$df_denom), joint_p_value = num(w$p_val))
    if (!is.null(m$new)) for (club in c(TRUE, FALSE)) {
      r <- robust(f, cluster = d[[m$cluster]], clubSandwich = club)
      p <- predict(r, newmods = m$new)
      case[[if (club) "robust_prediction" else "robust_prediction_metafor"]] <- list(estimate = vec(p$pred), se = vec(p$se), ci_low = vec(p$ci.lb), ci_high = vec(p$ci.ub), prediction_low = vec(p$pi.lb), prediction_high = vec(p$pi.ub))
    }
  }
  cases[[length(cases) + 1]] <- case
}
save("metadat_contrasts", "anova(rma.mv(components given), X), linear_contrast, Wald_test(vcov='CR2'), predict(robust(fit, clubSandwich))", cases, data = lapply(MODELS, function(m) {
  d <- m$data; own <- unique(c(m$columns, m$cluster))
  c(list(yi = vec(d$yi), V = unname(blocks_of(m$V, d[[m$cluster]]))), setNames(lapply(own, function(n) words(d[[n]])), own), setNames(lapply(m$mods, function(n) vec(d[[n]])), m$mods))
}))

# --- whole sets from raw data: effect sizes, fits, limits ---------------------------------------------------------------------
yusuf <- dat.yusuf1985[dat.yusuf1985$table == "6" & !is.na(dat.yusuf1985$ai), ]
heard <- dat.hartmannboyce2018[dat.hartmannboyce2018$treatment == "patch", ]
SETS <- list(
  yusuf1985 = list("OR", list(ai = yusuf$ai, n1i = yusuf$n1i, ci = yusuf$ci, n2i = yusuf$n2i)),
  graves2010 = list("RD", list(ai = dat.graves2010$ai, n1i = dat.graves2010$n1i, ci = dat.graves2010$ci, n2i = dat.graves2010$n2i)),
  hartmannboyce2018 = list("RR", list(ai = heard$x.nrt, n1i = heard$n.nrt, ci = heard$x.ctrl, n2i = heard$n.ctrl)),
  lehmann2018 = list("SMD", list(m1i = dat.lehmann2018$Red_M, sd1i = dat.lehmann2018$Red_SD, n1i = dat.lehmann2018$Red_N, m2i = dat.lehmann2018$Control_M, sd2i = dat.lehmann2018$Control_SD, n2i = dat.lehmann2018$Control_N)),
  hannum2020 = list("PLO", list(xi = dat.hannum2020$xi, ni = dat.hannum2020$ni)),
  maire2019 = list("", list(yi = dat.maire2019$dat$s1, vi = dat.maire2019$dat$vars1)),
  linde2016 = list("", list(yi = dat.linde2016$lnOR, vi = dat.linde2016$selnOR^2)))
cases <- list()
for (name in names(SETS)) {
  measure <- SETS[[name]][[1]]; d <- SETS[[name]][[2]]
  e <- if (measure == "") as.data.frame(d) else quiet(as.data.frame(do.call(escalc, c(list(measure = measure), d))))
  kept <- is.finite(e$yi) & is.finite(e$vi) & e$vi > 0
  case <- list(set = name, measure = measure, yi = vec(e$yi[kept]), vi = vec(e$vi[kept]))
  size <- mean(e$vi[kept])                                 # metafor's threshold is absolute
  for (one in list(c("REML", "knha"), c("DL", "z"), c("PM", "adhoc"), c("EE", "z"))) {
    control <- switch(one[1], REML = list(threshold = 1e-12 * size, maxiter = 10000), PM = list(tol = 1e-14, maxiter = 100000, tau2.max = 1e6), list())
    f <- rma(e$yi[kept], e$vi[kept], method = one[1], test = one[2], control = control)
    # scoring ends a little above a boundary that the likelihood puts at 0
    if (f$tau2 > 0 && f$tau2 < 1e-8 * size) f <- rma(e$yi[kept], e$vi[kept], method = one[1], test = one[2], tau2 = 0)
    p <- predict(f)
    case[[one[1]]] <- list(estimate = num(f$beta), se = num(f$se), ci_low = num(f$ci.lb), ci_high = num(f$ci.ub), p_value = num(f$pval), tau2 = num(f$tau2), i2 = num(f$I2), q = num(f$QE),
                           prediction_low = num(p$pi.lb), prediction_high = num(p$pi.ub))
  }
  if (measure %in% c("OR", "RR", "RD")) {
    m <- quiet(do.call(rma.mh, c(list(measure = measure), d)))
    case$mantel_haenszel <- list(estimate = num(m$beta), se = num(m$se), p_value = num(m$pval), q = num(m$QE))
    if (measure == "OR") { o <- quiet(do.call(rma.peto, d)); case$peto <- list(estimate = num(o$beta), se = num(o$se), p_value = num(o$pval), q = num(o$QE)) }
  }
  cases[[length(cases) + 1]] <- case
}
save("metadat_sets", "escalc(measure, ...), rma(yi, vi, method, test, control=tight), predict, rma.mh, rma.peto", cases, data = lapply(SETS, function(s) lapply(s[[2]], vec)))
