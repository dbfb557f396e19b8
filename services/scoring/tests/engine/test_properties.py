"""What holds for any form, with sections that repeat, stages, competitors, bonuses, rulings."""

import json
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from incognita_scoring.engine import score_visit
from incognita_scoring.engine.rounding import rounded
from incognita_scoring.engine.rulings import RulingKind
from incognita_shared.events.scoring import Outcome
from support.drawn_forms import Drawn, drawn_forms

EXCLUDED = st.just("exclude")
ZERO, ALL = Fraction(0), Fraction(100)
NO_EFFECTS = st.none()
FORMS = drawn_forms()
PLAIN = drawn_forms(policies=EXCLUDED)


def scored(drawn, **how):
    return score_visit(drawn.form, drawn.answers, **how)


def verdict(visit):
    return visit.score, visit.passed, set(visit.critical_failed)


def told(visit):
    return {one.section_id: one for one in visit.sections}


def only(drawn, keep):
    """The form with the sections for which ``keep`` holds."""
    return Drawn([one for one in drawn.sections if keep(one)], drawn.answers, drawn.score)


@given(FORMS, st.randoms(use_true_random=False))
def test_no_order_changes_anything(drawn, shuffler):
    before = scored(drawn)
    other = deepcopy(drawn)
    for one in other.sections:
        shuffler.shuffle(one["questions"])
        if one["repeat"]:
            shuffler.shuffle(other.answers[one["id"]])
    shuffler.shuffle(other.sections)
    shuffler.shuffle(other.stages)
    pairs = list(other.answers.items())
    shuffler.shuffle(pairs)
    after = score_visit(other.form, dict(pairs))
    assert verdict(after) == verdict(before)
    assert told(after) == told(before)
    assert {one.stage_id: one for one in after.stages} == {
        one.stage_id: one for one in before.stages
    }


@given(FORMS)
def test_scores_lie_within_0_and_100_and_are_exact(drawn):
    visit = scored(drawn)
    scores = [visit.score, *(one.score for one in (*visit.sections, *visit.stages))]
    for score in scores:
        assert score is None or (type(score) is Decimal and 0 <= score <= 100)
        assert score is None or -score.as_tuple().exponent == drawn.score["decimals"]
    for one in visit.questions:
        assert type(one.earned) is Decimal
        assert type(one.possible) is Decimal


@given(FORMS)
def test_a_score_is_the_mean_of_the_sections_of_the_branch(drawn):
    """Reckoned once more, by hand: points, then repetitions, then weights."""
    visit = scored(drawn)
    critical = {
        question["id"]: question["scoring"]
        for one in drawn.sections
        for question in one["questions"]
    }
    missed = {one.question_id for one in visit.questions if one.critical and one.earned <= 0
              and one.outcome is Outcome.MISSED}  # fmt: skip
    total = weights = Fraction(0)
    for one in drawn.sections:
        percent = by_hand(one, visit, missed, critical)
        said = told(visit)[one["id"]].score
        assert said == (None if percent is None else rounded(percent, drawn.score["decimals"]))
        if percent is not None and one["subject"] == "branch":
            total += percent * Fraction(one["weight"])
            weights += Fraction(one["weight"])
    score = total / weights if weights else None
    effects = [critical[each] for each in missed]
    caps = [Fraction(each["cap"]) for each in effects if each["critical"] == "cap_visit"]
    if score is not None:
        score = min([score, *caps])
    if any(each["critical"] == "fail_visit" for each in effects):
        score = Fraction(0)
    expected = None if score is None else rounded(score, drawn.score["decimals"])
    assert visit.score == expected


def by_hand(one, visit, missed, critical):
    own = [each for each in visit.questions if each.section_id == one["id"]]
    if any(critical[each.question_id]["critical"] == "fail_section" and each.question_id in missed
           for each in own):  # fmt: skip
        return Fraction(0)
    groups = {}
    pooled = (one["repeat"] or {"aggregation": "pool"})["aggregation"] == "pool"
    for each in own:
        groups.setdefault(None if pooled else each.instance, []).append(each)
    percents = [
        min(
            max(100 * Fraction(sum(q.earned for q in group)) / Fraction(possible), ZERO), 100 + ZERO
        )
        for group in groups.values()
        if (possible := sum(q.possible for q in group)) > 0
    ]
    if not percents:
        return None
    if pooled:
        return percents[0]
    pick = {"worst": min, "best": max, "mean": lambda all_: sum(all_) / len(all_)}
    return pick[one["repeat"]["aggregation"]](percents)


