"""How responses are read: bounds, the charset of names, and what was tolerated."""

from __future__ import annotations

from typing import final

from aimap._model.extension import Extension
from aimap._model.limits import Limits
from aimap._wire.quirks import Quirk

_MAX_DEFECTS = 16
_NO_EXTENSION = Extension()


class ScanError(Exception):
    """The frame is not what its grammar says. Stays inside the wire layer."""


@final
class Reading:
    """What the readers of one connection's responses share.

    Attributes:
        limits: bounds on what is read.
        utf8: whether mailbox names and quoted strings come as UTF-8: after ``ENABLE
            UTF8=ACCEPT`` or ``ENABLE IMAP4rev2`` (:rfc:`9755#section-3`, :rfc:`9051#section-5.1`).
        strict: whether a deviation makes a response unreadable.
        defects: what was wrong with the responses since somebody last cleared it.
        extension: what reads that which is not known here.
    """

    __slots__ = ("defects", "extension", "limits", "strict", "utf8")

    def __init__(
        self,
        limits: Limits,
        *,
        strict: bool = False,
        utf8: bool = False,
        extension: Extension = _NO_EXTENSION,
    ) -> None:
        self.limits = limits
        self.extension = extension
        self.utf8 = utf8
        self.strict = strict
        self.defects: list[str] = []

    def tolerate(self, quirk: Quirk) -> None:
        """Note a deviation that is understood.

        Raises:
            ScanError: if reading is strict.
        """
        self.note(f"{quirk.name}: {quirk.rule}")

    def note(self, defect: str) -> None:
        """Note what was wrong.

        Raises:
            ScanError: if reading is strict.
        """
        if self.strict:
            raise ScanError(defect)
        if len(self.defects) < _MAX_DEFECTS and defect not in self.defects:
            self.defects.append(defect)
