"""What is public, and has to be in the reference; and what is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import aimap
import aimap.extending
import aimap.sync
import aimap.testing

# What classes of ours tell each other, which is nobody else's business.
INNER = {
    "handler", "learnt", "login_code", "matches", "note_annotations", "on_change", "on_event",
    "on_response",
}  # fmt: skip
_MODULES = (
    aimap,
    aimap.commands,
    aimap.criteria,
    aimap.items,
    aimap.extending,
    aimap.sync,
    aimap.testing,
)


def missing(documented: Collection[str]) -> Iterator[str]:
    """Give what has no entry: names of modules, and members of classes."""
    for module in _MODULES:
        for name in module.__all__:
            # What other modules gather is in the reference once.
            places = (module.__name__, "aimap", "aimap.commands")
            if name != "__version__" and not any(f"{at}.{name}" in documented for at in places):
                yield f"{module.__name__}.{name}"
