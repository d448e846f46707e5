# What the differential scripts share: the cases in, one answer each out. An error is an answer.
suppressMessages({library(metafor); library(jsonlite)})
quiet <- function(expr) suppressWarnings(suppressMessages(expr))
vec <- function(x) I(as.numeric(x))
num <- function(x) if (is.null(x) || length(x) == 0) NA_real_ else as.numeric(x)[1]
answer_all <- function(answer) {
  files <- commandArgs(trailingOnly = TRUE)
  cases <- fromJSON(files[1], simplifyVector = TRUE, simplifyDataFrame = FALSE, simplifyMatrix = FALSE)
  answers <- lapply(cases, function(one) tryCatch(quiet(answer(one)), error = function(e) list(error = conditionMessage(e))))
  write(toJSON(answers, auto_unbox = TRUE, digits = NA, na = "string", null = "null"), files[2])
}
