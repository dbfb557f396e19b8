"""``incognita-customers`` from an order file to a directory, whatever is in the file."""

import csv
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from incognita_comparison.offline.customers import main

HEADER = ["customer", "at", "amount", "branch", "id"]
COLUMNS = ["--customer", "customer", "--time", "at", "--amount", "amount"]


def some_rows(seed: int = 1, customers: int = 400) -> list[list[str]]:
    random = np.random.default_rng(seed)
    rows: list[list[str]] = []
    for customer in range(customers):
        day, rate = float(random.integers(0, 200)), random.gamma(0.8, 1 / 30)
        spends = random.gamma(4, 10)
        while day < 365:
            when = np.datetime64("2025-01-01") + int(day)
            amount = f"{random.gamma(6, spends / 6):.2f}"
            branch, order = f"b{customer % 5}", str(len(rows))
            rows.append([f"c{customer}", f"{when} 12:30", amount, branch, order])
            if random.random() < 0.15:
                break
            day += 1 + random.exponential(1 / rate)
    return rows


def write(path: Path, rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([HEADER, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def summary(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    return found


def test_one_command_writes_segments_cohorts_values_and_branches(tmp_path: Path) -> None:
    rows = some_rows()
    orders = write(tmp_path / "orders.csv", rows)
    out = tmp_path / "out"
    assert main([str(orders), *COLUMNS, "--branch", "branch", "--out", str(out)]) == 0
    found = summary(out)
    assert (
        found["customers"] == len(read(out / "segments.csv")) == len(read(out / "ltv.csv")) == 400
    )
    assert sum(found["segments"].values()) == 400
    assert found["revenue"] == pytest.approx(sum(float(row[2]) for row in rows), abs=1e-6)
    assert {row["status"] for row in read(out / "ltv.csv")} == {"ok"}
    by_customer = sum(float(row["ltv"]) for row in read(out / "ltv.csv"))
    by_branch = sum(float(row["ltv"]) for row in read(out / "branches.csv"))
    assert by_customer == pytest.approx(by_branch, rel=1e-5)
    assert by_customer == pytest.approx(found["ltv_total"], rel=1e-5)
    of_cohorts = sum(float(row["revenue"]) for row in read(out / "cohorts.csv"))
    assert of_cohorts == pytest.approx(found["revenue"], abs=1e-3)
    ahead = found["expected_orders"]
    assert ahead["lower"] < ahead["value"] < ahead["upper"]


def test_the_order_of_rows_has_no_say(tmp_path: Path) -> None:
    rows = some_rows()
    mixed = [rows[place] for place in np.random.default_rng(3).permutation(len(rows))]
    for name, part in (("one", rows), ("other", mixed)):
        orders = write(tmp_path / f"{name}.csv", part)
        assert (
            main([str(orders), *COLUMNS, "--branch", "branch", "--out", str(tmp_path / name)]) == 0
        )
    for table in ("segments.csv", "cohorts.csv", "ltv.csv", "branches.csv"):
        assert (tmp_path / "one" / table).read_text() == (tmp_path / "other" / table).read_text()


def test_parquet_holds_the_same_as_csv_going_in_and_coming_out(tmp_path: Path) -> None:
    rows = some_rows()
    orders = write(tmp_path / "orders.csv", rows)
    table = pa.table(
        {
            "customer": [row[0] for row in rows],
            "at": pa.array([datetime.fromisoformat(row[1]) for row in rows]),
            "amount": [float(row[2]) for row in rows],
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    assert main([str(orders), *COLUMNS, "--out", str(tmp_path / "one")]) == 0
    parquet = [str(tmp_path / "orders.parquet"), *COLUMNS, "--format", "parquet"]
    assert main([*parquet, "--out", str(tmp_path / "other")]) == 0
    one = read(tmp_path / "one" / "ltv.csv")
    other = pq.read_table(tmp_path / "other" / "ltv.parquet").to_pylist()
    assert [row["customer"] for row in one] == [row["customer"] for row in other]
    assert [float(row["ltv"]) for row in one] == pytest.approx(
        [row["ltv"] for row in other], abs=1e-3
    )


def test_bad_rows_are_listed_with_row_column_and_cause_and_cost_only_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = some_rows()
    bad = [
        ["", "2025-01-01", "5", "b", "x1"],
        ["c1", "2025-02-30", "5", "b", "x2"],
        ["c1", "2025-01-01", "five", "b", "x3"],
        ["c1"],
        ["c1", "2025-01-01", "5.00", "b", "0"],
        [],
    ]
    orders = write(tmp_path / "orders.csv", [good[0], *bad, *good[1:]])
    out = tmp_path / "out"
    assert main([str(orders), *COLUMNS, "--order", "id", "--out", str(out)]) == 0
    said = capsys.readouterr().err
    for expected in (
        "row 3, customer: empty",
        "row 4, at: not a date: '2025-02-30'",
        "row 5, amount: not an amount: 'five'",
        "row 6, row: has 1 cells, not 5",
        "row 7, id: the order is there before",
        "5 rows skipped",
    ):
        assert expected in said
    assert summary(out)["orders"] == len(good)
    assert summary(out)["rows_skipped"] == 5


def test_rows_of_one_order_are_its_lines_if_so_said(tmp_path: Path) -> None:
    rows = [["c1", "2025-01-01", "5", "b", "1"], ["c1", "2025-01-01", "7", "b", "1"]]
    orders = write(tmp_path / "orders.csv", rows)
    options = [str(orders), *COLUMNS, "--order", "id", "--lines", "--out", str(tmp_path / "out")]
    assert main(options) == 0
    assert summary(tmp_path / "out")["revenue"] == 12
    assert read(tmp_path / "out" / "segments.csv")[0]["order_days"] == "1"


def test_turkish_and_russian_text_with_decimal_commas_is_read(tmp_path: Path) -> None:
    rows = [
        [f"Müşteri {row[0]} Ёж", row[1], row[2].replace(".", ","), "Şişli", row[4]]
        for row in some_rows()
    ]
    expected = sum(float(row[2].replace(",", ".")) for row in rows)
    for encoding in ("utf-8-sig", "utf-16"):
        orders = write(tmp_path / f"{encoding}.csv", rows, ";", encoding)
        out = tmp_path / encoding
        assert main([str(orders), *COLUMNS, "--branch", "branch", "--out", str(out)]) == 0
        assert summary(out)["revenue"] == pytest.approx(expected, abs=1e-6)
        assert read(out / "branches.csv")[0]["branch"] == "Şişli"
        assert "Ёж" in read(out / "segments.csv")[0]["customer"]


def test_another_encoding_is_named_and_then_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [["Şule", "2025-01-01", "5", "İzmir", "1"], ["plain", "2025-01-01", "5", "b", "2"]]
    orders = write(tmp_path / "orders.csv", rows, encoding="cp1254")
    assert main([str(orders), *COLUMNS, "--out", str(tmp_path / "one")]) == 0
    assert "row 2, customer: not UTF-8: say the file's own by --encoding" in capsys.readouterr().err
    options = [str(orders), *COLUMNS, "--encoding", "cp1254", "--out", str(tmp_path / "two")]
    assert main(options) == 0
    assert [row["customer"] for row in read(tmp_path / "two" / "segments.csv")] == ["plain", "Şule"]


def test_the_day_is_that_of_the_clients_zone(tmp_path: Path) -> None:
    times = ["2025-01-31T22:30:00Z", "2025-01-31 22:30", "2025-01-31T16:30:00-03:00"]
    rows = [[f"c{n}", time, "5", "b", str(n)] for n, time in enumerate(times)]
    orders = write(tmp_path / "orders.csv", rows)
    options = [str(orders), *COLUMNS, "--zone", "Europe/Istanbul", "--out", str(tmp_path / "out")]
    assert main(options) == 0
    days = [row["last_order"] for row in read(tmp_path / "out" / "segments.csv")]
    assert days == ["2025-02-01", "2025-01-31", "2025-01-31"]


def test_a_refund_lowers_revenue_and_is_no_order(tmp_path: Path) -> None:
    rows = [
        ["c1", "2025-01-01", "50", "b", "1"],
        ["c1", "2025-01-05", "-20", "b", "2"],
        ["c2", "2025-01-05", "-20", "b", "3"],
    ]
    orders = write(tmp_path / "orders.csv", rows)
    assert main([str(orders), *COLUMNS, "--out", str(tmp_path / "out")]) == 0
    found = summary(tmp_path / "out")
    assert (found["orders"], found["refunds"], found["revenue"]) == (1, 2, 10)
    assert (found["customers"], found["customers_with_refunds_alone"]) == (1, 1)
    (row,) = read(tmp_path / "out" / "segments.csv")
    assert (row["order_days"], row["revenue"], row["last_order"]) == ("1", "30.0000", "2025-01-01")


def test_the_end_of_the_observation_can_be_set(tmp_path: Path) -> None:
    rows = some_rows()
    orders = write(tmp_path / "orders.csv", rows)
    out = tmp_path / "out"
    assert main([str(orders), *COLUMNS, "--until", "2025-06-30", "--out", str(out)]) == 0
    assert summary(out)["orders"] == sum(row[1] < "2025-07" for row in rows)
    assert summary(out)["until"] == "2025-06-30"


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        ([], "no_customers"),
        ([["c1", "2025-01-01", "5", "b", "1"]], "one_customer"),
        ([[f"c{n}", "2025-01-01", "5", "b", str(n)] for n in range(50)], "one_day"),
        ([[f"c{n}", f"2025-01-{n % 28 + 1:02}", "5", "b", str(n)] for n in range(50)],
         "nobody_came_back"),
    ],
)  # fmt: skip
def test_too_little_is_an_admission_and_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[list[str]], cause: str
) -> None:
    orders = write(tmp_path / "orders.csv", rows)
    options = [str(orders), *COLUMNS, "--branch", "branch", "--out", str(tmp_path / "out")]
    assert main(options) == 0
    assert summary(tmp_path / "out")["buying"]["not_enough"] == cause
    assert f"no forecast of orders: {cause}" in capsys.readouterr().err
    for row in read(tmp_path / "out" / "ltv.csv"):
        assert row["status"].startswith(f"orders: {cause}")
        assert (row["p_alive"], row["expected_orders"], row["ltv"]) == ("", "", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere.csv", *COLUMNS], "nowhere.csv"),
        (["orders.csv", *COLUMNS[:-1], "price"], "no column 'price'"),
        (["orders.csv", *COLUMNS, "--zone", "Mars/Base"], "Mars/Base"),
        (["broken.parquet", *COLUMNS], "broken.parquet"),
        (["empty.csv", *COLUMNS], "is empty"),
        (["orders.csv", *COLUMNS, "--weeks", "0"], "--weeks"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_its_cause(
    tmp_path: Path, options: list[str], said: str
) -> None:
    write(tmp_path / "orders.csv", some_rows(customers=3))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing")
    (tmp_path / "empty.csv").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, "-m", "incognita_comparison.offline.customers", *options, "--out", "out"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
