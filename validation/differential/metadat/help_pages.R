# Runs the examples of the help pages of metadat, clubSandwich and robumeta, recording every analysis.
#   Rscript validation/differential/metadat/help_pages.R records.json [set]
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "recorder.R"))
asked <- commandArgs(trailingOnly = TRUE)
stopped <- list()

# a block under a condition is opened, so that one call that stops does not take the others with it
opened <- function(calls, where) {
  unlist(lapply(calls, function(one) {
    if (!is.call(one) || !identical(one[[1]], as.name("if"))) return(list(one))
    if (!isTRUE(tryCatch(quiet(eval(one[[2]], where)), error = function(e) TRUE))) return(list(one))
    body <- one[[3]]
    if (is.call(body) && identical(body[[1]], as.name("withAutoprint"))) body <- body[[2]]
    as.list(body)[-1]
  }))
}

run_page <- function(package, page, Rd) {
  file <- tempfile(fileext = ".R")
  tools::Rd2ex(Rd, file, commentDontrun = FALSE)
  if (!file.exists(file)) return()
  text <- gsub("metafor::", "", readLines(file), fixed = TRUE)
  state$set <- page; state$part <- paste("help of", package)
  where <- new.env(parent = globalenv())
  for (one in opened(parse(text = text, keep.source = FALSE), where)) {
    setTimeLimit(cpu = 40, transient = TRUE)
    tryCatch(quiet(capture.output(eval(one, where))), error = function(e) {
      stopped[[length(stopped) + 1L]] <<- list(set = page, part = state$part, call = substr(paste(deparse(one), collapse = " "), 1, 160), error = substr(conditionMessage(e), 1, 200))
    })
    setTimeLimit(cpu = Inf)
  }
  cat(page, length(records), "\n", file = stderr())
}
withAutoprint <- function(expr, ...) eval(substitute(expr), parent.frame())

# What the pages use of ape and rms, which are not installed: correlations of species on a tree with branches after Grafen
# (1989), and restricted cubic splines in Harrell's basis, which Hmisc has.
compute.brlen <- identity
vcv <- function(tree, corr = TRUE) {
  tips <- length(tree$tip.label)
  below <- vector("list", tips + tree$Nnode); below[seq_len(tips)] <- seq_len(tips)
  found <- function(node) { if (length(below[[node]]) == 0) below[[node]] <<- unlist(lapply(tree$edge[tree$edge[, 1] == node, 2], found)); below[[node]] }
  A <- diag(tips); dimnames(A) <- list(tree$tip.label, tree$tip.label)
  visit <- function(node) {
    children <- tree$edge[tree$edge[, 1] == node, 2]
    shared <- 1 - (length(found(node)) - 1) / (tips - 1)
    for (a in children) for (b in children) if (a != b) A[found(a), found(b)] <<- shared
    for (child in children[children > tips]) visit(child)
  }
  visit(tips + 1L)
  A
}
rcspline.eval <- Hmisc::rcspline.eval
rcs <- function(x, knots) { basis <- rcspline.eval(x, nk = knots, inclx = TRUE); attr(basis, "parms") <- attr(basis, "knots"); basis }
for (package in c("metadat", "clubSandwich", "robumeta")) {
  pages <- tools::Rd_db(package)
  for (page in names(pages)) if (length(asked) < 2 || sub("\\.Rd$", "", page) %in% asked[-1]) run_page(package, sub("\\.Rd$", "", page), pages[[page]])
}
write_records(asked[1])
write(toJSON(stopped, auto_unbox = TRUE), paste0(asked[1], ".stopped"))
