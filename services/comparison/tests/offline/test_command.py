"""The command from a file to a file, whatever is in the file."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from incognita_comparison.model.worlds import world
from incognita_comparison.offline.command import main

HEADER = ["branch_id", "shopper_id", "visited_at", "score"]


def visits_file(path: Path, rows: list[list[object]], header: list[str] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def some_rows(seed: int = 1, **sizes: int) -> list[list[object]]:
    visits = world(seed, **sizes).visits  # type: ignore[arg-type]
    days = np.datetime64("1970-01-01") + visits.time.astype("timedelta64[D]")
    return [
        [f"b{b}", f"s{s}", str(day), round(float(score), 1)]
        for b, s, day, score in zip(visits.branch, visits.shopper, days, visits.score, strict=True)
    ]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_standings_have_a_row_for_each_branch_from_the_best_down(tmp_path: Path) -> None:
    visits = visits_file(tmp_path / "visits.csv", some_rows())
    assert main(["standings", str(visits), "--out", str(tmp_path / "out.csv")]) == 0
    rows = read(tmp_path / "out.csv")
    assert len(rows) == 60
    estimates = [float(row["estimate"]) for row in rows]
    assert estimates == sorted(estimates, reverse=True)
    assert all(float(row["lower"]) < float(row["estimate"]) < float(row["upper"]) for row in rows)
    assert {row["status"] for row in rows} == {"ok"}
    assert sum(float(row["p_top_quarter"]) for row in rows) == pytest.approx(15, abs=0.01)


def test_parquet_holds_the_same_as_csv(tmp_path: Path) -> None:
    visits = visits_file(tmp_path / "visits.csv", some_rows())
    for name in ("out.csv", "out.parquet"):
        assert main(["standings", str(visits), "--out", str(tmp_path / name)]) == 0
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    rows = read(tmp_path / "out.csv")
    assert [row["branch_id"] for row in table] == [row["branch_id"] for row in rows]
    assert table[0]["estimate"] == pytest.approx(float(rows[0]["estimate"]), abs=1e-4)


def test_predictions_keep_rows_columns_and_order(tmp_path: Path) -> None:
    visits = visits_file(tmp_path / "visits.csv", some_rows())
    asked = [
        ["b7", "s1", "2025-03-01", "x"],
        ["b3", "", "2025-03-02", "y"],
        ["new", "s2", "2025-03-03", "z"],
        ["b3", "newcomer", "not a date", "ü"],
    ]
    future = visits_file(tmp_path / "future.csv", asked, [*HEADER[:3], "note"])
    out = tmp_path / "out.csv"
    assert main(["predict", str(visits), str(future), "--out", str(out)]) == 0
    rows = read(out)
    assert list(rows[0]) == [*HEADER[:3], "note", "prediction", "lower", "upper"]
    assert [[row[name] for name in (*HEADER[:3], "note")] for row in rows] == asked
    assert all(
        0 <= float(row["lower"]) <= float(row["prediction"]) <= float(row["upper"]) <= 100
        for row in rows
    )


def test_bad_rows_are_listed_with_row_column_and_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad: list[list[object]] = [
        ["", "s1", "2024-01-01", 50],
        ["b1", "s1", "2024-13-01", 50],
        ["b1", "s1", "2024-01-01", "fifty"],
        ["b1", "s1", "2024-01-01", 101],
        ["b1"],
    ]
    rows = some_rows()
    visits = visits_file(tmp_path / "visits.csv", [*bad, *rows, rows[0]])
    assert main(["standings", str(visits), "--out", str(tmp_path / "out.csv")]) == 0
    said = capsys.readouterr().err
    for expected in (
        "row 2, branch_id: empty",
        "row 3, visited_at: not a date: '2024-13-01'",
        "row 4, score: not a number: 'fifty'",
        "row 5, score: '101' is outside 0 to 100",
        "row 6, row: has 1 cells",
        "the same as one before",
        "6 rows skipped",
    ):
        assert expected in said


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([["b1", "s1", "2024-01-01", 90], ["b1", "s2", "2024-02-01", 80]], "one_branch"),
        ([["b1", "s1", "2024-01-01", 90], ["b2", "s2", "2024-02-01", 80]],
         "no_branch_visited_twice"),
        ([[f"b{n % 3}", f"s{n}", f"2024-01-0{n + 1}", 90] for n in range(9)], "all_scores_equal"),
        ([[f"b{n % 4}", f"s{n % 4}", f"2024-01-{n + 1}", n] for n in range(10, 30)],
         "shoppers_and_branches_not_separable"),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked_is_said_in_the_columns(
    tmp_path: Path, rows: list[list[object]], status: str
) -> None:
    visits = visits_file(tmp_path / "visits.csv", rows)
    out = tmp_path / "out.csv"
    assert main(["standings", str(visits), "--out", str(out)]) == 0
    found = read(out)
    assert {row["status"] for row in found} == {status}
    assert {row["rank"] for row in found} == {""}
    assert {row["tie_group"] for row in found} == {"1"}
    assert all(float(row["upper"]) - float(row["lower"]) > 3 for row in found)
    assert main(["predict", str(visits), str(visits), "--out", str(out)]) == 0
    assert len(read(out)) == len(rows)


def test_no_visit_at_all_is_no_error(tmp_path: Path) -> None:
    visits = visits_file(tmp_path / "visits.csv", [])
    out = tmp_path / "out.csv"
    assert main(["standings", str(visits), "--out", str(out)]) == 0
    assert read(out) == []


def test_a_wrong_column_ends_with_the_columns_there_are(tmp_path: Path) -> None:
    visits = visits_file(tmp_path / "visits.csv", some_rows())
    done = subprocess.run(
        [sys.executable, "-m", "incognita_comparison.offline", "standings", str(visits),
         "--score", "points", "--out", str(tmp_path / "out.csv")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no column 'points'" in done.stderr
    assert "branch_id, shopper_id, visited_at, score" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_alphabets_marks_and_commas_are_read(tmp_path: Path) -> None:
    rows = [[f"Şube {r[0]} Москва", r[1], r[2], str(r[3]).replace(".", ",")] for r in some_rows()]
    path = tmp_path / "visits.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([HEADER, *rows])
    assert main(["standings", str(path), "--out", str(tmp_path / "out.csv")]) == 0
    found = read(tmp_path / "out.csv")
    assert len(found) == 60
    assert all("Москва" in row["branch_id"] for row in found)


def test_shoppers_and_a_roll_up_are_written_beside_the_standings(tmp_path: Path) -> None:
    rows = [[*row, f"owner {int(str(row[0])[1:]) % 3}"] for row in some_rows()]
    visits = visits_file(tmp_path / "visits.csv", rows, [*HEADER, "owner"])
    done = main(
        ["standings", str(visits), "--out", str(tmp_path / "out.csv"),
         "--shoppers", str(tmp_path / "shoppers.csv"),
         "--rollup", "owner", str(tmp_path / "owners.csv")]
    )  # fmt: skip
    assert done == 0
    assert len(read(tmp_path / "shoppers.csv")) == 12
    owners = read(tmp_path / "owners.csv")
    assert [row["owner"] for row in owners] == ["owner 0", "owner 1", "owner 2"]
    assert [row["branches"] for row in owners] == ["20", "20", "20"]
    assert all(float(row["lower"]) < float(row["estimate"]) < float(row["upper"]) for row in owners)
