"""Why a source gave nothing: each error says who has to act."""


class CollectError(Exception):
    """A source could not be read; the other sources go on."""


class SourceUnavailable(CollectError):  # noqa: N818  (the name says what is the case)
    """Down, timed out, rate-limited or 5xx; nobody acts, the next run tries again."""


class SourceRefused(CollectError):  # noqa: N818  (the name says what is the case)
    """401, 403, 404 or 410; the operator looks at address and key."""


class PayloadChanged(CollectError):  # noqa: N818  (the name says what is the case)
    """The answer no longer has the shape we parse; it is kept for a developer to look at.

    `path` names the place in the document (`$.results[3].id`), `expected` what stood there before.
    """

    def __init__(self, source: str, path: str, expected: str) -> None:
        self.source, self.path, self.expected = source, path, expected
        super().__init__(f"{source}: {path}: expected {expected}")


class PayloadTooLarge(PayloadChanged):
    """The answer passed its size limit and was cut off before it could fill memory."""
