"""Sparse data: tables with few events, pooled without breaking on zeros.

Mantel-Haenszel and Peto in closed form, exact conditional methods, generalised linear mixed models,
penalised and beta-binomial regression. The public names are declared in ``evergrove.stats``.
"""
