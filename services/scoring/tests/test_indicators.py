"""NPS and CSI: as defined, exact, of approved reports alone."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incognita_scoring.engine import score_visit
from incognita_scoring.engine.ratings import Rating
from incognita_scoring.indicators import Counted, csi, nps
from incognita_shared.events.assignment import QuestionnairePublished
from incognita_shared.questionnaire.model import Questionnaire


def recommend(value, times=1):
    rating = Rating(
        question_id="recommend", indicator="nps", value=value, minimum=0, maximum=10, importance=1
    )
    return Counted(rating, times)


def satisfied(question_id, value, times=1, *, importance="1", minimum=1, maximum=5):
    rating = Rating(
        question_id=question_id, indicator="csi", value=value, minimum=minimum, maximum=maximum,
        importance=importance,
    )  # fmt: skip
    return Counted(rating, times)


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([], None),
        ([10], "100.00"),
        ([0], "-100.00"),
        ([9, 8, 7, 6], "0.00"),
        ([9, 10, 7, 6, 0, 5], "-16.67"),
        ([9, 9, 1], "33.33"),
        ([8] * 7, "0.00"),
    ],
)
def test_the_nps_is_promoters_less_detractors_in_points(ratings, expected):
    found = nps([recommend(each) for each in ratings])
    assert found.value == (None if expected is None else Decimal(expected))
    assert found.ratings == len(ratings)
    assert found.promoters + found.passives + found.detractors == len(ratings)


def test_the_csi_weighs_question_means_by_importance():
    food = [satisfied("food", 5, 3, importance="3"), satisfied("food", 3, 1, importance="3")]
    staff = [satisfied("staff", 2, importance="1", minimum=0, maximum=10)]
    found = csi([*food, *staff])
    assert [(each.question_id, each.ratings, each.value) for each in found.questions] == [
        ("food", 4, Decimal("87.50")),
        ("staff", 1, Decimal("20.00")),
    ]
    assert found.value == Decimal("70.63")  # (3 · 87.5 + 20) / 4 = 70.625


def test_the_csi_is_the_published_formula_for_ratings_from_1_to_10():
    means, weights = {"a": 8, "b": 7, "c": 9}, {"a": "0.38", "b": "0.32", "c": "0.30"}
    found = csi(
        [
            satisfied(name, mean, importance=weights[name], maximum=10)
            for name, mean in means.items()
        ]
    )
    total = sum(Fraction(weights[name]) * (mean - 1) for name, mean in means.items())
    exact = total / (9 * sum(map(Fraction, weights.values()))) * 100
    assert abs(Fraction(found.value) - exact) <= Fraction(1, 200)


def test_what_has_no_importance_does_not_count():
    assert csi([satisfied("a", 5, importance="0")]).value is None
    assert csi([satisfied("a", 5, importance="0"), satisfied("b", 1)]).value == 0


counted_nps = st.builds(recommend, st.integers(0, 10), st.integers(1, 50))
counted_csi = st.builds(
    satisfied,
    st.sampled_from("abc"),
    st.integers(1, 5),
    st.integers(1, 50),
    importance=st.sampled_from(["0", "0.5", "1", "3"]),
)


@given(st.lists(st.one_of(counted_nps, counted_csi), max_size=30), st.randoms())
def test_order_and_grouping_of_ratings_are_of_no_matter(counted, chance: random.Random):
    one_by_one = [Counted(rating, 1) for rating, times in counted for _ in range(times)]
    chance.shuffle(one_by_one)
    assert nps(counted) == nps(one_by_one)
    assert csi(counted) == csi(one_by_one)


@given(st.lists(st.one_of(counted_nps, counted_csi), max_size=30))
def test_both_stay_within_their_bounds(counted):
    score, index = nps(counted).value, csi(counted).value
    assert score is None or -100 <= score <= 100
    assert index is None or 0 <= index <= 100


@given(st.lists(counted_csi, min_size=1, max_size=10), st.integers(0, 9), st.integers(1, 4))
def test_a_better_rating_never_lowers_the_csi(counted, place, more):
    one = counted[place % len(counted)]
    better = one.rating.model_copy(update={"value": min(5, one.rating.value + more)})
    raised = [Counted(better, each.times) if each is one else each for each in counted]
    before, after = csi(counted).value, csi(raised).value
    assert (before is None) == (after is None)
    assert before is None or after >= before


def rated(published) -> QuestionnairePublished:
    """The questionnaire with two ratings, one of them not for the chain, and one of a rival."""
    definition = published.definition.model_dump(mode="json")
    scale = {"type": "rating", "label": {"en": "How?"}, "required": False}
    csi_of = {"indicator": "csi", "not_applicable_allowed": True}
    nps_of = {"indicator": "nps", "not_applicable_allowed": True}
    questions = definition["sections"][0]["questions"]
    questions += [
        {**scale, "id": "recommend", "minimum": 0, "maximum": 10, "scoring": nps_of},
        {**scale, "id": "food", "minimum": 1, "maximum": 5, "scoring": csi_of,
         "visible_to_client": False},
    ]  # fmt: skip
    rival = {**scale, "id": "rival", "minimum": 0, "maximum": 10, "scoring": nps_of}
    definition["sections"].append(
        {"id": "r", "title": {"en": "Rival"}, "subject": "competitor", "questions": [rival]}
    )
    fields = {**published.model_dump(mode="json"), "definition": definition, "version": 7}
    return QuestionnairePublished.model_validate(fields)


def test_what_was_not_asked_not_applicable_or_a_rivals_is_no_rating(published):
    definition = rated(published).definition.model_dump(mode="json")
    definition["sections"][0]["questions"][3]["relevant"] = {"var": "answers.greeting"}
    form = Questionnaire.model_validate(definition)
    answers = {"greeting": True, "recommend": 9, "food": 4, "rival": 10}
    assert [each.question_id for each in score_visit(form, answers).ratings] == [
        "recommend",
        "food",
    ]
    assert score_visit(form, {**answers, "food": None, "recommend": None}).ratings == ()
    unasked = score_visit(form, {**answers, "greeting": False}).ratings
    assert [each.question_id for each in unasked] == ["food"]
    assert [each.question_id for each in score_visit(form, {**answers, "food": 6}).ratings] == [
        "recommend"
    ]


@pytest.fixture
async def approved(handle, published, report, branch, finding):
    """Reports of two branches and two waves, one of which waits."""

    def rating(branch_id, recommend, food, **fields):
        answers = {"greeting": True, "change": True, "agency": True}
        rated = {"recommend": recommend, "food": food}
        given = {name: value for name, value in rated.items() if value is not None}
        return report(
            branch_id=branch_id, answers=answers | given, questionnaire_version=7, **fields
        )

    await handle(
        rated(published),
        branch("b1", franchisee_id="f1"),
        branch("b2", franchisee_id="f2"),
        rating("b1", 10, 5),
        rating("b1", 9, 3),
        rating("b2", 3, 1),
        rating("b2", 8, None),
        rating("b2", 0, 1, findings=(finding("major"),)),
        rating("b1", 0, 1, wave_id="wave-2"),
    )


async def read(caller, query):
    answer = await caller.get(f"/v1/indicators?{query}")
    assert answer.status_code == 200, answer.text
    return {each["group"]: each for each in answer.json()["items"]}


async def test_indicators_are_of_approved_reports_in_the_groups_asked_for(client, approved):
    agency = await client("agency")
    waves = await read(agency, "wave_id=wave-1&wave_id=wave-2")
    assert set(waves) == {"wave-1", "wave-2"}
    assert waves["wave-1"]["reports"] == 4
    assert waves["wave-1"]["nps"] == {
        "value": "25.00", "ratings": 4, "promoters": 2, "passives": 1, "detractors": 1,
    }  # fmt: skip
    assert (waves["wave-1"]["csi"]["value"], waves["wave-1"]["csi"]["ratings"]) == ("50.00", 3)
    branches = await read(agency, "wave_id=wave-1&group_by=branch")
    assert {name: each["nps"]["value"] for name, each in branches.items()} == {
        "b1": "100.00",
        "b2": "-50.00",
    }
    first = (await agency.get("/v1/indicators?wave_id=wave-1&group_by=branch&limit=1")).json()
    assert [each["group"] for each in first["items"]] == ["b1"]
    rest = await read(
        agency, f"wave_id=wave-1&group_by=branch&limit=1&cursor={first['next_cursor']}"
    )
    assert list(rest) == ["b2"]


async def test_each_role_gets_its_own_branches_and_no_hidden_question(client, approved):
    manager = await client("chain_manager")
    seen = await read(manager, "wave_id=wave-1")
    assert seen["wave-1"]["nps"]["ratings"] == 4
    assert seen["wave-1"]["csi"] == {"value": None, "ratings": 0, "questions": []}
    franchise = await client("franchise_manager", franchisee_id="f2")
    assert set(await read(franchise, "wave_id=wave-1&group_by=branch")) == {"b2"}
    branch = await client("branch_manager", branch_ids=["b1"])
    assert set(await read(branch, "wave_id=wave-1&group_by=branch")) == {"b1"}
    assert await read(await client("agency", chain_id="d" * 32), "wave_id=wave-1") == {}
    shopper = await client("shopper", shopper_id="s")
    assert (await shopper.get("/v1/indicators?wave_id=wave-1")).status_code == 403
    assert (await manager.get("/v1/indicators")).status_code == 422
