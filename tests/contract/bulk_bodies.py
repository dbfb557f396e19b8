"""How schemathesis sends lines and workbooks: as the text it has made up (SCHEMATHESIS_HOOKS)."""

from typing import Any

import schemathesis


@schemathesis.serializer(
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
def lines(ctx: object, value: Any) -> bytes:
    """The text's bytes; anything else as its words."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
