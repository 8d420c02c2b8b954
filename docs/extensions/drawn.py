"""Directives of this site: what is drawn or listed from the code while it is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import layers
import methods
import timing
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class _Picture(SphinxDirective):
    draw: ClassVar[Callable[[], str]]

    def run(self) -> list[nodes.Node]:
        """Put the picture into the page."""
        return [nodes.raw("", type(self).draw(), format="html")]


class Layers(_Picture):
    """The layers, by what they import."""

    draw = staticmethod(layers.draw)


class Timing(_Picture):
    """What overlaps, and what waits."""

    draw = staticmethod(timing.draw)


class Methods(SphinxDirective):
    """All methods, by state."""

    def run(self) -> list[nodes.Node]:
        """Put the table into the page."""
        node = nodes.container()
        self.state.nested_parse(StringList(methods.table()), 0, node)
        return [node]


def setup(app: Sphinx) -> dict[str, bool]:
    """Add them."""
    app.add_directive("layers", Layers)
    app.add_directive("timing", Timing)
    app.add_directive("methods", Methods)
    return {"parallel_read_safe": True}
