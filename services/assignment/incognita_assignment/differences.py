"""What changed between two versions of a questionnaire, and what of it can change a score.

Stages, sections, questions and choices are the same ones by their id, wherever they stand; paths
name them by it: ``sections[phone].questions[greeted].scoring.points``. Where it can't be told
cheaply whether a score changes, it is said to: a constraint turns an answer into no answer.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from incognita_assignment.schemas.differences import Change, ChangeKind
from incognita_shared.questionnaire.conditions import named_questions
from incognita_shared.questionnaire.model import Question, Questionnaire, ScoringMethod

_SECTION_SCORES = {"weight", "relevant", "stage_id", "subject", "not_applicable", "repeat"}
_NEVER_SCORE = {
    "label", "hint", "required_message", "constraint_message", "presentation", "default",
    "evidence", "visible_to_client", "compares", "scoring.indicator", "scoring.importance",
}  # fmt: skip
"""Of a question: how it is put, proved and shown, and what is reckoned beside the score."""


def differences(before: Questionnaire, after: Questionnaire) -> list[Change]:
    """Every difference, in the order of the newer version; what was removed comes last."""
    old, new = _Version(before), _Version(after)
    changes: list[Change] = []
    for key, part in new.parts.items():
        earlier = old.parts.get(key)
        scores = old.scores(key) or new.scores(key)
        if earlier is not None:
            changes += _changed(earlier, part, scores=scores)
        elif part.parent in old.parts:
            changes.append(part.whole(ChangeKind.ADDED, scores=scores))
    changes += [
        part.whole(ChangeKind.REMOVED, scores=old.scores(key))
        for key, part in old.parts.items()
        if key not in new.parts and part.parent in new.parts
    ]
    return changes + list(_reordered(old, new))


@dataclass(slots=True)
class _Part:
    """A stage, section, question or choice, or the questionnaire itself (its key is "").

    ``fields`` are its own, without the parts in it; ``data`` is all of it. ``place``: among those
    of its kind beside it, from 0.
    """

    kind: str
    path: str
    parent: str | None
    place: int
    data: Mapping[str, Any]
    fields: Mapping[str, Any]
    children: list[str] = field(default_factory=list)

    def whole(self, kind: ChangeKind, *, scores: bool) -> Change:
        gone = kind is ChangeKind.REMOVED
        return Change(
            path=self.path,
            kind=kind,
            before=self.data if gone else None,
            after=None if gone else self.data,
            affects_score=scores,
        )


class _Version:
    """One version, taken apart: key → part, in order. Ids of one kind are unique in it."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self.parts: dict[str, _Part] = {}
        self._places: Counter[tuple[str, str]] = Counter()
        data = questionnaire.model_dump(mode="json")
        root = {name: data[name] for name in data if name not in ("stages", "sections", "score")}
        scoring = {f"score.{name}": value for name, value in data["score"].items()}
        self.parts[""] = _Part("questionnaire", "", None, 0, data, {**root, **scoring})
        for stage in data["stages"]:
            self._add("stage", stage, f"stages[{stage['id']}]", "")
        for section in data["sections"]:
            self._add_section(section)

    def _add_section(self, section: Mapping[str, Any]) -> None:
        key = self._add("section", section, f"sections[{section['id']}]", "")
        for question in section["questions"]:
            place = f"{self.parts[key].path}.questions[{question['id']}]"
            name = self._add("question", question, place, key)
            for choice in question["choices"]:
                self._add("choice", choice, f"{place}.choices[{choice['id']}]", name)

    def _add(self, kind: str, data: Mapping[str, Any], path: str, parent: str) -> str:
        within = parent if kind == "choice" else ""
        key = f"{within}/{kind}:{data['id']}"
        fields = {name: data[name] for name in data if name not in ("questions", "choices")}
        scoring = fields.pop("scoring", {})
        fields |= {f"scoring.{name}": value for name, value in scoring.items()}
        place = self._places[parent, kind]
        self._places[parent, kind] += 1
        self.parts[key] = _Part(kind, path, parent, place, data, fields)
        self.parts[parent].children.append(key)
        return key

    def scores(self, key: str) -> bool:
        """Whether a score can hang on this part."""
        part = self.parts.get(key)
        if part is None or part.kind == "stage":
            return False
        if part.kind == "choice":
            return self.scores(part.parent or "")
        if part.kind == "section":
            return part.data["id"] in self._read or any(map(self.scores, part.children))
        return part.kind == "questionnaire" or self._counts(part.data["id"])

    def _counts(self, name: str) -> bool:
        scoring = self._questionnaire.by_id[name].scoring
        earns = scoring.method is not ScoringMethod.NONE or scoring.critical is not None
        return earns or name in self._read

    @cached_property
    def _read(self) -> set[str]:
        """The ids that rules of other questions and of sections read, or standards begin at."""
        sections = self._questionnaire.sections
        rules = (each.relevant for each in sections if each.relevant is not None)
        read = {name for rule in rules for name in named_questions(rule)}
        for _, question in self._questionnaire.questions():
            read |= _read_by(question)
        return read


def _read_by(question: Question) -> set[str]:
    read = {name for rule in question.conditions() for name in named_questions(rule)}
    standard = question.scoring.standard
    if standard is not None and standard.start_question_id is not None:
        read.add(standard.start_question_id)
    return read - {question.id}


def _changed(old: _Part, new: _Part, *, scores: bool) -> Iterator[Change]:
    if old.parent != new.parent:
        yield Change(
            path=new.path,
            kind=ChangeKind.MOVED,
            before=old.path,
            after=new.path,
            affects_score=scores,
        )
    for name in [*new.fields, *(name for name in old.fields if name not in new.fields)]:
        before, after = old.fields.get(name), new.fields.get(name)
        if _typed(before) != _typed(after):
            yield Change(
                path=f"{new.path}.{name}" if new.path else name,
                kind=ChangeKind.CHANGED,
                before=before,
                after=after,
                affects_score=scores and _may_score(new.kind, name),
            )


def _may_score(kind: str, name: str) -> bool:
    match kind:
        case "questionnaire":
            return name.startswith("score.")
        case "section":
            return name in _SECTION_SCORES
        case "question":
            return name not in _NEVER_SCORE
        case _:
            return name != "label"


def _typed(value: Any) -> Any:
    """Equal for what is the same JSON: to Python alone ``True`` is 1."""
    if isinstance(value, dict):
        return {name: _typed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_typed(each) for each in value]
    return isinstance(value, bool), value


def _reordered(old: _Version, new: _Version) -> Iterator[Change]:
    """Parts that stand elsewhere among the same neighbours: as few as tell the new order."""
    for key, part in new.parts.items():
        before = old.parts[key].children if key in old.parts else []
        row = {child: number for number, child in enumerate(before)}
        both = [child for child in part.children if child in row]
        stayed = _longest_rising([row[child] for child in both])
        for number, child in enumerate(both):
            if number not in stayed:
                yield Change(
                    path=new.parts[child].path,
                    kind=ChangeKind.MOVED,
                    before=old.parts[child].place,
                    after=new.parts[child].place,
                    affects_score=False,
                )


def _longest_rising(places: Sequence[int]) -> set[int]:
    """Which entries make the longest rising row (patience sorting)."""
    ends: list[int] = []
    ends_at: list[int] = []
    before: list[int] = []
    for number, place in enumerate(places):
        length = bisect_left(ends, place)
        before.append(ends_at[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        ends_at[length : length + 1] = [number]
    row, number = set(), ends_at[-1] if ends_at else -1
    while number >= 0:
        row.add(number)
        number = before[number]
    return row
