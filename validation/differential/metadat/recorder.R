# Records what metafor, clubSandwich and robumeta are asked and what they answer. The functions below stand before those of
# the packages, call them, and note the arguments as evaluated and the numbers of the answer; so a help page, or a script that
# knows nothing of evergrove, leaves behind questions that can be put to evergrove.
suppressMessages({library(metafor); library(metadat); library(jsonlite); library(clubSandwich); library(robumeta)})
options(device = function(...) pdf(NULL)); pdf(NULL)   # nothing is drawn into a file

records <- list()
state <- new.env()
state$set <- ""; state$part <- ""; state$fits <- 0L
vec <- function(x) if (is.null(x)) NULL else I(as.numeric(x))
num <- function(x) if (is.null(x) || length(x) == 0) NULL else as.numeric(x)[1]
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
rows_of <- function(m) if (is.null(m)) NULL else I(unname(lapply(seq_len(nrow(m)), function(i) I(as.numeric(m[i, ])))))
#: a covariance matrix as its non-zero cells
cells <- function(V) {
  V <- as.matrix(V)
  if (all(V[row(V) != col(V)] == 0)) return(list(diagonal = vec(diag(V))))
  at <- which(V != 0, arr.ind = TRUE)
  list(size = nrow(V), row = vec(at[, 1] - 1), column = vec(at[, 2] - 1), value = vec(V[at]))
}
note <- function(kind, call, asked, answer) {
  text <- paste(substr(gsub("\\s+", " ", paste(deparse(call, width.cutoff = 500L), collapse = " ")), 1, 240))
  records[[length(records) + 1L]] <<- list(set = state$set, part = state$part, kind = kind, call = text, asked = Filter(Negate(is.null), asked),
                                            answer = Filter(Negate(is.null), answer))
}
numbered <- function(fit) { state$fits <- state$fits + 1L; fit$fit_number <- state$fits; fit }

#: raw data of a call, evaluated in its data frame
RAW <- c("ai", "bi", "ci", "di", "n1i", "n2i", "x1i", "x2i", "t1i", "t2i", "m1i", "m2i", "sd1i", "sd2i", "xi", "mi", "ri", "ti", "fi", "pi", "sdi", "r2i", "ni")
OPTIONS <- c("measure", "add", "to", "drop00", "vtype", "correct", "level", "model", "method", "test", "nAGQ", "cor", "coding")
raw_of <- function(matched, where, kept = NULL) {
  data <- eval(matched$data, where)
  if (inherits(data, "function")) data <- NULL
  value <- function(name) eval(matched[[name]], data, where)
  given <- intersect(RAW, names(matched))
  found <- setNames(lapply(given, value), given)
  for (name in intersect(OPTIONS, names(matched))) found[[name]] <- eval(matched[[name]], where)
  for (name in intersect(c("subset", kept), names(matched))) {
    rows <- value(name)
    for (one in given) if (length(found[[one]]) > 1) found[[one]] <- found[[one]][rows]
  }
  found
}

# Iterations end tightly where they end at all: the shipped thresholds are absolute and coarse. One after the other is tried.
# `size` is that of the variances.
scoring <- function(size) lapply(c(1e-11, 1e-9), function(one) list(threshold = one * size, maxiter = 200))
root <- function(size) list(list(tol = 1e-14 * size, maxiter = 100000, tau2.max = 1e5 * size))
SEARCH <- list(list(optimizer = "BFGS", reltol = 1e-14, maxit = 100), list(rel.tol = 1e-12))
first_that_ends <- function(call, where, controls) {
  for (control in controls) {
    call$control <- control
    f <- tryCatch(eval(call, where), error = function(e) if (grepl("time limit", conditionMessage(e))) stop(e) else NULL)
    if (!is.null(f)) return(f)
  }
  call$control <- NULL
  eval(call, where)
}

