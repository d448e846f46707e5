"""Searching databases and registries: `connection` fetches, one module per service says what to ask next.

A service module turns a saved search and what came so far into the next question, and looks at an answer only
for its count and for the way to the next page. The records in it are read by the format modules, from the
stored answers. Nothing here is asked of the network at import.
"""
