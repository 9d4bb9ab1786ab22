"""Pictures' ids in great numbers: from the database as one text, to numpy as the two halves of each UUID.

Row by row, through the models, the answer to which pictures somebody may see takes most of a search's time.
"""

import sys
import uuid
from typing import Any

import numpy as np
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Func, TextField
from django.db.models.sql.compiler import SQLCompiler

from gallery.models import ImageQuerySet


class Digits(Func):
    """A UUID as 32 hexadecimal digits, which is how SQLite has it."""

    template = "%(expressions)s"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="replace(%(expressions)s::text, '-', '')", **extra)


class Joined(Aggregate):
    """All texts as one. Both databases join them in the order in which a subquery gives them."""

    template = "group_concat(%(expressions)s, '')"
    output_field = TextField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="string_agg(%(expressions)s, '')", **extra)


def ids_of(images: ImageQuerySet, *, by_date: bool) -> np.ndarray:
    """(N, 2) uint64, newest picture first or in any order."""
    if by_date:  # the slice, of everything, makes it a subquery that keeps its order
        images = images.order_by("-created_at", "-pk")[: sys.maxsize]
    return from_digits(images.aggregate(digits=Joined(Digits("pk")))["digits"] or "")


def from_digits(digits: str) -> np.ndarray:
    """Of N ids one behind the other: (N, 2) uint64."""
    return np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64).reshape(-1, 2)


def from_uuids(ids: list[uuid.UUID]) -> np.ndarray:
    """(N, 2) uint64."""
    return from_digits("".join(one.hex for one in ids))


def to_uuids(ids: np.ndarray) -> list[uuid.UUID]:
    """(N, 2) uint64 → N."""
    return [uuid.UUID(bytes=one.tobytes()) for one in ids.astype(">u8")]
