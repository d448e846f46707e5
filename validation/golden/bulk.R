# Golden values of many fits at once: groups of several data sets of metadat, each leave-one-out and cumulative fit,
# and all subsets (GOSH). Run from the repository's root: Rscript validation/golden/bulk.R
source("validation/golden/record.R")
save <- recorder("validation/golden/bulk.R")

two_arm <- function(d, m) quiet(escalc(m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d))
keep <- function(e) { e <- data.frame(yi = as.numeric(e$yi), vi = as.numeric(e$vi)); e[is.finite(e$yi) & is.finite(e$vi) & e$vi > 0, ] }
bcg <- quiet(escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg))
groups <- list(bcg = keep(bcg), nielweise = keep(two_arm(dat.nielweise2007, "OR")), li = keep(two_arm(dat.li2007, "OR")),
               hine = keep(two_arm(dat.hine1989, "RD")), molloy = keep(escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014)),
               normand = keep(escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)),
               two = keep(bcg)[4:5, ], equal = data.frame(yi = c(0.2, 0.2, 0.2), vi = c(0.1, 0.2, 0.3)))
stacked <- do.call(rbind, groups)
columns_of <- list(yi = vec(stacked$yi), vi = vec(stacked$vi), group = I(rep(names(groups), sapply(groups, nrow))))

fit <- function(d, method, ci) {
  control <- if (method %in% c("PM", "PMM")) tight_root else tight
  if (method %in% c("DL", "HE", "HS", "HSk", "SJ", "EE")) control <- list()
  # Fisher scoring with shorter steps where it does not converge with whole ones
  tryCatch(quiet(rma(yi, vi, data = d, method = method, test = ci, control = control)),
           error = function(e) quiet(rma(yi, vi, data = d, method = method, test = ci, control = c(control, stepadj = 0.2))))
}
tests <- c("normal" = "z", "t" = "t", "hartung-knapp" = "knha", "hartung-knapp-truncated" = "adhoc")
row <- function(r) list(estimate = as.numeric(r$beta), se = r$se, ci_low = r$ci.lb, ci_high = r$ci.ub, statistic = r$zval,
                        p_value = r$pval, tau2 = r$tau2, i2 = r$I2, q = r$QE, k = r$k)
quantities <- c("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "tau2", "i2", "q", "k")
together <- function(rows) setNames(lapply(quantities, function(q) vec(sapply(rows, function(r) num(r[[q]])))), quantities)

cases <- list()
for (method in c("REML", "ML", "PM", "EB", "DL", "HE", "HS", "HSk", "SJ", "EE")) for (ci in names(tests)) {
  rows <- lapply(groups, function(d) row(fit(d, method, tests[[ci]])))
  cases[[length(cases) + 1]] <- c(list(tau2_method = method, ci = ci), together(rows))
}
save("bulk_groups", "rma(yi, vi, method, test) for each group in turn; EE is model='common'", cases, data = list(all = columns_of),
     note = "EB by Fisher scoring stops at an absolute 1e-12 on tau²")

cases <- list()
for (set in c("bcg", "nielweise", "hine")) for (method in c("REML", "DL", "EE")) {
  d <- groups[[set]]
  without <- together(lapply(seq_len(nrow(d)), function(i) row(fit(d[-i, ], method, "knha"))))
  up <- together(lapply(seq_len(nrow(d)), function(i) row(fit(d[seq_len(i), ], method, if (i == 1) "z" else "knha"))))
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, kind = "leave-one-out"), without)
  cases[[length(cases) + 1]] <- c(list(set = set, tau2_method = method, kind = "cumulative"), up)
}
save("bulk_by_study", "rma(yi, vi, method, test='knha') without each study, and of the first i studies", cases, data = columns(groups))

cases <- list()
for (method in c("REML", "DL", "EE")) {
  d <- groups$bcg[1:8, ]
  g <- quiet(gosh(fit(d, method, "z"), progbar = FALSE))
  cases[[length(cases) + 1]] <- list(set = "bcg8", tau2_method = method, k = vec(g$res$k), estimate = vec(g$res$estimate), q = vec(g$res$QE),
                                     i2 = vec(g$res$I2), h2 = vec(g$res$H2), tau2 = vec(g$res$tau2),
                                     member = vec(as.numeric(g$incl %*% 2^(0:7))))
}
save("bulk_gosh", "gosh(rma(yi, vi, method)): all subsets, those of one study included, ordered by their size", cases,
     data = columns(list(bcg8 = groups$bcg[1:8, ])))

cases <- list()
eight <- data.frame(yi = as.numeric(groups$bcg$yi), vi = as.numeric(groups$bcg$vi), ablat = dat.bcg$ablat, alloc = dat.bcg$alloc)[c(1:4, 6, 7, 10, 12), ]
for (method in c("REML", "ML", "PM", "DL", "HE", "SJ", "EE")) for (mods in list(c("ablat"), c("ablat", "alloc"))) {
  control <- if (method %in% c("REML", "ML")) tight else if (method == "PM") tight_root else list()
  g <- quiet(gosh(rma(yi, vi, mods = reformulate(mods), data = eight, method = method, control = control), progbar = FALSE))
  if (method %in% c("REML", "ML")) for (i in which(g$fit)) {   # scoring stops at 0 below a higher maximum: another start
    f <- lapply(c(0, 0.5), function(t) quiet(rma(yi, vi, mods = reformulate(mods), data = eight[as.logical(g$incl[i, ]), ], method = method, control = c(control, list(tau2.init = t)))))
    f <- f[[which.max(sapply(f, logLik))]]
    g$res[i, ] <- c(g$res$k[i], f$QE, f$I2, f$H2, f$tau2, coef(f))
  }
  cases[[length(cases) + 1]] <- list(mods = I(mods), tau2_method = method, member = vec(as.numeric(g$incl %*% 2^(0:7))), k = vec(g$res$k), q = vec(g$res$QE),
    i2 = vec(g$res$I2), h2 = vec(g$res$H2), tau2 = vec(g$res$tau2), coefficients = lapply(unname(as.list(g$res[-(1:5)])), vec))
}
save("bulk_gosh_regression", "gosh(rma(yi, vi, mods, method)): all subsets, ordered by their size; NA where metafor drops a coefficient", cases, "REML and ML: the higher of two starts, 0 and 0.5",
     data = list(eight = list(yi = vec(eight$yi), vi = vec(eight$vi), ablat = vec(eight$ablat), alloc = I(as.character(eight$alloc)))))
