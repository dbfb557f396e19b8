"""What the simulation takes for true."""

import csv
import io
import json
import random
from datetime import UTC, datetime, timedelta
from statistics import fmean

from incognita_demo.settings import QUESTIONNAIRE, STORES_CSV
from incognita_demo.world import answer, read_stores, stores_csv
from incognita_scoring.engine import score_visit
from incognita_shared.questionnaire.answers import check_answers
from incognita_shared.questionnaire.check import check_questionnaire
from incognita_shared.questionnaire.model import Questionnaire

ENDED = datetime(2026, 3, 14, 20, tzinfo=UTC)
FORM = Questionnaire.model_validate_json(QUESTIONNAIRE.read_text(encoding="utf-8"))


def simulated(quality: float, rng: random.Random) -> dict[str, object]:
    return answer(quality, 0, began=ENDED - timedelta(minutes=95), ended=ENDED, rng=rng)


def test_the_questionnaire_is_sound() -> None:
    assert check_questionnaire(FORM) == []


def test_simulated_answers_are_valid_whatever_the_branch_is_like() -> None:
    rng = random.Random(1)
    for quality in range(0, 101, 5):
        assert check_answers(FORM, simulated(quality, rng)) == []


def test_a_better_branch_scores_higher_on_average() -> None:
    rng = random.Random(1)
    means = [
        fmean(float(score_visit(FORM, simulated(quality, rng)).score or 0) for _ in range(60))
        for quality in (30, 60, 90)
    ]
    assert means == sorted(means)
    assert means[2] - means[0] > 30


def test_the_same_seed_makes_the_same_world_and_all_means_every_row() -> None:
    once = read_stores(STORES_CSV, limit=100, rng=random.Random(7))
    again = read_stores(STORES_CSV, limit=100, rng=random.Random(7))
    assert json.dumps([store.row for store in once]) == json.dumps([store.row for store in again])
    assert [store.quality for store in once] == [store.quality for store in again]
    everything = read_stores(STORES_CSV, limit=None, rng=random.Random(7))
    assert len(everything) == 5_154
    sent = csv.reader(io.StringIO(stores_csv(everything).decode(), newline=""))
    assert sum(1 for _ in sent) == 1 + 5_154
