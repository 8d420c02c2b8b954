"""What the site draws and lists from the code is true, and complete."""

from __future__ import annotations

import math
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

import aimap
import aimap.testing
from tests.docs.blocks import PAGES, ROOT


@pytest.fixture(autouse=True)
def extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "extensions"))
    for name in ("layers", "methods", "scenes", "serving", "svg", "timing", "public"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_every_import_goes_down(monkeypatch: pytest.MonkeyPatch) -> None:
    import layers

    drawn = ET.fromstring(layers.draw())
    assert len(drawn.findall(".//{*}path")) == len(layers.imports()) > 30
    monkeypatch.setattr(layers, "imports", lambda: Counter({("_model", "_wire"): 1}))
    with pytest.raises(ValueError, match="_model imports _wire, which is above it"):
        layers.draw()


async def _record(scene: Any) -> list[tuple[str, int, int]]:
    import timing

    bars = [bar for bar in await timing.record(scene) if bar.end < math.inf]
    return [(bar.words, round(bar.begin * 1000), round(bar.end * 1000)) for bar in bars]


async def test_the_timing_picture_shows_what_the_text_says(
    autojump_clock: trio.testing.MockClock,
) -> None:
    import scenes

    one_by_one = await _record(scenes.one_after_the_other)
    assert [bar[1:] for bar in one_by_one] == [(0, 100), (100, 200), (200, 300), (300, 400)]
    assert [bar[1:] for bar in await _record(scenes.at_once)] == [(0, 100)] * 4
    assert await _record(scenes.past_a_barrier) == [
        ("FETCH 1:9", 0, 100),
        ("STATUS Trash", 0, 100),
        ("EXAMINE Sent", 100, 200),
        ("FETCH 1:9", 200, 300),
    ]


async def test_the_pictures_of_watching_and_of_slices_show_what_the_text_says(
    autojump_clock: trio.testing.MockClock,
) -> None:
    import scenes

    watched = await _record(scenes.watching)
    assert watched[-2:] == [("IDLE", 200, 550), ("STATUS Sent", 450, 550)]
    sliced = await _record(scenes.slices)
    assert ("STATUS Sent", 350, 450) in sliced
    begins = [begin for words, begin, _ in sliced if words.startswith("FETCH")]
    assert begins.count(200) > 1
    assert len(set(begins)) > 3


def test_the_timing_pictures_are_drawn() -> None:
    import scenes
    import timing

    for group in (scenes.OVERLAP, scenes.WATCHING, scenes.SLICES):
        drawn = ET.fromstring(timing.draw(group))
        bars = drawn.findall(".//{*}rect")
        assert len(bars) >= 4 * len(group)
        assert all(float(bar.attrib["width"]) > 0 for bar in bars)


def test_every_method_is_listed_once() -> None:
    import methods

    table = "\n".join(methods.table())
    for owner in (aimap.Client, aimap.Mailbox, aimap.Account):
        for name in set(dir(owner)) - methods.INNER:
            member = getattr(owner, name)
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert table.count(f"`{name} <aimap.{owner.__name__}.{name}>`") == 1, name
    (move,) = [line for line in methods.table() if "<aimap.Mailbox.move>" in line]
    assert "{rfc}`6851`" in move
    assert move.endswith("| MOVE or UIDPLUS |")
    (deleting,) = [line for line in methods.table() if "<aimap.Account.delete_acl>" in line]
    assert deleting.endswith("| {rfc}`4314#section-3.2` | ACL |")
    (enable,) = [line for line in methods.table() if "<aimap.Client.enable>" in line]
    assert enable.endswith("| ENABLE |")


def test_every_command_is_listed_once() -> None:
    import methods

    table = "\n".join(methods.commands())
    for name in aimap.commands.__all__:
        member = getattr(aimap.commands, name)
        if isinstance(member, type) and issubclass(member, aimap.extending.Command):
            wanted = name != "Command"
            assert table.count(f"`{name} <aimap.commands.{name}>`") == wanted, name
    selected = table.partition("**Selected**")[2]
    (move,) = [line for line in selected.splitlines() if "commands.Move>" in line]
    assert move.endswith("| {rfc}`9051#section-6.4.8`, {rfc}`6851` | MOVE |")


def test_what_the_embedded_server_does_on_purpose_is_listed() -> None:
    import serving

    presets = "\n".join(serving.presets())
    assert all(presets.count(f"| `{name}` |") == 1 for name in aimap.testing.PRESETS)
    assert "| all but MOVE |" in presets
    events = serving.events()
    names = [name.strip(" `") for name in events[0].split("|")[2:-1]]
    (hold,) = [line for line in events if "aimap.testing.Hold>" in line]
    cells = [cell.strip() for cell in hold.split("|")[2:-1]]
    assert [name for name, cell in zip(names, cells, strict=True) if cell] == ["response"]


def test_what_is_left_out_of_the_reference_is_told() -> None:
    import public

    told = set(public.missing({"aimap.connect"}))
    assert "aimap.connect" not in told
    assert {
        "aimap.Client",
        "aimap.commands.Fetch",
        "aimap.criteria.Fuzzy",
        "aimap.sync.mirror",
        "aimap.testing.serve",
    } <= told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
