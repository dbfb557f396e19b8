"""What each role gets over HTTP, from real events in a real database."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from incognita_shared.auth import Role

Story = Any
Key = Callable[..., Awaitable[dict[str, str]]]
WAVE = "/v1/waves/w"


async def ask(client: httpx.AsyncClient, headers: dict[str, str], path: str, **query: Any) -> Any:
    """The JSON of a successful answer."""
    answer = await client.get(path, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    assert "shopper" not in answer.text.replace("shopper leniency", "")
    return answer.json()


async def refused(
    client: httpx.AsyncClient, headers: dict[str, str], path: str, **query: Any
) -> httpx.Response:
    """An answer that is a problem."""
    answer = await client.get(path, headers=headers, params=query)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer


@pytest.fixture
async def chain(story: Story) -> Story:
    """12 branches of 4 franchisees and the chain itself in 3 cities, 2 visits each."""
    await story.questionnaire()
    await story.wave("w")
    dice = random.Random(1)
    scores = {}
    for number in range(12):
        branch = f"b{number:02}"
        own = number % 3 == 0
        await story.branch(
            branch,
            city=("Westland", "Berkley", "WESTLAND ")[number % 3],
            region=("MI", "MI", "OH")[number % 3],
            ownership="company" if own else "franchise",
            franchisee_id=None if own else f"f{number % 4}",
        )
        scores[branch] = [min(100, 40 + 5 * number + dice.randrange(4)) for _ in range(2)]
    await story.fill_wave("w", scores)
    return story


async def test_a_league_table_is_paged_without_gap_or_repetition(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    headers = await key(Role.CHAIN_MANAGER)
    whole = await ask(client, headers, f"{WAVE}/standings")
    assert whole["next_cursor"] is None
    assert [row["group"]["id"] for row in whole["items"]] == [f"b{n:02}" for n in range(11, -1, -1)]
    pages, cursor = [], None
    while True:
        query = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        page = await ask(client, headers, f"{WAVE}/standings", **query)
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == whole["items"]


async def test_a_row_says_how_much_is_known(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    answer = await ask(client, await key(Role.AGENCY), f"{WAVE}/standings")
    basis, best = answer["basis"], answer["items"][0]
    assert basis["reliability"]["source"] == "this_wave"
    assert basis["reliability"]["value"] > 0.9
    assert basis["told_apart"] is True
    assert (basis["rows"], basis["visits"], basis["branches"]) == (12, 24, 12)
    assert "full model with shopper leniency comes later" in basis["method"]
    assert best["rank_low"] == 1
    assert best["visits"] == 2
    assert best["against_mean"] == "above"
    assert best["interval_low"] < best["estimate"] < best["interval_high"] <= 100
    assert best["group"]["store_id"] == "S-b11"


async def test_with_one_visit_each_the_answer_says_that_nothing_can_be_told_apart(
    story: Story, client: httpx.AsyncClient, key: Key
) -> None:
    await story.wave("w")
    await story.fill_wave("w", {f"b{number}": [50 + 5 * number] for number in range(8)})
    answer = await ask(client, await key(Role.AGENCY), f"{WAVE}/standings")
    assert answer["basis"]["told_apart"] is False
    assert answer["basis"]["tie_groups"] == 1
    reliability = answer["basis"]["reliability"]
    assert reliability["value"] is None
    assert reliability["source"] == "assumed"
    assert "Assumed, not estimated" in reliability["note"]
    assert {(row["rank_low"], row["rank_high"]) for row in answer["items"]} == {(1, 8)}


async def test_an_earlier_wave_of_the_same_kind_helps_single_visits(
    story: Story, client: httpx.AsyncClient, key: Key
) -> None:
    await story.wave("before", starts_in_days=-30)
    await story.wave("w")
    await story.wave("phone", starts_in_days=-10, channel="phone")
    await story.fill_wave("before", {f"b{n}": [40 + 5 * n, 41 + 5 * n] for n in range(10)})
    await story.fill_wave("phone", {f"b{n}": [90 - 5 * n] for n in range(10)})
    await story.fill_wave("w", {f"b{n}": [42 + 5 * n] for n in range(10)})
    basis = (await ask(client, await key(Role.AGENCY), f"{WAVE}/standings"))["basis"]
    assert basis["reliability"]["source"] == "between_waves"
    assert basis["reliability"]["value"] > 0.8
    assert basis["told_apart"] is True


@pytest.mark.parametrize(
    ("by", "groups", "ungrouped"),
    [
        ("franchisee", {"f0": 2, "f1": 2, "f2": 2, "f3": 2}, 4),
        ("ownership", {"company": 4, "franchise": 8}, 0),
        ("city", {"us/mi/westland": 4, "us/mi/berkley": 4, "us/oh/westland": 4}, 0),
        ("region", {"us/mi": 8, "us/oh": 4}, 0),
    ],
)
async def test_groups_count_each_branch_once(
    chain: Story,
    client: httpx.AsyncClient,
    key: Key,
    by: str,
    groups: dict[str, int],
    ungrouped: int,
) -> None:
    answer = await ask(client, await key(Role.AGENCY), f"{WAVE}/standings", by=by)
    assert {row["group"]["id"]: row["branches"] for row in answer["items"]} == groups
    assert sum(row["visits"] for row in answer["items"]) == 2 * sum(groups.values())
    assert answer["basis"]["ungrouped_branches"] == ungrouped


async def test_a_new_approval_and_a_moved_branch_show_in_the_next_answer(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    headers = await key(Role.AGENCY)
    before = await ask(client, headers, f"{WAVE}/standings", by="city")
    again = await ask(client, headers, f"{WAVE}/standings", by="city")
    assert again == before
    await chain.approve("late", "w", "b00", "100")
    after = await ask(client, headers, f"{WAVE}/standings", by="city")
    assert after["basis"]["visits"] == before["basis"]["visits"] + 1
    assert after["basis"]["changes"] > before["basis"]["changes"]
    await chain.branch("b00", city="Berkley", version=2)
    moved = await ask(client, headers, f"{WAVE}/standings", by="city")
    branches = {row["group"]["id"]: row["branches"] for row in moved["items"]}
    assert branches["us/mi/berkley"] == 5


async def test_a_franchise_manager_sees_own_branches_and_others_without_names(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    headers = await key(Role.FRANCHISE_MANAGER, franchisee_id="f1")
    answer = await ask(client, headers, f"{WAVE}/standings")
    assert {row["group"]["id"] for row in answer["items"]} == {"b01", "b05"}
    assert answer["others"]["count"] == 10
    assert answer["others"]["deciles"] == sorted(answer["others"]["deciles"])
    assert "b02" not in str(answer)
    one = await ask(client, headers, f"{WAVE}/standings/b05")
    assert one["standing"] in answer["items"]
    assert (await refused(client, headers, f"{WAVE}/standings/b02")).status_code == 404


async def test_too_few_others_are_not_shown_even_as_a_distribution(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    headers = await key(Role.FRANCHISE_MANAGER, franchisee_id="f1")
    answer = await ask(client, headers, f"{WAVE}/standings", by="franchisee")
    assert [row["group"]["id"] for row in answer["items"]] == ["f1"]
    assert answer["others"] is None
    assert "fewer than 5" in answer["others_withheld"]
    assert answer["basis"]["mean"] is None
    cities = await ask(client, headers, f"{WAVE}/standings", by="city")
    assert cities["items"] == []
    owners = await ask(client, headers, f"{WAVE}/standings", by="ownership")
    assert [row["group"]["id"] for row in owners["items"]] == ["franchise"]


async def test_a_branch_manager_sees_own_position_among_nameless_others(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    headers = await key(Role.BRANCH_MANAGER, branch_ids=["b03", "foreign"])
    answer = await ask(client, headers, f"{WAVE}/position")
    assert [row["group"]["id"] for row in answer["items"]] == ["b03"]
    assert answer["others"]["count"] == 11
    others = {f"b{n:02}" for n in range(12)} - {"b03"}
    assert not any(branch in str(answer) for branch in others)
    assert (await refused(client, headers, f"{WAVE}/standings")).status_code == 403


async def test_a_position_is_refused_while_others_could_be_told_by_name(
    story: Story, client: httpx.AsyncClient, key: Key
) -> None:
    await story.wave("w")
    for number in range(5):
        await story.branch(f"b{number}")
    await story.fill_wave("w", {f"b{number}": [70] for number in range(5)})
    headers = await key(Role.BRANCH_MANAGER, branch_ids=["b0"])
    answer = await refused(client, headers, f"{WAVE}/position")
    assert answer.status_code == 403
    assert "fewer than 5 others" in answer.json()["detail"]
    await story.branch("b5")
    await story.fill_wave("w", {"b5": [70]})
    assert (await ask(client, headers, f"{WAVE}/position"))["others"]["count"] == 5


async def test_compliance_has_wilson_intervals_and_labels_in_the_language_asked_for(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    headers = await key(Role.AGENCY)
    answer = await ask(client, headers, f"{WAVE}/compliance", by="question", language="fr")
    rings, secret, change = answer["items"]
    assert (rings["id"], rings["label"], rings["visits"]) == ("rings.1", "Two rings?", 24)
    assert rings["met"] + rings["missed"] == 24
    assert rings["interval_low"] < rings["compliance"] < rings["interval_high"]
    assert secret["compliance"] == 100
    assert secret["interval_low"] < 95
    assert (change["visits"], change["not_applicable"], change["compliance"]) == (0, 24, None)
    sections = await ask(client, headers, f"{WAVE}/compliance", language="fr")
    (phone,) = sections["items"]
    assert phone["label"] == "Au téléphone"
    assert phone["met"] == rings["met"]
    assert phone["mean_low"] < phone["mean_score"] < phone["mean_high"]
    assert answer["branches"] == 12


async def test_the_client_never_sees_a_question_that_is_hidden_from_it(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    for role, rights in (
        (Role.CHAIN_MANAGER, {}),
        (Role.FRANCHISE_MANAGER, {"franchisee_id": "f1"}),
        (Role.BRANCH_MANAGER, {"branch_ids": ["b01"]}),
    ):
        headers = await key(role, **rights)
        answer = await ask(client, headers, f"{WAVE}/compliance", by="question")
        assert [row["id"] for row in answer["items"]] == ["rings.1", "change"]
    await chain.db["questionnaires"].delete_many({})
    answer = await refused(client, headers, f"{WAVE}/compliance", by="question")
    assert answer.status_code == 409


async def test_compliance_of_managers_covers_their_own_branches_only(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    franchise = await key(Role.FRANCHISE_MANAGER, franchisee_id="f1")
    branch = await key(Role.BRANCH_MANAGER, branch_ids=["b01"])
    assert (await ask(client, franchise, f"{WAVE}/compliance"))["branches"] == 2
    assert (await ask(client, branch, f"{WAVE}/compliance"))["branches"] == 1
    one = await ask(client, franchise, f"{WAVE}/compliance", branch_id="b05")
    assert one["items"][0]["visits"] == 2
    answer = await refused(client, branch, f"{WAVE}/compliance", branch_id="b05")
    assert answer.status_code == 404


async def test_trends_run_over_the_waves_of_one_programme_oldest_first(
    chain: Story, client: httpx.AsyncClient, key: Key
) -> None:
    await chain.wave("w0", starts_in_days=-30)
    await chain.wave("x", starts_in_days=-60, programme_id="another")
    await chain.fill_wave("w0", {f"b{n:02}": [40 + 4 * n] for n in range(12)})
    await chain.fill_wave("x", {"b00": [99]})
    headers = await key(Role.CHAIN_MANAGER)
    whole = await ask(client, headers, "/v1/trend")
    (series,) = whole["items"]
    assert whole["programme_id"] == "programme"
    assert [point["wave_id"] for point in series["points"]] == ["w0", "w"]
    assert [point["branches"] for point in series["points"]] == [12, 12]
    assert series["points"][0]["raw_mean"] == 62
    cities = await ask(client, headers, "/v1/trend", by="city", limit=2)
    assert [one["group"]["id"] for one in cities["items"]] == ["us/mi/berkley", "us/mi/westland"]
    rest = await ask(client, headers, "/v1/trend", by="city", limit=2, cursor=cities["next_cursor"])
    assert [one["group"]["id"] for one in rest["items"]] == ["us/oh/westland"]
    assert rest["next_cursor"] is None
    branch = await ask(client, headers, "/v1/branches/b00/trend")
    assert [point["wave_id"] for point in branch["points"]] == ["x", "w0", "w"]
    last = branch["points"][-1]
    row = (await ask(client, headers, f"{WAVE}/standings/b00"))["standing"]
    assert (last["estimate"], last["interval_low"]) == (row["estimate"], row["interval_low"])
    manager = await key(Role.BRANCH_MANAGER, branch_ids=["b00"])
    assert len((await ask(client, manager, "/v1/branches/b00/trend"))["points"]) == 3
    answer = await refused(client, manager, "/v1/branches/b01/trend")
    assert answer.status_code == 404


async def test_counts_tell_scored_from_approved(
    story: Story, client: httpx.AsyncClient, key: Key
) -> None:
    await story.wave("w")
    await story.approve("v1", "w", "b", "90")
    await story.approve("v2", "w", "b", None)
    await story.play(story.scored("v3", "w", "b", "10"))
    answer = await ask(client, await key(Role.AGENCY), f"{WAVE}/counts")
    assert answer == {"wave_id": "w", "scored": 3, "approved": 2}


async def test_a_wave_without_scores_has_an_empty_table(
    story: Story, client: httpx.AsyncClient, key: Key
) -> None:
    await story.wave("w")
    headers = await key(Role.AGENCY)
    answer = await ask(client, headers, f"{WAVE}/standings")
    assert answer["items"] == []
    assert answer["basis"]["reliability"] is None
    assert (await ask(client, headers, f"{WAVE}/compliance"))["items"] == []
    assert (await ask(client, headers, "/v1/trend"))["items"] == []


PATHS = [
    f"{WAVE}/standings",
    f"{WAVE}/standings?by=city",
    f"{WAVE}/standings/b01",
    f"{WAVE}/compliance",
    f"{WAVE}/counts",
    "/v1/branches/b01/trend",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", [Role.AGENCY, Role.REVIEWER, Role.CHAIN_MANAGER])
async def test_a_key_of_another_chain_finds_nothing(
    chain: Story, client: httpx.AsyncClient, key: Key, path: str, role: Role
) -> None:
    headers = await key(role, chain_id="d" * 32)
    assert (await refused(client, headers, path)).status_code == 404
    trend = await ask(client, headers, "/v1/trend")
    assert (trend["programme_id"], trend["items"]) == (None, [])
    foreign = await ask(client, headers, "/v1/trend", by="city", programme_id="programme")
    assert foreign["items"] == []


@pytest.mark.parametrize("path", [*PATHS, f"{WAVE}/position", "/v1/trend"])
async def test_shoppers_and_strangers_are_refused(
    chain: Story, client: httpx.AsyncClient, key: Key, path: str
) -> None:
    shopper = await key(Role.SHOPPER, shopper_id="the-shopper")
    assert (await refused(client, shopper, path)).status_code == 403
    assert (await refused(client, {}, path)).status_code == 401


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (f"{WAVE}/standings", {"by": "shopper"}, "query.by"),
        (f"{WAVE}/standings", {"limit": 501}, "query.limit"),
        (f"{WAVE}/standings", {"limit": 10**30}, "query.limit"),
        (f"{WAVE}/standings", {"cursor": "?"}, "query.cursor"),
        (f"{WAVE}/standings", {"cursor": "WyJhIl0"}, "query.cursor"),
        (f"{WAVE}/compliance", {"language": "en_US!"}, "query.language"),
        (f"{WAVE}/compliance", {"branch_id": "a b"}, "query.branch_id"),
        ("/v1/trend", {"waves": 0}, "query.waves"),
        ("/v1/waves/%20/standings", {}, "path.wave_id"),
    ],
)
async def test_wrong_input_is_named(
    chain: Story,
    client: httpx.AsyncClient,
    key: Key,
    path: str,
    query: dict[str, Any],
    field: str,
) -> None:
    answer = await refused(client, await key(Role.AGENCY), path, **query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
