"""The reasons of a score in Turkish."""

from decimal import Decimal

from incognita_scoring.engine.phrases.wording import Phrases


def _points(earned: Decimal, possible: Decimal) -> str:
    # a noun after a number has no plural, and this order needs no ending on either number
    return f"{TURKISH.number(possible)} üzerinden {TURKISH.number(earned)} puan"


TURKISH = Phrases(
    decimal_mark=",",
    points=_points,
    quoted="“{}”",
    or_=" veya ",
    and_=" ve ",
    yes="evet",
    no="hayır",
    given="verildi",
    hours="{} sa",
    minutes="{} dk",
    seconds="{} sn",
    total="{fact} — {points}.",
    bonus="{fact} — {points} (ek puan).",
    answered="Yanıt: {said}",
    as_expected="Yanıt: {said}, beklendiği gibi",
    otherwise="Yanıt: {said}, beklenen: {expected}",
    in_band="Yanıt: {said}, aralık: {limits}",
    in_no_band="Yanıt: {said}, hiçbir aralığa girmiyor",
    band_from="en az {low}",
    band_below="{high} altı",
    band_between="en az {low} ve {high} altı",
    band_open="sınırsız",
    took="Süre: {time}, standart: {standard}",
    counted="Sayım: {number}, standart: {standard}",
    at_least="en az {}",
    at_most="en fazla {}",
    grace=" (artı {} tolerans)",
    granted="İtiraz üzerine verildi",
    not_answered="Zorunlu olduğu hâlde yanıtlanmadı",
    left_out_on_appeal="İtiraz üzerine değerlendirme dışı bırakıldı.",
    not_scored="Puanlanmaz.",
    not_asked="Sorulmadı: bu ziyaret için geçerli değildi.",
    not_applicable="Gizli müşteriye göre geçerli değil.",
    not_applicable_counts=(
        "Gizli müşteriye göre geçerli değil; bu bölümde yine de hesaba katılır — {points}."
    ),
    start_not_applicable="Geçerli değil: ölçümün başlangıcı geçerli değildi.",
    optional="Puanlanmadı: yanıt isteğe bağlıydı ve verilmedi.",
    nothing_to_reckon="Puanlanmadı: hesaplama için gereken yanıtlar eksik.",
    unclear="Puanlanmadı. {reason}",
    relevance_unknown="Sorunun bu ziyaret için geçerli olup olmadığı belirlenemedi.",
    unreadable="Yanıt, istenen türde değil.",
    misfit="Anketin kuralı yanıta uymuyor.",
    start_missing="Ölçümün başlangıcı yanıtlanmadı.",
    ended_early="Bitiş, başlangıçtan önce.",
    other_types="Ölçümün başlangıcı ile bitişi aynı türde değil.",
)
