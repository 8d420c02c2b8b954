"""Flags and keywords (:rfc:`9051#section-2.3.2`), compared without case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, cast, final

from aimap._errors import InvalidArgumentError

_SYSTEM = frozenset({"\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft"})
_ATOM_SPECIALS = frozenset('(){ %*"\\]')


@final
class Flag(str):
    r"""A flag or keyword. A ``str`` that compares without regard to case.

    ``Flag("\\seen") == Flag.SEEN``. System flags begin with a backslash; keywords do
    not. The constants name those registered in :rfc:`9051#section-2.3.2`,
    :rfc:`5788`, :rfc:`8457` and the IANA registry.
    """

    __slots__ = ()

    SEEN: ClassVar[Flag]
    ANSWERED: ClassVar[Flag]
    FLAGGED: ClassVar[Flag]
    DELETED: ClassVar[Flag]
    DRAFT: ClassVar[Flag]
    RECENT: ClassVar[Flag]
    FORWARDED: ClassVar[Flag]
    MDN_SENT: ClassVar[Flag]
    JUNK: ClassVar[Flag]
    NOT_JUNK: ClassVar[Flag]
    PHISHING: ClassVar[Flag]
    IMPORTANT: ClassVar[Flag]
    SUBMIT_PENDING: ClassVar[Flag]
    SUBMITTED: ClassVar[Flag]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.lower() == other.lower()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.lower())

    def __repr__(self) -> str:
        return f"Flag({str(self)!r})"

    @property
    def is_system(self) -> bool:
        """Whether it begins with a backslash."""
        return self.startswith("\\")

    def check(self) -> Flag:
        r"""Return the flag if it can be sent.

        Raises:
            InvalidArgumentError: if it is not an atom, with or without one leading
                backslash (:rfc:`9051#section-9`, ``flag``).
        """
        name = self[1:] if self.is_system else self
        if not name or not all("!" <= c <= "~" and c not in _ATOM_SPECIALS for c in name):
            raise InvalidArgumentError(
                "a flag is an atom such as '$Junk', or a system flag such as "
                f"'\\\\Seen', not {str(self)!r}"
            )
        return self

    def check_settable(self) -> Flag:
        r"""Return the flag if a client may set it.

        Raises:
            InvalidArgumentError: if it is not a flag, is a system flag that there is not,
                or is ``\Recent``, which is the server's (:rfc:`9051#section-2.3.2`).
        """
        self.check()
        if self == Flag.RECENT:
            raise InvalidArgumentError(r"only the server sets \Recent")
        if self.is_system and self.lower() not in _SYSTEM:
            raise InvalidArgumentError(
                f"there is no system flag {str(self)!r}; a keyword has no backslash"
            )
        return self


Flag.SEEN = Flag("\\Seen")
Flag.ANSWERED = Flag("\\Answered")
Flag.FLAGGED = Flag("\\Flagged")
Flag.DELETED = Flag("\\Deleted")
Flag.DRAFT = Flag("\\Draft")
Flag.RECENT = Flag("\\Recent")
Flag.FORWARDED = Flag("$Forwarded")
Flag.MDN_SENT = Flag("$MDNSent")
Flag.JUNK = Flag("$Junk")
Flag.NOT_JUNK = Flag("$NotJunk")
Flag.PHISHING = Flag("$Phishing")
Flag.IMPORTANT = Flag("$Important")
Flag.SUBMIT_PENDING = Flag("$SubmitPending")
Flag.SUBMITTED = Flag("$Submitted")


@final
class FlagColor(StrEnum):
    """The colour of a flag, as Apple Mail and others keep it: in three keywords."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    GRAY = "gray"


COLORS = tuple(FlagColor)
COLOR_BITS = (Flag("$MailFlagBit0"), Flag("$MailFlagBit1"), Flag("$MailFlagBit2"))


@final
class Flags(AbstractSet[Flag]):
    r"""An immutable set of flags, in which ``"\\seen" in flags`` needs no care about case."""

    __slots__ = ("_flags",)

    def __init__(self, flags: Iterable[str] = ()) -> None:
        """Make a set of flags.

        Args:
            flags: flags as :class:`Flag` or ``str``. One ``str`` by itself is refused,
                since it would be taken letter by letter.

        Raises:
            InvalidArgumentError: if *flags* is a ``str``.
        """
        if isinstance(flags, str):
            raise InvalidArgumentError(f"flags come as several strings, not as one: {flags!r}")
        self._flags = frozenset(flag if isinstance(flag, Flag) else Flag(flag) for flag in flags)

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> Flags:  # type: ignore[override]
        return cls(it)

    def __contains__(self, flag: object) -> bool:
        return isinstance(flag, str) and Flag(flag) in self._flags

    def __iter__(self) -> Iterator[Flag]:
        return iter(self._flags)

    def __len__(self) -> int:
        return len(self._flags)

    # A plain set of str knows nothing of case: its members are looked up as flags.

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Flags):
            return self._flags == other._flags
        if not isinstance(other, AbstractSet):
            return NotImplemented
        flags = cast("AbstractSet[object]", other)
        return len(self) == len(flags) and all(flag in self for flag in flags)

    def __le__(self, other: AbstractSet[Any]) -> bool:
        return self._flags <= Flags(other)._flags

    def __sub__(self, other: AbstractSet[Any]) -> Flags:
        return Flags(self._flags - Flags(other)._flags)

    def __hash__(self) -> int:
        return hash(self._flags)

    @property
    def color(self) -> FlagColor | None:
        r"""The colour of ``\Flagged``, as Apple Mail keeps it; ``None`` if it is not there."""
        if Flag.FLAGGED not in self:
            return None
        at = sum(1 << bit for bit, keyword in enumerate(COLOR_BITS) if keyword in self)
        return COLORS[at] if at < len(COLORS) else None

    def __repr__(self) -> str:
        return f"Flags({sorted(str(flag) for flag in self._flags)!r})"


# The same few sets come again and again.
@lru_cache(maxsize=4096)
def flags_of(words: bytes) -> Flags:
    """Return the flags of a list whose words are single flags, with a space between two."""
    return Flags(map(Flag, words.decode("ascii").split()))
