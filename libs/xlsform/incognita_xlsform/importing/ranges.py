"""The type ``range``: a scale from ``start`` to ``end``."""

import re
from typing import Any

from incognita_shared.questionnaire.model import QuestionType
from incognita_xlsform.importing.form import Form
from incognita_xlsform.importing.headers import Row

_PARAMETER = re.compile(r"([A-Za-z_-]+)\s*=\s*([^\s;,]+)[\s;,]*")
LONGEST = 500
_START, _END, _STEP = "1", "10", "1"


def range_of(
    form: Form, row: Row, type_: QuestionType, presentation: dict[str, str]
) -> dict[str, Any]:
    """Minimum and maximum, and what of the parameters is left to the presentation."""
    if len(row.get("parameters")) > LONGEST:
        form.error(row, "parameters", f"are longer than {LONGEST} characters")
        return {}
    parameters = dict(_PARAMETER.findall(row.get("parameters")))
    ends = {
        "minimum": parameters.pop("start", _START),
        "maximum": parameters.pop("end", _END),
    }
    step = parameters.pop("step", _STEP)
    for name, value in (*ends.items(), ("step", step)):
        if not re.fullmatch(r"-?\d+(\.\d+)?", value):
            form.error(row, "parameters", f"the range's {name} {value!r} is no number")
            return {}
    if type_ is not QuestionType.DECIMAL and step != "1":
        form.warning(row, "parameters", f"the step {step} of the range is not enforced")
    if type_ is QuestionType.DECIMAL:
        form.warning(row, "parameters", "a range of decimals is asked as a number")
    rest = " ".join(f"{name}={value}" for name, value in parameters.items())
    left = {name: text for name, text in presentation.items() if name != "parameters"}
    return ends | {"presentation": left | ({"parameters": rest} if rest else {})}
