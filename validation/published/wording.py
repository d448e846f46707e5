"""The sentences of the page that `compare.py` writes."""

BEFORE = """# Numbers that others took from metafor 4.6 to 5.2, meta 8.5, mixmeta and others

Written by `python validation/published/compare.py FOLDER` (FOLDER: the unpacked source archives of the four projects, from PyPI).
metafor 5 and meta cannot be run beside the golden values, which are of metafor 3.8. Other projects in Python pin what they got from
newer R packages; every question that evergrove has a method for was asked of it too: {total} numbers. Nothing of these projects is run or used but
the numbers and the data that they are of.

| source | licence | R | packages |
|---|---|---|---|
{sources}

The numbers are kept in `tests/golden/published/values/`: for three projects what their JSON and CSV files hold; for pimeta, whose
numbers are literals of its tests, a table with file, line and call of R for each (the script looks for every number in the file that
the table names). `tests/unit/stats/test_published.py` holds evergrove against them on every run, without R and
without the projects; tolerances by kind and their reasons are in `tests/golden/published/kept.py`.

## What was compared

By family: how many numbers have a closed form and the largest relative difference among them; how many rest on an iteration, a
quadrature or printed digits, with the largest difference, its quantity and its kind; how many lie beyond the tolerance. Where R
stopped at its default threshold (a change of τ² below 1e-5) and its τ² is known, evergrove was given it: what follows is then a closed
form, and τ² stands in the other column. `likelihood not lower` and log-likelihoods of kind `not lower`: evergrove's maximum is at least
R's. A difference of exactly half a unit of the last printed digit is none.

| source | family | closed forms | largest difference | others | largest difference | beyond |
|---|---|---|---|---|---|---|
{table}

"""

AFTER = """## What disagrees, and why

| source | asked | quantity | evergrove | published | who is right |
|---|---|---|---|---|---|
{differing}

Beside these:

- **Two maxima.** PyMARE's `extreme_k10`, one moderator, ML: metafor (4.6 and 3.8) stops at τ² = 0, log-likelihood -6.3034; the maximum is at
  τ² = 0.01144, -6.0189. evergrove finds it and names both. Left out of the comparison of τ²; the likelihood is compared.
- **mixmeta short of the maximum** with a diagonal or equal between-study variance: log-likelihoods 12.82916 and 9.31473 against 12.82957 and
  10.07565. Given mixmeta's own covariance, coefficients, their covariance and the likelihood agree.
- **Inner levels of one cluster.** pimeta states for metafor 5.2-1 that `~ year | district` with DIAG, HCS, HAR and UN fixes the variance of
  a year that one district alone has at 0. metafor 3.8 estimates it, and so does evergrove; the sources of metafor that could be read say that
  such fixing is no longer done. Compared with `tau2=[None, 0, None, 0, None, None]`. Without R 5.2-1 it stays open which of its rules gave them.
- **Harbord's test of risk ratios**: meta's numbers are those with `score_variance="balanced"`, which holds for arms of equal size; the information
  for any arms is the default here ([which call gives meta's numbers](../../docs/methods/bias.md#which-call-gives-metas-numbers)).
- **Penalised logistic regression with random effects**: meta multiplies the standard error by the overdispersion, evergrove by its root
  (a variance is what overdispersion inflates). meta's numbers are those with `dispersion_scales="standard-error"`.
- **rma.glmm's log-likelihood** rests on lme4's conditional deviance (`conditional_deviance` here); `log_likelihood` is the marginal one.
- **Through the origin** metafor subtracts the mean of the effects first, which changes Q and τ² of a design without a constant; evergrove
  does so with `centred=True`. pymetaanalysis states both.

One fault of evergrove came to light and is mended: random slopes of a year as it stands (GEN) ended in "no maximum".

## Where metafor 5 and meta 8 differ from metafor 3.8, as seen here

- Every number that pymetaanalysis's scripts made with metafor 5.0.1 comes out of metafor 3.8 the same to 1e-9, but for `predtype="Riley"`, an
  argument that 3.8 has not (it passes over it) and 5 takes as t(k - 2): `prediction="t(k-2)"`.
- SMDH: the variance, 0.0717771 in 3.8 and 0.0737495 in 5.2-1 for the first row asked; evergrove follows 5 (`variance="LS-3.8"` is the other).
- Orwin's fail-safe N with variances: 84 in 3.8, 43 in 5.2-1; evergrove follows 5.
- `transf.*.int` have bounds of their own in 5; 3.8 fails without. evergrove follows 5.
- The variances of inner levels of one cluster, as above.
- meta 8: prediction intervals with t(k - 1) (`prediction="V"`), I² and its limits from Q, as in [Coming from R](../../docs/how-to/coming-from-r.md).

## What was not asked

| source | what | why |
|---|---|---|
| pimeta | network meta-analysis, `matreg`, `rcalc`, formatting, plots, command line | not in evergrove, or no statistics |
| pimeta | `transf.dto*`, `transf.rto*`, `transf.rpbto*`, `transf.lnorto*` but those of log odds ratios and of point-biserial correlations; `transf.*.mode` | not in evergrove |
| pimeta | matrices of weights, `deltamethod` of order 3 | not in evergrove |
| pimeta | `rma.glmm` of RR, RD, PR, PLN (experimental in metafor); `selmodel` of the types `*2` and `truncest`; `conv.2x2` from sensitivity and specificity; profiles of location-scale models | not in evergrove |
| pimeta | `rma.mv` with `test="knha"` | not in evergrove, which has no Hartung-Knapp factor for multilevel models |
| pimeta | drawn permutations, numbers that its tests give to four digits or fewer | say too little |
| PyMARE | `stan_validation.json` | simulations of its own sampler |
| mixmetapy | Q and I² of single outcomes, standard errors of BLUPs, the curve of its first stage | not in evergrove |
"""
