"""The properties of documents, phones and names once more, over a hundred thousand cases."""

from typing import Any, Final

import pytest
from hypothesis import given, settings

from tests.core.documents import test_properties as short

EXAMPLES: Final = 25_000
PROPERTIES: Final[list[Any]] = [one for name, one in vars(short).items() if name.startswith("test_")]


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda one: one.__name__)
def test_a_property_holds_for_25_000_cases(holds: Any) -> None:
    strategies: dict[str, Any] = (
        short.texts if "text" in holds.hypothesis.inner_test.__annotations__ else short.seeds
    )
    assert len(PROPERTIES) == 4
    settings(short.many, max_examples=EXAMPLES)(given(**strategies)(holds.hypothesis.inner_test))()
