"""Rules run as a browser runs them: by json-logic-js with our operators, in node."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from incognita_local.cache import Cache
from incognita_local.progress import Display, Task
from incognita_local.steps import run

HERE = Path(__file__).parents[1]
RUNNER = Path(__file__).with_name("run.mjs")
Rules = Iterable[tuple[Any, dict[str, Any]]]
Outcome = dict[str, Any]
"""``outcome``, or ``fails``: why there is none."""


class JsonLogicJs:
    """The library, by npm, which checks its SHA-512 against package-lock.json."""

    key = "json-logic-js-2.0.5"
    title = "json-logic-js"
    expected_s = 3.0

    def pinned(self) -> dict[str, str]:
        return {"logic.js": "73a6dc521e8990c2eed330dcfdb35605d7e1065a6e19d26673cb7ad4cd09d881"}

    def fetch(self, work: Path, task: Task) -> Path:
        task.update(0.1, "asking npm")
        project = work / "npm"
        project.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, project / name)
        arguments = ["--ignore-scripts", "--no-audit", "--no-fund"]
        npm: list[str | Path] = ["npm", "ci", "--prefix", project, *arguments]
        run(f"{self.title} (npm)", npm, work / "npm.log")
        return project / "node_modules" / "json-logic-js"


@pytest.fixture(scope="session")
def in_browser() -> Callable[[Rules], list[Outcome]]:
    """Rules with what they are evaluated on → their outcomes."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm, to run rules as a browser does")
    with Display(quiet=True) as display:
        library = Cache().get(JsonLogicJs(), display) / "logic.js"

    def outcomes(rules: Rules) -> list[Outcome]:
        lines = [json.dumps({"rule": rule, "data": data}) for rule, data in rules]
        ended = subprocess.run(
            ["node", RUNNER, library],  # noqa: S607
            input="".join(f"{line}\n" for line in lines),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]

    return outcomes
