"""Use cases: what the command line and the web ask for, each one function."""
