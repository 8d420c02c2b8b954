"""Reading takes time in proportion to what is read, whatever it is."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import ModuleType
from typing import Any

import pytest

import aimap._model.charsets
import aimap._model.dates
import aimap._model.filenames
import aimap._model.html_text
import aimap._model.subject
import aimap._model.text
import aimap._model.threading
import aimap._model.url
import aimap._protocol.wire_log
import aimap._wire
from aimap import Limits, parse_response
from aimap._model.flowed import unflow
from aimap._model.html_text import html_to_text
from aimap._model.subject import base_subject
from aimap._model.text import decode_parameters, decode_words
from aimap._wire.reader import ResponseReader
from aimap._wire.utf7 import decode_mailbox_name

from .growth import is_linear

pytestmark = pytest.mark.exhaustive

MODULES: list[ModuleType] = [
    *(
        importlib.import_module(f"aimap._wire.{found.name}")
        for found in pkgutil.iter_modules(aimap._wire.__path__)
    ),
    aimap._model.charsets,
    aimap._model.dates,
    aimap._model.filenames,
    aimap._model.html_text,
    aimap._model.subject,
    aimap._model.text,
    aimap._model.url,
    aimap._model.threading,
    aimap._protocol.wire_log,
]

ADDRESS = b'(NIL NIL "a" "x")'
ENVELOPE = b'(NIL "s" (%s) NIL NIL NIL NIL NIL NIL "<i@x>")' % ADDRESS
FIELDS = b'("A" "b") NIL NIL "7BIT" 3'
EXTENSION = b' NIL ("INLINE" ("A" "b")) ("en" "de") "loc"'

# Something that each pattern matches, to be taken apart and blown up.
EXAMPLES: dict[str, bytes | str] = {
    "encoder._ATOM": b"atom",
    "encoder._CONTROLS": "\x00",
    "encoder._NOT_NET_UNICODE": "\u2028",
    "encoder._PLAIN": b"plain",
    "encoder._PRINTABLE": b"a b",
    "encoder._QUOTABLE": b'quo"\\table',
    "encoder._QUOTABLE_UTF8": b"quot\xc3\xa9",
    "fast_body._EXTENSION_FIELDS": EXTENSION,
    "fast_body._HEAD_FIELDS": b'"TEXT" "PLAIN" ("A" "b") NIL NIL "7BIT"',
    "fast_body._LEAF": b'("TEXT" "PLAIN" ' + FIELDS + b" 4" + EXTENSION + b")",
    "fast_body._MESSAGE": b'("MESSAGE" "RFC822" ' + FIELDS + b" " + ENVELOPE + b" ",
    "fast_body._MESSAGE_END": b" 3" + EXTENSION + b")",
    "fast_body._MULTIPART_END": b' "MIXED" ("A" "b")' + EXTENSION[4:] + b")",
    "fast_body._PAIR": b'"a" "b"',
    "fast_body._STRING": b'"a\\"b"',
    "fast_envelope._ONE_ADDRESS": ADDRESS,
    "fast_fetch._LITERAL": b"{3}\r\n",
    "fast_fetch._TO_ESCAPE": b"\\",
    "fast_fetch._UNQUOTABLE": b"\x7f",
    "fast_strings._ESCAPE": b"\\a",
    "framer._FREE_TEXT": b"\0tag x ",
    "framer._LITERAL_END": b"{3+}\r",
    "parse_code._CODE": b'[A [b] "]" c] ',
    "parse_code._NAME": b"NAME  x",
    "parse_code._UNBALANCED_CODE": b"[A (b[c)] ",
    "parse_envelope._MESSAGE_ID": b' "<a"b@x>")',
    "parse_fetch._LITERAL_HEADER": b"{33}\r\n",
    "parse_fetch._NAME": b" BODY[HEADER.FIELDS (A)]<0.9>",
    "parse_fetch._NEXT_ITEM": b" UID BODY[",
    "parse_fetch._PARTS": b"BODY[1.MIME]<0.9>",
    "parse_flags._RUN_TOGETHER": b"\\A\\B",
    "parse_mailbox._STATUS_ITEMS_AT_END": b"(A 1)  ",
    "parse_response._BARE_CODE": b"* [A-1 ]",
    "parse_response._TAGGED": b"A1 OK ",
    "parse_response._UNTAGGED": b"* 1 FETCH ",
    "parse_search._NUMBERS": b" 1 22 ",
    "parse_search._WINDOW": b"-1:-2",
    "parse_various._COMMA": b'" , "',
    "scanner._ESCAPE": b"\\a",
    "scanner._SPACES": b"  ",
    "scanner._TOKEN": b' a[b (c)]"d\\e"{3}\r\n~{3+}\r\n',
    "url._ACCESS": "user+joe",
    "url._ALLOWED": "imap://h/a",
    "url._ESCAPE": "%",
    "url._MECHANISM": "X-a.b",
    "url._SERVER": "joe;AUTH=*@example.org:143",
    "url._TOKEN": "91354a473744909de610943775f92038",
    "url._URL": "imap://joe@h/a;UIDVALIDITY=1/;UID=2?x",
    "url._URLAUTH": ";EXPIRE=2026-01-01T00:00:00Z;URLAUTH=user+joe:X:91354a473744909de610943775f92038",
    "utf7._SHIFTED": b"&AGE-",
    "utf7._UNPRINTABLE": "é",
    "values._RANGE": b"1:2",
    "charsets._NO_PART_OF_A_NAME": "--",
    "dates._DATE_TIME": b" 8-Jan-2015 12:00:00 +0000",
    "dates._HEADER_DATE": b"Thu, 8 Jan 2015 12:00:00 +0000 (UTC)",
    "text._BASE64_ALPHABET": b"!",
    "text._PARAMETER": "name*1*",
    "text._Q_BYTE": b"=C3",
    "wire_log._LITERAL": b"{3+}",
    "wire_log._TOKEN": ";urlauth=user+joe:internal:9135",
    "filenames._DEVICE": "COM1 .txt",
    "html_text._BLANKS": "  ",
    "html_text._TAG_NAME": "/td1",
    "subject._BLOB": "[x] ",
    "subject._REFWD": "re [x]:",
    "subject._SPACES": "  ",
    "threading._ESCAPE": b"\\a",
    "threading._ID": b"<a@b>",
    "threading._QUOTED": b'"a\\b"',
    "threading._SPACE": b"  ",
    "text._WORD": b"=?utf-8*en?Q?a=20?=",
}

PUMPS = [
    " ", "  (", '"', "\\", '\\"', "(", ")", "()", "[", "]", "[]", "{", "}", "{1}\r\n", "<", ">", "<>",
    "=?", "?", "?=", "&", "-", "&-", "*", "0", "9", "1:", ",", " ,", "a", "A", "NIL ", "a ", '"a" ',
    '"a" "b" ', "BODY[", "\0", "\r", "\n", "\x80", "\t", "'", "*0", "%", ".", ":", "+",
]  # fmt: skip


def qualified(module: ModuleType, name: str) -> str:
    return f"{module.__name__.rpartition('.')[2]}.{name}"


PATTERNS: dict[str, tuple[ModuleType, str, re.Pattern[Any]]] = {
    qualified(module, name): (module, name, value)
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}


@cache
def uses(module: ModuleType) -> dict[str, set[str]]:
    """Return how a module uses its patterns: a search costs more than a match."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Attribute):
            # The pattern may be chosen by an expression.
            for name in ast.walk(node.value):
                if isinstance(name, ast.Name):
                    found.setdefault(name.id, set()).add(node.attr)
    return found


