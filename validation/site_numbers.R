# Pools the data that the shipped review's analyses chose, with metafor.
#   Rscript validation/site_numbers.R chosen.json out.json
# It is called by validation/site_numbers.py.
suppressMessages({library(metafor); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
analyses <- fromJSON(arguments[1], simplifyDataFrame = FALSE)

pooled <- function(a) {
  call <- NULL
  if (a$kind == "counts") {
    es <- escalc(measure = a$measure, ai = unlist(a$events1), n1i = unlist(a$n1),
                 ci = unlist(a$events2), n2i = unlist(a$n2),
                 add = 1/2, to = "only0", drop00 = TRUE)
    call <- sprintf("escalc('%s', add=1/2, to='only0', drop00=TRUE)", a$measure)
  } else if (a$kind == "means") {
    es <- escalc(measure = "MD", m1i = unlist(a$mean1), sd1i = unlist(a$sd1), n1i = unlist(a$n1),
                 m2i = unlist(a$mean2), sd2i = unlist(a$sd2), n2i = unlist(a$n2))
    call <- "escalc('MD')"
  } else if (a$kind == "proportions") {
    es <- escalc(measure = "PAS", xi = unlist(a$events1), ni = unlist(a$n1))
    call <- "escalc('PAS')"
  }
  yi <- c(es$yi); vi <- c(es$vi)
  if (length(a$printed)) {
    # A printed risk ratio with its 95 % interval, put back at its place.
    for (item in a$printed) {
      at <- item$row
      yi <- append(yi, log(item$estimate), after = at - 1)
      vi <- append(vi, ((log(item$ci_high) - log(item$ci_low)) / (2 * qnorm(0.975)))^2, after = at - 1)
    }
  }
  keep <- !is.na(yi)
  fit <- rma(yi[keep], vi[keep], method = "REML", test = "knha",
             control = list(threshold = 1e-12, maxiter = 10000))
  tau2 <- confint(fit, control = list(tol = 1e-12, tau2.max = 1e8))$random["tau^2", ]
  # evergrove's prediction interval has t(k-1), which is what metafor uses with test = "knha".
  pi <- predict(fit)
  list(call = paste0(call, "; rma(yi, vi, method='REML', test='knha', control=list(threshold=1e-12))"),
       k = fit$k, estimate = c(fit$beta), se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub,
       p_value = fit$pval, tau2 = fit$tau2, tau2_ci_low = unname(tau2["ci.lb"]),
       tau2_ci_high = unname(tau2["ci.ub"]), i2 = fit$I2, q = fit$QE, q_p_value = fit$QEp,
       prediction_low = pi$pi.lb, prediction_high = pi$pi.ub)
}

mantel <- function(a) {
  if (a$kind != "counts" || length(a$printed)) return(NULL)
  mh <- rma.mh(measure = "RR", ai = unlist(a$events1), n1i = unlist(a$n1),
               ci = unlist(a$events2), n2i = unlist(a$n2), add = c(1/2, 0), to = c("only0", "none"))
  list(call = "rma.mh('RR', add=c(1/2,0), to=c('only0','none'))", estimate = c(mh$beta), se = mh$se,
       ci_low = mh$ci.lb, ci_high = mh$ci.ub)
}

out <- lapply(analyses, function(a) list(id = a$id, inverse_variance = pooled(a), mantel_haenszel = mantel(a)))
source_record <- list(software = R.version.string, metafor = as.character(packageVersion("metafor")),
                      date = as.character(Sys.Date()))
write(toJSON(list(source = source_record, analyses = out), auto_unbox = TRUE, digits = 17, null = "null",
             pretty = TRUE), arguments[2])
