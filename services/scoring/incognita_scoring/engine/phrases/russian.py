"""The reasons of a score in Russian."""

from decimal import Decimal

from incognita_scoring.engine.phrases.wording import Phrases


def _points(earned: Decimal, possible: Decimal) -> str:
    return f"{RUSSIAN.number(earned)} {_noun(abs(earned))} из {RUSSIAN.number(possible)}"


def _noun(number: Decimal) -> str:
    """``балл`` in the form that the number asks for, by CLDR's rules for Russian."""
    if number % 1:
        return "балла"
    tens, ones = divmod(int(number) % 100, 10)
    if tens == 1 or ones == 0 or ones > 4:  # noqa: PLR2004
        return "баллов"
    return "балл" if ones == 1 else "балла"


RUSSIAN = Phrases(
    decimal_mark=",",
    points=_points,
    quoted="«{}»",
    or_=" или ",
    and_=" и ",
    yes="да",
    no="нет",
    given="дан",
    hours="{} ч",
    minutes="{} мин",
    seconds="{} с",
    total="{fact} — {points}.",
    bonus="{fact} — {points} (бонус).",
    answered="Ответ: {said}",
    as_expected="Ответ: {said}, как и ожидалось",
    otherwise="Ответ: {said}, ожидалось: {expected}",
    in_band="Ответ: {said}, диапазон: {limits}",
    in_no_band="Ответ: {said}, не входит ни в один диапазон",
    band_from="не меньше {low}",
    band_below="меньше {high}",
    band_between="не меньше {low} и меньше {high}",
    band_open="без границ",
    took="Время: {time}, норматив: {standard}",
    counted="Насчитано: {number}, норматив: {standard}",
    at_least="не менее {}",
    at_most="не более {}",
    grace=" (и допуск {})",
    granted="Засчитано по апелляции",
    not_answered="Обязательный ответ не дан",
    left_out_on_appeal="Исключено из оценки по апелляции.",
    not_scored="Не оценивается.",
    not_asked="Не спрашивалось: к этому визиту вопрос не относился.",
    not_applicable="Неприменимо, по словам тайного покупателя.",
    not_applicable_counts=(
        "Неприменимо, по словам тайного покупателя; в этом разделе учитывается — {points}."
    ),
    start_not_applicable="Неприменимо: начало отсчёта было неприменимо.",
    optional="Не оценено: ответ был необязательным и не дан.",
    nothing_to_reckon="Не оценено: нет ответов, по которым ведётся расчёт.",
    unclear="Не оценено. {reason}",
    relevance_unknown="Нельзя установить, относится ли вопрос к этому визиту.",
    unreadable="Ответ не того вида, который требовался.",
    misfit="Правило анкеты не подходит к ответу.",
    start_missing="Начало отсчёта не указано.",
    ended_early="Конец раньше начала.",
    other_types="Начало и конец отсчёта разного вида.",
)