def methods(module: ModuleType, variable: str) -> set[str]:
    # One that is chosen among several is used by another name.
    return uses(module).get(variable, {"fullmatch"}) & METHODS


def call(pattern: re.Pattern[Any], method: str) -> Callable[[Any], object]:
    match method:
        case "sub":
            return lambda text: pattern.sub(lambda match: match[0], text)
        case "finditer":
            return lambda text: sum(1 for _ in pattern.finditer(text))
        case _:
            found: Callable[[Any], object] = getattr(pattern, method)
            return found


def repeating(
    run: Callable[[Any], object], case: tuple[Any, Any, Any], size: int
) -> Callable[[], object]:
    """Give the call on input of a size: what is repeated, with what stands around it."""
    before, repeated, after = case
    data = before + repeated * (size // len(repeated) + 1) + after
    return lambda: run(data)


def blown_up(example: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Give what stands before, what is repeated, and what stands behind."""
    text = isinstance(example, str)
    pumps = PUMPS if text else [pump.encode("latin-1") for pump in PUMPS]
    space = " " if text else b" "
    for pump in (*pumps, example, example + space):
        for at in range(len(example) + 1):
            yield example[:at], pump, example[at:]
            yield example[:at], pump, example[:0]


METHODS = {"match", "fullmatch", "search", "finditer", "findall", "sub", "split"}

# These see only what a greater pattern has matched already.
WITHIN_A_MATCH = {"fast_body._PAIR", "fast_body._STRING", "fast_envelope._ONE_ADDRESS"}


def test_every_pattern_has_an_example() -> None:
    assert EXAMPLES.keys() == PATTERNS.keys()
    for name, (module, variable, pattern) in PATTERNS.items():
        assert pattern.search(EXAMPLES[name]), name
        assert methods(module, variable), name


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns(name: str) -> None:
    module, variable, pattern = PATTERNS[name]
    cases = list(blown_up(EXAMPLES[name]))
    if name in WITHIN_A_MATCH:
        cases = cases[-2:]
    for method in methods(module, variable):
        run = call(pattern, method)
        for case in cases:
            make = partial(repeating, run, case)
            assert is_linear(make, 3000), (method, case)


NESTED = b"(" * 60
PARTS = b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'
QUOTED_ID = b'ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL "<a"b@x>") '


@pytest.mark.parametrize(
    ("before", "repeated", "after"),
    [
        (b"* LIST (", b" ", b""),
        (b'* LIST () "', b"\\", b""),
        (b'* LIST () "', b"\\a", b""),
        (b'* LIST () "/" a', b" a", b" ("),
        (b"* STATUS a", b" (", b")"),
        (b"* STATUS a", b"()", b"x"),
        (b"* STATUS a (A 1)", b" ", b"x"),
        (b"* OK [", b"[", b""),
        (b"* OK [", b'"', b""),
        (b'* OK ["', b"\\", b""),
        (b"* OK [A ", b"[]", b""),
        (b"* OK [A", b" ", b""),
        (b"* FLAGS (", b"\\a", b")"),
        (b"* FLAGS (", b"] ", b")"),
        (b"* FLAGS (", b"NIL ", b")"),
        (b"* CAPABILITY", b" +", b""),
        (b"* ID (", b'"a",', b")"),
        (b'* ID ("a"', b" ", b',"b")'),
        (b"* 1 FETCH (", b"BODY[", b""),
        (b"* 1 FETCH (", b"a", b""),
        (b"* 1 FETCH (", b"[", b""),
        (b"* 1 FETCH (", b"(", b""),
        (b"* 1 FETCH (", b"()", b")"),
        (b"* 1 FETCH (X a", b"[]", b""),
        (b"* 1 FETCH (X " + NESTED, b")(", b""),
        (b"* 1 FETCH (X (", b"() ", b"))"),
        (b"* 1 FETCH (", b'UID "a"b ', b")"),
        (b"* 1 FETCH (", QUOTED_ID, b")"),
        (b"* 1 FETCH (" + QUOTED_ID, b'ENVELOPE (" "<a"', b")"),
        (b"* 1 FETCH (ENVELOPE (NIL NIL (", b'(NIL NIL "a" NIL)', b") NIL NIL NIL NIL NIL NIL NIL))"),
        (b"* 1 FETCH (ENVELOPE (NIL NIL ", b"(" * 5 + b"NIL" + b")" * 5, b"))"),
        (b"* 1 FETCH (BODYSTRUCTURE (", PARTS, b' "MIXED"))'),
        (b"* 1 FETCH (BODYSTRUCTURE (", b"(NIL)", b' "MIXED"))'),
        (b"* 1 FETCH (BODYSTRUCTURE (" + PARTS + b' "MIXED"', b' ("a")', b"))"),
        (b"* 1 FETCH (BODYSTRUCTURE (" + PARTS + b' "MIXED" (', b'"a*1" "b" ', b")))"),
        (b'* 1 FETCH (INTERNALDATE "', b"9", b'")'),
        (b"* 1 FETCH (X (", b"{1}\r\na ", b"))"),
        (b"* 1 FETCH (X ", b'"a" {1}\r\na ', b")"),
        (b"* X ", b"a{1}\r\n)", b""),
        (b"x", b"a{1}\r\n)", b""),
        (b"a" * 30_000, b"{1}\r\n)", b""),
        (b"", b"\0", b"{1}\r\n"),
        (b"", b"\0", b""),
        (b"* SEARCH", b" 1", b"x"),
        (b"* SEARCH ", b"9", b""),
        (b"* SEARCH", b" ", b"x"),
        (b"* THREAD ", b"(1)", b""),
        (b"* THREAD ", b"(1) ", b""),
        (b"* THREAD (1", b" (2)", b")"),
        (b"* ESEARCH UID ALL 1", b",3", b""),
        (b"* ESEARCH UID", b" ALL 1", b""),
        (b"* VANISHED 9", b",7", b""),
        (b"", b"a", b""),
        (b"", b"a ", b""),
        (b"* ", b" ", b""),
        (b"[A", b"-", b""),
    ],
)  # fmt: skip
def test_responses(before: bytes, repeated: bytes, after: bytes) -> None:
    assert is_linear(partial(repeating, parse_response, (before, repeated, after)), 10_000)


def test_many_broken_items() -> None:
    # What is copied whole for each of them shows only in a long response.
    case = (b"* 1 FETCH (", QUOTED_ID, b")")
    assert is_linear(partial(repeating, parse_response, case), 100_000)


SHAPES: dict[str, tuple[bytes, bytes, bytes]] = {
    "UID 1 FLAGS (a)": (b"UID 1 FLAGS (", b"a ", b"a)"),
    "UID 2 FLAGS (a)": (b"UID 1 FLAGS (a)", b" ", b""),
    f"UID 3 ENVELOPE {ENVELOPE.decode()}": (
        b"UID 3 ENVELOPE (NIL NIL (",
        ADDRESS,
        b") NIL NIL NIL NIL NIL NIL NIL",
    ),
    f"UID 4 ENVELOPE {ENVELOPE.decode()}": (b'UID 4 ENVELOPE (NIL "', b"\\", b""),
    f"UID 5 ENVELOPE {ENVELOPE.decode()}": (b"UID 4 ENVELOPE (NIL NIL (", b"(NIL NIL ", b""),
    f"UID 6 BODYSTRUCTURE {PARTS.decode()}": (b"UID 6 BODYSTRUCTURE (", PARTS, b' "MIXED")'),
    f"UID 7 BODYSTRUCTURE {PARTS.decode()}": (b"UID 6 BODYSTRUCTURE (", PARTS, b' "MIXED" ('),
    f"UID 8 BODYSTRUCTURE {PARTS.decode()}": (b"UID 8 BODYSTRUCTURE ", b"(", b""),
    f"UID 9 BODYSTRUCTURE {PARTS.decode()}": (
        b'UID 9 BODYSTRUCTURE ("TEXT" "PLAIN" (',
        b'"a" "b" ',
        b"",
    ),
    'INTERNALDATE "17-Jul-1996 02:44:25 -0700"': (b'INTERNALDATE "', b"1", b'"'),
    "BODY[1] {1}\r\na BODY[2] {1}\r\na": (b"BODY[1] {1}\r\na", b" BODY[2] {1}\r\na", b""),
}


def learnt(first: str) -> ResponseReader:
    reader = ResponseReader(Limits())
    for _ in range(2):
        reader.receive_data(b"* 1 FETCH (" + first.encode() + b")\r\n")
        (run,) = reader.responses()
        assert isinstance(run, list)
    return reader


@pytest.mark.parametrize("first", SHAPES)
def test_responses_of_a_known_shape(first: str) -> None:
    before, repeated, after = SHAPES[first]
    readers: list[ResponseReader] = []

    def make(size: int) -> Callable[[], object]:
        raw = b"* 1 FETCH (" + before + repeated * (size // len(repeated)) + after + b")\r\n"

        def run() -> None:
            readers[:] = [learnt(first)]
            readers[0].receive_data(raw)
            (_,) = readers[0].responses()

        return run

    assert is_linear(make, 10_000)
    assert readers[0].pending == 0


@pytest.mark.parametrize("first", SHAPES)
def test_responses_of_a_known_shape_in_drops(first: str) -> None:
    before, repeated, _ = SHAPES[first]

    def make(size: int) -> Callable[[], object]:
        raw = b"* 1 FETCH (" + before + repeated * (size // len(repeated))

        def run() -> None:
            reader = learnt(first)
            for at in range(0, len(raw), 8):
                reader.receive_data(raw[at : at + 8])
                assert next(reader.responses(), None) is None

        return run

    assert is_linear(make, 5000)


@pytest.mark.parametrize("decode", [decode_words, decode_mailbox_name])
def test_header_text_and_names(decode: Callable[[bytes], str]) -> None:
    words = [b"=?utf-8?Q?a?= ", b"=?utf-8?B?YQ==?=", b"=?utf-8?Q?", b"=?", b"&AGE-", b"&AGE", b"&"]
    for before in (b"", b"=?", b"=?utf-8?Q?", b"&"):
        for repeated in (*words, b" ", b"x", b"\xff", b"_", b"=C3"):
            for after in (b"", b"?Q?a?=", b"?=", b"-"):
                case = (before, repeated, after)
                assert is_linear(partial(repeating, decode, case), 5000), case


@pytest.mark.parametrize("name", [b"x*%d", b"x*%d*", b"x%d", b"x*0*", b"x*"])
def test_parameters(name: bytes) -> None:
    def make(size: int) -> Callable[[], object]:
        pairs = [(name % n if b"%" in name else name, b"''%C3%BC'") for n in range(size)]
        return lambda: decode_parameters(pairs)

    assert is_linear(make, 2000)


@pytest.mark.parametrize(
    "repeated", ["[x]", "re:", "[x] re:", "[fwd:", "(fwd)", " ", "[", "]", "x"]
)
def test_subjects(repeated: str) -> None:
    for before in ("", "[fwd:", "re ["):
        for after in ("", "]", ":", "x"):
            case = (before, repeated, after)
            assert is_linear(partial(repeating, base_subject, case), 5000), case


@pytest.mark.parametrize("make_text", [html_to_text, partial(unflow, del_sp=True)])
def test_texts(make_text: Callable[[str], str]) -> None:
    pieces = [
        "<",
        ">",
        "<!--",
        "<script>",
        "</script",
        "<b> ",
        "<p>",
        "&",
        "&#9",
        "9",
        " ",
        "\n",
        "> ",
        "x \n",
    ]
    for before in ("", "<script>", "<!--", "&#"):
        for repeated in pieces:
            for after in ("", ">", "-->"):
                case = (before, repeated, after)
                assert is_linear(partial(repeating, make_text, case), 5000), case
