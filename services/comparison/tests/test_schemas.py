"""The examples in the documentation are answers that could be given."""

import pytest

from incognita_comparison.schemas import compliance, standings, trend
from incognita_comparison.schemas.standings import Answer

SHOWN = [
    model
    for module in (compliance, standings, trend)
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, Answer)
    and "json_schema_extra" in model.model_config
]


def test_every_route_answers_with_an_example() -> None:
    assert len(set(SHOWN)) == 7


@pytest.mark.parametrize("model", SHOWN)
def test_an_example_is_an_answer(model: type[Answer]) -> None:
    for example in model.model_config["json_schema_extra"]["examples"]:  # type: ignore[index]
        model.model_validate(example)


def test_no_answer_has_a_place_for_a_shopper() -> None:
    for model in SHOWN:
        assert "shopper" not in str(model.model_json_schema()["properties"]).lower()
