"""The running services do what their OpenAPI documents say, whatever is sent to them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from incognita_demo.api import Api
from incognita_local.services import NAMES
from tests.operations import Operation, operations
from tests.stage import Stage
from tests.system import PROBLEM_JSON, System

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "ignored_auth",
)  # fmt: skip
LONGEST_S = 200
DEEP = "questionnaires"
"""Questionnaires nest so deeply that covering each keyword of theirs takes two minutes."""


@dataclass(frozen=True)
class Ready:
    """A chain's keys by role, and ids that exist there."""

    system: System
    keys: dict[str, str]
    ids: dict[str, object]


@pytest.fixture(scope="module")
async def ready(system: System, api: Api) -> AsyncIterator[Ready]:
    """One visit waits for review, one is accepted: so requests get beyond the first door."""
    async with Stage.opened(system, api, stores=3) as stage:
        waiting, accepted = stage.next_visit(), stage.next_visit()
        await waiting.accept()
        await waiting.upload(waiting.photo())
        await waiting.submit(waiting.report(missing_evidence_reasons={"audio": "It broke."}))
        await stage.waits_for_review(waiting)
        await accepted.accept()
        body = {"role": "branch_manager", "name": "Counter", "branch_ids": [waiting.branch_id]}
        branch_manager = (await stage.ask("assignment", "POST /v1/keys", body))["key"]
        await system.known_everywhere(branch_manager)
        keys = {
            "agency": stage.keys.agency,
            "operator": system.running.operator_key,
            "shopper": accepted.key,
            "branch_manager": branch_manager,
        }
        ids = {
            "chain_id": stage.chain_id,
            "branch_id": waiting.branch_id,
            "programme_id": stage.programme_id,
            "questionnaire_id": stage.questionnaire_id,
            "wave_id": stage.wave_id,
            "subscription_id": stage.subscription_id,
            "shopper_id": waiting.visit["shopper_id"],
            "visit_id": waiting.visit_id,
        }
        yield Ready(system, keys, {**ids, "accepted": accepted.visit_id})


def configuration(directory: Path, ids: dict[str, object]) -> Path:
    """A file that names ids which exist, for the paths."""
    lines = [
        f'"path.{name}" = {json.dumps(value)}' for name, value in ids.items() if name != "accepted"
    ]
    path = directory / "schemathesis.toml"
    path.write_text("[parameters]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


ROOT = str(Path(__file__).parents[2])
REFUSED = {
    "create_wave": 422, "create_branch": 409, "create_shoppers": 409, "begin_rescore": 422,
    "read_indicators": 422,
}  # fmt: skip
"""Examples that name what does not exist, or what the example before has made already; and what
needs a query, of which these requests have none."""
ALL = ("--phases", "examples,coverage,fuzzing", "--max-examples", "5")
FEW = ("--phases", "examples,fuzzing", "--max-examples", "2")
CAMPAIGNS = {
    "shopper at evidence": ("evidence", "shopper", ALL),
    "operator's own routes": ("assignment", "operator", (*ALL, "--include-path-regex", "chains")),
    "agency's questionnaires": ("assignment", "agency", (*FEW, "--include-path-regex", DEEP)),
    **{
        f"agency at {name}": (name, "agency", (*ALL, "--exclude-path-regex", DEEP))
        for name in NAMES
        if name != "assignment"
    },
    "branch manager at scoring": ("scoring", "branch_manager", ALL),
    "agency at assignment": (
        "assignment",
        "agency",
        (*ALL[:2], *FEW[2:], "--exclude-path-regex", DEEP),
    ),
    **{f"operator at {name}": (name, "operator", FEW) for name in NAMES},
}


async def test_every_documented_example_works_as_documented(ready: Ready) -> None:
    """A success, or a refusal that the document names because the example's ids do not exist."""
    tried: list[Operation] = await operations(ready.system)
    unknown = {"version": 1, "key_id": "0" * 16}
    for operation in tried:
        answer = await first_let_in(ready, operation, unknown)
        said = f"{operation}: {answer.status_code} {answer.text[:1_000]}"
        assert answer.status_code in operation.responses, said
        if not answer.is_success:
            assert answer.headers["content-type"] == PROBLEM_JSON, said
            due = httpx.codes.NOT_FOUND if operation.path_names else REFUSED[operation.operation_id]
            assert answer.status_code == due, said


async def first_let_in(
    ready: Ready, operation: Operation, unknown: dict[str, object]
) -> httpx.Response:
    """The answer to the first role that may ask."""
    ids = {name: unknown.get(name, "f" * 32) for name in operation.path_names}
    request = f"{operation.method} {operation.path.format(**ids)}"
    options = operation.options({})
    options["headers"] = {**options["headers"], "Idempotency-Key": operation.operation_id}
    for key in ready.keys.values():
        answer = await ready.system.ask(operation.service, request, key=key, **options)
        if answer.status_code != httpx.codes.FORBIDDEN:
            return answer
    raise AssertionError(f"{operation} lets nobody in")


@pytest.mark.timeout(LONGEST_S + 30)
@pytest.mark.parametrize("name", CAMPAIGNS)
async def test_nothing_that_is_sent_makes_a_service_break_its_contract(
    ready: Ready, tmp_path: Path, name: str
) -> None:
    service, role, options = CAMPAIGNS[name]
    ids = {**ready.ids, "visit_id": ready.ids["accepted" if role == "shopper" else "visit_id"]}
    await run_schemathesis(ready, service, role, configuration(tmp_path, ids), *options)


async def run_schemathesis(
    ready: Ready, service: str, role: str, settings: Path, *options: str
) -> None:
    """All checks against one running service; the test fails with what schemathesis has found."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings),
        "run", f"{ready.system.urls[service]}/openapi.json",
        "--header", f"Authorization: Bearer {ready.keys[role]}", "--checks", ",".join(CHECKS),
        "--seed", "1", "--no-shrink", "--generation-database", "none", "--continue-on-failure",
        "--warnings", "off", "--request-timeout", "20", *options,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.contract.bulk_bodies", "PYTHONPATH": ROOT},
        cwd=settings.parent, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONGEST_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, output.decode()[-8_000:]
    assert b"passed" in output
