"""Looks for what the checklists of CONTRIBUTING.md would have made you do."""

import ast
import importlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from pydantic_settings import BaseSettings

from incognita_local.services import NAMES
from incognita_shared import settings as shared_settings
from incognita_shared.events import EVENT_TYPES, Event
from incognita_shared.kafka.topics import declared_topics
from schemas.tool.files import schema_name
from schemas.tool.openapi import SERVICES

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schemas"
EVENTS = list(EVENT_TYPES.values())
LONGEST_LINES = 300
REFUSED_NAMES = {"utils", "common", "helpers", "core", "base", "manager", "processor"}
EXTRAS: dict[str, tuple[str, ...]] = {
    "assignment": ("Planner", "Sweeper", "STREAMED_PATHS"),
    "evidence": (
        "build_app",
        "app",
        "store",
        "Store",
        "desks",
        "Semaphore",
        "STREAMED_PATHS",
        "KEYS_BELOW",
        "Removal",
        "Orphans",
        "Callable",
        "FastAPI",
        "Database",
    ),
    "scoring": ("store", "Store", "rescorer", "Rescorer"),
    "comparison": ("Relay", "PENDING", "after_commit"),
    "notification": ("sender", "after_commit"),
}  # fmt: skip
"""Words of the parts by which a service's ``main.py`` may differ from scoring's, and its own."""
SHAPE = "scoring"


def package(service: str, module: str) -> ModuleType:
    return importlib.import_module(f"incognita_{service}.{module}")


def consumed(service: str) -> set[type[Event]]:
    return set(package(service, "handlers").HANDLERS)


def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


# Adding an event


@pytest.mark.parametrize("event", EVENTS, ids=schema_name)
def test_every_event_has_topic_schema_and_example(event: type[Event]) -> None:
    name = schema_name(event)
    topics = [one for one in declared_topics() if name in one.events]
    assert [one.topic for one in topics] == [event.topic]
    assert (SCHEMAS / "events" / f"{name}.schema.json").is_file()
    assert (SCHEMAS / "examples" / "valid" / f"{name}.json").is_file()
    producer = event.__module__.rsplit(".", 1)[1]
    assert topics[0].owner == producer
    assert event.topic.startswith(f"{producer}.")


@pytest.mark.parametrize("event", EVENTS, ids=schema_name)
def test_every_event_is_named_in_the_contracts(event: type[Event]) -> None:
    noun, verb = schema_name(event).split(".")[:2]
    rows = [line for line in text("docs", "contracts.md").splitlines() if line.startswith("|")]
    named = [row for row in rows if f"`{noun}." in row and f".{verb}`" in row]
    assert named, f"{noun}.{verb} has no row in docs/contracts.md"


@pytest.mark.parametrize("event", EVENTS, ids=schema_name)
def test_every_event_is_published_by_its_producer(event: type[Event]) -> None:
    producer = event.__module__.rsplit(".", 1)[1]
    source = ROOT / "services" / producer / f"incognita_{producer}"
    assert any(event.__name__ in path.read_text(encoding="utf-8") for path in source.rglob("*.py"))


