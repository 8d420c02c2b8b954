"""Sees to it that the reference leaves nothing public out."""

from __future__ import annotations

from public import missing
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

_LOG = logging.getLogger(__name__)


def _check(app: Sphinx, env: BuildEnvironment) -> None:
    documented = env.get_domain("py").data["objects"]
    for name in missing(documented):
        _LOG.warning("%s is public, and not in the reference", name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Check when all has been read."""
    app.connect("env-check-consistency", _check)
    return {"parallel_read_safe": True}
