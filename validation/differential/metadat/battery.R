# A fixed battery of analyses on every set of metadat that has counts, rates, means, correlations, proportions or effects.
#   Rscript validation/differential/metadat/battery.R records.json [COUNTS RATES ... or names of sets]
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "recorder.R"))
asked <- commandArgs(trailingOnly = TRUE)
state$part <- "battery"; state$written <- 0
stopped <- list()
# answers so far, and where R stopped: a run that is broken off leaves what it has
written <- function() { state$written <- length(records); write_records(asked[1]); write(toJSON(stopped, auto_unbox = TRUE), paste0(asked[1], ".stopped")) }
attempt <- function(expr) {
  asked <- substr(paste(deparse(substitute(expr)), collapse = " "), 1, 160)
  tryCatch(quiet(expr), error = function(e) {
    stopped[[length(stopped) + 1L]] <<- list(set = state$set, part = state$part, call = asked, error = substr(conditionMessage(e), 1, 200))
    NULL
  })
}
complete <- function(d, names) d[stats::complete.cases(d[names]), , drop = FALSE]

#: Rows of a set that are used.
LARGEST <- 60
# --- the sets: raw data under metafor's names; further columns may be moderators ---
two_by_two <- function(d, ai, n1i, ci, n2i, ...) { r <- data.frame(ai = d[[ai]], n1i = d[[n1i]], ci = d[[ci]], n2i = d[[n2i]]); for (one in c(...)) r[[one]] <- d[[one]]; complete(r, 1:4) }
cells_of <- function(d, a, b, c, e, ...) { d$.n1 <- d[[a]] + d[[b]]; d$.n2 <- d[[c]] + d[[e]]; two_by_two(d, a, ".n1", c, ".n2", ...) }
COUNTS <- list(
  dat.bcg = cells_of(dat.bcg, "tpos", "tneg", "cpos", "cneg", "ablat", "year", "alloc"),
  dat.anand1999 = two_by_two(dat.anand1999, "ai", "n1i", "ci", "n2i", "year", "intensity"),
  dat.axfors2021 = two_by_two(dat.axfors2021, "hcq_arm_event", "hcq_arm_total", "control_arm_event", "control_arm_total", "hcq_cq", "Published"),
  dat.bornmann2007 = two_by_two(dat.bornmann2007, "waward", "wtotal", "maward", "mtotal", "year", "type"),
  dat.bourassa1996 = cells_of(dat.bourassa1996[dat.bourassa1996$sex == "combined", ], "lh.le", "lh.re", "rh.le", "rh.re", "year", "hand_assess"),
  dat.cannon2006 = two_by_two(dat.cannon2006, "ep1t", "nt", "ep1c", "nc"),
  dat.collins1985a = two_by_two(dat.collins1985a, "b.xti", "nti", "b.xci", "nci", "year"),
  dat.collins1985b = two_by_two(dat.collins1985b, "pre.xti", "pre.nti", "pre.xci", "pre.nci", "year"),
  dat.damico2009 = two_by_two(dat.damico2009, "xt", "nt", "xc", "nc", "year", "conceal", "blind"),
  dat.dorn2007 = two_by_two(dat.dorn2007, "x.a", "n.a", "x.p", "n.p", "year", "days", "jadad"),
  dat.egger2001 = two_by_two(dat.egger2001, "ai", "n1i", "ci", "n2i", "year"),
  dat.fine1993 = two_by_two(dat.fine1993, "e2i", "nei", "c2i", "nci"),
  dat.frank2008 = cells_of(dat.frank2008, "bc.ins.del", "bc.ins.ins", "ct.ins.del", "ct.ins.ins"),
  dat.gibson2002 = cells_of(dat.gibson2002, "ai", "bi", "ci", "di", "year"),
  dat.graves2010 = two_by_two(dat.graves2010, "ai", "n1i", "ci", "n2i"),
  dat.hahn2001 = two_by_two(dat.hahn2001, "ai", "n1i", "ci", "n2i"),
  dat.hart1999 = two_by_two(dat.hart1999, "x1i", "n1i", "x2i", "n2i"),
  dat.hartmannboyce2018 = two_by_two(dat.hartmannboyce2018, "x.nrt", "n.nrt", "x.ctrl", "n.ctrl", "treatment"),
  dat.hine1989 = two_by_two(dat.hine1989, "ai", "n1i", "ci", "n2i"),
  dat.landenberger2005 = cells_of(dat.landenberger2005, "n.cbt.non", "n.cbt.rec", "n.ctrl.non", "n.ctrl.rec", "sessions", "interval", "design"),
  dat.laopaiboon2015 = two_by_two(dat.laopaiboon2015, "ai", "n1i", "ci", "n2i", "year", "age"),
  dat.lau1992 = two_by_two(dat.lau1992, "ai", "n1i", "ci", "n2i", "year"),
  dat.lee2004 = two_by_two(dat.lee2004, "ai", "n1i", "ci", "n2i", "year"),
  dat.li2007 = two_by_two(dat.li2007, "ai", "n1i", "ci", "n2i", "year"),
  dat.linde2005 = two_by_two(dat.linde2005, "ai", "n1i", "ci", "n2i", "duration", "major", "group"),
  dat.nielweise2007 = two_by_two(dat.nielweise2007, "ai", "n1i", "ci", "n2i", "year"),
  dat.vanhowe1999 = cells_of(dat.vanhowe1999, "non.pos", "non.neg", "cir.pos", "cir.neg", "category"),
  dat.viechtbauer2021 = two_by_two(dat.viechtbauer2021, "xTi", "nTi", "xCi", "nCi", "dose"))