escalc <- function(...) {
  call <- sys.call(); call[[1]] <- quote(metafor::escalc); where <- parent.frame()
  result <- eval(call, where)
  matched <- match.call(metafor::escalc, call)
  asked <- try(raw_of(matched, where, "include"), silent = TRUE)
  if (!inherits(asked, "try-error") && !is.null(asked$measure)) {   # again, without what a data frame holds already
    answer <- quiet(do.call(metafor::escalc, asked))
    note("escalc", call, asked, list(yi = vec(answer$yi), vi = vec(answer$vi)))
  }
  result
}

LOCATION <- c("estimate", "se", "ci_low", "ci_high", "statistic", "p_value")
coefficients_of <- function(f) setNames(lapply(f[c("beta", "se", "ci.lb", "ci.ub", "zval", "pval")], vec), LOCATION)
criteria_of <- function(f) {
  stats <- f$fit.stats[[if (f$method == "REML") "REML" else "ML"]]
  setNames(lapply(stats, num), c("log_likelihood", "deviance", "aic", "bic", "aicc"))
}
rma <- function(...) {
  call <- sys.call(); call[[1]] <- quote(metafor::rma); where <- parent.frame()
  matched <- match.call(metafor::rma.uni, call)
  method <- if (is.null(matched$method)) "REML" else eval(matched$method, where)
  controls <- NULL
  if (is.null(matched$scale) && method %in% c("REML", "ML", "EB", "PM", "PMM")) {
    plain <- call; plain$method <- "EE"
    size <- stats::median(quiet(eval(plain, where))$vi)
    controls <- if (method %in% c("PM", "PMM")) root(size) else scoring(size)
  }
  f <- numbered(first_that_ends(call, where, controls))
  if (!is.null(matched$measure) && any(RAW %in% names(matched))) {
    asked <- try(raw_of(matched, where), silent = TRUE)
    if (!inherits(asked, "try-error")) {
      asked <- asked[!names(asked) %in% c("method", "test", "level")]
      note("escalc", call, asked, { r <- quiet(do.call(metafor::escalc, asked)); list(yi = vec(r$yi), vi = vec(r$vi)) })
    }
  }
  if (inherits(f, "rma.ls")) {
    note("rma.ls", call, list(fit = f$fit_number, yi = vec(f$yi), vi = vec(f$vi), X = rows_of(f$X), Z = rows_of(f$Z), intercept = f$int.incl, scale_intercept = f$Z.int.incl,
                              method = f$method, test = f$test, link = f$link),
         c(coefficients_of(f), list(alpha = vec(f$alpha), alpha_se = vec(f$se.alpha), qm = num(f$QM), qs = num(f$QS), q = num(f$QE), log_likelihood = num(logLik(f)))))
    return(f)
  }
  weights <- if (isFALSE(f$weighted)) rep(1, f$k) else f$weights
  note("rma", call, list(fit = f$fit_number, yi = vec(f$yi), vi = vec(f$vi), X = rows_of(f$X), names = I(colnames(f$X)), intercept = f$int.incl, method = f$method, test = f$test, level = 1 - f$level,
                         weights = vec(weights), tau2 = if (isTRUE(f$tau2.fix)) num(f$tau2), btt = vec(f$btt - 1)),
       c(coefficients_of(f), criteria_of(f),
         list(tau2 = num(f$tau2), tau2_se = if (!isTRUE(f$tau2.fix)) num(f$se.tau2), i2 = num(f$I2), h2 = num(f$H2), r2 = num(f$R2), q = num(f$QE), q_p_value = num(f$QEp), qm = num(f$QM), qm_p_value = num(f$QMp))))
  f
}
rma.uni <- rma

counted <- function(name, extra) {
  own <- getExportedValue("metafor", name)
  function(...) {
    call <- sys.call(); call[[1]] <- call("::", quote(metafor), as.name(name)); where <- parent.frame()
    f <- numbered(eval(call, where))
    matched <- match.call(own, call)
    asked <- raw_of(matched, where)
    note(name, call, c(list(fit = f$fit_number), asked), c(extra(f)))
    f
  }
}
rma.mh <- counted("rma.mh", function(f) c(coefficients_of(f),
  list(q = num(f$QE), q_p_value = num(f$QEp), i2 = num(f$I2), h2 = num(f$H2), cmh = num(f$MH), cmh_p = num(f$MHp), tarone = num(f$TA), tarone_p = num(f$TAp))))
