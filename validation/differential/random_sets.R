# Random data in the place of the example data of a golden script: the same names, the same columns, other numbers.
# record.R reads this file where DIFFERENTIAL_SEED is set.
# Studies are drawn about a random mean with random heterogeneity; results that are not significant are published with a
# random chance, so that the methods have something to find. Some sets are without heterogeneity, some without selection.

random_effects <- function(like) {
  mean <- runif(1, -.2, .8); tau2 <- sample(c(0, .01, .05, .2), 1); published <- sample(c(1, .3, .05), 1); scale <- exp(runif(1, -1, 1))
  least <- if (length(like$yi) > 25) 20 else 12; k <- sample(least:40, 1); yi <- vi <- n <- numeric()
  while (length(yi) < k) {
    size <- round(exp(runif(1, log(12), log(600)))); v <- 4 / size * runif(1, .8, 1.25); y <- rnorm(1, mean, sqrt(v + tau2))
    if (pnorm(-y / sqrt(v)) < .025 || runif(1) < published) {yi <- c(yi, scale * y); vi <- c(vi, scale^2 * v); n <- c(n, size)}
  }
  drawn <- list(yi = yi, vi = vi)
  if (!is.null(like$n)) drawn$n <- n
  if (!is.null(like$preregistered)) drawn$preregistered <- as.numeric(seq_len(k) %in% sample(k, max(3, k %/% 4)))
  drawn
}
random_table <- function(like) {
  k <- sample(5:30, 1); risk <- exp(runif(1, log(.02), log(.4))); tau <- sample(c(0, .2, .6), 1)
  n1 <- sample(8:200, k, TRUE); n2 <- if (runif(1) < .5) n1 else sample(8:200, k, TRUE)
  logit <- qlogis(risk) + rnorm(k, 0, .4)
  list(events1 = rbinom(k, n1, plogis(logit - .5 + rnorm(k, 0, tau))), n1 = as.numeric(n1), events2 = rbinom(k, n2, plogis(logit)), n2 = as.numeric(n2))
}
random_statistics <- function(like) {
  k <- sample(8:40, 1)
  c(list(statistic = rnorm(k, runif(1, 1.5, 3))), if (!is.null(like$df)) list(df = sample(c(NA, 5:200), k, TRUE)))
}
random_sets <- function(sets) lapply(sets, function(like)
  if (!is.null(like$events1)) random_table(like) else if (!is.null(like$statistic)) random_statistics(like) else if (is.null(like$cluster)) random_effects(like) else like)
