"""Sources: one module per file format, registry and database; fetching and parsing stand apart.

A format module has `read(opened)`, which yields a `Draft` per record, or a `LeftOut` where one cannot be
read; and `recognise(head)`, which says from the beginning of a file whether it is of this format. `formats`
knows them all.
"""