rma.peto <- counted("rma.peto", function(f) c(coefficients_of(f), list(q = num(f$QE), q_p_value = num(f$QEp), i2 = num(f$I2), h2 = num(f$H2))))
rma.glmm <- counted("rma.glmm", function(f) c(coefficients_of(f), list(tau2 = num(f$tau2), i2 = num(f$I2), h2 = num(f$H2), q_wald = num(f$QE.Wld), q_lrt = num(f$QE.LRT),
  q_wald_p_value = num(f$QEp.Wld), q_lrt_p_value = num(f$QEp.LRT), log_likelihood = num(logLik(f)), aic = num(AIC(f)), bic = num(BIC(f)))))

#: random terms as text, their columns under plain names, as the model frame holds them
random_of <- function(f, matched, where) {
  given <- eval(matched$random, where)
  if (is.null(given)) return(NULL)
  given <- if (is.list(given)) given else list(given)
  columns <- list(); terms <- character()
  for (i in seq_along(given)) {
    text <- paste(deparse(given[[i]][[2]], width.cutoff = 500L), collapse = "")
    frame <- f$mf.r[[i]]
    sides <- strsplit(text, "|", fixed = TRUE)[[1]]
    outer <- trimws(strsplit(sides[2], "/", fixed = TRUE)[[1]])
    inner <- trimws(sides[1])
    name_of <- function(one) {
      plain <- paste0("c", length(columns) + 1L)
      value <- if (one %in% names(frame)) frame[[one]] else frame[[match(gsub(" ", "", one), gsub(" ", "", names(frame)))]]
      # the order of a factor's levels decides which variance is whose
      columns[[plain]] <<- if (is.numeric(value)) vec(value) else I(if (is.factor(value)) sprintf("%04d %s", as.integer(value), value) else as.character(value))
      plain
    }
    if (inner != "1") inner <- name_of(inner)
    outer <- vapply(outer, name_of, "")
    terms <- c(terms, paste0("~ ", inner, " | ", paste(outer, collapse = "/")))
  }
  list(terms = I(terms), columns = columns)
}
KINDS <- c("sigma2", "tau2", "rho", "gamma2", "phi")
components_of <- function(f) {
  used <- ifelse(KINDS == "sigma2", f$withS, ifelse(KINDS %in% c("tau2", "rho"), f$withG, f$withH))
  setNames(lapply(seq_along(KINDS), function(i) if (used[i]) vec(f[[KINDS[i]]])), KINDS)
}
rma.mv <- function(...) {
  call <- sys.call(); call[[1]] <- quote(metafor::rma.mv); where <- parent.frame()
  if (is.null(call$sparse) && is.null(call$R) && is.null(call$dist) && NROW(eval(call$data, where)) > 150) call$sparse <- TRUE   # the same numbers, sooner
  many <- NROW(eval(call$data, where)) > 400                    # such models take metafor minutes as they are
  if (many && (!is.null(call$R) || !grepl("1 |", paste(deparse(call$random), collapse = ""), fixed = TRUE))) stop("not asked: takes metafor longer than ten minutes")
  f <- numbered(first_that_ends(call, where, if (!is.null(call$dist)) list(eval(call$control, where)) else if (!many) SEARCH))
  matched <- match.call(metafor::rma.mv, call)
  random <- try(random_of(f, matched, where), silent = TRUE)
  given <- list()
  for (name in KINDS) if (!is.null(matched[[name]])) given[[name]] <- vec(eval(matched[[name]], where))
  known <- NULL
  if (!is.null(matched$R)) {
    R <- eval(matched$R, where)
    known <- list(term = names(R), levels = I(rownames(R[[1]])), matrix = rows_of(R[[1]]), Rscale = if (is.null(matched$Rscale)) "cor" else eval(matched$Rscale, where))
  }
  note("rma.mv", call, list(fit = f$fit_number, yi = vec(f$yi), V = cells(f$V), X = rows_of(f$X), names = I(colnames(f$X)), intercept = f$int.incl,
                            random = if (inherits(random, "try-error")) "unread" else random, struct = I(f$struct), method = f$method, test = f$test, dfs = f$dfs, level = 1 - f$level,
                            given = if (length(given)) given, known = known, btt = vec(f$btt - 1), distances = if (!is.null(matched$dist)) TRUE),
       c(coefficients_of(f), criteria_of(f), components_of(f), list(q = num(f$QE), q_p_value = num(f$QEp), qm = num(f$QM), qm_p_value = num(f$QMp), df = if (f$test == "t") vec(f$ddf))))
  f
}

