"""Tables of all methods and commands, by the state that they are for: from their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from public import INNER

import aimap
import aimap.commands
from aimap import ConnectionState
from aimap.commands import Command

ANY = {
    "capabilities", "enabled", "greeting", "host", "id", "jmap_url", "languages", "noop", "offers",
    "port", "profile", "set_language", "state", "statistics", "submit",
}  # fmt: skip
BEFORE = {"log_in"}
_RFC = re.compile(r":rfc:`(\d+)(#[\w.-]+)?`")
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_NEEDS = re.compile(r"_need(?:_any)?\(\s*\"([^\"]+)\", \"RFC")
_TOLD = re.compile(r"(?:[Nn]eeds|does not offer|if the server has no) ([A-Z][A-Z0-9=-]+)")
_EITHER = re.compile(r"has neither ([A-Z]+) nor ([A-Z]+)")
_HEAD = ("| | what it does | RFC | needs |", "| --- | --- | --- | --- |")
_LIKE = re.compile(r"\b(?:as|[Ll]ike) :meth:`(?:(Client|Mailbox)\.)?(\w+)`")


def _members(owner: type) -> Iterator[tuple[str, object]]:
    for name in dir(owner):
        member = inspect.getattr_static(owner, name)
        if name.startswith("_") or name in INNER or not inspect.getdoc(member):
            continue
        if callable(member) or isinstance(member, property):
            yield name, member


def _like(owner: type, name: str) -> tuple[type, str]:
    """Return of which method one says that it is like that, or itself."""
    match = _LIKE.search(inspect.getdoc(inspect.getattr_static(owner, name)) or "")
    if match is None:
        return owner, name
    if match[1]:
        return getattr(aimap, match[1]), match[2]
    other, _ = _like(owner, match[2])
    # Account.remove_flags is like add_flags there, which is as Mailbox.add_flags.
    return (owner, match[2]) if other is owner else (other, name)


def _told(text: str) -> tuple[dict[str, None], dict[str, None]]:
    """Return the RFCs and the capabilities that a docstring names."""
    rfcs = dict.fromkeys(f"{{rfc}}`{number}{place}`" for number, place in _RFC.findall(text))
    either = [" or ".join(words) for words in _EITHER.findall(text)]
    return rfcs, dict.fromkeys([*_TOLD.findall(text), *either])


def _facts(owner: type, name: str) -> tuple[dict[str, None], dict[str, None]]:
    """Return the RFCs of a method and the capabilities, its own and of what it is like."""
    member = inspect.getattr_static(owner, name)
    function = member.fget if isinstance(member, property) else member
    source = inspect.getsource(inspect.unwrap(function)) if callable(function) else ""
    rfcs, told = _told(inspect.getdoc(member) or "")
    needs = dict.fromkeys(_NEEDS.findall(source)) | told
    if (other := _like(owner, name)) != (owner, name):
        other_rfcs, other_needs = _facts(*other)
        rfcs, needs = rfcs or other_rfcs, needs | other_needs
    return rfcs, needs


def _line(
    link: str, text: str, rfcs: dict[str, None], needs: dict[str, None], *, ends: str = ".:"
) -> str:
    summary = re.split(rf"(?<=[{ends}])\s|\n\n", text, maxsplit=1)[0].rstrip(":.")
    summary = re.sub(r"\s*\(:rfc:[^)]*\)|, :rfc:[^)]*(?=\))", "", " ".join(summary.split()))
    summary = _ROLE.sub(r"`\1`", summary).replace("``", "`").replace("|", "\\|")
    return f"| {link} | {summary} | {', '.join(rfcs)} | {', '.join(needs)} |"


def _row(owner: type, name: str) -> str:
    member = inspect.getattr_static(owner, name)
    role = "attr" if isinstance(member, property) else "meth"
    link = f"{{{role}}}`{name} <aimap.{owner.__name__}.{name}>`"
    return _line(link, inspect.getdoc(member) or "", *_facts(owner, name))


def table() -> list[str]:
    """Return it as lines of Markdown."""
    client, mailbox = dict(_members(aimap.Client)), dict(_members(aimap.Mailbox))
    groups = {
        "Any state": (aimap.Client, ANY & client.keys()),
        "Not authenticated": (aimap.Client, BEFORE),
        "Authenticated, or selected": (aimap.Client, client.keys() - ANY - BEFORE),
        "Selected": (aimap.Mailbox, mailbox.keys()),
        "Accounts, whatever the state of their connections": (
            aimap.Account,
            dict(_members(aimap.Account)).keys(),
        ),
    }
    lines: list[str] = []
    for title, (owner, names) in groups.items():
        lines += [f"**{title}**: {{class}}`aimap.{owner.__name__}`", ""]
        lines += [*_HEAD, *(_row(owner, name) for name in sorted(names)), ""]
    return lines


_NOT, _AUTHENTICATED = ConnectionState.NOT_AUTHENTICATED, ConnectionState.AUTHENTICATED
_STATES = {
    "Any state": {_NOT, _AUTHENTICATED, ConnectionState.SELECTED},
    "Not authenticated": {_NOT},
    "Authenticated": {_AUTHENTICATED},
    "Authenticated, or selected": {_AUTHENTICATED, ConnectionState.SELECTED},
    "Selected": {ConnectionState.SELECTED},
}


def commands() -> list[str]:
    """Return the table of all command objects, by what each says of itself."""
    members = {name: getattr(aimap.commands, name) for name in aimap.commands.__all__}
    kinds = {
        name: set(member.states)
        for name, member in members.items()
        if inspect.isclass(member) and issubclass(member, Command) and member is not Command
    }
    lines: list[str] = []
    for title, states in _STATES.items():
        lines += [f"**{title}**", "", *_HEAD]
        for name in sorted(name for name, kind in kinds.items() if kind == states):
            text = inspect.getdoc(members[name]) or ""
            link = f"{{class}}`{name} <aimap.commands.{name}>`"
            # What stands before a colon is only the command's own name.
            lines.append(_line(link, text, *_told(text), ends="."))
        lines.append("")
    return lines
