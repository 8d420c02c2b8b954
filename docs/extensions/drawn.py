"""Directives of this site: what is drawn or listed from the code while it is built."""

from __future__ import annotations

import layers
import methods
import scenes
import serving
import timing
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_SCENES = {"overlap": scenes.OVERLAP, "watching": scenes.WATCHING, "slices": scenes.SLICES}
_TABLES = {
    "methods": methods.table,
    "commands": methods.commands,
    "presets": serving.presets,
    "events": serving.events,
}


class Layers(SphinxDirective):
    """The layers, by what they import."""

    def run(self) -> list[nodes.Node]:
        """Put the picture into the page."""
        return [nodes.raw("", layers.draw(), format="html")]


class Timing(SphinxDirective):
    """What overlaps, and what waits, in the scenes of that name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Put the picture into the page."""
        return [nodes.raw("", timing.draw(_SCENES[self.arguments[0]]), format="html")]


class Listed(SphinxDirective):
    """The table of that name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Put the table into the page."""
        node = nodes.container()
        self.state.nested_parse(StringList(_TABLES[self.arguments[0]]()), 0, node)
        return [node]


def setup(app: Sphinx) -> dict[str, bool]:
    """Add them."""
    app.add_directive("layers", Layers)
    app.add_directive("timing", Timing)
    app.add_directive("listed", Listed)
    return {"parallel_read_safe": True}
