"""The author's command: exit codes, and words instead of tracebacks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from incognita_xlsform.cli import DONE, REFUSED, WRONG, main

EXAMPLES = Path(__file__).parents[3] / "examples" / "questionnaires"


def test_a_sound_workbook_is_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert main(["import", str(EXAMPLES / "shop-visit.xlsx"), "--out", str(out)]) == DONE
    assert out.stat().st_size > 1_000
    shown = capsys.readouterr()
    assert "34 questions" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("content", [b"", b"type,name\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_what_is_no_workbook_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "form.xlsx"
    path.write_bytes(content)
    assert main(["import", str(path), "--out", str(tmp_path / "out.json")]) == REFUSED
    assert "form.xlsx is refused" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def test_a_missing_file_a_folder_and_a_wrong_target_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(EXAMPLES / "shop-visit.xlsx")
    for arguments in (
        ["import", str(tmp_path / "nobody.xlsx")],
        ["import", str(tmp_path)],
        ["export", str(tmp_path / "nobody.json")],
        ["import", source, "--out", str(tmp_path / "no" / "such" / "folder.json")],
        ["import", source, "--out", str(tmp_path)],
    ):
        assert main(arguments) == WRONG
        assert "incognita-questionnaire: " in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"title": 1}', "[" * 100_000, "\xff"])
def test_what_is_no_questionnaire_is_not_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "form.json"
    path.write_text(text, encoding="latin-1")
    assert main(["export", str(path)]) == REFUSED
    assert capsys.readouterr().err
    assert not path.with_suffix(".xlsx").exists()


def test_the_command_is_installed_and_speaks_to_any_terminal(tmp_path: Path) -> None:
    path = tmp_path / "kötü.xlsx"
    path.write_bytes(b"no workbook")
    command = Path(sys.executable).parent / "incognita-questionnaire"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [command, "import", path], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == REFUSED
    assert "Traceback" not in done.stderr
    usage = subprocess.run([command], capture_output=True, text=True, check=False)
    assert usage.returncode == WRONG
