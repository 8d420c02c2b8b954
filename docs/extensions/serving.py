"""Tables of what the embedded server does on purpose: from the code that does it."""

from __future__ import annotations

from aimap.testing import CAPABILITIES, PRESETS
from aimap.testing._scripts import _POSSIBLE


def presets() -> list[str]:
    """Return the presets and what they offer, as lines of Markdown."""
    lines = ["| preset | what it does | offers beyond IMAP4rev1 |", "| --- | --- | --- |"]
    for name, preset in PRESETS.items():
        lacking = CAPABILITIES - preset.capabilities
        offered = (
            f"all but {', '.join(sorted(lacking))}"
            if len(lacking) < len(preset.capabilities)
            else ", ".join(sorted({*preset.capabilities, *preset.words})) or "nothing"
        )
        lines.append(f"| `{name}` | {preset.about} | {offered} |")
    return lines


def events() -> list[str]:
    """Return what can be done at which event, as lines of Markdown."""
    actions = dict.fromkeys(action for possible in _POSSIBLE.values() for action in possible)
    lines = [
        f"| | {' | '.join(f'`{event}`' for event in _POSSIBLE)} |",
        f"| --- |{' :-: |' * len(_POSSIBLE)}",
    ]
    for action in actions:
        cells = ("yes" if action in possible else "" for possible in _POSSIBLE.values())
        name = action.__name__
        lines.append(f"| {{class}}`{name} <aimap.testing.{name}>` | {' | '.join(cells)} |")
    return lines
