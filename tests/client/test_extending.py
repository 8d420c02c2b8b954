"""Extensions of a user's own."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

import aimap
from aimap import (
    FLAGS,
    Alert,
    Defect,
    InvalidArgumentError,
    RawValue,
    ResponseCode,
    UnsolicitedResponse,
)
from aimap.extending import Command, Encoder, Extension, FetchItem

from .support import played, selected

GREETING = b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ X-CLOCK] hi\r\n"


@attrs.frozen
class ClockResponse:
    zone: str
    hour: int


def read_clock(number: int | None, values: tuple[RawValue, ...]) -> ClockResponse:
    zone, hour = values
    assert isinstance(zone, bytes)
    assert isinstance(hour, bytes)
    return ClockResponse(zone.decode(), int(hour) + (number or 0))


class Clock(Command[ClockResponse | None]):
    name = "XCLOCK"
    answers = (ClockResponse,)

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._answer: ClockResponse | None = None

    def write(self, wire: Encoder) -> None:
        wire.atom(self.name)
        wire.astring(self._zone)

    def claim(self, response: object) -> bool:
        if not isinstance(response, ClockResponse) or response.zone != self._zone:
            return False
        self._answer = response
        return True

    def result(self, response: aimap.TaggedResponse) -> ClockResponse | None:
        return self._answer


async def test_each_answer_goes_to_the_command_that_it_answers() -> None:
    heard: list[object] = []
    async with played(
        greeting=GREETING, extensions=[Extension({"xclock": read_clock})], on_event=heard.append
    ) as (imap, server):
        mars, moon = imap.submit(Clock("Mars")), imap.submit(Clock("The Moon"))
        assert await server.hears() == b"A1 XCLOCK Mars"
        assert await server.hears() == b'A2 XCLOCK "The Moon"'
        await server.says(b'* XCLOCK "The Moon" 3\r\n* 10 XCLOCK Mars 4\r\n* XCLOCK UTC 5\r\n')
        await server.says(b"* OK [ALERT] late\r\n* XOTHER 1\r\nA2 OK done\r\nA1 OK done\r\n")
        assert await mars.wait() == ClockResponse("Mars", 14)
        assert await moon.wait() == ClockResponse("The Moon", 3)
    assert heard == [
        UnsolicitedResponse(ClockResponse("UTC", 5)),  # type: ignore[arg-type]
        Alert("late"),
        UnsolicitedResponse(aimap.UnknownResponse("XOTHER", None, b"1")),
    ]


@pytest.mark.parametrize(
    "line",
    [b"* XCLOCK", b"* XCLOCK (", b"* XCLOCK a b", b"* XCLOCK NIL 3", b"* XNONE 1", b"* XOK 1"],
)
async def test_a_response_that_cannot_be_read_costs_no_more_than_itself(line: bytes) -> None:
    heard: list[object] = []
    wrong = {
        "XCLOCK": read_clock,
        "XNONE": lambda number, values: None,
        "XOK": lambda number, values: aimap.TaggedResponse("A1", "OK", None, ""),
    }
    async with played(greeting=GREETING, extensions=[Extension(wrong)], on_event=heard.append) as (
        imap,
        server,
    ):
        future = imap.submit(Clock("a"))
        await server.hears()
        await server.says(line + b"\r\n* XCLOCK a 3\r\nA1 OK done\r\n")
        assert await future.wait() == ClockResponse("a", 3)
    (defect,) = heard
    assert isinstance(defect, Defect)
    assert defect.raw == line


COLOUR: FetchItem[str] = FetchItem("X-COLOUR")
DEEP: FetchItem[int] = FetchItem("X-DEEP[1.2]<0.5>", "X-DEEP[1.2]<0>")


def read_colour(value: RawValue) -> str:
    assert isinstance(value, bytes)
    return value.decode("ascii").lower()


def read_deep(value: RawValue) -> int:
    assert isinstance(value, tuple)
    return len(value)


@attrs.frozen
class LunchCode(ResponseCode):
    hour: int = attrs.field(default=0, kw_only=True)


def read_lunch(code: ResponseCode, values: tuple[RawValue, ...]) -> LunchCode:
    (hour,) = values
    assert isinstance(hour, bytes)
    return LunchCode(code.name, code.arguments, hour=int(hour))


FETCHING = Extension(
    items={"x-colour": read_colour, "X-DEEP": read_deep}, codes={"LUNCH": read_lunch}
)


async def fetched(*responses: bytes, extensions: list[Extension]) -> list[aimap.Message]:
    conversation = [
        (
            b"UID FETCH 1:3 (X-COLOUR X-DEEP[1.2]<0.5> FLAGS)",
            b"".join(responses) + b"%s OK done",
        )
    ]
    async with selected("", conversation, extensions=extensions) as inbox:
        return await inbox.fetch_all("1:3", COLOUR, DEEP, FLAGS)


ODD = (
    b'* 1 FETCH (UID 1 X-COLOUR "RED" FLAGS () X-DEEP[1.2]<0> (a b))\r\n',
    b"* 2 FETCH (UID 2 X-Colour {4}\r\nBlue X-DEEP[1.2]<0> 3 FLAGS (x))\r\n",
    b"* 3 FETCH (UID 3 X-COLOUR {1}\r\n\xff FLAGS () X-DEEP[1.2]<0> ())\r\n",
)


async def test_an_item_is_read_by_who_knows_it() -> None:
    first, second, third = await fetched(*ODD, extensions=[FETCHING])
    assert [set(message.flags) for message in (first, second, third)] == [set(), {"x"}, set()]
    assert (first[COLOUR], second[COLOUR]) == ("red", "blue")
    assert (first[DEEP], third[DEEP]) == (2, 0)
    wrong: list[tuple[aimap.Message, FetchItem[Any], bytes]] = [
        (second, DEEP, b"3"),
        (third, COLOUR, b"{1}\r\n\xff"),
    ]
    for message, item, raw in wrong:
        assert item in message
        with pytest.raises(aimap.NotFetchedError):
            message[item]
        invalid = message.items[item.key]
        assert isinstance(invalid, aimap.Invalid)
        assert invalid.raw == raw
        assert invalid.reason.startswith(f"{item.key} could not be read: ")


async def test_an_item_that_nobody_reads_is_raw() -> None:
    found = await fetched(*ODD, extensions=[])
    assert [message.items[COLOUR.key] for message in found] == [b"RED", b"Blue", b"\xff"]
    assert [message.items[DEEP.key] for message in found] == [(b"a", b"b"), b"3", ()]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"[LUNCH 12]", LunchCode("LUNCH", b"12", hour=12)),
        (b"[LUNCH noon]", ResponseCode("LUNCH", b"noon")),
        (b"[LUNCH (]", ResponseCode("LUNCH", b"(")),
        (b"[OTHER 12]", ResponseCode("OTHER", b"12")),
        (b"[WRONG 12]", ResponseCode("WRONG", b"12")),
    ],
)
async def test_a_code_is_read_by_who_knows_it(code: bytes, expected: ResponseCode) -> None:
    wrong = Extension(codes={"WRONG": lambda code, values: ResponseCode("ALERT")})
    async with played(greeting=GREETING, extensions=[FETCHING, wrong]) as (imap, server):
        future = imap.submit(aimap.commands.Noop())
        await server.hears()
        await server.says(b"A1 NO " + code + b" not now\r\n")
        with pytest.raises(aimap.NoError) as caught:
            await future.wait()
    assert caught.value.code == expected
    assert type(caught.value.code) is type(expected)


@pytest.mark.parametrize(
    "request_",
    [
        "", "X Y", "X)", "X (", "X ((((a))))", "X\r\nA1 LOGOUT", "FLAGS) (CHANGEDSINCE 5", "X{5}",
        'X ("a)', "X (a\x00)", "X (ü)", " X", "X ({5+}\r\n)",
    ],
)  # fmt: skip
def test_an_item_cannot_break_out_of_its_command(request_: str) -> None:
    with pytest.raises(InvalidArgumentError, match="what is asked for is such as"):
        FetchItem(request_)


@pytest.mark.parametrize("what", [{"items": {"FLAGS": read_colour}}, {"items": {"body": read_colour}},
    {"codes": {"COPYUID": read_lunch}}, {"items": {"X Y": read_colour}}])  # fmt: skip
async def test_items_and_codes_that_are_known_are_not_read_otherwise(what: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        async with aimap.connect("localhost", extensions=[Extension(**what)]):
            pass
    await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("keywords", [["LIST"], ["ok"], ["EXISTS"], ["X Y"], [""], ["A", "B", "a"]])
async def test_what_is_known_is_not_read_otherwise(keywords: list[str]) -> None:
    with pytest.raises(aimap.InvalidArgumentError):
        async with aimap.connect(
            "localhost", extensions=[Extension({keyword: read_clock}) for keyword in keywords]
        ):
            pass
    with pytest.raises(aimap.InvalidArgumentError):
        aimap.AccountConfig(
            "localhost",
            aimap.Password("joe", "secret"),
            extensions=[Extension({keyword: read_clock}) for keyword in keywords],
        )
    await trio.lowlevel.checkpoint()
