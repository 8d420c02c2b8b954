"""SASLprep (:rfc:`4013`), the preparation of user names and passwords that SCRAM prescribes."""

from __future__ import annotations

import stringprep
import unicodedata

from aimap._errors import InvalidArgumentError

# RFC 4013 section 2.3, in its order.
_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str, *, what: str = "text", stored: bool = True) -> str:
    """Prepare *text* (:rfc:`4013#section-2`).

    Args:
        text: what to prepare.
        what: what it is, for errors; the text itself is never shown.
        stored: refuse characters that Unicode 3.2 did not know (:rfc:`3454#section-7`).

    Raises:
        InvalidArgumentError: if it holds what SASLprep prohibits.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c)
    )
    # The tables are those of Unicode 3.2, and so must the normalization be.
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if any(in_table(c) for c in prepared for in_table in _PROHIBITED):
        raise InvalidArgumentError(f"the {what} holds a character that SASLprep prohibits")
    if stored and any(stringprep.in_table_a1(c) for c in prepared):
        raise InvalidArgumentError(f"the {what} holds a character that SASLprep does not know")
    # RFC 3454 section 6: right-to-left text stands alone, and at both ends.
    if any(stringprep.in_table_d1(c) for c in prepared) and (
        any(stringprep.in_table_d2(c) for c in prepared)
        or not stringprep.in_table_d1(prepared[0])
        or not stringprep.in_table_d1(prepared[-1])
    ):
        raise InvalidArgumentError(f"the {what} mixes directions in a way that SASLprep prohibits")
    return prepared
