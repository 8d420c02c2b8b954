"""The session against a random server that keeps to the rules.

Any commands, abandoned at any time; answers in any order that is allowed, in any chunks,
with news between them. Whatever happens, every command gets exactly what is true, the view
is what was told, nothing is a defect, and the client keeps to the rules itself.

``AIMAP_MACHINE_EXAMPLES=2000 AIMAP_MACHINE_STEPS=100`` runs it for longer; how many steps
there were is written at the end of the tests' output.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .asking import KINDS
from .conversation import Conversation

pytestmark = pytest.mark.exhaustive

EXAMPLES = int(os.environ.get("AIMAP_MACHINE_EXAMPLES", "100"))
STEPS = int(os.environ.get("AIMAP_MACHINE_STEPS", "40"))

SEEDS = st.integers(0, 2**32)
LITERALS = st.sampled_from(("", "LITERAL+", "LITERAL-"))


class SessionMachine(RuleBasedStateMachine):
    """A client's wishes and a server's whims, in any order."""

    steps = 0

    @initialize(seed=SEEDS, literals=LITERALS, depth=st.sampled_from((2, 1000, 1000)))
    def begin(self, seed: int, literals: str, depth: int) -> None:
        self.talk = Conversation(Random(seed), literals, depth=depth)

    @rule(kind=st.sampled_from(KINDS))
    def ask(self, kind: str) -> None:
        self.talk.ask(kind)

    @rule(times=st.integers(1, 60))
    def wander(self, times: int) -> None:
        for _ in range(times):
            self.talk.wander()
            type(self).steps += 1

    @precondition(lambda self: self.talk.open)
    @rule(at=st.integers(0, 100))
    def abandon(self, at: int) -> None:
        self.talk.abandon(at)

    @rule(wanted=st.booleans())
    def background(self, wanted: bool) -> None:
        self.talk.set_background(wanted)

    @rule()
    def track(self) -> None:
        self.talk.track()

    @rule()
    def send(self) -> None:
        self.talk.send()

    @rule(most=st.integers(1, 200))
    def server_reads(self, most: int) -> None:
        self.talk.server.read(most)

    @rule(times=st.integers(1, 12))
    def server_acts(self, times: int) -> None:
        for _ in range(times):
            self.talk.server.act()

    @rule()
    def server_tells_news(self) -> None:
        self.talk.server.news()

    @rule(most=st.integers(1, 300))
    def receive(self, most: int) -> None:
        self.talk.receive(most)

    @rule(times=st.integers(1, 30))
    def go_on(self, times: int) -> None:
        for _ in range(times):
            self.talk.go_on()

    @rule()
    def settle(self) -> None:
        self.talk.settle()

    @invariant()
    def all_is_well(self) -> None:
        type(self).steps += 1
        if hasattr(self, "talk"):
            self.talk.check()

    def teardown(self) -> None:
        if hasattr(self, "talk"):
            self.talk.settle()
            self.talk.check_end()


def test_machine(record_property: Any) -> None:
    before = SessionMachine.steps
    run_state_machine_as_test(
        SessionMachine,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, database=None),
    )
    steps = SessionMachine.steps - before
    record_property("steps", steps)
    print(f"{steps} steps")
