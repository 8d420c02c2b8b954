"""What CONVERT is to return (:rfc:`5259#section-6`)."""

from __future__ import annotations

import re
from typing import ClassVar, final

import attrs

from aimap._errors import InvalidArgumentError
from aimap._model.numbers import MAX_NUMBER

_PART = re.compile(r"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9}){0,99}", re.ASCII)


def _section(part: str) -> str:
    if part and not _PART.fullmatch(part):
        raise InvalidArgumentError(f"a part is such as '1.2', or '' for the whole, not {part!r}")
    return part


@final
@attrs.frozen
class ConvertItem:
    """A data item of CONVERT: ``ConvertItem.UID``, or what one of the methods makes.

    Attributes:
        request: how it is asked for, and its name in the answer but for a partial's count.
    """

    request: str

    UID: ClassVar[ConvertItem]

    @classmethod
    def binary(cls, part: str = "", *, partial: tuple[int, int] | None = None) -> ConvertItem:
        """Ask for the octets of the converted part; empty for the whole message.

        Args:
            part: such as ``"1.2"``.
            partial: ``(offset, count)``, in octets of what is converted.
        """
        request = f"BINARY[{_section(part)}]"
        if partial is None:
            return cls(request)
        offset, count = partial
        if not 0 <= offset <= MAX_NUMBER or not 1 <= count <= MAX_NUMBER:
            raise InvalidArgumentError(f"a partial is (offset, count) of octets, not {partial!r}")
        return cls(f"{request}<{offset}.{count}>")

    @classmethod
    def binary_size(cls, part: str = "") -> ConvertItem:
        """Ask how many octets the converted part has."""
        return cls(f"BINARY.SIZE[{_section(part)}]")

    @classmethod
    def structure(cls, part: str = "") -> ConvertItem:
        """Ask for the structure of the converted part."""
        return cls(f"BODYPARTSTRUCTURE[{_section(part)}]")

    @classmethod
    def header(cls, part: str = "") -> ConvertItem:
        """Ask for a message's header in the charset that is wished for."""
        return cls(f"BODY[{_section(part)}{'.' if part else ''}HEADER]")

    @classmethod
    def mime(cls, part: str) -> ConvertItem:
        """Ask for a part's MIME header in the charset that is wished for."""
        if not part:
            raise InvalidArgumentError("a MIME header is of a part such as '1'")
        return cls(f"BODY[{_section(part)}.MIME]")

    @classmethod
    def available(cls, part: str = "") -> ConvertItem:
        """Ask what the part can be converted to (:rfc:`5259#section-8.4`)."""
        return cls(f"AVAILABLECONVERSIONS[{_section(part)}]")


ConvertItem.UID = ConvertItem("UID")
