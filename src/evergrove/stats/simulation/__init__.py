"""Simulated meta-analyses, and how well a method does on them."""
