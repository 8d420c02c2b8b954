"""Sees to it that the reference leaves nothing public out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

import aimap
import aimap.extending
import aimap.sync
import aimap.testing

_LOG = logging.getLogger(__name__)
_MODULES = (
    aimap,
    aimap.commands,
    aimap.criteria,
    aimap.items,
    aimap.extending,
    aimap.sync,
    aimap.testing,
)
# What gathers names says under which one each is in the reference.
_HOMES = {"aimap.commands": "aimap.extending"}


def missing(documented: Collection[str]) -> Iterator[str]:
    """Give what has no entry: names of modules, and members of classes."""
    for module in _MODULES:
        for name in module.__all__:
            places = (module.__name__, _HOMES.get(module.__name__, "aimap"))
            if name != "__version__" and not any(f"{at}.{name}" in documented for at in places):
                yield f"{module.__name__}.{name}"


def _check(app: Sphinx, env: BuildEnvironment) -> None:
    documented = env.get_domain("py").data["objects"]
    for name in missing(documented):
        _LOG.warning("%s is public, and not in the reference", name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Check when all has been read."""
    app.connect("env-check-consistency", _check)
    return {"parallel_read_safe": True}
