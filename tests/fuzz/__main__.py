"""``python -m tests.fuzz TARGET SECONDS``: fuzz one target, from where it stopped last."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aimap"]):
    from tests.fuzz import seeds
    from tests.fuzz.targets import TARGETS, check

# Kept between runs, and by git ignored.
CORPUS = Path(".fuzz")


def main(name: str, seconds: str) -> None:
    """Fuzz until the time is over or something is found, which is then written to CORPUS."""
    target = TARGETS[name]
    corpus = CORPUS / name
    seeds.write(name, corpus)

    def one_input(data: bytes) -> None:
        check(target, data)

    atheris.Setup(
        [
            name,
            str(corpus),
            f"-artifact_prefix={CORPUS}/{name}-",
            f"-max_total_time={seconds}",
            "-max_len=6000",
            "-rss_limit_mb=1000",
            "-timeout=20",
            "-use_value_profile=1",
            "-print_final_stats=1",
        ],
        one_input,
    )
    atheris.Fuzz()


main(*sys.argv[1:])
