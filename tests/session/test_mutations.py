"""The machine is no ornament: each of these mistakes in the session turns it red, and soon."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from aimap import ImapError, Message
from aimap._commands import mailboxes, search, select, sets
from aimap._commands.base import IN_MAILBOX, ORDINARY, Mode, OneOfAKind, SelectedCommand
from aimap._commands.connection import Enable
from aimap._commands.fetch import Fetch
from aimap._commands.listing import List
from aimap._commands.quota import GetQuota
from aimap._model.response import ESearchResponse
from aimap._protocol.gate import Gate
from aimap._protocol.pending import Pending, Stage
from aimap._protocol.receiving import Receiver
from aimap._protocol.sending import Sender
from aimap._protocol.view import MailboxView
from aimap._wire.encoder import Streamed

from .conversation import Conversation

pytestmark = pytest.mark.exhaustive

SEEDS = 600
STEPS = 400

Patch = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, Patch] = {}


def mutant(patch: Patch) -> Patch:
    MUTANTS[patch.__name__] = patch
    return patch


def claims(command: type, value: Any) -> Patch:
    def patch(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(command, "claims", property(lambda self: value))

    return patch


MUTANTS |= {
    "two_plain_searches_together": claims(search._Searching, IN_MAILBOX),
    "two_lists_together": claims(List, ORDINARY),
    "two_of_any_kind_together": claims(OneOfAKind, ORDINARY),
    "enable_is_no_barrier": claims(Enable, ORDINARY),
    "numbers_while_expunge_may_come": claims(sets.OnMessages, IN_MAILBOX),
    "select_beside_commands_on_the_mailbox": claims(select.Selecting, ORDINARY),
    "unselect_beside_commands_on_the_mailbox": claims(select._Leaving, ORDINARY),
    "commands_on_the_mailbox_behind_select": claims(SelectedCommand, ORDINARY),
    "quotas_of_a_root_beside_those_of_a_mailbox": claims(GetQuota, ORDINARY),
}


@mutant
def list_status_beside_status(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mailboxes.Status, "claims", ORDINARY)


@mutant
def by_number_and_expunging_are_one_mode(patch: pytest.MonkeyPatch) -> None:
    enter = Gate.enter

    def enter_alike(self: Gate[Any], command: Any) -> bool:
        command.claims = tuple(
            claim._replace(mode=Mode.SHARED if claim.mode is not Mode.EXCLUSIVE else claim.mode)
            for claim in command.claims
        )
        return enter(self, command)

    patch.setattr(Gate, "enter", enter_alike)


@mutant
def the_gate_forgets_who_waits(patch: pytest.MonkeyPatch) -> None:
    leave = Gate.leave
    patch.setattr(Gate, "leave", lambda self, command: leave(self, command)[:1])


@mutant
def fetch_takes_what_is_of_any_message(patch: pytest.MonkeyPatch) -> None:
    def claim(self: Fetch, run: list[Message], news: list[Message]) -> list[Message]:
        if not run[0].has_all(self._keys):
            return run
        for message in run:
            self._awaited.discard(message.uid_or_none or 0)
        self._deliver(run)
        return []

    patch.setattr(Fetch, "claim_messages", claim)


@mutant
def fetch_takes_a_message_twice(patch: pytest.MonkeyPatch) -> None:
    take = Fetch._take

    def take_again(self: Fetch, run: list[Message], news: list[Message]) -> list[Message]:
        awaited = self._awaited
        if isinstance(awaited, set):
            self._awaited = set(self.messages)  # type: ignore[arg-type]
        return take(self, run, news)

    patch.setattr(Fetch, "_take", take_again)


@mutant
def fetch_takes_what_has_more_than_it_asked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Message, "has_only", lambda self, keys: True)


@mutant
def status_of_any_mailbox(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mailboxes, "same_mailbox", lambda name, other: True)


@mutant
def status_by_the_mailbox_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mailboxes.Status, "claim", mailboxes.Status.claim_loosely)


@mutant
def inbox_in_one_case_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mailboxes, "same_mailbox", lambda name, other: name == other)


@mutant
def an_extended_search_takes_a_plain_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search.Returning, "claim", search.Returning.claim_loosely)


@mutant
def esearch_to_the_oldest(patch: pytest.MonkeyPatch) -> None:
    def on_esearch(self: Receiver, response: Any) -> None:
        self._claimed(response)

    patch.setitem(Receiver._handlers, ESearchResponse, on_esearch)


@mutant
def done_before_the_plus(patch: pytest.MonkeyPatch) -> None:
    go_on = Sender._go_on

    def hurry(self: Sender, pending: Pending[Any]) -> None:
        go_on(self, pending)
        if pending.command.interruption is not None:
            self._half_sent, self._interruptible = None, pending

    patch.setattr(Sender, "_go_on", hurry)


@mutant
def idle_is_not_interrupted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sender, "interrupt", lambda self: None)


@mutant
def idle_is_over_with_done(patch: pytest.MonkeyPatch) -> None:
    interrupt = Sender.interrupt

    def leave(self: Sender) -> None:
        pending = self._interruptible
        interrupt(self)
        if pending is not None:
            self._make_ready(self.gate.leave(pending))
            pending.claims = ()

    patch.setattr(Sender, "interrupt", leave)


@mutant
def a_literal_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    go_on = Sender._go_on

    def hurry(self: Sender, pending: Pending[Any]) -> None:
        go_on(self, pending)
        self._out += [part for part in pending.parts if not isinstance(part, Streamed)]
        pending.parts.clear()
        if not pending.command.converses:
            self._half_sent, pending.stage = None, Stage.SENT

    patch.setattr(Sender, "_go_on", hurry)


@mutant
def an_abandoned_command_is_left_half_sent(patch: pytest.MonkeyPatch) -> None:
    abandon = Sender.abandon

    def drop(self: Sender, pending: Pending[Any]) -> None:
        abandon(self, pending)
        if pending is self._half_sent and not pending.command.converses:
            pending.parts.clear()
            self._half_sent = None

    patch.setattr(Sender, "abandon", drop)


@mutant
def an_abandoned_command_is_sent_all_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sender, "abandon", lambda self, pending: None)


@mutant
def an_abandoned_command_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    abandon = Sender.abandon

    def forget(self: Sender, pending: Pending[Any]) -> None:
        abandon(self, pending)
        if pending.stage is Stage.SENT:
            del self.in_flight[pending.tag]

    patch.setattr(Sender, "abandon", forget)


@mutant
def news_of_the_mailbox_before_are_of_the_next(patch: pytest.MonkeyPatch) -> None:
    opening = property(lambda self: False, lambda self, value: None)
    patch.setattr(MailboxView, "opening", opening, raising=False)


@mutant
def an_expunge_is_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MailboxView, "expunge", lambda self, seq: None)


@mutant
def an_expunge_moves_no_uids(patch: pytest.MonkeyPatch) -> None:
    def expunge(self: MailboxView, seq: int) -> None:
        self.exists -= 1

    patch.setattr(MailboxView, "expunge", expunge)


@mutant
def vanished_is_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MailboxView, "vanished", lambda self, uids: None)


@mutant
def news_of_a_message_are_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MailboxView, "changed", lambda self, message: None)


@mutant
def the_pipeline_has_no_depth(patch: pytest.MonkeyPatch) -> None:
    let_out = Sender._let_out

    def all_out(self: Sender) -> None:
        self.depth = 1000
        let_out(self)

    patch.setattr(Sender, "_let_out", all_out)


def talk(seed: int) -> None:
    """Have a conversation that chance leads: all that the machine's rules can do."""
    rng = Random(seed)
    conversation = Conversation(
        rng, rng.choice(("", "LITERAL+", "LITERAL-")), depth=rng.choice((2, 1000))
    )
    for _ in range(STEPS):
        conversation.wander()
    conversation.settle()
    conversation.check_end()


@pytest.mark.parametrize("name", MUTANTS)
def test_the_machine_goes_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    with pytest.raises((AssertionError, ImapError)):
        for seed in range(SEEDS):
            talk(seed)


def test_without_a_mutation_it_stays_green() -> None:
    for seed in range(100):
        talk(seed)
