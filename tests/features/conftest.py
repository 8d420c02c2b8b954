"""The scene that each test of a feature plays in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .frame import RECORDER, SHOWN, Scene, running_embedded, scene_on
from .test_matrix import test_the_page_tells_what_was_seen


@pytest.fixture
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """A connection of a new user with each server in turn."""
    kind = request.param
    test = f"{request.node.module.__name__}.{request.node.originalname}"
    (features,) = (shown.features for shown in SHOWN if shown.test == test)
    if kind == "embedded":
        async with running_embedded() as server, scene_on(server, features) as scene:
            yield scene
    else:
        async with scene_on(request.getfixturevalue(kind), features) as scene:
            yield scene
    RECORDER.passed.add((test, kind))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Compare the page when all has been seen."""
    name = test_the_page_tells_what_was_seen.__name__
    items.sort(key=lambda item: item.name == name)
