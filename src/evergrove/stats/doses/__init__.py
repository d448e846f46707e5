"""Dose-response meta-analysis: covariances of effects against a shared reference, curves, tests."""
