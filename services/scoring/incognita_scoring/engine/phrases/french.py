"""The reasons of a score in French."""

from decimal import Decimal

from incognita_scoring.engine.phrases.wording import Phrases


def _points(earned: Decimal, possible: Decimal) -> str:
    # 0, 1 and 1,5 are singular; so is -1
    noun = "points" if abs(earned) >= 2 else "point"  # noqa: PLR2004
    return f"{FRENCH.number(earned)} {noun} sur {FRENCH.number(possible)}"


FRENCH = Phrases(
    decimal_mark=",",
    points=_points,
    quoted="« {} »",
    or_=" ou ",
    and_=" et ",
    yes="oui",
    no="non",
    given="donnée",
    hours="{} h",
    minutes="{} min",
    seconds="{} s",
    total="{fact} — {points}.",
    bonus="{fact} — {points} en bonus.",
    answered="Réponse : {said}",
    as_expected="Réponse : {said}, comme attendu",
    otherwise="Réponse : {said}, attendu : {expected}",
    in_band="Réponse : {said}, tranche {limits}",
    in_no_band="Réponse : {said}, hors de toute tranche",
    band_from="à partir de {low}",
    band_below="de moins de {high}",
    band_between="de {low} à moins de {high}",
    band_open="sans limites",
    took="Durée : {time}, norme : {standard}",
    counted="Décompte : {number}, norme : {standard}",
    at_least="au moins {}",
    at_most="au plus {}",
    grace=" (plus {} de tolérance)",
    granted="Accordé à la suite d’un recours",
    not_answered="Aucune réponse, alors qu’elle était obligatoire",
    left_out_on_appeal="Écarté du calcul à la suite d’un recours.",
    not_scored="Non noté.",
    not_asked="Question non posée : sans objet pour cette visite.",
    not_applicable="Sans objet, selon le client mystère.",
    not_applicable_counts=(
        "Sans objet, selon le client mystère, ce qui compte dans cette section — {points}."
    ),
    start_not_applicable="Sans objet : le début de la mesure était sans objet.",
    optional="Non noté : la réponse était facultative, aucune n’a été donnée.",
    nothing_to_reckon="Non noté : les réponses nécessaires au calcul manquent.",
    unclear="Non noté. {reason}",
    relevance_unknown="On ne peut pas établir si la question concerne cette visite.",
    unreadable="La réponse n’est pas de la nature demandée.",
    misfit="La règle du questionnaire ne convient pas à la réponse.",
    start_missing="Le début de la mesure n’a pas été indiqué.",
    ended_early="La fin précède le début.",
    other_types="Le début et la fin de la mesure ne sont pas de même nature.",
)
