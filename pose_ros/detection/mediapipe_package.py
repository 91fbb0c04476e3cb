# SPDX-License-Identifier: Apache-2.0
"""
Imports MediaPipe without what it imports in vain, and hands on what is used of it.

MediaPipe's Python package imports matplotlib (to draw landmarks) and sounddevice (to record
audio) at once: more than half of the time that importing the node takes. Here it gets modules
that import the real ones when somebody uses them. Whoever else imports those two gets the real
ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
import sys
from types import ModuleType
from typing import Any

__all__ = ['VERSION', 'BaseOptions', 'Image', 'ImageFormat', 'vision']

SELDOM_USED = ('matplotlib', 'matplotlib.pyplot', 'sounddevice')


class _Later(ModuleType):
    """Stands for a module until an attribute of it is used, and imports it then."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') or sys.modules.get(self.__name__) is self:
            raise AttributeError(name)  # of the import in progress
        return getattr(import_module(self.__name__), name)


@contextmanager
def _later(names: tuple[str, ...]) -> Iterator[None]:
    """Have imports within the block get stand-ins for modules that are not imported yet."""
    stand_ins = {name: _Later(name) for name in names if name not in sys.modules}
    for name, module in stand_ins.items():
        parent, _, child = name.rpartition('.')
        if parent in stand_ins:
            setattr(stand_ins[parent], child, module)
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


with _later(SELDOM_USED):
    import mediapipe
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

VERSION: str = mediapipe.__version__
