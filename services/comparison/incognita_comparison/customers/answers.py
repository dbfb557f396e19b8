"""Interviews from a file: one row for each person who was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from incognita_comparison.customers.blocks import Block, blocks
from incognita_comparison.customers.orders import Floats
from incognita_comparison.customers.surveys import HIGHEST, Question, csi_of, nps_of, responses_of
from incognita_comparison.offline.cells import BadCell, score_of
from incognita_comparison.offline.problems import Problems
from incognita_comparison.offline.tables import Column

EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns. ``csi``: its questions by column. All but the ratings are optional."""

    nps: str | None
    csi: Mapping[str, Question]
    channel: str | None = None
    group: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Interviews:
    """One row for each person asked; ratings on their own scales, nan where there is none."""

    channel: list[str]
    group: list[str]
    nps: Floats
    csi: dict[str, Floats]

    @property
    def answered(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Who gave at least one rating."""
        columns = (self.nps, *self.csi.values())
        return np.asarray(np.logical_or.reduce([np.isfinite(one) for one in columns]))


def read_interviews(path: Path, columns: Columns, problems: Problems) -> Interviews:
    """A rating that can't be read is listed and counts as not given. Raises CannotRead, OSError."""
    scales = {name: (question.lowest, question.highest) for name, question in columns.csi.items()}
    if columns.nps is not None:
        scales = {columns.nps: (0.0, float(HIGHEST)), **scales}
    texts = [name for name in (columns.channel, columns.group) if name is not None]
    found: dict[str, list[Floats]] = {name: [] for name in scales}
    words: dict[str, list[str]] = {name: [] for name in texts}
    for block in blocks(path, [*scales, *texts], problems, columns.encoding):
        for place, (name, scale) in enumerate(scales.items()):
            whole = name == columns.nps
            found[name].append(_ratings(block, place, name, scale, problems, whole=whole))
        for place, name in enumerate(texts, len(scales)):
            cells, at = block.columns[place]
            labels = [cell.decode("utf-8", "replace").strip() for cell in cells]
            words[name] += [labels[code] for code in at.tolist()]
    ratings = {name: np.concatenate([np.zeros(0), *parts]) for name, parts in found.items()}
    size = len(next(iter(ratings.values())))
    return Interviews(
        words[columns.channel] if columns.channel else [EVERYTHING] * size,
        words[columns.group] if columns.group else [EVERYTHING] * size,
        ratings[columns.nps] if columns.nps is not None else np.full(size, np.nan),
        {name: ratings[name] for name in columns.csi},
    )


def _ratings(
    block: Block, place: int, name: str, scale: tuple[float, float], problems: Problems, *,
    whole: bool,
) -> Floats:  # fmt: skip
    cells, at = block.columns[place]
    values, causes = np.full(len(cells), np.nan), {}
    for code, cell in enumerate(cells):
        text = cell.decode("utf-8", "replace").strip()
        if not text:
            continue
        try:
            values[code] = _rating(text, scale, whole=whole)
        except BadCell as error:
            causes[code] = str(error)
    for row in np.flatnonzero(np.isin(at, list(causes))) if causes else ():
        problems.note(int(block.rows[row]), name, f"{causes[int(at[row])]}; counts as not given")
    return np.asarray(values[at])


def _rating(text: str, scale: tuple[float, float], *, whole: bool) -> float:
    lowest, highest = scale
    value = lowest + score_of(text, lowest, highest) * (highest - lowest) / 100
    value = round(value, 9)
    if whole and value != int(value):
        raise BadCell(f"{text!r} is no whole number")
    return value


def indicators_table(found: Interviews, questions: Mapping[str, Question]) -> dict[str, Column]:
    """A row for all, one for each channel, one for each group; empty where nobody answered."""
    channel, group = np.array(found.channel, object), np.array(found.group, object)
    rows = [(EVERYTHING, EVERYTHING, np.ones(len(channel), np.bool_))]
    rows += [(EVERYTHING, name, channel == name) for name in _names(found.channel)]
    rows += [(name, EVERYTHING, group == name) for name in _names(found.group)]
    kept = [(of, by, _figures(found, rows_, questions)) for of, by, rows_ in rows]
    return {
        "group": [of for of, _, _ in kept],
        "channel": [by for _, by, _ in kept],
        **{name: np.array([figures[name] for *_, figures in kept]) for name in FIGURES},
    }


FIGURES = (
    "asked", "answered", "response_rate", "response_rate_lower", "response_rate_upper",
    "nps_ratings", "promoters", "detractors", "nps", "nps_lower", "nps_upper",
    "nps_wald_lower", "nps_wald_upper", "csi_respondents", "csi", "csi_lower", "csi_upper",
)  # fmt: skip


def _names(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if name and name != EVERYTHING})


def _figures(
    found: Interviews, rows: np.ndarray[tuple[int], np.dtype[np.bool_]],
    questions: Mapping[str, Question],
) -> dict[str, float | int]:  # fmt: skip
    ratings = found.nps[rows]
    nps = nps_of(ratings[np.isfinite(ratings)].astype(np.int64))
    csi = csi_of({name: column[rows] for name, column in found.csi.items()}, questions)
    responses = responses_of([EVERYTHING] * int(rows.sum()), found.answered[rows].tolist())
    figures: dict[str, float | int] = dict.fromkeys(FIGURES, np.nan)
    figures |= dict.fromkeys(
        ("asked", "answered", "nps_ratings", "promoters", "detractors", "csi_respondents"), 0
    )
    for response in responses:
        figures |= {
            "asked": response.asked, "answered": response.answered,
            "response_rate": response.rate.value, "response_rate_lower": response.rate.low,
            "response_rate_upper": response.rate.high,
        }  # fmt: skip
    if nps is not None:
        figures |= {
            "nps_ratings": nps.ratings, "promoters": nps.promoters, "detractors": nps.detractors,
            "nps": nps.value, "nps_lower": nps.low, "nps_upper": nps.high,
            "nps_wald_lower": nps.wald_low, "nps_wald_upper": nps.wald_high,
        }  # fmt: skip
    if csi is not None:
        figures |= {
            "csi_respondents": csi.respondents, "csi": csi.value,
            "csi_lower": csi.low, "csi_upper": csi.high,
        }  # fmt: skip
    return figures
