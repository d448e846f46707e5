"""From registry records and their posted results to typed studies and candidate data."""
