"""Annotations of messages, as STORE, APPEND and REPLACE write them (:rfc:`5257#section-5`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimap._model.appending import Annotations

if TYPE_CHECKING:
    from aimap._wire.encoder import Encoder


# att-annotate = "ANNOTATION" SP "(" entry-att *(SP entry-att) ")"
def write_annotations(wire: Encoder, annotations: Annotations) -> None:
    """Write annotations that were checked."""
    wire.atom("ANNOTATION")
    with wire.parentheses():
        for entry, attributes in annotations.items():
            wire.astring(entry)
            with wire.parentheses():
                for attribute, value in attributes.items():
                    wire.astring(attribute)
                    wire.value(value)
