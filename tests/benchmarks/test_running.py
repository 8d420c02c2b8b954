"""How benchmarks are run: in turns, as long as there is patience, whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from benchmarks.__main__ import Part, sections
from benchmarks.report import Page, Section
from benchmarks.tables import ahead
from benchmarks.turns import Entrant, FailedError, Figures, take_turns


class World:
    """Entrants on a clock that only they move."""

    def __init__(self, **seconds: list[float]) -> None:
        self.now = 0.0
        self.turns: list[str] = []
        self.entrants = [Entrant(client=name, title=name) for name in seconds]
        self._seconds = {name: iter(each) for name, each in seconds.items()}

    def run(self, entrant: Entrant) -> Figures:
        self.turns.append(entrant.client)
        took = next(self._seconds[entrant.client], None)
        if took is None:
            raise FailedError("it ran away")
        self.now += took
        return {"seconds": took}

    def take_turns(self, rounds: int) -> None:
        take_turns(self.entrants, self.run, rounds, enough=20, clock=lambda: self.now)


def test_after_one_round_that_warms_up_the_others_are_counted() -> None:
    world = World(ours=[1.5, 0.1, 0.2, 0.3], theirs=[1.0] * 4)
    world.take_turns(3)
    assert world.turns == ["ours", "theirs"] * 4
    ours, theirs = world.entrants
    assert ours.values("seconds") == [0.1, 0.2, 0.3]
    assert ours.shown("seconds", ".1f") == "0.2 (0.1 to 0.3)"
    assert ours.times("seconds", theirs) == "0.20"
    assert ours.shown("cpu") == ""


def test_a_single_round_is_counted() -> None:
    world = World(ours=[0.1])
    world.take_turns(1)
    assert world.entrants[0].shown("seconds") == "0.100"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (3.0, "3.0 (3.0 to 3.0)"),
        (6.0, "6.0 (6.0 to 6.0, 3 rounds)"),
        (30.0, "30.0 (1 round)"),
    ],
)
def test_who_takes_long_has_fewer_rounds_and_is_shown_so(seconds: float, shown: str) -> None:
    world = World(ours=[seconds] * 9)
    world.take_turns(5)
    assert world.entrants[0].shown("seconds", ".1f") == shown


def test_who_fails_is_not_run_again_and_shows_nothing() -> None:
    world = World(ours=[3.0], theirs=[3.0] * 3)
    world.take_turns(3)
    ours, theirs = world.entrants
    assert world.turns == ["ours", "theirs", "ours", "theirs", "theirs"]
    assert ours.failure == "it ran away"
    assert ours.shown("seconds") == ours.times("seconds", theirs) == ""
    assert theirs.shown("seconds", ".0f") == "3 (3 to 3)"


def test_who_is_ahead_is_named_with_the_reason() -> None:
    world = World(aimap=[2.0, 2.2], mbsync=[1.0, 1.1], offlineimap=[9.0] * 2, imapflow=[1.9, 2.1])
    take_turns(world.entrants, world.run, 2, clock=lambda: 2 * world.now)
    text = ahead("Seconds", world.entrants[0], world.entrants, "seconds", {"mbsync": "it is near"})
    assert text == (
        "Seconds, less than aimap: mbsync (0.50 times): it is near; "
        "imapflow (0.95 times): within what rounds differ by."
    )
    assert ahead("Seconds", world.entrants[1], [], "seconds").endswith("mbsync: nobody.")


def _parts(*runs: Callable[[], Section], broken: str = "") -> Iterator[Part]:
    yield from [(f"part {number}", run) for number, run in enumerate(runs)]
    if broken:
        raise RuntimeError(broken)


def _good() -> Section:
    return Section("Good", ["as it should be"])


def _bad() -> Section:
    raise ValueError("no such luck")


def test_a_part_that_fails_is_told_of_and_the_next_are_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = [section.text for section in sections("all", _parts(_bad, _good))]
    assert texts == ["## Part 0\n\nNot measured: no such luck", "## Good\n\nas it should be"]
    assert "part 1: 0 s" in capsys.readouterr().err


def test_a_server_that_does_not_start_is_told_of() -> None:
    texts = [section.text for section in sections("engine", _parts(broken="no port is free"))]
    assert texts == ["## Engine\n\nNot measured: no port is free"]


def test_the_page_holds_at_any_time_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    page = Page(path, "# Benchmarks")
    page.add(_good())
    before = path.read_text(encoding="utf-8")
    assert before.startswith("# Benchmarks\n")
    assert "did not come to its end" in before
    assert before.endswith("## Good\n\nas it should be\n")
    page.finish(600)
    after = path.read_text(encoding="utf-8")
    assert "All of it took 10 minutes." in after
    assert "did not come to its end" not in after
    assert after.endswith("## Good\n\nas it should be\n")
