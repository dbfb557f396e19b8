"""A questionnaire as its shoppers will see it, in one language, before anybody is sent out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from incognita_assignment.schemas.questionnaire_for_shoppers import QuestionnairePreview, form_of
from incognita_shared.questionnaire.model import Questionnaire


def preview_of(
    questionnaire_id: str, version: int, questionnaire: Questionnaire, language: str | None
) -> QuestionnairePreview:
    """The form without scoring; without a language, in the questionnaire's default one."""
    wording = _Wording(language or questionnaire.default_language, questionnaire.default_language)
    form = form_of(questionnaire, wording)
    return QuestionnairePreview(
        questionnaire_id=questionnaire_id,
        version=version,
        language=wording.language,
        missing=tuple(wording.missing),
        **form,
    )


@dataclass
class _Wording:
    """Picks the text: the language itself, the same without its region, or the default one."""

    language: str
    default: str
    missing: list[str] = field(default_factory=list)

    def __call__(self, path: str, texts: Mapping[str, str]) -> str:
        for language in (self.language, self.language.partition("-")[0]):
            if language in texts:
                return texts[language]
        if not texts:
            return ""
        self.missing.append(path)
        return texts.get(self.default) or next(iter(texts.values()))