@given(PLAIN)
def test_what_is_not_applicable_counts_as_if_it_were_not_asked(drawn):
    hidden = deepcopy(drawn)
    for one in hidden.sections:
        for row in hidden.rows(one):
            for question in one["questions"]:
                if row[question["id"]] is None:
                    row[question["id"]] = hidden.better[question["id"]][0]
                    row[f"{question['id']}:hidden"] = True
        for question in one["questions"]:
            question["relevant"] = {"!": {"var": f"answers.{question['id']}:hidden"}}
    # ... the switch is an answer of its own, asked before
    for one in hidden.sections:
        switches = [switch(question["id"]) for question in one["questions"]]
        one["questions"] = [*switches, *one["questions"]]
    before, after = scored(drawn), scored(hidden)
    assert verdict(after) == verdict(before)
    assert {each: one.score for each, one in told(after).items()} == {
        each: one.score for each, one in told(before).items()
    }
    for one in before.questions:
        if one.outcome is Outcome.NOT_APPLICABLE:
            assert one.earned == one.possible == 0


def switch(question_id):
    return {
        "id": f"{question_id}:hidden",
        "type": "boolean",
        "label": {"en": "Hidden?"},
        "required": False,
    }


@given(drawn_forms(policies=st.sampled_from(["full", "zero"]), effects=NO_EFFECTS))
def test_not_applicable_counts_as_the_sections_policy_says(drawn):
    visit = scored(drawn)
    policy = {one["id"]: one["not_applicable"] for one in drawn.sections}
    bonus = {q["id"] for one in drawn.sections for q in one["questions"] if q["scoring"]["bonus"]}
    for one in visit.questions:
        if one.outcome is not Outcome.NOT_APPLICABLE:
            continue
        if one.question_id in bonus:
            assert (one.earned, one.possible) == (0, 0)
        else:
            assert one.possible > 0
            assert one.earned == (one.possible if policy[one.section_id] == "full" else 0)
    assert visit.critical_failed == ()


@given(FORMS, st.data())
def test_a_better_answer_never_lowers_a_score(drawn, data):
    places = [
        (row, question["id"])
        for one in drawn.sections
        for row in drawn.rows(one)
        for question in one["questions"]
        if row[question["id"]] is not None
    ]
    assume(places)
    before = scored(drawn)
    row, question_id = data.draw(st.sampled_from(places))
    answers = drawn.better[question_id]
    place = answers.index(row[question_id])
    row[question_id] = data.draw(st.sampled_from(answers[place:]))
    after = scored(drawn)
    if before.score is not None and after.score is not None:
        assert after.score >= before.score
    for section_id, one in told(after).items():
        if one.score is not None and told(before)[section_id].score is not None:
            assert one.score >= told(before)[section_id].score
    assert set(after.critical_failed) <= set(before.critical_failed)


@given(FORMS)
def test_what_is_seen_at_a_competitor_changes_nothing_of_the_branch(drawn):
    visit = scored(drawn)
    own = only(drawn, lambda one: one["subject"] == "branch")
    if own.sections:
        alone = scored(own)
        assert verdict(alone) == verdict(visit)
    else:
        assert visit.score is None
    assert all(
        one.weight == 0 for one in visit.sections if one.subject == "competitor"
    )  # what adds up sections by weight leaves them out


@given(FORMS)
def test_a_stages_score_is_that_of_its_sections_alone(drawn):
    visit = scored(drawn)
    assert [one.stage_id for one in visit.stages] == [one["id"] for one in drawn.stages]
    for one in visit.stages:
        own = only(drawn, lambda each, stage_id=one.stage_id: each["stage_id"] == stage_id)
        for each in own.sections:
            for question in each["questions"]:
                if question["scoring"]["critical"] in ("fail_visit", "cap_visit"):
                    question["scoring"] |= {"critical": None, "cap": None}
        assert one.score == (scored(own).score if own.sections else None)