@pytest.mark.parametrize(
    "path", sorted((SCHEMAS / "topics").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_topics_consumers_are_the_services_with_a_handler_for_it(path: Path) -> None:
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    handling = {
        service
        for service in NAMES
        if any(event.topic == declared["topic"] for event in consumed(service))
    }
    assert set(declared["consumers"]) == handling


@pytest.mark.parametrize("service", NAMES)
def test_every_handler_is_tested(service: str) -> None:
    """A test names the handler, or the event that it is called with."""
    tests = "\n".join(
        path.read_text(encoding="utf-8")
        for root in (ROOT / "services" / service / "tests", ROOT / "libs" / "shared" / "tests")
        for path in root.rglob("*.py")
    )
    by_handler = defaultdict(set)
    for event, handler in package(service, "handlers").HANDLERS.items():
        by_handler[handler.__name__].add(event.__name__)
    forgotten = [
        name
        for name, events in by_handler.items()
        if not re.search(rf"\b({'|'.join({name, *events})})\b", tests)
    ]
    assert forgotten == []


# Adding a service


@pytest.mark.parametrize("service", NAMES)
def test_every_service_has_its_parts(service: str) -> None:
    home = ROOT / "services" / service
    code = home / f"incognita_{service}"
    assert (home / "README.md").is_file()
    assert (home / "pyproject.toml").is_file()
    for name in ("__main__", "main", "settings", "handlers"):
        assert (code / f"{name}.py").is_file(), name
    for name in ("routes", "repository"):
        assert (code / f"{name}.py").is_file() or (code / name / "__init__.py").is_file(), name
    assert (SCHEMAS / "openapi" / f"{service}.json").is_file()
    assert f"incognita_{service}" in text("pyproject.toml")
    assert f"services/{service}" in text("Makefile")


def test_every_service_is_known_to_the_schemas_and_the_launcher() -> None:
    directories = {path.name for path in (ROOT / "services").iterdir() if path.is_dir()}
    assert set(NAMES) == set(SERVICES) == directories


@pytest.mark.parametrize("service", [name for name in NAMES if name != SHAPE])
def test_a_main_differs_from_the_others_in_names_and_stated_extras_alone(service: str) -> None:
    odd = {
        part
        for part in _parts(SHAPE) ^ _parts(service)
        if not any(
            word in part for word in (*EXTRAS[SHAPE], *EXTRAS[service], "background", "READS")
        )
    }
    assert odd == set()


def _parts(service: str) -> set[str]:
    """What a ``main.py`` imports, and what it gives to whom, with the service's name left out."""
    code = text("services", service, f"incognita_{service}", "main.py")
    tree, found = ast.parse(code.replace(service, "SERVICE")), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {f"from {node.module} import {each.name}" for each in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(f"def {node.name}")
        elif isinstance(node, ast.Call):
            given = map(ast.unparse, (*node.args, *node.keywords))
            found |= {f"{ast.unparse(node.func)}: {each}" for each in given}
    return found


# Settings and README


def settings_of(module: ModuleType) -> Iterator[str]:
    for kind in vars(module).values():
        if (
            isinstance(kind, type)
            and issubclass(kind, BaseSettings)
            and kind.__module__ == module.__name__
        ):
            for name in kind.model_fields:
                yield f"{kind.model_config.get('env_prefix', '')}{name}".upper()


def test_every_shared_setting_is_documented() -> None:
    said = text("README.md")
    names = [shared_settings.NAMESPACE, *settings_of(shared_settings)]
    assert [name for name in names if f"`{name}`" not in said] == []


@pytest.mark.parametrize("service", NAMES)
def test_every_setting_of_a_service_is_documented(service: str) -> None:
    said, prefix = text("services", service, "README.md"), f"{service.upper()}_"
    if f"`{prefix}…`" in said:  # the head of a table whose rows leave the prefix out
        said += said.replace("`", f"`{prefix}")
    names = settings_of(package(service, "settings"))
    assert [name for name in names if f"`{name}`" not in said + text("README.md")] == []


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+(?: [a-z]+)*):", text("Makefile"), re.MULTILINE))
    known = {word for target in targets for word in target.split()}
    named = set(re.findall(r"\bmake ([a-z]+)\b", text("README.md") + text("CONTRIBUTING.md")))
    assert named
    assert named <= known


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/contracts.md"])
def test_every_file_that_a_page_names_exists(page: str) -> None:
    said = text(page)
    linked = re.findall(r"\]\(([^)#:]+)\)", said)
    named = re.findall(r"`((?:services|libs|schemas|docs|deploy|tests)/[\w./-]+)`", said)
    home = (ROOT / page).parent
    missing = [link for link in linked if not (home / link).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


# Size and names


def sources() -> list[Path]:
    roots = ("services", "libs", "deploy", "examples", "schemas", "tests")
    return [path for root in roots for path in (ROOT / root).rglob("*.py")]


def test_no_source_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources()
        if "tests" not in path.parts
        and (count := path.read_text(encoding="utf-8").count("\n")) > LONGEST_LINES
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {part for path in sources() for part in path.relative_to(ROOT).with_suffix("").parts}
    words = {word for part in parts for word in part.split("_")}
    assert words & REFUSED_NAMES == set()


def test_the_pages_of_the_api_are_those_of_the_code() -> None:
    for service in NAMES:
        page = json.loads(text("schemas", "openapi", f"{service}.json"))
        operations = [each for path in page["paths"].values() for each in path.values()]
        assert all(each.get("summary") for each in operations), service
        ids = [each["operationId"] for each in operations]
        assert len(ids) == len(set(ids)), service
