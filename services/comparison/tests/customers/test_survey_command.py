"""``incognita-surveys`` from a file of interviews to a table."""

import csv
from pathlib import Path

import pytest

from incognita_comparison.offline.surveys import main

HEADER = ["how", "branch", "recommend", "taste", "speed"]


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([HEADER, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_row_for_all_one_for_each_channel_and_one_for_each_branch(tmp_path: Path) -> None:
    rows = [
        ["phone", "Şişli", "10", "9", "5"],
        ["phone", "Şişli", "9", "8", "4"],
        ["phone", "Тула", "3", "2", ""],
        ["link", "Тула", "", "", ""],
    ]
    answers = write(tmp_path / "answers.csv", rows)
    options = [
        str(answers), "--nps", "recommend", "--csi", "taste:3", "--csi", "speed:1:1:5",
        "--channel", "how", "--group", "branch", "--out", str(tmp_path / "out.csv"),
    ]  # fmt: skip
    assert main(options) == 0
    found = {(row["group"], row["channel"]): row for row in read(tmp_path / "out.csv")}
    assert list(found) == [
        ("all", "all"), ("all", "link"), ("all", "phone"), ("Şişli", "all"), ("Тула", "all"),
    ]  # fmt: skip
    whole = found["all", "all"]
    assert (whole["asked"], whole["answered"], whole["response_rate"]) == ("4", "3", "75.0000")
    assert float(whole["nps"]) == pytest.approx(100 / 3, abs=1e-4)
    taste, speed = 100 * (19 / 3 - 1) / 9, 100 * (4.5 - 1) / 4
    assert float(whole["csi"]) == pytest.approx((3 * taste + speed) / 4, abs=1e-4)
    assert float(whole["csi_lower"]) < float(whole["csi"]) < float(whole["csi_upper"])
    nobody = found["all", "link"]
    assert (nobody["answered"], nobody["nps"], nobody["csi"]) == ("0", "", "")


def test_a_rating_that_cannot_be_is_listed_and_counts_as_not_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [["phone", "b", rating, "", ""] for rating in ("10", "11", "8.5", "often", "0")]
    answers = write(tmp_path / "answers.csv", rows)
    out = tmp_path / "out.csv"
    assert main([str(answers), "--nps", "recommend", "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert "row 3, recommend: '11' is outside 0 to 10; counts as not given" in said
    assert "row 4, recommend: '8.5' is no whole number" in said
    assert "row 5, recommend: not a number: 'often'" in said
    (row,) = read(out)
    assert (row["asked"], row["nps_ratings"], row["nps"]) == ("5", "2", "0.0000")


@pytest.mark.parametrize("rating", range(11))
def test_every_whole_rating_is_read_as_itself(tmp_path: Path, rating: int) -> None:
    answers = write(tmp_path / "answers.csv", [["phone", "b", str(rating), "", ""]])
    out = tmp_path / "out.csv"
    assert main([str(answers), "--nps", "recommend", "--out", str(out)]) == 0
    (row,) = read(out)
    expected = (str(int(rating >= 9)), str(int(rating <= 6)))
    assert (row["promoters"], row["detractors"]) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--nps or --csi"),
        (["--nps", "nothing"], "no column 'nothing'"),
        (["--csi", "taste:much"], "come numbers"),
        (["--csi", "taste:1:5:5"], "no width"),
        (["--csi", "taste:1:5"], "IMPORTANCE"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    answers = write(tmp_path / "answers.csv", [["phone", "b", "5", "5", "5"]])
    try:
        code: object = main([str(answers), *options, "--out", str(tmp_path / "out.csv")])
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert said in capsys.readouterr().err
