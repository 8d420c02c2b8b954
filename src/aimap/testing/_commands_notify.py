"""NOTIFY, read and checked; what it asks for is not told (:rfc:`5465`)."""

from __future__ import annotations

import attrs

from aimap.testing._connection import Connection
from aimap.testing._grammar import Arguments
from aimap.testing._rules import RefusalError, Rule, ViolationError

_OF_SELECTED = ("SELECTED", "SELECTED-DELAYED")
_BY_NAME = ("SUBTREE", "MAILBOXES")
_OTHERS = ("INBOXES", "PERSONAL", "SUBSCRIBED", *_BY_NAME)
_TOGETHER = frozenset({"MESSAGENEW", "MESSAGEEXPUNGE"})
_MESSAGE_EVENTS = frozenset({*_TOGETHER, "FLAGCHANGE", "ANNOTATIONCHANGE"})
_EVENTS = _MESSAGE_EVENTS | {
    "MAILBOXNAME",
    "SUBSCRIPTIONCHANGE",
    "MAILBOXMETADATACHANGE",
    "SERVERMETADATACHANGE",
}


@attrs.frozen
class _Group:
    names: str
    events: frozenset[str]
    has_items: bool


async def notify(client: Connection, arguments: Arguments) -> None:
    del client
    word = arguments.atom()
    if word == "NONE":
        arguments.end()
        return
    if word != "SET":
        raise _broken(f"NOTIFY takes SET or NONE, not {word} (RFC 5465 section 8)")
    arguments.space()
    arguments.step_word(b"STATUS")
    groups = [_group(arguments)]
    while arguments.step(b" "):
        groups.append(_group(arguments))
    arguments.end()
    if sum(group.names in _OF_SELECTED for group in groups) > 1:
        raise _broken("two filters of the selected mailbox (RFC 5465 section 6.1)")
    for group in groups:
        _check(group)
    raise RefusalError("the events are legal, and none is told by this server", "CANNOT")


def _broken(text: str) -> ViolationError:
    return ViolationError(text, Rule.NOTIFY)


def _group(arguments: Arguments) -> _Group:
    arguments.expect(b"(")
    names = arguments.atom()
    if names not in _OF_SELECTED + _OTHERS:
        raise _broken(f"no mailbox filter {names} (RFC 5465 section 6)")
    arguments.space()
    if names in _BY_NAME:
        if arguments.peek() == b"(":
            for _ in arguments.listed():
                arguments.mailbox()
        else:
            arguments.mailbox()
        arguments.space()
    events: list[str] = []
    has_items = False
    if arguments.peek() == b"(":
        for _ in arguments.listed():
            events.append(arguments.atom())
            if arguments.peek(2) == b" (":
                arguments.space()
                has_items = True
                for _ in arguments.listed():
                    arguments.fetch_att()
    elif arguments.atom() != "NONE":
        raise _broken("events stand in parentheses (RFC 5465 section 8)")
    arguments.expect(b")")
    return _Group(names, frozenset(events), has_items)


def _check(group: _Group) -> None:
    """Check what goes together (:rfc:`5465#section-5`)."""
    unknown = group.events - _EVENTS
    if unknown:
        raise RefusalError(
            f"no event {min(unknown)}",
            "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)",
        )
    if group.events & _MESSAGE_EVENTS and not group.events >= _TOGETHER:
        raise _broken("MessageNew and MessageExpunge go together (RFC 5465 section 5)")
    if group.names in _OF_SELECTED and group.events - _MESSAGE_EVENTS:
        raise _broken("the selected mailbox has message events only (RFC 5465 section 8)")
    if group.has_items and group.names not in _OF_SELECTED:
        raise _broken("fetch items are for the selected mailbox (RFC 5465 section 8)")
