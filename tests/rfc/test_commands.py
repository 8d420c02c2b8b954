"""Every command that an RFC shows can be made, and is written as the RFC has it.

A command of the example is taken apart, a command object is made of what it holds, and what
that object writes has to have the same tokens: but for the case of words, the order within
sets and flags, and parentheses around one thing alone, in which ours are as good.
"""

from __future__ import annotations

import re

import pytest

from aimap import InvalidArgumentError, UIDSet
from aimap._wire.encoder import Dialect
from tests.rfc.examples import Example, readable
from tests.rfc.tokens import Atom, Item, Token, tokens
from tests.unit.strategies import one

from .building import OtherError, command


def alike(token: Token) -> object:
    """Return what two tokens have in common if they mean the same."""
    if isinstance(token, Item):
        return (alike(token.name), alike(token.section), token.origin)
    if isinstance(token, list):
        if len(token) == 1:
            return alike(token[0])
        inside = [alike(each) for each in token]
        if all(isinstance(each, bytes) and re.fullmatch(rb"[\\$].*", each) for each in inside):
            return sorted(inside, key=repr)
        return inside
    if isinstance(token, Atom) and re.fullmatch(rb"(?:[0-9]+|\*)(?:[:,](?:[0-9]+|\*))+", token):
        return str(UIDSet(token.decode()))
    return bytes(token).upper() if token is not None else None


# Example by example, why there is no command object for it, or why ours is written otherwise.
_NOT_NEEDED = "the parentheses that it has are not needed"
_EMPTY = "it has an empty list of selection options, which ours leaves out"
_NOT_THERE = "there is no such command; the example shows an error, or a client that adds one"
_NO_RIGHT = "rights that the server does not have: the example shows the error"
_AGAINST = "it breaks the RFC's own rule that MessageNew and MessageExpunge go together"
EXCEPTIONS = {
    "rfc3501-6.5.1-4": _NOT_THERE,
    "rfc9051-6.5-4": _NOT_THERE,
    "rfc7377-2-1": _NOT_THERE,
    "rfc7377-2-2": _NOT_THERE,
    "rfc4314-2.1.1-6": "the virtual right d, sent to a server of RFC 4314: the example shows why not",
    "rfc4314-3.1-9": "a right in upper case: the example shows the error",
    "rfc4314-3.1-11": _NO_RIGHT,
    "rfc4466-2.1-3": "it has a parameter that stands for those of extensions to come",
    "rfc4466-2.1-5": "it has a parameter that stands for those of extensions to come",
    "rfc4467-BASE.6.3.GENURLAUTH-1": "a URL without access identifier: the example shows the error",
    "rfc5182-2.2-11": "it has UID $ where ours has $, which means the same",
    "rfc5182-2.2-17": _NOT_NEEDED,
    "rfc5182-2.2-22": _NOT_NEEDED,
    "rfc9051-6.4.4.4-10": "it has UID $ where ours has $, which means the same",
    "rfc9051-6.4.4.4-16": _NOT_NEEDED,
    "rfc9051-6.4.4.4-21": _NOT_NEEDED,
    "rfc6203-3-1": _NOT_NEEDED,
    "rfc5258-5-17": _EMPTY,
    "rfc5258-5-102": _EMPTY,
    "rfc9051-6.3.9.8-30": _EMPTY,
    "rfc9051-6.3.9.8-108": _EMPTY,
    "rfc5259-12.1-1": "a form of CONVERT from before the RFC was finished",
    "rfc5465-3.1-4": _AGAINST,
    "rfc5465-3.1-15": _AGAINST,
    "rfc5530-3-32": "flags without parentheses, of which ours always has them",
    "rfc9051-7.1-28": "flags without parentheses, of which ours always has them",
}

SHOWN = [example for example in readable("C") if len(tokens(example.raw)) > 1]
"""Commands: what is one word only goes on with an AUTHENTICATE, or ends an IDLE."""


@pytest.mark.parametrize(
    "example", [pytest.param(e, id=e.id) for e in SHOWN if e.id not in EXCEPTIONS]
)
def test_commands_are_written_as_shown(example: Example) -> None:
    ours = command(example)
    written, shown = tokens(one(ours, dialect(example))[:-2]), tokens(example.raw)[1:]
    if Atom(b"$") in shown and written[0] != shown[0]:
        # By the saved result, ours is the UID form, in which no number means anything.
        shown.insert(0, Atom(b"UID"))
    assert alike(written) == alike(shown)


def dialect(example: Example) -> Dialect:
    rights = "kxte" if example.rfc == 4314 and b"wikda" in example.raw else None
    return Dialect(literal_plus=True, qresync=True, binary=True, rights=rights)


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_exceptions_are_needed(name: str) -> None:
    (example,) = [each for each in SHOWN if each.id == name]
    with pytest.raises((OtherError, InvalidArgumentError, LookupError, AssertionError)):
        test_commands_are_written_as_shown(example)
