"""Conversion of body parts by the server (:rfc:`5259`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import attrs

from aimap._model.numbers import UID, SeqNum
from aimap._model.raw import RawValue


@final
@attrs.frozen
class ConversionResponse:
    """``* CONVERSION`` (:rfc:`5259#section-4`): a conversion that the server can do.

    Attributes:
        source: the media type that it takes.
        target: the media type that it makes.
        parameters: the names of its parameters, in lower case.
    """

    source: str
    target: str
    parameters: tuple[str, ...] = ()


@final
@attrs.frozen
class ConvertError:
    """What the server says in place of a converted part (:rfc:`5259#section-9`).

    Attributes:
        text: for a person to read.
        code: ``"TEMPFAIL"``, ``"BADPARAMETERS"`` or ``"MISSINGPARAMETERS"``.
        arguments: what follows the code, raw.
    """

    text: str
    code: str
    arguments: tuple[RawValue, ...] = ()


@final
@attrs.frozen
class ConvertedResponse:
    """``* n CONVERTED`` (:rfc:`5259#section-6`).

    Attributes:
        seq: the message's number.
        tag: the command that it answers.
        uid: the message's UID, where the server tells it.
        items: by name in upper case: octets of ``BINARY[...]``, a number for
            ``BINARY.SIZE[...]``, a :class:`BodyStructure` for ``BODYPARTSTRUCTURE[...]``, a
            tuple of media types for ``AVAILABLECONVERSIONS[...]``, or a
            :class:`ConvertError`.
    """

    seq: SeqNum
    tag: str
    uid: UID | None
    items: Mapping[str, object]
