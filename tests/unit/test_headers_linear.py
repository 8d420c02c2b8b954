"""Header decoding takes time in proportion to its input, whatever it is."""

from __future__ import annotations

import time

import pytest

from aimap._model.text import decode_parameters, decode_words


@pytest.mark.parametrize(
    ("before", "repeated", "after"),
    [
        (b"", b"=?", b""),
        (b"", b"=?utf-8?Q?", b""),
        (b"", b"=?utf-8?Q?a?= ", b""),
        (b"", b"=?utf-8?B?YQ==?=", b""),
        (b"=?", b"x", b"?Q?a?="),
        (b"", b" ", b"=?utf-8?Q?a?="),
    ],
)
def test_encoded_words(before: bytes, repeated: bytes, after: bytes) -> None:
    def cost(size: int) -> float:
        raw = before + repeated * size + after
        best = 10.0
        for _ in range(3):
            begin = time.process_time()
            decode_words(raw)
            best = min(best, time.process_time() - begin)
        return best

    assert cost(40_000) < 24 * max(cost(5_000), 0.0005)


def test_many_continuations() -> None:
    pairs = [(b"x*%d" % n, b"a" * 10) for n in range(9999)]
    assert len(decode_parameters(pairs)["x"]) == 99990
