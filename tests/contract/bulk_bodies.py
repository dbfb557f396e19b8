"""How schemathesis sends a body of lines: as the text that it has made up (SCHEMATHESIS_HOOKS)."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx: object, value: Any) -> bytes:
    """The text's bytes; anything else as its words."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