# --- what rests on a fit ---
after <- function(name, asked, answer) {
  function(object, ...) {
    call <- sys.call(); where <- parent.frame()
    call[[1]] <- getExportedValue(if (name %in% getNamespaceExports("metafor")) "metafor" else "stats", name)
    if (name == "confint" && inherits(object, "rma.uni")) {
      size <- stats::median(object$vi)
      call$control <- list(tol = 1e-13 * size, maxiter = 100000, tau2.max = 1e6 * size)
    }
    if (name == "confint" && inherits(object, "rma.mv") && object$k <= 120) call$control <- list(tol = 1e-8)
    result <- eval(call, where)
    fit <- object
    if (is.list(fit) && !is.null(fit$fit_number)) {
      shown <- sys.call()
      more <- tryCatch(asked(fit, list(...), result), error = function(e) NULL)
      numbers <- tryCatch(answer(result, fit), error = function(e) NULL)
      if (!is.null(more) && !is.null(numbers)) note(name, shown, c(list(fit = fit$fit_number, fit_kind = class(fit)[1]), more), numbers)
    }
    result
  }
}
only <- function(names) function(fit, extra, result) {
  extra <- extra[intersect(names, names(extra))]
  Filter(function(one) is.numeric(one) || is.character(one) || is.logical(one), extra)
}
predict <- after("predict", function(fit, extra, result) {
  if (!is.null(extra$newscale)) return(NULL)
  rows <- extra$newmods
  X <- NULL
  if (!is.null(rows)) { plain <- extra; plain$transf <- NULL; plain$digits <- NULL; X <- do.call(stats::predict, c(list(fit), plain, list(addx = TRUE)))$X }
  list(X = rows_of(X), transformed = !is.null(extra$transf), level = if (is.null(extra$level)) 1 - fit$level else extra$level / 100, tau2.levels = extra$tau2.levels)
}, function(p, fit) list(pred = vec(p$pred), se = vec(p$se), ci_low = vec(p$ci.lb), ci_high = vec(p$ci.ub), pi_low = vec(p$pi.lb), pi_high = vec(p$pi.ub)))
confint <- after("confint", function(fit, extra, result) if (length(setdiff(names(extra), c("type", "digits", "control")))) NULL else list(type = if (is.null(extra$type)) "QP" else extra$type), function(r, fit) {
  if (inherits(fit, "rma.mv")) {
    many <- if (is.null(r$random)) lapply(unclass(r)[sapply(unclass(r), is.list)], `[[`, "random") else list(r$random)
    return(list(low = vec(sapply(many, function(m) m[1, 2])), high = vec(sapply(many, function(m) m[1, 3]))))
  }
  list(tau2_low = num(r$random[1, 2]), tau2_high = num(r$random[1, 3]), i2_low = num(r$random[3, 2]), i2_high = num(r$random[3, 3]))
})
robust <- function(x, cluster, ...) {
  call <- sys.call(); call[[1]] <- quote(metafor::robust)
  r <- eval(call, parent.frame())
  matched <- match.call(metafor::robust, call)
  groups <- eval(matched$cluster, if (is.null(x$data)) NULL else x$data, parent.frame())
  if (!is.null(x$subset)) groups <- groups[x$subset]
  if (length(groups) > length(x$not.na)) NULL else groups <- groups[x$not.na]
  extra <- list(...)
  f <- numbered(r)
  note("robust", sys.call(), list(fit = f$fit_number, of = x$fit_number, cluster = I(as.character(groups)), adjust = !isFALSE(extra$adjust), club = isTRUE(extra$clubSandwich)),
       c(coefficients_of(r), list(df = vec(r$ddf), qm = num(r$QM), qm_p_value = num(r$QMp))))
  f
}
anova <- function(object, ...) {
  result <- stats::anova(object, ...)
  extra <- list(...)
  if (!is.null(object$fit_number)) {
    other <- if (length(extra) && is.list(extra[[1]]) && !is.null(extra[[1]]$fit_number)) extra[[1]] else NULL
    if (!is.null(other)) note("compare", sys.call(), list(fit = object$fit_number, other = other$fit_number), list(statistic = num(result$LRT), p_value = num(result$pval), aic_full = num(result$fit.stats.f["AIC"])))
    else if (!is.null(extra$X)) note("anova", sys.call(), list(fit = object$fit_number, X = rows_of(if (is.matrix(extra$X)) extra$X else rbind(extra$X))),
      list(estimate = vec(result$Xb), se = vec(result$se), p_value = vec(result$pval), qm = num(result$QM), qm_p_value = num(result$QMp)))
    else if (!is.null(result$btt)) note("anova", sys.call(), list(fit = object$fit_number, btt = vec(result$btt - 1)), list(qm = num(result$QM), qm_p_value = num(result$QMp)))
  }
  result
}
regtest <- after("regtest", function(fit, extra, result) {
  if (is.null(fit$yi.f) && inherits(fit, c("rma.mh", "rma.peto"))) return(NULL)
  list(yi = vec(fit$yi), vi = vec(fit$vi), ni = vec(fit$ni), model = result$model, predictor = result$predictor, method = fit$method, test = fit$test, X = if (fit$p > 1) TRUE)
}, function(r, fit) list(statistic = num(r$zval), p_value = num(r$pval), df = if (!is.na(r$dfs[1])) num(r$dfs), limit = num(r$est), limit_low = num(r$ci.lb), limit_high = num(r$ci.ub)))
ranktest <- after("ranktest", function(fit, extra, result) list(yi = vec(fit$yi), vi = vec(fit$vi)), function(r, fit) list(tau = num(r$tau), p_value = num(r$pval)))
trimfill <- after("trimfill", function(fit, extra, result) list(estimator = if (is.null(extra$estimator)) "L0" else extra$estimator, side = if (is.null(extra$side)) NULL else extra$side),
  function(r, fit) list(missing = num(r$k0), missing_se = num(r$se.k0), estimate = num(r$beta), se = num(r$se), ci_low = num(r$ci.lb), ci_high = num(r$ci.ub), tau2 = num(r$tau2), side = r$side))
