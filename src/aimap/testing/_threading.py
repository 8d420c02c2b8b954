"""THREAD's algorithms (:rfc:`5256#section-3`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import attrs

from aimap.testing._mime import Part
from aimap.testing._sorting import Subject, in_date_order, sent_date, subject_of
from aimap.testing._store import StoredMessage

_MESSAGE_ID = re.compile(rb'<\s*((?:"(?:[^"\\]|\\.)*"|[^\s<>"])+)\s*>')
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_PAIR = re.compile(rb"\\(.)", re.DOTALL)


@attrs.define(eq=False)
class Node:
    """A message in a thread, or a dummy where none is."""

    message: StoredMessage | None = None
    parent: Node | None = None
    children: list[Node] = attrs.field(factory=list["Node"])

    @property
    def first(self) -> StoredMessage:
        """Its message, or its first child's."""
        node = self
        while node.message is None:
            node = node.children[0]
        return node.message

    def adopt(self, child: Node) -> None:
        """Make a node its last child."""
        child.leave()
        child.parent = self
        self.children.append(child)

    def leave(self) -> None:
        """Be nobody's child."""
        if self.parent is not None:
            self.parent.children.remove(self)
            self.parent = None

    def is_below(self, other: Node) -> bool:
        """Whether *other* is the node itself, or above it."""
        node: Node | None = self
        while node is not None and node is not other:
            node = node.parent
        return node is other


def message_ids(value: bytes | None) -> list[bytes]:
    """Return the message IDs in a header field, without quoting that means nothing."""
    found = (match[1] for match in _MESSAGE_ID.finditer(value or b""))
    return [_QUOTED.sub(lambda quoted: _PAIR.sub(rb"\1", quoted[1]), each) for each in found]


def references(part: Part) -> list[bytes]:
    """Return the message IDs that a message refers to, its parent last."""
    return message_ids(part.field("references")) or message_ids(part.field("in-reply-to"))[:1]


def ordered_subject(messages: Iterable[StoredMessage]) -> list[Node]:
    """Put together what has one subject: ORDEREDSUBJECT."""
    roots: dict[str, Node] = {}
    for message in in_date_order(messages):
        subject = subject_of(message.part).base
        if subject in roots:
            roots[subject].adopt(Node(message))
        else:
            roots[subject] = Node(message)
    return list(roots.values())


def by_references(messages: Sequence[StoredMessage]) -> list[Node]:
    """Put together what answers what: REFERENCES, step by step."""
    nodes = _linked(messages)
    root = Node()
    for node in nodes:
        if node.parent is None:
            root.adopt(node)
    for node in list(root.children):
        _prune(root, node)
    _sort(root)
    _gather(root)
    _sort(root)
    return root.children


def _linked(messages: Sequence[StoredMessage]) -> list[Node]:
    """Do step 1: link each message with those that it refers to."""
    by_id: dict[bytes, Node] = {}
    own: list[Node] = []
    for message in messages:
        node = Node(message)
        own.append(node)
        ids = message_ids(message.part.field("message-id"))
        if ids:
            by_id.setdefault(ids[0], node)
    dummies: list[Node] = []
    for node, message in zip(own, messages, strict=True):
        parent: Node | None = None
        for each in references(message.part):
            if each not in by_id:
                by_id[each] = Node()
                dummies.append(by_id[each])
            referred = by_id[each]
            if parent is not None and referred.parent is None and not parent.is_below(referred):
                parent.adopt(referred)
            parent = referred
        # Whatever stood in other messages' references before: Dovecot and Cyrus do so too
        # where the last reference would make a loop.
        node.leave()
        if parent is not None and not parent.is_below(node):
            parent.adopt(node)
    return [*own, *dummies]


def _prune(root: Node, top: Node) -> None:
    """Do step 3 for one thread."""
    for node in reversed(list(_walk(top))):
        parent = node.parent
        if node.message is not None or parent is None:
            continue
        if parent is root and len(node.children) > 1:
            continue
        at = parent.children.index(node)
        for child in node.children:
            child.parent = parent
        parent.children[at : at + 1] = node.children
        node.children = []
        node.parent = None


def _walk(top: Node) -> Iterable[Node]:
    """Iterate over a node and all below it, parents before their children."""
    waiting = [top]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _sort(root: Node) -> None:
    """Do steps 4 and 6: sort all siblings, the youngest set first."""
    for node in reversed(list(_walk(root))):
        node.children.sort(key=lambda child: (sent_date(child.first), child.first.uid))


def _gather(root: Node) -> None:
    """Do step 5: gather threads of one subject."""
    table: dict[str, Node] = {}
    for node in root.children:
        subject = subject_of(node.first.part)
        if not subject.base:
            continue
        known = table.get(subject.base)
        if known is None or (
            known.message is not None
            and (node.message is None or (_is_reply(known) and not subject.is_reply))
        ):
            table[subject.base] = node
    for node in list(root.children):
        subject = subject_of(node.first.part)
        if subject.base and table[subject.base] is not node:
            _merge(root, table, node, subject)


def _is_reply(node: Node) -> bool:
    return subject_of(node.first.part).is_reply


def _merge(root: Node, table: dict[str, Node], node: Node, subject: Subject) -> None:
    known = table[subject.base]
    if known.message is None and node.message is None:
        for child in list(node.children):
            known.adopt(child)
        node.leave()
    elif known.message is None or (subject.is_reply and not _is_reply(known)):
        known.adopt(node)
    else:
        dummy = Node()
        root.adopt(dummy)
        dummy.adopt(known)
        dummy.adopt(node)
        table[subject.base] = dummy


def written(threads: Iterable[Node], number: Callable[[StoredMessage], int]) -> str:
    """Write threads as THREAD answers them (:rfc:`5256#section-4`)."""
    return "".join(_written(node, number) for node in threads)


def _written(node: Node, number: Callable[[StoredMessage], int]) -> str:
    words: list[str] = []
    while True:
        if node.message is not None:
            words.append(str(number(node.message)))
        if len(node.children) != 1:
            break
        node = node.children[0]
    if node.children:
        words.append(written(node.children, number))
    return f"({' '.join(words)})"
