"""Nothing public is left out of the reference."""

from __future__ import annotations

import inspect
import re

import attrs
import pytest

import aimap
import aimap.extending
import aimap.sync
import aimap.testing
from tests.docs.blocks import ROOT


def test_every_public_name_is_in_the_reference() -> None:
    reference = "".join(
        page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")
    )
    elsewhere = {*aimap.items.__all__, *aimap.criteria.__all__, *aimap.commands.__all__}
    modules = {"items", "criteria", "commands", "extending", "sync", "__version__"}
    missing = [
        name
        for name in aimap.__all__
        if name not in elsewhere | modules and f"aimap.{name}\n" not in reference
    ]
    missing += [
        name for name in aimap.commands.__all__ if f"aimap.commands.{name}\n" not in reference
    ]
    missing += [
        name
        for name in (*aimap.items.__all__, *aimap.criteria.__all__)
        if not re.search(rf"(`|\.|\s){name}(`|\n)", reference)
    ]
    assert missing == []


def test_every_public_name_has_a_docstring() -> None:
    for module in (aimap, aimap.sync, aimap.testing, aimap.commands, aimap.items):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) or callable(value):
                assert value.__doc__, name


# What the RFCs do not have: what is done here, without asking the server.
OURS = {
    "greeting", "host", "port", "profile", "statistics", "submit", "is_selected", "name",
    "save_attachments", "set_color",
    # Gmail's own.
    "add_labels", "remove_labels", "set_labels", "StoreLabels",
    # What commands of one's own are made of.
    "Command",
}  # fmt: skip


def test_every_call_names_its_rfc() -> None:
    without = [
        f"{owner.__name__}.{name}"
        for owner in (aimap.Client, aimap.Mailbox)
        for name in dir(owner)
        if not name.startswith("_") and name not in OURS | {"on_event", "learnt", "login_code"}
        if ":rfc:" not in (getattr(owner, name).__doc__ or "")
    ]
    commands = [getattr(aimap.commands, name) for name in aimap.commands.__all__]
    without += [
        command.__name__
        for command in commands
        if isinstance(command, type) and issubclass(command, aimap.extending.Command)
        if command.__name__ not in OURS and ":rfc:" not in (command.__doc__ or "")
    ]
    assert without == []


# These send nothing, or hand on what goes wrong by other means.
CANNOT_FAIL = {"offers", "on_event", "statistics", "submit", "try_now"}


@pytest.mark.parametrize("owner", [aimap.Client, aimap.Mailbox, aimap.Account])
def test_every_call_names_its_errors_and_what_cancelling_does(owner: type) -> None:
    calls = {
        name: inspect.getdoc(member) or ""
        for name, member in inspect.getmembers(owner, callable)
        if not name.startswith("_") and name not in CANNOT_FAIL
    }

    def says_errors(name: str) -> bool:
        like = re.search(r"\b[Ll]ike :meth:`(\w+)`", calls[name])
        return "\nRaises:\n" in calls[name] or (like is not None and says_errors(like[1]))

    assert len(calls) > 20
    assert [name for name in calls if not says_errors(name)] == []
    assert "Cancelling" in (owner.__doc__ or "")


def test_the_tree_of_errors_is_the_real_one() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    drawn = page.partition("```text\n")[2].partition("```")[0]
    bases: dict[int, str] = {}
    shown: set[tuple[str, str]] = set()
    for line in drawn.splitlines():
        indent = len(line) - len(line.lstrip("│├└ "))
        name = line.lstrip("│├└ ").split()[0]
        shown.add((name, bases.get(indent - (3 if indent > 2 else 2), "")))
        bases[indent] = name
    errors = {
        value
        for name in aimap.__all__
        if isinstance(value := getattr(aimap, name), type) and issubclass(value, aimap.ImapError)
    }
    real = {
        (error.__name__, "" if error is aimap.ImapError else error.__bases__[0].__name__)
        for error in errors
    }
    assert shown == real


def test_every_value_says_what_its_attributes_are() -> None:
    """One that has a single attribute is described by its first line."""

    def own(value: type) -> list[str]:
        bases = [base for base in value.__mro__[1:] if attrs.has(base)]
        inherited = {field.name for base in bases for field in attrs.fields(base)}
        names = [field.name for field in attrs.fields(value)]
        return [name for name in names if name[0] != "_" and name not in inherited]

    values = {
        f"{module.__name__}.{name}": value
        for module in (aimap, aimap.commands, aimap.sync, aimap.testing)
        for name in module.__all__
        if isinstance(value := getattr(module, name), type) and attrs.has(value)
    }
    without = [
        f"{name}.{field}"
        for name, value in values.items()
        for field in own(value)
        if len(own(value)) > 1 and f"\n        {field}:" not in (value.__doc__ or "")
    ]
    assert len(values) > 100
    assert without == []