refit <- function(r) list(estimate = vec(r$estimate), ci_low = vec(r$ci.lb), ci_high = vec(r$ci.ub), p_value = vec(r$pval), tau2 = vec(r$tau2), i2 = vec(r$I2), q = vec(r$Q))
leave1out <- after("leave1out", only("digits"), function(r, fit) refit(r))
cumul <- after("cumul", function(fit, extra, result) if (is.null(extra$order)) list() else list(order = vec(extra$order)), function(r, fit) refit(r))
influence <- after("influence", only("digits"), function(i, fit) {
  b <- as.matrix(i$dfbs); i <- i$inf
  list(rstudent = vec(i$rstudent), dffits = vec(i$dffits), cook = vec(i$cook.d), covariance_ratio = vec(i$cov.r), tau2 = vec(i$tau2.del), qe = vec(i$QE.del), hat = vec(i$hat), weight = vec(i$weight / 100), dfbetas = vec(b))
})
rstudent <- after("rstudent", only("digits"), function(r, fit) list(residual = vec(r$resid), se = vec(r$se), z = vec(r$z)))
rstandard <- after("rstandard", only("digits"), function(r, fit) list(residual = vec(r$resid), se = vec(r$se), z = vec(r$z)))
hatvalues <- after("hatvalues", function(fit, extra, result) if (length(extra)) NULL else list(), function(r, fit) list(hat = vec(r)))
cooks.distance <- after("cooks.distance", function(fit, extra, result) if (length(extra)) NULL else list(), function(r, fit) list(cook = vec(r)))
blup <- after("blup", only("digits"), function(r, fit) list(estimate = vec(r$pred), se = vec(r$se), low = vec(r$pi.lb), high = vec(r$pi.ub)))
vif <- after("vif", function(fit, extra, result) if (length(extra)) NULL else list(), function(r, fit) list(vif = vec(r$vifs)))
weights <- after("weights", function(fit, extra, result) if (length(extra)) NULL else list(), function(r, fit) list(weights = vec(r / 100)))
permutest <- after("permutest", function(fit, extra, result) list(exact = TRUE), function(r, fit) list(p_value = vec(r$pval)))
fsn <- function(x, ...) {
  extra <- list(...)
  result <- if (is.list(x)) metafor::fsn(x$yi, x$vi, ...) else metafor::fsn(x, ...)
  if (is.list(x) && !is.null(x$fit_number)) note("fsn", sys.call(), list(fit = x$fit_number, type = if (is.null(extra$type)) "Rosenthal" else extra$type), list(n = num(result$fsnum), p_value = num(result$pval)))
  result
}
vcalc <- function(...) {
  call <- sys.call(); call[[1]] <- quote(metafor::vcalc); where <- parent.frame()
  V <- eval(call, where)
  matched <- match.call(metafor::vcalc, call); data <- eval(matched$data, where)
  asked <- list()
  for (name in intersect(c("vi", "cluster", "subgroup", "obs", "type", "time1", "time2", "grp1", "grp2", "w1", "w2"), names(matched))) {
    value <- eval(matched[[name]], data, where)
    asked[[name]] <- if (is.numeric(value)) vec(value) else I(as.character(value))
  }
  if (!is.null(matched$rvars)) asked$rvars <- rows_of(as.matrix(data[, as.character(as.list(matched$rvars)[-1])]))
  if (!is.null(matched$phi)) asked$phi <- eval(matched$phi, where)
  if (!is.null(matched$rho)) { rho <- eval(matched$rho, where); asked$rho <- if (is.matrix(rho)) list(levels = I(rownames(rho)), matrix = rows_of(rho)) else vec(rho) }
  note("vcalc", sys.call(), asked, list(V = cells(V)))
  V
}
# --- clubSandwich and robumeta ---
lm <- function(...) {
  call <- sys.call(); call[[1]] <- quote(stats::lm)
  f <- eval(call, parent.frame())
  if (is.null(f$weights) && !inherits(f, "mlm")) {
    f <- numbered(f)
    note("lm", sys.call(), list(fit = f$fit_number, y = vec(f$model[[1]]), X = rows_of(stats::model.matrix(f))), list(estimate = vec(stats::coef(f))))
  }
  f
}
# correction and clusters of a call of clubSandwich, given by name or within a matrix; without either, the fit's own
sandwich_of <- function(obj, vcov, cluster) {
  type <- if (is.character(vcov)) vcov else attr(vcov, "type")
  if (!is.character(vcov)) cluster <- attr(vcov, "cluster")
  if (is.null(cluster)) cluster <- attr(clubSandwich::vcovCR(obj, type = type), "cluster")
  list(of = obj$fit_number, adjust = type, cluster = I(as.character(cluster)))
}
sandwich <- function(name, answer) {
  own <- getExportedValue("clubSandwich", name)
  function(obj, vcov, ..., cluster = NULL) {
    result <- if (is.null(cluster)) own(obj, vcov = vcov, ...) else own(obj, vcov = vcov, cluster = cluster, ...)
    if (!is.null(obj$fit_number)) tryCatch(answer(obj, sandwich_of(obj, vcov, cluster), result, list(...), sys.call()), error = function(e) warning(conditionMessage(e)))
    result
  }
}
#: robumeta's results have their coefficients in a table
coefficients_in <- function(obj) if (inherits(obj, "robu")) setNames(obj$reg_table$b.r, obj$reg_table$labels) else stats::coef(obj)
chosen <- function(obj, extra) { at <- seq_along(coefficients_in(obj)); if (is.null(extra$coefs)) at - 1 else if (is.logical(extra$coefs)) which(extra$coefs) - 1 else at[extra$coefs] - 1 }
coef_test <- sandwich("coef_test", function(obj, asked, r, extra, call)
  note("coef_test", call, c(asked, list(at = vec(chosen(obj, extra)))), list(se = vec(r$SE), df = vec(r$df_Satt), p_value = vec(r$p_Satt))))
