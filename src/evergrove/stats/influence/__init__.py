"""How much a result owes to single studies: refits without or up to a study, residuals, case deletion."""
