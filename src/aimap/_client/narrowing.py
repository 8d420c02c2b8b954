"""Finding the messages for whose sake a server refuses a FETCH of many.

One that is damaged makes some servers refuse all that were asked for with it. So what was not
answered is asked for again: the first of them alone, since many servers go in order and stop
there, or in halves. One piece at a time is in flight, so that a server which refuses
everything is soon believed.
"""

from __future__ import annotations

from typing import final

from aimap._commands.login_failures import said_in_words
from aimap._errors import ImapError, NoError
from aimap._model.numbers import UID, UIDSet

_MOST_REFUSED = 20
_ANY_LENGTH = 1 << 32
# Codes that may be about some of the messages (RFC 5530 section 3, RFC 3516 section 4.3).
_OF_SOME = frozenset({"CORRUPTION", "EXPUNGEISSUED", "SERVERBUG", "UNAVAILABLE", "UNKNOWN-CTE"})


@final
class Narrowing:
    """What of a fetch was refused.

    Attributes:
        refused: what the server said to each of the messages that it does not give out.
        gone: those of which it says that they are expunged.
    """

    def __init__(self) -> None:
        self.refused: dict[UID, NoError] = {}
        self.gone = UIDSet()
        self._pieces: list[UIDSet] = []

    def __bool__(self) -> bool:
        """Tell whether anything is to be asked for again."""
        return bool(self._pieces)

    def next(self, octets: int) -> UIDSet:
        """Take what is to be asked for next, as text of so many octets at most."""
        piece = self._pieces.pop()
        head, tail = piece.cut(len(piece), octets)
        if tail:
            self._pieces.append(tail)
        return head

    def give_up(self) -> None:
        """Ask for nothing more."""
        self._pieces.clear()

    def bears(self, error: ImapError, asked: UIDSet, unanswered: UIDSet) -> bool:
        """Take a refusal, and tell whether the rest can go on.

        Args:
            error: the refusal.
            asked: the messages of the command that was refused.
            unanswered: those of them that were not answered.
        """
        if not unanswered or not isinstance(error, NoError) or not _is_of_some(error):
            return False
        if len(unanswered) > 1:
            first = 1 if unanswered != asked else (len(unanswered) + 1) // 2
            head, tail = unanswered.cut(first, _ANY_LENGTH)
            self._pieces += [tail, head]
        elif error.code is not None and error.code.name == "EXPUNGEISSUED":
            self.gone |= unanswered
        elif len(self.refused) < _MOST_REFUSED:
            self.refused |= dict.fromkeys(unanswered, error)
        else:
            return False
        return True


def _is_of_some(error: NoError) -> bool:
    if error.code is not None:
        return error.code.name in _OF_SOME
    return said_in_words(error.text) is None
