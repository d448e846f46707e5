"""The numbers: effect sizes, pooling, heterogeneity, influence; NumPy arrays in, results out.

The package stands alone: of evergrove it imports its errors, its version and, when a result is
drawn, its figures. The names below are declared in ``__init__.pyi``; each loads its module when it is
first used, so that pooling never waits for regression.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
