"""Time to event: Kaplan-Meier curves, hazard ratios, and patients rebuilt from a printed curve."""
