"""Hypothesis strategies for all that a server may say.

They need Hypothesis, which the extra ``testing`` installs::

    from hypothesis import given
    from aimap.testing import strategies


    @given(strategies.messages())
    def test_rules(message: aimap.Message) -> None: ...

What they make is legal by the grammar of the RFCs, and comes back as the same value from
:func:`aimap.parse_response` when :func:`aimap.testing.write_response` has written it. Only
the raw ``arguments`` of a response code that has fields of its own are left empty.
"""

from aimap.testing.strategies._basic import (
    capabilities,
    flags,
    mod_seqs,
    numbers,
    octets,
    raw_values,
    seq_nums,
    seq_sets,
    texts,
    uid_sets,
    uid_validities,
    uids,
)
from aimap.testing.strategies._code import response_codes
from aimap.testing.strategies._mailbox import (
    mailbox_infos,
    mailbox_names,
    mailbox_statuses,
    namespaces,
)
from aimap.testing.strategies._message import (
    addresses,
    body_structures,
    dispositions,
    envelopes,
    fetch_items,
    internal_dates,
    messages,
)
from aimap.testing.strategies._response import RESPONSES, responses, status_texts
from aimap.testing.strategies._search import (
    esearch_responses,
    search_responses,
    sort_responses,
    thread_responses,
    threads,
)

__all__ = [
    "RESPONSES",
    "addresses",
    "body_structures",
    "capabilities",
    "dispositions",
    "envelopes",
    "esearch_responses",
    "fetch_items",
    "flags",
    "internal_dates",
    "mailbox_infos",
    "mailbox_names",
    "mailbox_statuses",
    "messages",
    "mod_seqs",
    "namespaces",
    "numbers",
    "octets",
    "raw_values",
    "response_codes",
    "responses",
    "search_responses",
    "seq_nums",
    "seq_sets",
    "sort_responses",
    "status_texts",
    "texts",
    "thread_responses",
    "threads",
    "uid_sets",
    "uid_validities",
    "uids",
]
