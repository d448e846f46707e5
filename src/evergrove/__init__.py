"""Open, living evidence synthesis: from the trials to a graded answer that stays current.

>>> import evergrove as eg
>>> eg.pool([0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01]).k
4
"""

import lazy_loader

from evergrove._version import __version__ as __version__

# The public names are declared in __init__.pyi; each is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