@given(FORMS)
def test_a_bonus_is_never_possible_and_a_missed_one_takes_nothing_away(drawn):
    visit = scored(drawn)
    bonus = {q["id"] for one in drawn.sections for q in one["questions"] if q["scoring"]["bonus"]}
    for one in visit.questions:
        if one.question_id in bonus:
            assert one.possible == 0
            assert one.outcome is not Outcome.MISSED
    assert not bonus & set(visit.critical_failed)


@given(drawn_forms(effects=NO_EFFECTS), st.data())
def test_to_earn_a_bonus_never_lowers_a_score(drawn, data):
    bonuses = [q for one in drawn.sections for q in one["questions"] if q["scoring"]["bonus"]]
    assume(bonuses)
    chosen = data.draw(st.sampled_from(bonuses))["id"]
    without = deepcopy(drawn)
    for one in without.sections:
        for row in without.rows(one):
            if chosen in row:
                row[chosen] = None
    for one in drawn.sections:
        for row in drawn.rows(one):
            if chosen in row:
                row[chosen] = drawn.better[chosen][-1]
    with_it, before = scored(drawn).score, scored(without).score
    assert (with_it is None) is (before is None)
    assert with_it is None or with_it >= before


@given(FORMS, st.data())
def test_a_ruling_goes_before_the_answer(drawn, data):
    visit = scored(drawn)
    assume(visit.questions)
    disputed = data.draw(st.sampled_from(visit.questions))
    place = (disputed.question_id, disputed.instance)
    granted = scored(drawn, rulings={place: RulingKind.FULL_POINTS})
    (one,) = [q for q in granted.questions if (q.question_id, q.instance) == place]
    bonus = any(
        q["id"] == one.question_id and q["scoring"]["bonus"]
        for each in drawn.sections
        for q in each["questions"]
    )
    points = next(
        q["scoring"]["points"]
        for each in drawn.sections
        for q in each["questions"]
        if q["id"] == one.question_id
    )
    assert (one.earned, one.possible) == (points, 0 if bonus else points)
    assert one.outcome is Outcome.MET
    left_out = scored(drawn, rulings={place: RulingKind.DOES_NOT_COUNT})
    (one,) = [q for q in left_out.questions if (q.question_id, q.instance) == place]
    assert (one.earned, one.possible, one.outcome) == (0, 0, Outcome.UNSCORED)
    for ruled in (granted, left_out):
        others = [q for q in ruled.questions if (q.question_id, q.instance) != place]
        assert others == [q for q in visit.questions if (q.question_id, q.instance) != place]


@given(FORMS, st.data())
def test_a_ruling_in_the_branchs_favour_never_lowers_the_score(drawn, data):
    visit = scored(drawn)
    counted = [one for one in visit.questions if one.possible > 0]
    assume(counted)
    one = data.draw(st.sampled_from(counted))
    ruled = scored(drawn, rulings={(one.question_id, one.instance): RulingKind.FULL_POINTS})
    assert visit.score is None or ruled.score is None or ruled.score >= visit.score


@given(FORMS)
def test_every_question_is_explained_once_in_a_sentence(drawn):
    visit = scored(drawn)
    wanted = [
        (question["id"], number if one["repeat"] else None)
        for one in drawn.sections
        for number, _ in enumerate(drawn.rows(one))
        for question in one["questions"]
    ]
    assert [(one.question_id, one.instance) for one in visit.questions] == wanted
    for one in visit.questions:
        assert one.why[0].isupper()
        assert one.why.endswith(".")
        assert one.why.isprintable()
        if one.possible > 0:
            assert f"of {one.possible.normalize():f} point" in one.why
        assert "None" not in one.why
        assert "Decimal" not in one.why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(FORMS, st.dictionaries(st.sampled_from(["q0_0", "q1_0", "s0", "s1", "x"]), JSON))
def test_forged_answers_of_any_kind_are_scored_without_a_failure(drawn, forged):
    visit = score_visit(drawn.form, {**drawn.answers, **forged})
    assert visit.score is None or 0 <= visit.score <= 100
    json.dumps([one.model_dump(mode="json") for one in visit.questions])
    assert all(doubt.endswith(".") for doubt in visit.doubts)