for (one in c("6", "9", "10", "11", "12a", "12b")) COUNTS[[paste("dat.yusuf1985 table", one)]] <- two_by_two(dat.yusuf1985[dat.yusuf1985$table == one, ], "ai", "n1i", "ci", "n2i")
for (one in c("o", "d")) COUNTS[[paste("dat.collins1985a outcome", one)]] <- two_by_two(dat.collins1985a, paste0(one, ".xti"), "nti", paste0(one, ".xci"), "nci")
for (one in c("ped", "stb", "ned")) COUNTS[[paste("dat.collins1985b outcome", one)]] <- two_by_two(dat.collins1985b, paste0(one, ".xti"), "fup.nti", paste0(one, ".xci"), "fup.nci")
for (one in 2:6) COUNTS[[paste("dat.cannon2006 endpoint", one)]] <- two_by_two(dat.cannon2006, paste0("ep", one, "t"), "nt", paste0("ep", one, "c"), "nc")

RATES <- list(dat.hart1999 = dat.hart1999[c("x1i", "t1i", "x2i", "t2i")], dat.nielweise2008 = dat.nielweise2008[c("x1i", "t1i", "x2i", "t2i")])

groups <- function(d, m1, sd1, n1, m2, sd2, n2, ...) { r <- data.frame(m1i = d[[m1]], sd1i = d[[sd1]], n1i = d[[n1]], m2i = d[[m2]], sd2i = d[[sd2]], n2i = d[[n2]]); for (one in c(...)) r[[one]] <- d[[one]]; r <- complete(r, 1:6); r[r$sd1i > 0 & r$sd2i > 0 & r$n1i > 2 & r$n2i > 2, ] }
rnic <- dat.dagostino1998[dat.dagostino1998$outcome == "rnic1", ]
besson <- dat.besson2016; besson$sd1 <- besson$exp_se * sqrt(besson$exp_n); besson$sd2 <- besson$con_se * sqrt(besson$con_n)
MEANS <- list(
  dat.normand1999 = groups(dat.normand1999, "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),
  dat.curtis1998 = groups(dat.curtis1998, "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i", "time", "fungrp", "method"),
  dat.dagostino1998 = groups(rnic, "mt", "sdt", "nt", "mc", "sdc", "nc"),
  dat.besson2016 = groups(besson[1:150, ], "exp_mean", "sd1", "exp_n", "con_mean", "sd2", "con_n", "response_age_dPP", "sex"),
  dat.franchini2012 = groups(dat.franchini2012, "y1", "sd1", "n1", "y2", "sd2", "n2"),
  dat.gibson2002 = groups(dat.gibson2002, "m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i", "year"),
  dat.stowe2010 = groups(dat.stowe2010, "y1", "sd1", "n1", "y2", "sd2", "n2"),
  dat.michael2013 = groups(dat.michael2013, "Brain_m", "Brain_s", "Brain_n", "No_brain_m", "No_brain_s", "No_brain_n", "Included_Critique", "Medium"),
  dat.lehmann2018 = groups(dat.lehmann2018, "Red_M", "Red_SD", "Red_N", "Control_M", "Control_SD", "Control_N", "Year", "Gender"))

pairs_of <- function(d, r, n, ...) { found <- data.frame(ri = d[[r]], ni = d[[n]]); for (one in c(...)) found[[one]] <- d[[one]]; complete(found, 1:2) }
CORRELATIONS <- list(
  dat.cohen1981 = pairs_of(dat.cohen1981, "ri", "ni"), dat.molloy2014 = pairs_of(dat.molloy2014, "ri", "ni", "meanage", "year", "quality", "design"),
  "dat.crede2010 grade" = pairs_of(dat.crede2010[dat.crede2010$criterion == "grade", ], "ri", "ni", "year", "source"),
  "dat.crede2010 gpa" = pairs_of(dat.crede2010[dat.crede2010$criterion == "gpa", ], "ri", "ni", "year"),
  dat.mcdaniel1994 = pairs_of(dat.mcdaniel1994, "ri", "ni", "type", "struct"), dat.nakagawa2007 = pairs_of(dat.nakagawa2007, "Correlation", "SampleSize"),
  dat.craft2003 = pairs_of(dat.craft2003[dat.craft2003$var1 == dat.craft2003$var1[1] & dat.craft2003$var2 == dat.craft2003$var2[1], ], "ri", "ni", "sport"),
  dat.white2020 = pairs_of(dat.white2020, "r", "n", "class", "sex"), "dat.lim2014 m_o_size" = pairs_of(dat.lim2014$m_o_size, "ri", "ni", "amniotes"),
  "dat.lim2014 m_o_fecundity" = pairs_of(dat.lim2014$m_o_fecundity, "ri", "ni"), "dat.lim2014 o_o_unadj" = pairs_of(dat.lim2014$o_o_unadj, "ri", "ni", "amniotes"),
  "dat.lim2014 o_o_adj" = pairs_of(dat.lim2014$o_o_adj, "ri", "ni"), dat.moura2021 = pairs_of(dat.moura2021$dat[1:300, ], "ri", "ni", "publication.year"))

shares <- function(d, x, n, ...) { found <- data.frame(xi = d[[x]], ni = d[[n]]); for (one in c(...)) found[[one]] <- d[[one]]; complete(found, 1:2) }
PROPORTIONS <- list(
  dat.pritz1997 = shares(dat.pritz1997, "xi", "ni"), dat.debruin2009 = shares(dat.debruin2009, "xi", "ni", "scq", "ethnicity"), dat.hannum2020 = shares(dat.hannum2020, "xi", "ni", "objectivity"),
  dat.pagliaro1992 = shares(dat.pagliaro1992, "xi", "ni", "trt"), dat.hasselblad1998 = shares(dat.hasselblad1998, "xi", "ni", "trt", "year"), dat.gurusamy2011 = shares(dat.gurusamy2011, "death", "n"),
  dat.dong2013 = shares(dat.dong2013, "death", "randomized", "treatment"), dat.woods2010 = shares(dat.woods2010, "r", "N"), dat.dogliotti2014 = shares(dat.dogliotti2014, "stroke", "total"),
  dat.baker2009 = shares(dat.baker2009, "exac", "total", "year"), dat.obrien2003 = shares(dat.obrien2003, "cases", "total", "bmi"), dat.linde2015 = shares(dat.linde2015, "resp1", "n1", "year"))

effects <- function(d, yi, vi, ...) { found <- data.frame(yi = d[[yi]], vi = d[[vi]]); for (one in c(...)) found[[one]] <- d[[one]]; complete(found, 1:2) }
squared <- function(d, se) { d$.v <- d[[se]]^2; d }
EFFECTS <- list(
  dat.assink2016 = effects(dat.assink2016, "yi", "vi", "year", "pubstatus", "deltype"), dat.bakdash2021 = effects(dat.bakdash2021[1:200, ], "es.z", "vi.z", "Year", "SA.measure.type"),
  dat.bangertdrowns2004 = effects(dat.bangertdrowns2004, "yi", "vi", "length", "grade", "ni", "imag"), dat.baskerville2012 = effects(squared(dat.baskerville2012, "se"), "smd", ".v", "score", "year", "duration", "design"),
  dat.begg1989 = effects(dat.begg1989, "yi", "vi", "trt"), "dat.berkey1998 PD" = effects(dat.berkey1998[dat.berkey1998$outcome == "PD", ], "yi", "vi", "year"),
  "dat.berkey1998 AL" = effects(dat.berkey1998[dat.berkey1998$outcome == "AL", ], "yi", "vi", "year"), dat.hackshaw1998 = effects(dat.hackshaw1998, "yi", "vi", "year", "design", "cases"),
  dat.ishak2007 = effects(dat.ishak2007, "y1i", "v1i", "mdur", "mbase"), "dat.kalaian1996 verbal" = effects(dat.kalaian1996[dat.kalaian1996$outcome == "verbal", ], "yi", "vi", "hrs", "year", "ets"),
  "dat.kalaian1996 math" = effects(dat.kalaian1996[dat.kalaian1996$outcome == "math", ], "yi", "vi", "hrs", "year"), dat.knapp2017 = effects(dat.knapp2017, "yi", "vi", "year", "n_hc"),
  "dat.knapp2017 iq" = effects(dat.knapp2017, "yi_iq", "vi_iq"), dat.konstantopoulos2011 = effects(dat.konstantopoulos2011, "yi", "vi", "year"), dat.linde2016 = effects(squared(dat.linde2016, "selnOR"), "lnOR", ".v"),
  dat.lopez2019 = effects(squared(dat.lopez2019, "se"), "diff", ".v", "n", "scale"), "dat.maire2019 s1" = effects(dat.maire2019$dat, "s1", "vars1"), "dat.maire2019 s2" = effects(dat.maire2019$dat, "s2", "vars2"),
  "dat.maire2019 s3" = effects(dat.maire2019$dat, "s3", "vars3"), dat.mccurdy2020 = effects(dat.mccurdy2020[1:200, ], "yi", "vi", "stimuli", "condition"),
  dat.pignon2000 = effects(transform(dat.pignon2000, y = OmE / V, v = 1 / V), "y", "v", "grp"), dat.raudenbush1985 = effects(dat.raudenbush1985, "yi", "vi", "weeks", "setting", "tester"),
  "dat.riley2003 DFS" = effects(dat.riley2003[dat.riley2003$outcome == "DFS", ], "yi", "vi"), "dat.riley2003 OS" = effects(dat.riley2003[dat.riley2003$outcome == "OS", ], "yi", "vi"),
  dat.tannersmith2016 = effects(dat.tannersmith2016, "yi", "vi", "aget1", "propmale", "sexmix"))

# --- what is asked ---
METHODS <- c("EE", "DL", "HE", "HS", "HSk", "SJ", "PM", "PMM", "EB", "ML", "REML", "GENQ")
TESTS <- c("z", "t", "knha", "adhoc")
one_fit <- function(d, method, test = "z", ...) {
  if (method == "GENQ") attempt(rma(yi, vi, data = d, method = "GENQ", weights = 1 / sqrt(vi), test = test, ...)) else attempt(rma(yi, vi, data = d, method = method, test = test, ...))
}
moderated <- function(d, formula) {
  for (method in c("REML", "DL", "EE", "ML", "PM", "EB", "SJ", "HE")) {
    test <- switch(method, REML = "knha", DL = "z", EE = "z", ML = "t", PM = "adhoc", "knha")
    f <- attempt(rma(yi, vi, mods = formula, data = d, method = method, test = test))
    if (is.null(f)) next
    if (method %in% c("REML", "DL", "EE")) { attempt(predict(f)); if (method != "EE") attempt(confint(f)) }
    if (method %in% c("REML", "DL")) { attempt(anova(f, X = rbind(c(1, rep(0, f$p - 2), -1)))); attempt(vif(f)); attempt(blup(f)) }
    if (method %in% c("REML", "DL", "EE") && f$k <= 60) attempt(influence(f))
  }
}
moderators <- function(d) {
  names <- setdiff(names(d), c("yi", "vi", RAW)); found <- list()
  for (name in names) {
    x <- d[[name]]; if (mean(is.na(x)) > 0.4) next
    own <- d[!is.na(x), ]; x <- x[!is.na(x)]
    if (is.numeric(x) && length(unique(x)) > 1) found[[name]] <- list(own, as.formula(paste("~", name)))
    if (!is.numeric(x) && length(unique(x)) %in% 2:8) found[[name]] <- list(own, as.formula(paste0("~ factor(", name, ")")))
  }
  numeric <- names[vapply(names, function(n) is.numeric(d[[n]]), TRUE)]
  if (length(numeric) > 1) found$both <- list(complete(d, numeric[1:2]), as.formula(paste("~", numeric[1], "+", numeric[2])))
  found
}
whole <- function(d) {
  k <- nrow(d)
  for (method in METHODS) for (test in TESTS) {
    f <- one_fit(d, method, test)
    if (!is.null(f) && method %in% c("EE", "DL", "REML", "PM") ) attempt(predict(f))
  }
  REML <- one_fit(d, "REML"); DL <- one_fit(d, "DL"); EE <- one_fit(d, "EE"); ML <- one_fit(d, "ML")
  if (k > 1) { attempt(confint(DL)); attempt(confint(REML, type = "PL")); attempt(confint(ML, type = "PL")); attempt(blup(REML)); attempt(blup(DL)) }
  for (f in list(REML, DL, EE)) if (!is.null(f)) { attempt(weights(f)); if (k > 1 && k <= 60) { attempt(influence(f)); attempt(leave1out(f)); attempt(cumul(f)); attempt(rstandard(f)) } }
  if (k > 2) {
    attempt(ranktest(DL))
    for (f in list(REML, DL, EE, one_fit(d, "REML", "knha"))) if (!is.null(f)) for (predictor in c("sei", "vi", if (!is.null(f$ni)) c("ni", "ninv", "sqrtni", "sqrtninv"))) attempt(regtest(f, predictor = predictor))
    if (!is.null(DL)) for (predictor in c("sei", "vi", if (!is.null(DL$ni)) c("ni", "ninv", "sqrtni", "sqrtninv"))) attempt(regtest(DL, model = "lm", predictor = predictor))
    for (f in list(REML, DL, EE)) if (!is.null(f)) for (estimator in c("L0", "R0", "Q0")) attempt(trimfill(f, estimator = estimator))
    for (side in c("left", "right")) attempt(trimfill(DL, side = side))
    for (type in c("Rosenthal", "Rosenberg", "Orwin")) attempt(fsn(DL, type = type))
  }
  if (k <= 8) attempt(permutest(DL, exact = TRUE, progbar = FALSE))
  for (one in moderators(d)) moderated(one[[1]], one[[2]])
  numeric <- Filter(function(n) is.numeric(d[[n]]) && length(unique(d[[n]])) > 2, setdiff(names(d), c("yi", "vi", RAW)))
  if (k >= 15 && length(numeric)) {
    own <- complete(d, numeric[1]); own$z <- as.numeric(scale(own[[numeric[1]]]))
    for (method in c("REML", "ML")) attempt(rma(yi, vi, scale = ~ z, data = own, method = method))
    attempt(rma(yi, vi, mods = ~ z, scale = ~ z, data = own, method = "REML", test = "knha"))
  }
}
# effect sizes that carry their sample sizes, with the columns of the set
sized <- function(measure, d, ...) { r <- attempt(do.call(escalc, c(list(measure = measure), as.list(d[intersect(names(d), RAW)]), list(...)))); if (is.null(r)) return(NULL)
  for (one in setdiff(names(d), c(RAW, "yi", "vi"))) r[[one]] <- d[[one]]
  r[is.finite(r$yi) & is.finite(r$vi) & r$vi > 0, ] }
short <- function(d) if (!is.null(d) && nrow(d) > 1) for (method in c("REML", "DL")) { f <- one_fit(d, method, "knha"); if (!is.null(f)) attempt(predict(f)) }

on_sets <- function(family, sets, ask) for (name in names(sets)) if (length(asked) < 2 || any(c(family, name) %in% asked[-1])) {
  # of a large set the first rows: what metafor does with it grows with the cube of their number
  state$set <- name; ask(if (is.data.frame(sets[[name]])) utils::head(sets[[name]], LARGEST) else sets[[name]]); cat(name, length(records), "\n", file = stderr())
  if (length(records) > state$written + 1000) written()
}
on_sets("COUNTS", COUNTS, function(d) {
  d <- d[d$n1i >= d$ai & d$n2i >= d$ci, ]
  for (measure in c("AS", "PETO", "PHI", "YUQ", "YUY", "RTET", "PBIT", "OR2DN", "OR2DL")) short(sized(measure, d))
  for (measure in c("RR", "OR", "RD")) for (to in c("only0", "all", "if0all", "none")) sized(measure, d, to = to, drop00 = to != "all")
  short(sized("RR", d)); short(sized("RD", d)); whole(sized("OR", d))
  for (measure in c("OR", "RR", "RD")) { f <- attempt(rma.mh(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, measure = measure)); if (!is.null(f)) { attempt(predict(f)); if (nrow(d) > 1 && nrow(d) < 60) { attempt(leave1out(f)); attempt(cumul(f)) } }
    attempt(rma.mh(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, measure = measure, add = c(1/2, 1/2), to = c("only0", "only0"), drop00 = TRUE, correct = FALSE)) }
  f <- attempt(rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d)); if (!is.null(f) && nrow(d) > 1 && nrow(d) < 60) { attempt(leave1out(f)); attempt(cumul(f)) }
  if (nrow(d) > 2 && nrow(d) <= 20) { for (model in c("UM.FS", "UM.RS", "CM.AL")) attempt(rma.glmm(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, model = model)); if (nrow(d) <= 9 && max(d$n1i) < 2000) attempt(rma.glmm(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, model = "CM.EL")) }
})
written()
on_sets("RATES", RATES, function(d) {
  for (measure in c("IRD", "IRSD")) short(sized(measure, d)); whole(sized("IRR", d))
  for (measure in c("IRR", "IRD")) { f <- attempt(rma.mh(x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = d, measure = measure)); attempt(leave1out(f)); attempt(cumul(f)) }
  for (model in c("UM.FS", "UM.RS", "CM.EL")) attempt(rma.glmm(measure = "IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = d, model = model))
  for (measure in c("IR", "IRLN", "IRS", "IRFT")) short(attempt({ r <- escalc(measure = measure, xi = d$x1i, ti = d$t1i); r }))
})
on_sets("MEANS", MEANS, function(d) {
  positive <- d[d$m1i > 0 & d$m2i > 0, ]
  for (vtype in c("LS", "LS2", "UB", "AV")) sized("SMD", d, vtype = vtype)
  for (measure in c("SMDH", "SMD1", "SMD1H", "MD", "VR", "RPB", "RBIS", "D2OR", "D2ORN", "D2ORL")) short(sized(measure, d))
  if (nrow(positive) > 1) for (measure in c("ROM", "CVR")) short(sized(measure, positive))
  whole(sized("SMD", d))
  one <- data.frame(mi = d$m1i, sdi = d$sd1i, ni = d$n1i)
  for (measure in c("MN", "SDLN")) short(sized(measure, one)); for (measure in c("MNLN", "CVLN", "SMN")) short(sized(measure, one[one$mi > 0, ]))
})
written()
on_sets("CORRELATIONS", CORRELATIONS, function(d) { for (measure in c("COR", "UCOR")) short(sized(measure, d)); sized("UCOR", d, vtype = "UB"); whole(sized("ZCOR", d)) })
written()
on_sets("PARTIAL", list(dat.aloe2013 = dat.aloe2013), function(d) {
  for (measure in c("PCOR", "ZPCOR")) short(attempt({ r <- escalc(measure = measure, ti = tval, ni = n, mi = preds, data = d); r }))
  whole(attempt({ r <- escalc(measure = "SPCOR", ti = tval, ni = n, mi = preds, r2i = R2, data = d); r }))
})
on_sets("PROPORTIONS", PROPORTIONS, function(d) {
  for (measure in c("PR", "PLN", "PAS", "PFT")) short(sized(measure, d))
  whole(sized("PLO", d))
  if (nrow(d) <= 40) attempt(rma.glmm(measure = "PLO", xi = xi, ni = ni, data = d))
})
on_sets("ALPHAS", list(dat.bonett2010 = dat.bonett2010[c("ai", "mi", "ni")]), function(d) { for (measure in c("ARAW", "AHW")) short(sized(measure, d)); whole(sized("ABT", d)) })
on_sets("GENOTYPES", list(dat.frank2008 = data.frame(ai = dat.frank2008$ct.ins.ins, bi = dat.frank2008$ct.ins.del, ci = dat.frank2008$ct.del.del)), function(d) whole(sized("REH", d)))
on_sets("EFFECTS", EFFECTS, whole)

# --- effects in clusters: robust tests of a plain and a three-level model, robust variance estimation ---
clustered <- function(d, yi, vi, cluster, mods = NULL) { found <- data.frame(yi = d[[yi]], vi = d[[vi]], cluster = as.character(d[[cluster]])); for (one in mods) found[[one]] <- d[[one]]; found <- complete(found, names(found)); found$esid <- seq_len(nrow(found)); list(found, mods) }
crede <- metafor::escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.crede2010)
CLUSTERED <- list(
  dat.assink2016 = clustered(dat.assink2016, "yi", "vi", "study", c("year", "pubstatus")), dat.konstantopoulos2011 = clustered(dat.konstantopoulos2011, "yi", "vi", "district", "year"),
  dat.knapp2017 = clustered(dat.knapp2017, "yi", "vi", "study", "difficulty"), dat.tannersmith2016 = clustered(dat.tannersmith2016, "yi", "vi", "studyid", c("aget1", "aget2")),
  dat.crede2010 = clustered(crede, "yi", "vi", "studyid", "year"), dat.lopez2019 = clustered(squared(dat.lopez2019, "se"), "diff", ".v", "study"), dat.kalaian1996 = clustered(dat.kalaian1996, "yi", "vi", "study", "ets"),
  dat.riley2003 = clustered(dat.riley2003, "yi", "vi", "study"), dat.mccurdy2020 = clustered(dat.mccurdy2020[1:300, ], "yi", "vi", "article", "stimuli"))
written()
on_sets("CLUSTERED", CLUSTERED, function(both) {
  d <- both[[1]]; right <- if (length(both[[2]])) paste(both[[2]], collapse = " + ") else "1"
  plain <- attempt(rma(yi, vi, mods = as.formula(paste("~", right)), data = d, method = "DL"))
  three <- attempt(rma.mv(yi, vi, mods = as.formula(paste("~", right)), random = ~ 1 | cluster/esid, data = d))
  for (f in list(plain, three)) if (!is.null(f)) {
    for (type in c("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3")) attempt(coef_test(f, vcov = type, cluster = d$cluster, test = "Satterthwaite"))
    attempt(conf_int(f, vcov = "CR2", cluster = d$cluster))
    if (f$p > 2) attempt(Wald_test(f, constraints = constrain_zero(2:f$p), vcov = "CR2", cluster = d$cluster))
    for (club in c(FALSE, TRUE)) attempt(robust(f, cluster = d$cluster, clubSandwich = club))
    attempt(robust(f, cluster = d$cluster, adjust = FALSE))
  }
  if (!is.null(three)) { attempt(confint(three)); attempt(predict(three)) }
  V <- attempt(vcalc(vi, cluster = cluster, obs = esid, rho = 0.5, data = d))
  attempt(rma.mv(yi, V, mods = as.formula(paste("~", right)), random = ~ 1 | cluster, data = d, method = "ML", test = "t", dfs = "contain"))
  formula <- as.formula(paste("yi ~", right))
  for (small in c(TRUE, FALSE)) { for (rho in c(0, 0.5, 0.8)) attempt(robu(formula, data = d, studynum = cluster, var.eff.size = vi, rho = rho, small = small, modelweights = "CORR")); attempt(robu(formula, data = d, studynum = cluster, var.eff.size = vi, small = small, modelweights = "HIER")) }
})
written()
