"""Extensions of a user's own."""

from __future__ import annotations

import attrs
import pytest
import trio

import aimap
from aimap import Alert, Defect, RawValue, UnsolicitedResponse
from aimap.extending import Command, Encoder, Extension

from .support import played

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
