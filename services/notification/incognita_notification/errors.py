"""What this service answers when it can't do what was asked."""

from collections.abc import Iterable

from incognita_shared.problems import Conflict, Invalid, NotFound, field_error


class SubscriptionNotFound(NotFound):
    """Unknown, or not the caller's."""

    def __init__(self) -> None:
        super().__init__("There is no such subscription")


class DeliveryNotFound(NotFound):
    """Unknown, or not the caller's, or older than what is kept."""

    def __init__(self) -> None:
        super().__init__("There is no such delivery")


class MailNotConfigured(Conflict):
    """This installation sends no e-mail."""

    slug = "mail-not-configured"

    def __init__(self) -> None:
        super().__init__(
            "No SMTP server is configured here, so e-mail can't be sent",
            allowed=["webhook"],
        )


class TooManySubscriptions(Conflict):
    """The chain has as many as it may have."""

    slug = "too-many-subscriptions"

    def __init__(self, most: int) -> None:
        super().__init__(f"A chain can have {most} subscriptions: delete one first")


class SubscriptionInactive(Conflict):
    """Nothing is sent for it until it is switched on again."""

    slug = "subscription-inactive"

    def __init__(self) -> None:
        super().__init__("The subscription is not active", allowed=["PATCH active=true"])


class NothingToSign(Conflict):
    """Only webhooks are signed."""

    slug = "nothing-to-sign"

    def __init__(self) -> None:
        super().__init__("An e-mail subscription has no signing secret")


class ChangedMeanwhile(Conflict):
    """Two changes met."""

    slug = "changed-meanwhile"

    def __init__(self) -> None:
        super().__init__("The subscription was changed at the same time: try again")


class BeingSent(Conflict):
    """An attempt is under way right now."""

    slug = "being-sent"

    def __init__(self) -> None:
        super().__init__("The delivery is being sent at this moment: try again in a minute")


class ReplayTooLarge(Invalid):
    """More deliveries than one request may set in motion."""

    slug = "replay-too-large"

    def __init__(self, most: int) -> None:
        cause = f"more than {most} deliveries lie in this time: choose a shorter one"
        super().__init__("Too much at once", errors=[field_error("since", cause)])


class WrongField(Invalid):
    """One field of the body has a value that can't be."""

    def __init__(self, field: str, cause: str, *, allowed: Iterable[str] | None = None) -> None:
        super().__init__(
            "1 field has a wrong value", errors=[field_error(field, cause)], allowed=allowed
        )


class KeyUsedOtherwise(Invalid):
    """The Idempotency-Key belongs to another request."""

    slug = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used with another body",
            errors=[field_error("header.Idempotency-Key", "used with another body")],
        )
