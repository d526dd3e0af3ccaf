"""Parts of keras_gans that need no Keras, imported without it."""

import contextlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator

_NAME = "keras_gans"


@contextlib.contextmanager
def without_keras() -> Iterator[None]:
    """Lets modules of keras_gans be imported, but not the package itself.

    Importing the package imports Keras, which takes seconds, while a recipe
    answers a wrong flag at once. Within this context a module without content
    stands for the package, unless the package is there already; its parts that
    were imported are the package's own later.
    """
    if _NAME in sys.modules:
        yield
        return
    spec = importlib.util.find_spec(_NAME)
    empty = importlib.machinery.ModuleSpec(_NAME, None, is_package=True)
    empty.submodule_search_locations = spec.submodule_search_locations
    sys.modules[_NAME] = importlib.util.module_from_spec(empty)
    try:
        yield
    finally:
        del sys.modules[_NAME]
