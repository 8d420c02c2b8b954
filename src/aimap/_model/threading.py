"""THREAD as the client does it (:rfc:`5256#section-3`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, final

from aimap._model.fetch import BODY_PEEK, ENVELOPE, INTERNALDATE, FetchItem
from aimap._model.message import Message
from aimap._model.numbers import UID
from aimap._model.sorting import sent, subject_key
from aimap._model.subject import base_subject
from aimap._model.thread import Thread

_REFERENCES = BODY_PEEK(fields=["References"])

_ID = re.compile(rb"<([^<>]*)>")
_SPACE = re.compile(rb"\s+")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)

_Age = tuple[timedelta, int]


def ordered_subject(messages: Sequence[Message]) -> tuple[Thread, ...]:
    """Thread by ORDEREDSUBJECT: messages of one base subject are one thread."""
    threads: dict[str, list[Message]] = {}
    for message in sorted(messages, key=_age):
        threads.setdefault(subject_key(message), []).append(message)
    found: list[Thread] = []
    for first, *others in threads.values():
        if len(others) == 1:
            found.append(Thread((first.uid, others[0].uid)))
        else:
            found.append(Thread((first.uid,), tuple(Thread((each.uid,)) for each in others)))
    return tuple(found)


def _age(message: Message) -> _Age:
    return sent(message), message.uid


def message_ids(field: bytes) -> Iterator[bytes]:
    """Iterate over the message IDs of a header field, in the form in which they compare.

    Quotes that need not be there make no other ID of it.
    """
    for match in _ID.finditer(field):
        text = _SPACE.sub(b"", match[1])
        left, at, right = text.rpartition(b"@")
        if at and left and right:
            if _QUOTED.fullmatch(left):
                left = _ESCAPE.sub(rb"\1", left[1:-1])
            yield left + at + right


@final
class _Node:
    """A message, or a place where one should be."""

    __slots__ = ("children", "message", "parent")

    def __init__(self, message: Message | None = None) -> None:
        self.message = message
        self.parent: _Node | None = None
        # A dictionary, from which one is taken out as fast as from a set.
        self.children: dict[_Node, None] = {}

    def adopt(self, child: _Node) -> None:
        """Become the parent of *child*."""
        child.leave()
        child.parent = self
        self.children[child] = None

    def leave(self) -> None:
        """Have no parent any more."""
        if self.parent is not None:
            del self.parent.children[self]
            self.parent = None

    def is_below(self, other: _Node) -> bool:
        """Tell whether *other* is among its ancestors, or itself."""
        if not other.children:
            return self is other
        node: _Node | None = self
        while node is not None:
            if node is other:
                return True
            node = node.parent
        return False

    @property
    def age(self) -> _Age:
        """What siblings are sorted by; of a dummy, that of its first child."""
        node = self
        while node.message is None:
            node = next(iter(node.children))
        return _age(node.message)

    @property
    def subject_message(self) -> Message:
        """The message whose subject is the thread's."""
        node = self
        while node.message is None:
            node = next(iter(node.children))
        return node.message

    def sort(self) -> None:
        """Sort the children by their sent dates."""
        self.children = dict.fromkeys(sorted(self.children, key=_node_age))


def _node_age(node: _Node) -> _Age:
    return node.age


def references(messages: Sequence[Message]) -> tuple[Thread, ...]:
    """Thread by REFERENCES: replies below what they answer, and then subjects gathered.

    Args:
        messages: in the order of the mailbox.
    """
    root = _Node()
    for node in _linked(messages):
        # Step 2.
        if node.parent is None:
            root.adopt(node)
    _prune(root)
    # Step 4.
    for node in root.children:
        if node.message is None:
            node.sort()
    root.sort()
    _gather(root)
    # Step 6, from the leaves on.
    for node in reversed(list(_walk(root))):
        node.sort()
    return tuple(_threads(root))


def _linked(messages: Sequence[Message]) -> list[_Node]:
    """Take step 1: link messages, and dummies for those that are not there."""
    nodes: dict[object, _Node] = {}
    own: list[_Node] = []
    # Who has an ID is known before anybody refers to it.
    for message in messages:
        key: object = next(message_ids(message.envelope.raw_message_id or b""), None)
        if key is None or key in nodes:
            key = object()
        nodes[key] = _Node(message)
        own.append(nodes[key])
    for message, node in zip(messages, own, strict=True):
        line = [nodes.setdefault(each, _Node()) for each in _references_of(message)]
        # Step 1.A.
        for parent, child in pairwise(line):
            if child.parent is None and not parent.is_below(child):
                parent.adopt(child)
        # Step 1.B.
        node.leave()
        if line and not line[-1].is_below(node):
            line[-1].adopt(node)
    return list(nodes.values())


def _references_of(message: Message) -> list[bytes]:
    found = list(message_ids(message[_REFERENCES].partition(b":")[2]))
    return found or list(message_ids(message.envelope.raw_in_reply_to or b""))[:1]


def _walk(root: _Node) -> Iterator[_Node]:
    """Iterate over a tree, parents before their children, whatever its depth."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _prune(root: _Node) -> None:
    """Take step 3: let dummies go, and their children take their places."""
    for node in reversed(list(_walk(root))):
        parent = node.parent
        if node.message is not None or parent is None:
            continue
        if parent is root and len(node.children) > 1:
            continue
        for child in list(node.children):
            parent.adopt(child)
        node.leave()


def _gather(root: _Node) -> None:
    """Take step 5: gather threads of the same subject."""
    table: dict[str, _Node] = {}
    for node in root.children:
        subject = subject_key(node.subject_message)
        if not subject:
            continue
        there = table.get(subject)
        if there is None or (
            there.message is not None
            and (node.message is None or (_is_reply(there) and not _is_reply(node)))
        ):
            table[subject] = node
    for node in list(root.children):
        subject = subject_key(node.subject_message)
        there = table.get(subject)
        if there is None or there is node:
            continue
        if there.message is None and node.message is None:
            for child in list(node.children):
                there.adopt(child)
            node.leave()
        elif there.message is None or (_is_reply(node) and not _is_reply(there)):
            there.adopt(node)
        else:
            dummy = _Node()
            root.adopt(dummy)
            dummy.adopt(there)
            dummy.adopt(node)
            table[subject] = dummy


def _is_reply(node: _Node) -> bool:
    return base_subject(node.subject_message.envelope.subject).is_reply


def _threads(root: _Node) -> list[Thread]:
    """Build threads, children first, on a stack of our own."""
    # Members from the last on, so that a long chain grows at its end.
    done: dict[_Node, tuple[list[UID], tuple[Thread, ...]]] = {}
    for node in reversed(list(_walk(root))):
        below = [done.pop(child) for child in node.children]
        if len(below) == 1 and node is not root:
            members, branches = below[0]
        else:
            members, branches = [], tuple(map(_thread, below))
        if node is root:
            return list(branches)
        if node.message is not None:
            members.append(node.message.uid)
        done[node] = members, branches
    return []


def _thread(made: tuple[list[UID], tuple[Thread, ...]]) -> Thread:
    members, branches = made
    return Thread(tuple(reversed(members)), branches)


ALGORITHMS: dict[str, Callable[[Sequence[Message]], tuple[Thread, ...]]] = {
    "ORDEREDSUBJECT": ordered_subject,
    "REFERENCES": references,
}
"""What can be threaded by here."""

ITEMS: tuple[FetchItem[Any], ...] = (ENVELOPE, INTERNALDATE, _REFERENCES)
"""What has to be fetched of messages that are to be threaded."""
