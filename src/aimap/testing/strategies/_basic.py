"""Numbers, strings, flags: what everything else is made of (:rfc:`9051#section-9`)."""

from __future__ import annotations

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError as error:
    raise ImportError(
        "aimap.testing.strategies needs Hypothesis: pip install 'trio-aimap[testing]'"
    ) from error

from aimap._model.capability import Capabilities
from aimap._model.flag import Flags
from aimap._model.numbers import (
    MAX_MODSEQ,
    MAX_NUMBER,
    UID,
    ModSeq,
    SeqNum,
    SeqSet,
    UIDSet,
    UIDValidity,
)
from aimap._model.raw import RawValue
from aimap._model.response import Ranges

_ATOM_SPECIALS = '(){ %*"\\]'
_SYSTEM_FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")
_KEYWORDS = ("$Forwarded", "$MDNSent", "$Junk", "$NotJunk", "$Phishing", "NonJunk", "work")
_CAPABILITIES = (
    "IDLE",
    "LITERAL+",
    "AUTH=PLAIN",
    "UIDPLUS",
    "MOVE",
    "CONDSTORE",
    "QUOTA=RES-STORAGE",
)
_MOST = 4


def numbers(*, bits: int = 32) -> SearchStrategy[int]:
    """Return numbers from 0: ``number``, or ``number64`` if *bits* is 63."""
    return st.integers(0, 2**bits - 1) | st.integers(0, 9)


def uids() -> SearchStrategy[UID]:
    """Return UIDs."""
    return _nz_numbers().map(UID)


def seq_nums() -> SearchStrategy[SeqNum]:
    """Return message sequence numbers."""
    return _nz_numbers().map(SeqNum)


def uid_validities() -> SearchStrategy[UIDValidity]:
    """Return values of UIDVALIDITY."""
    return _nz_numbers().map(UIDValidity)


def mod_seqs() -> SearchStrategy[ModSeq]:
    """Return modification sequences."""
    return st.integers(1, MAX_MODSEQ).map(ModSeq)


def _nz_numbers() -> SearchStrategy[int]:
    return st.integers(1, MAX_NUMBER) | st.integers(1, 20)


def uid_sets(*, min_size: int = 0) -> SearchStrategy[UIDSet]:
    """Return sets of UIDs.

    Args:
        min_size: 1 leaves out the empty set.
    """
    return ranges(min_size=min_size).map(UIDSet.from_ranges)


def seq_sets(*, min_size: int = 0) -> SearchStrategy[SeqSet]:
    """Return sets of message sequence numbers.

    Args:
        min_size: 1 leaves out the empty set.
    """
    return ranges(min_size=min_size).map(SeqSet.from_ranges)


def ranges(*, min_size: int = 1) -> SearchStrategy[Ranges]:
    """Return ranges in the order sent, descending ones among them."""
    number = _nz_numbers()
    one = st.tuples(number, number) | number.map(lambda at: (at, at))
    return st.lists(one, min_size=min_size, max_size=_MOST).map(tuple)


def texts(*, min_size: int = 0, lines: bool = True) -> SearchStrategy[str]:
    """Return text in any script, without NUL.

    Args:
        min_size: how many characters at least.
        lines: whether ends of lines may be in it.
    """
    characters = st.characters(codec="utf-8", exclude_characters="\0" if lines else "\0\r\n")
    return st.text(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=min_size, max_size=12
    ) | st.text(characters, min_size=min_size, max_size=12)


def one_of(*values: str) -> SearchStrategy[str]:
    """Return some of these."""
    return st.sampled_from(values)


def octets(*, nul: bool = False) -> SearchStrategy[bytes]:
    """Return octets: text, and what is none.

    Args:
        nul: whether NUL may be among them, as it may in a ``literal8`` only.
    """
    any_octets = st.binary(max_size=12)
    return texts().map(str.encode) | (
        any_octets if nul else any_octets.map(lambda found: found.replace(b"\0", b"\1"))
    )


def atoms(*, exclude: str = "", min_size: int = 1) -> SearchStrategy[str]:
    """Return atoms.

    Args:
        exclude: characters that are not to be in them.
        min_size: how many characters at least.
    """
    characters = st.characters(
        min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=_ATOM_SPECIALS + exclude
    )
    return st.text(characters, min_size=min_size, max_size=8)


def labels() -> SearchStrategy[str]:
    """Return names of extensions, in upper case (``tagged-ext-label``)."""
    return st.from_regex(r"X-[A-Z_.][A-Z0-9_.:-]{0,6}", fullmatch=True)


def words() -> SearchStrategy[str]:
    """Return names such as those of MIME, in lower case."""
    return st.from_regex(r"[a-z][a-z0-9.+-]{0,7}", fullmatch=True)


def object_ids() -> SearchStrategy[str]:
    """Return object identifiers (:rfc:`8474#section-7`)."""
    return st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)


def flags(*, brackets: bool = True) -> SearchStrategy[Flags]:
    r"""Return sets of flags and keywords, without ``\Recent`` and ``\*``.

    Args:
        brackets: whether an opening bracket may be in one, as in any atom.
    """
    atom = atoms(exclude="" if brackets else "[")
    flag = st.sampled_from(_SYSTEM_FLAGS + _KEYWORDS) | atom | atom.map("\\{}".format)
    return st.lists(flag.filter(_is_no_nil), max_size=_MOST).map(Flags)


def _is_no_nil(word: str) -> bool:
    return word.upper() != "NIL"


def capabilities() -> SearchStrategy[Capabilities]:
    """Return sets of capabilities."""
    # A plus sign by itself would be the rest of a LITERAL+ that was torn apart.
    name = st.sampled_from(_CAPABILITIES) | atoms(exclude="[").filter(lambda name: name != "+")
    return st.lists(name, max_size=_MOST).map(lambda names: Capabilities(["IMAP4rev1", *names]))


def raw_values() -> SearchStrategy[RawValue]:
    """Return values of which only the form is known: octets, ``None``, nested tuples."""
    leaf: SearchStrategy[RawValue] = st.none() | octets()
    return st.recursive(leaf, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)
