"""Sees to it that the reference has all that is public, and nothing else."""

from __future__ import annotations

from public import INNER, missing
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

_LOG = logging.getLogger(__name__)


def _check(app: Sphinx, env: BuildEnvironment) -> None:
    documented = env.get_domain("py").data["objects"]
    for name in missing(documented):
        _LOG.warning("%s is public, and not in the reference", name)


def _is_inner(
    app: Sphinx, what: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    """Skip what is not for users; what else is skipped is as ever."""
    return True if what == "class" and name in INNER else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Choose the members of classes, and check when all has been read."""
    app.connect("autodoc-skip-member", _is_inner)
    app.connect("env-check-consistency", _check)
    return {"parallel_read_safe": True}
