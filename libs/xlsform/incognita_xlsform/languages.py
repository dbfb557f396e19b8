"""Languages as spreadsheets name them, ``Turkish (tr)``, and the few words that forms add."""

import re
from collections.abc import Mapping

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_WITH_TAG = re.compile(r"(?P<name>.*)\((?P<tag>[^()]*)\)\s*")

NAMES: Mapping[str, tuple[str, ...]] = {
    "en": ("English",),
    "fr": ("French", "Français", "Francais"),
    "tr": ("Turkish", "Türkçe", "Turkce"),
    "ru": ("Russian", "Русский"),
    "am": ("Amharic", "አማርኛ"),
    "ar": ("Arabic", "العربية"),
    "az": ("Azerbaijani", "Azərbaycan"),
    "bg": ("Bulgarian", "Български"),
    "bn": ("Bengali", "Bangla", "বাংলা"),
    "cs": ("Czech", "Čeština"),
    "da": ("Danish", "Dansk"),
    "de": ("German", "Deutsch"),
    "el": ("Greek", "Ελληνικά"),
    "es": ("Spanish", "Español", "Espanol", "Castellano"),
    "et": ("Estonian", "Eesti"),
    "fa": ("Persian", "Farsi", "Dari", "فارسی"),
    "fi": ("Finnish", "Suomi"),
    "ha": ("Hausa",),
    "he": ("Hebrew", "עברית"),
    "hi": ("Hindi", "हिन्दी"),
    "hr": ("Croatian", "Hrvatski"),
    "ht": ("Haitian Creole", "Creole", "Kreyòl", "Kreyol"),
    "hu": ("Hungarian", "Magyar"),
    "hy": ("Armenian", "Հայերեն"),
    "id": ("Indonesian", "Bahasa", "Bahasa Indonesia"),
    "it": ("Italian", "Italiano"),
    "ja": ("Japanese", "日本語"),
    "ka": ("Georgian", "ქართული"),
    "kk": ("Kazakh", "Қазақша"),
    "km": ("Khmer", "ខ្មែរ"),
    "ko": ("Korean", "한국어"),
    "ku": ("Kurdish", "Kurdî"),
    "ky": ("Kyrgyz", "Кыргызча"),
    "lo": ("Lao", "ລາວ"),
    "lt": ("Lithuanian", "Lietuvių"),
    "lv": ("Latvian", "Latviešu"),
    "mg": ("Malagasy",),
    "ms": ("Malay", "Bahasa Melayu"),
    "my": ("Burmese", "Myanmar", "မြန်မာ"),
    "ne": ("Nepali", "नेपाली"),
    "nl": ("Dutch", "Nederlands"),
    "no": ("Norwegian", "Norsk"),
    "ny": ("Chichewa", "Nyanja"),
    "om": ("Oromo", "Afaan Oromo", "Oromiffa"),
    "pl": ("Polish", "Polski"),
    "ps": ("Pashto", "پښتو"),
    "pt": ("Portuguese", "Português", "Portugues"),
    "ro": ("Romanian", "Română"),
    "rw": ("Kinyarwanda",),
    "sk": ("Slovak", "Slovenčina"),
    "sl": ("Slovenian", "Slovenščina"),
    "so": ("Somali", "Soomaali"),
    "sq": ("Albanian", "Shqip"),
    "sr": ("Serbian", "Српски", "Srpski"),
    "sv": ("Swedish", "Svenska"),
    "sw": ("Swahili", "Kiswahili"),
    "ta": ("Tamil", "தமிழ்"),
    "tg": ("Tajik", "Тоҷикӣ"),
    "th": ("Thai", "ไทย"),
    "ti": ("Tigrinya", "ትግርኛ"),
    "tl": ("Tagalog", "Filipino"),
    "uk": ("Ukrainian", "Українська"),
    "ur": ("Urdu", "اردو"),
    "uz": ("Uzbek", "Oʻzbek"),
    "vi": ("Vietnamese", "Tiếng Việt"),
    "zh": ("Chinese", "Mandarin", "中文"),
    "zu": ("Zulu", "isiZulu"),
}
"""Tag → the names under which it is known; the first is the one that is written."""

_BY_NAME = {name.casefold(): tag for tag, names in NAMES.items() for name in names}


def language_name(tag: str) -> str:
    """As a column or ``default_language`` spells it: ``Turkish (tr)``."""
    return f"{NAMES.get(tag, (tag,))[0]} ({tag})"


def language_tag(text: str) -> str | None:
    """The tag that ``Turkish (tr)``, ``Turkish``, ``Türkçe`` or ``tr`` means; None if none."""
    with_tag = _WITH_TAG.fullmatch(text.strip())
    if with_tag and _TAG.fullmatch(with_tag["tag"].strip()):
        return with_tag["tag"].strip()
    name = text.strip().casefold()
    if name in _BY_NAME:
        return _BY_NAME[name]
    short = len(name.partition("-")[0]) in (2, 3) and _TAG.fullmatch(text.strip())
    return text.strip() if short else None


WORDS: Mapping[str, Mapping[str, str]] = {
    "yes": {"en": "Yes", "fr": "Oui", "tr": "Evet", "ru": "Да", "de": "Ja", "es": "Sí"},
    "no": {"en": "No", "fr": "Non", "tr": "Hayır", "ru": "Нет", "de": "Nein", "es": "No"},
    "not_applicable": {
        "en": "Does not apply",
        "fr": "Sans objet",
        "tr": "Geçerli değil",
        "ru": "Неприменимо",
        "de": "Trifft nicht zu",
        "es": "No procede",
    },
    "other": {
        "en": "Other",
        "fr": "Autre",
        "tr": "Diğer",
        "ru": "Другое",
        "de": "Andere",
        "es": "Otro",
    },
    "specify_other": {
        "en": "Specify other.",
        "fr": "Précisez.",
        "tr": "Belirtin.",
        "ru": "Уточните.",
        "de": "Bitte angeben.",
        "es": "Especifique.",
    },
    "photo": {
        "en": "Photo",
        "fr": "Photo",
        "tr": "Fotoğraf",
        "ru": "Фото",
        "de": "Foto",
        "es": "Foto",
    },
    "audio": {
        "en": "Recording",
        "fr": "Enregistrement",
        "tr": "Ses kaydı",
        "ru": "Аудиозапись",
        "de": "Tonaufnahme",
        "es": "Grabación",
    },
    "video": {
        "en": "Video",
        "fr": "Vidéo",
        "tr": "Video",
        "ru": "Видео",
        "de": "Video",
        "es": "Vídeo",
    },
    "receipt": {
        "en": "Receipt",
        "fr": "Ticket de caisse",
        "tr": "Fiş",
        "ru": "Чек",
        "de": "Kassenbon",
        "es": "Recibo",
    },
    "business_card": {
        "en": "Business card",
        "fr": "Carte de visite",
        "tr": "Kartvizit",
        "ru": "Визитка",
        "de": "Visitenkarte",
        "es": "Tarjeta de visita",
    },
    "document": {
        "en": "Document",
        "fr": "Document",
        "tr": "Belge",
        "ru": "Документ",
        "de": "Dokument",
        "es": "Documento",
    },
}
"""What a form says of itself, by language; English where a language is not here."""


def word(key: str, language: str) -> str:
    """One of ``WORDS`` in the language, or in English."""
    texts = WORDS[key]
    return texts.get(language) or texts.get(language.partition("-")[0]) or texts["en"]
