"""Has the shopper's form of a questionnaire checked as phones would: pyxform, then ODK Validate.

ODK Validate comes with pyxform and needs Java; without Java only pyxform checks.
"""

import re
import shutil
import tempfile
from pathlib import Path

from pyxform.errors import PyXFormError
from pyxform.validators import odk_validate
from pyxform.xls2xform import convert

from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.export import sheets_of
from incognita_xlsform.importing.found import Found
from incognita_xlsform.problems import NotExpressible

FORM_NAME = "data"
_NOISE = re.compile(r"\s*(?:at\s+\S+\(.*\)|>>.*|Result: .*|\s*)")


def validated(questionnaire: Questionnaire) -> Found:
    """What forbids the form, as errors; nothing where it is sound."""
    found = Found()
    try:
        xform = _xform(questionnaire)
    except NotExpressible as error:
        found.error("survey", None, None, f"a form cannot say it: {error}")
        return found
    except PyXFormError as error:
        found.error("survey", None, None, f"the form cannot be made: {error}")
        return found
    if shutil.which("java") is not None and odk_validate.install_exists():
        for cause in _odk_problems(xform):
            found.error("survey", None, None, f"ODK Validate: {cause}")
    return found


def _xform(questionnaire: Questionnaire) -> str:
    sheets = sheets_of(questionnaire, scoring=False)
    filled = {name: rows for name, rows in sheets.items() if rows}
    xform: str = convert(filled, form_name=FORM_NAME).xform
    return xform


def _odk_problems(xform: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="incognita-form-") as folder:
        path = Path(folder, "form.xml")
        path.write_text(xform, encoding="utf-8")
        try:
            odk_validate.check_xform(str(path))
        except odk_validate.ODKValidateError as error:
            lines = str(error).splitlines()[1:]
            return [line.strip() for line in lines if not _NOISE.fullmatch(line)] or [str(error)]
    return []
