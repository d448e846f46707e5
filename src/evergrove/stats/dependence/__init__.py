"""Effects that depend on one another: multilevel and multivariate models, covariances, robust errors."""
