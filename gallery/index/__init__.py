"""Ordering pictures by how near their vectors are: one interface, in memory or in PostgreSQL."""

import threading

from gallery.index import pgvector
from gallery.index.exact import ExactIndex
from gallery.index.pgvector import PgVectorIndex
from gallery.index.ranking import Lifted, Ranking, VectorIndex

__all__ = ["ExactIndex", "Lifted", "PgVectorIndex", "Ranking", "VectorIndex", "forget_indexes", "index_for"]

AT_ONCE = 4  # two models, each with pictures and their words

_indexes: dict[str, VectorIndex] = {}
_indexes_lock = threading.Lock()


def index_for(model_id: str) -> VectorIndex:
    """This process's index of a model's vectors. Those of the model before are let go."""
    with _indexes_lock:
        if model_id not in _indexes:
            if len(_indexes) >= AT_ONCE:
                _indexes.clear()
            _indexes[model_id] = PgVectorIndex(model_id) if pgvector.is_installed() else ExactIndex(model_id)
        return _indexes[model_id]


def forget_indexes() -> None:
    """For a database that was exchanged under a running process, as tests do."""
    with _indexes_lock:
        _indexes.clear()
