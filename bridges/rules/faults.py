"""What can be wrong with a rule: on saving (`ExpressionFault`) and at run time (`Missing`, `EvaluationFault`)."""

from __future__ import annotations


class ExpressionFault(ValueError):
    """An expression cannot be used. `position` counts characters from 0; None when no single place is to blame."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message if position is None else f"{message} (at character {position + 1})")
        self.message = message
        self.position = position


class Missing(LookupError):
    """A value that the expression needs is not in this message, or is null. Not an error of the rule."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is missing or null")
        self.path = path


class EvaluationFault(ValueError):
    """An expression failed on this message. `field` says which one of a rule: 'condition', 'transform.power'."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.message = message
        self.field = field
