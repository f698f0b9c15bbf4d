# SPDX-License-Identifier: MIT
"""Memory as text and back, so that a restart changes nothing."""

from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tinhnet.errors import TinhnetError

FORMAT = 1
T = TypeVar("T")


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int
    content: Any


def dump(value: object) -> str:
    """Return a frozen dataclass as JSON with a format number."""
    content = _adapter(type(value)).dump_python(value, mode="json")  # type: ignore[arg-type] # mypy#5936: a class is hashable
    return _Envelope(format=FORMAT, content=content).model_dump_json()


def load(text: str, kind: type[T]) -> T:
    """Return what `dump` wrote; TinhnetError when it is something else."""
    hint = "forget it (what is broken is found again) or run the version that wrote it"
    try:
        envelope = _Envelope.model_validate_json(text)
        if envelope.format != FORMAT:
            raise TinhnetError(f"memory has format {envelope.format}, expected {FORMAT}", hint)
        value = _adapter(kind).validate_python(envelope.content)  # type: ignore[arg-type] # a class is hashable
    except ValidationError as error:
        raise TinhnetError(f"memory of {kind.__name__} cannot be read: {error}", hint) from error
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} was read as {type(value).__name__}")
    return value


@cache  # building one takes 10 ms
def _adapter(kind: type[object]) -> TypeAdapter[object]:
    return TypeAdapter(kind)
