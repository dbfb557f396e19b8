from itertools import product

import pytest

from incognita_scoring.rules import ALLOWED, OPEN, OUTCOME, ReviewState, Verb, state_by_rule


def test_a_clean_report_is_approved_by_rule(finding):
    assert state_by_rule([], []) is ReviewState.APPROVED
    assert state_by_rule([finding("info")], []) is ReviewState.APPROVED


@pytest.mark.parametrize("severities", [["minor"], ["major"], ["info", "minor"]])
def test_a_finding_above_info_asks_for_a_reviewer(finding, severities):
    assert state_by_rule([finding(one) for one in severities], []) is ReviewState.WAITING


def test_a_doubt_asks_for_a_reviewer():
    assert state_by_rule([], ["q: The answer must be true or false."]) is ReviewState.WAITING


def test_only_a_report_in_the_queue_can_be_approved_or_returned_or_corrected():
    for state, verb in product(ReviewState, (Verb.APPROVE, Verb.RETURN, Verb.CORRECT)):
        assert (verb in ALLOWED[state]) is (state in OPEN)


def test_only_an_approval_can_be_taken_back():
    for state in ReviewState:
        assert (Verb.UNAPPROVE in ALLOWED[state]) is (state is ReviewState.APPROVED)


def test_no_decision_leads_to_where_the_report_is_already():
    stays = {
        (state, verb) for state in ReviewState for verb in ALLOWED[state] if OUTCOME[verb] is state
    }
    assert stays == {(ReviewState.WAITING, Verb.CORRECT)}