conf_int <- sandwich("conf_int", function(obj, asked, r, extra, call)
  note("conf_int", call, c(asked, list(at = vec(chosen(obj, extra)), level = if (is.null(extra$level)) 0.95 else extra$level)), list(se = vec(r$SE), df = vec(r$df), ci_low = vec(r$CI_L), ci_high = vec(r$CI_U))))
linear_contrast <- sandwich("linear_contrast", function(obj, asked, r, extra, call) {
  C <- if (is.function(extra$contrasts)) extra$contrasts(coefficients_in(obj)) else extra$contrasts
  if (is.list(C)) C <- do.call(rbind, C)
  note("contrasts", call, c(asked, list(X = rows_of(C))), list(estimate = vec(r$Est), se = vec(r$SE), df = vec(r$df), ci_low = vec(r$CI_L), ci_high = vec(r$CI_U)))
})
Wald_test <- sandwich("Wald_test", function(obj, asked, r, extra, call) {
  C <- if (is.function(extra$constraints)) extra$constraints(coefficients_in(obj)) else extra$constraints
  if (!is.list(C)) { C <- list(C); r <- list(r) }
  for (i in seq_along(C)) note("wald", call, c(asked, list(X = rows_of(C[[i]]))), list(statistic = num(r[[i]]$Fstat), df = num(r[[i]]$df_denom), p_value = num(r[[i]]$p_val)))
})
robu <- function(...) {
  call <- sys.call(); call[[1]] <- quote(robumeta::robu)
  r <- numbered(eval(call, parent.frame()))
  d <- r$data.full; t <- r$reg_table
  note("robu", sys.call(), list(fit = r$fit_number, y = vec(d$effect.size), v = vec(d$var.eff.size), X = rows_of(as.matrix(r$X.full[, -1])), study = I(as.character(d$study)), rho = num(r$mod_info$rho), small = isTRUE(r$small), model = r$modelweights),
       list(estimate = vec(t$b.r), se = vec(t$SE), df = vec(t$dfs), p_value = vec(t$prob), ci_low = vec(t$CI.L), ci_high = vec(t$CI.U), tau2 = num(r$mod_info$tau.sq),
            omega2 = if (identical(r$modelweights, "HIER")) num(r$mod_info$omega.sq)))
  r
}
profile <- function(...) invisible(NULL)   # drawn in help pages; takes long and gives no number of its own
gosh <- function(...) stop("not asked: a million fits")

write_records <- function(file) {
  versions <- list(r = R.version.string)
  for (one in c("metafor", "metadat", "clubSandwich", "robumeta", "lme4")) versions[[one]] <- as.character(packageVersion(one))
  write(toJSON(list(versions = versions, records = records), auto_unbox = TRUE, digits = NA, na = "string", null = "null"), file)
}
