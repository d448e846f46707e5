"""Effects that depend on one another: multilevel and multivariate models, known covariances, robust errors."""
