"""Which e-mail addresses are taken."""

from typing import Annotated

from pydantic import Field

MailAddress = Annotated[
    str,
    Field(
        max_length=254,
        pattern=(
            r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*"
            r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
        ),
    ),
]
"""One bare address in ASCII (RFC 5321 without quoted parts): no name, comma, space or line break,
so nothing can be added to a header by it. Internationalised domains are given in Punycode."""
