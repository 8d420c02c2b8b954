"""The table of all methods, by the state in which they may be called: from their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import aimap

ANY = {
    "capabilities", "enabled", "greeting", "host", "id", "jmap_url", "languages", "noop", "port",
    "profile", "set_language", "state", "statistics", "submit",
}  # fmt: skip
BEFORE = {"log_in"}
INNER = {"on_event", "learnt", "login_code"}
_RFC = re.compile(r":rfc:`(\d+)(#[\w.-]+)?`")
_ROLE = re.compile(r":\w+:`~?([^`]+)`")
_NEEDS = re.compile(r"_need(?:_any)?\(\s*\"([^\"]+)\", \"RFC")
_TOLD = re.compile(r"(?:needs|does not offer|if the server has no) ([A-Z][A-Z0-9=-]+)")
_EITHER = re.compile(r"has neither ([A-Z]+) nor ([A-Z]+)")
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


def _facts(owner: type, name: str) -> tuple[dict[str, None], dict[str, None]]:
    """Return the RFCs of a method and the capabilities, its own and of what it is like."""
    member = inspect.getattr_static(owner, name)
    text = inspect.getdoc(member) or ""
    function = member.fget if isinstance(member, property) else member
    source = inspect.getsource(inspect.unwrap(function)) if callable(function) else ""
    rfcs = dict.fromkeys(f"{{rfc}}`{number}{place}`" for number, place in _RFC.findall(text))
    needs = dict.fromkeys(_NEEDS.findall(source) + _TOLD.findall(text))
    needs |= dict.fromkeys(" or ".join(either) for either in _EITHER.findall(text))
    if (other := _like(owner, name)) != (owner, name):
        other_rfcs, other_needs = _facts(*other)
        rfcs, needs = rfcs or other_rfcs, needs | other_needs
    return rfcs, needs


def _row(owner: type, name: str, member: object) -> str:
    text = inspect.getdoc(member) or ""
    summary = re.split(r"(?<=[.:])\s|\n\n", text, maxsplit=1)[0].rstrip(":.")
    summary = re.sub(r"\s*\(:rfc:[^)]*\)|, :rfc:[^)]*(?=\))", "", " ".join(summary.split()))
    summary = _ROLE.sub(r"`\1`", summary).replace("``", "`").replace("|", "\\|")
    rfcs, needs = _facts(owner, name)
    role = "attr" if isinstance(member, property) else "meth"
    link = f"{{{role}}}`{name} <aimap.{owner.__name__}.{name}>`"
    return f"| {link} | {summary} | {', '.join(rfcs)} | {', '.join(needs)} |"


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
        lines += ["| | what it does | RFC | needs |", "| --- | --- | --- | --- |"]
        lines += [_row(owner, name, inspect.getattr_static(owner, name)) for name in sorted(names)]
        lines.append("")
    return lines
