"""Vectors in PostgreSQL, ordered by pgvector: exact among few candidates, by an HNSW graph among many."""

import hashlib
import math
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, FloatField, Max, Q, QuerySet
from django.db.models.expressions import RawSQL

from gallery.index import pgvector_schema
from gallery.index.ranking import NONE, SHOWN_SHARE, Lifted, Line, Ranking
from gallery.models import Embedding, ImageQuerySet

EXACT_UNDER = 20_000  # candidates; comparing with all of these takes some ten milliseconds
DEEPEST = 500  # of an ordering, that the graph is asked for; deeper pages compare with all
# Malkov and Yashunin 2018, “HNSW”: neighbours of a node, and how widely one looks in building and searching.
NEIGHBOURS, BUILD_WIDTH, SEARCH_WIDTH = 16, 100, 400
LONGEST_WALK = 200_000  # vectors that one search may look at until enough of them are candidates


def is_installed() -> bool:
    return pgvector_schema.is_installed(connection)


class PgVectorIndex:
    """The column `dense` of one model's embeddings, which the database itself keeps in step.

    The graph holds halved precision and is approximate: twice as many as asked for are taken from it and put
    in order by their full vectors. It is walked on and on until enough vectors belong to candidates
    (pgvector's iterative scan), so that filters lose nothing.
    """

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self._graph = f"embedding_graph_{hashlib.sha256(model_id.encode()).hexdigest()[:16]}"

    def rank(
        self,
        query: np.ndarray,
        candidates: ImageQuerySet,
        *,
        start: int,
        stop: int,
        line: Line | None = None,
        by_date: bool = False,
        lifted: Lifted = NONE,
    ) -> Ranking:
        found = self._embeddings().filter(image__in=candidates.order_by().values("pk"))
        total = found.count()
        high = self._lifted(query, found, lifted) if lifted else []
        rest = found.exclude(image_id__in=[one.image_id for one in high]) if high else found
        if not by_date and total > EXACT_UNDER and stop <= DEEPEST and self._has_graph():
            rows = _plain(self._nearest(query, rest, stop))
            best = max((one.counted for one in (*high, *rows[:1])), default=-math.inf)
            lowest = line.below(best) if line is not None else None
            likely = 0 if lowest == math.inf else None
            stretch = _merged(high, rows)[start:stop]
        else:
            scored = _scored(rest, query)
            best = max((_best(scored), *(one.counted for one in high)))
            lowest = line.below(best) if line is not None else None
            likely = _likely(scored, high, lowest) if lowest is not None else None
            if by_date:
                stretch = _by_date(_scored(found, query), high, lowest, start, stop)
            else:
                # Of what comes before, as many as are lifted may belong behind some of these.
                first = max(0, start - len(high))
                ordered = scored.order_by("-score", "-pk").values_list("image_id", "score", "pk")
                stretch = _merged(high, _plain(ordered[first:stop]))[start - first : stop - first]
        return Ranking(
            image_ids=[one.image_id for one in stretch],
            scores=[one.score for one in stretch],
            total=total,
            likely=likely,
            line=lowest,
            counted=[one.counted for one in stretch],
        )

    def above(self, query: np.ndarray, *, least: float, most: int) -> list[tuple[uuid.UUID, float]]:
        every = self._embeddings()
        if len(self) > EXACT_UNDER and most <= DEEPEST and self._has_graph():
            near = self._nearest(query, every, most)
            return [(image_id, score) for image_id, score, _pk in near if score >= least]
        found = _scored(every, query).filter(score__gte=least).order_by("-score", "-pk")
        return list(found.values_list("image_id", "score")[:most])

    def __len__(self) -> int:
        return self._embeddings().count()

    def differences(self) -> set[uuid.UUID]:
        different = self._embeddings().annotate(
            differs=RawSQL("dense IS DISTINCT FROM clipweb_vector(vector)", [], BooleanField())
        )
        return set(different.filter(differs=True).values_list("image_id", flat=True))

    def repair(self) -> None:
        """The trigger fills the column of every row that is touched."""
        with connection.cursor() as cursor:
            cursor.execute(_REFILL, [self.model_id])
            cursor.execute(f'DROP INDEX IF EXISTS "{self._graph}"')
        self.prepare()

    def prepare(self) -> None:
        """Builds the graph when there are enough vectors for one; inserts keep it up to date from then on."""
        first = self._embeddings().first()
        if first is None or len(self) <= EXACT_UNDER or self._has_graph():
            return
        # Without a transaction it can be built beside writers, which it would otherwise keep waiting.
        beside = "" if connection.in_atomic_block else "CONCURRENTLY"
        with connection.cursor() as cursor:
            cursor.execute(f'DROP INDEX IF EXISTS "{self._graph}"')  # the rest of a build that was ended
            cursor.execute(
                f'CREATE INDEX {beside} "{self._graph}" ON gallery_embedding'
                f" USING hnsw ((dense::halfvec({first.dim})) halfvec_ip_ops)"
                f" WITH (m = {NEIGHBOURS}, ef_construction = {BUILD_WIDTH}) WHERE model_id = %s",
                [self.model_id],
            )

    def _nearest(
        self, query: np.ndarray, found: QuerySet[Embedding], count: int
    ) -> list[tuple[uuid.UUID, float, int]]:
        """(picture, score, embedding), best first, by a walk over the graph."""
        halved = f'"gallery_embedding"."dense"::halfvec({len(query)}) <#> %s::halfvec({len(query)})'
        distance = RawSQL(halved, [_literal(query)], FloatField())  # noqa: S611 — a number in a constant
        near = found.annotate(near=distance).order_by("near")
        with transaction.atomic(), connection.cursor() as cursor:
            for name, value in (
                ("hnsw.iterative_scan", "relaxed_order"),
                ("hnsw.ef_search", SEARCH_WIDTH),
                ("hnsw.max_scan_tuples", LONGEST_WALK),
            ):
                cursor.execute("SELECT set_config(%s, %s, true)", [name, str(value)])
            keys = list(near.values_list("pk", flat=True)[: 2 * count + 50])
        scored = _scored(Embedding.objects.filter(pk__in=keys), query)
        return list(scored.order_by("-score", "-pk").values_list("image_id", "score", "pk")[:count])

    def _lifted(self, query: np.ndarray, found: QuerySet[Embedding], lifted: Lifted) -> "list[_Counted]":
        """Those of the lifted pictures that are found and that it lifts, best first."""
        scored = _scored(found.filter(image_id__in=list(lifted)), query)
        rows = scored.values_list("image_id", "score", "pk")
        counted = [
            _Counted(image_id, score, pk, lifted[image_id] + SHOWN_SHARE * score)
            for image_id, score, pk in rows
        ]
        return _merged([one for one in counted if one.counted > one.score], [])

    def _has_graph(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_index WHERE indisvalid AND indexrelid = to_regclass(%s)", [self._graph]
            )
            return cursor.fetchone() is not None

    def _embeddings(self) -> QuerySet[Embedding]:
        return Embedding.objects.filter(model_id=self.model_id)


class _Counted(NamedTuple):
    image_id: uuid.UUID
    score: float
    pk: int  # of the embedding
    counted: float


def _plain(rows: Iterable[tuple[uuid.UUID, float, int]]) -> list[_Counted]:
    return [_Counted(image_id, score, pk, score) for image_id, score, pk in rows]


def _merged(high: list[_Counted], rows: list[_Counted]) -> list[_Counted]:
    return sorted([*high, *rows], key=lambda one: (-one.counted, -one.pk))


def _likely(scored: Any, high: list[_Counted], lowest: float) -> int:
    return scored.filter(Q(score__gte=lowest)).count() + sum(one.counted >= lowest for one in high)


_REFILL = (
    "UPDATE gallery_embedding SET dense = NULL"
    " WHERE model_id = %s AND dense IS DISTINCT FROM clipweb_vector(vector)"
)


def _scored(found: QuerySet[Embedding], query: np.ndarray) -> Any:
    """With `score`, the cosine of unit vectors. pgvector's <#> is the inner product with its sign turned."""
    score = RawSQL('-("gallery_embedding"."dense" <#> %s::vector)', [_literal(query)], FloatField())
    return found.annotate(score=score)


def _literal(query: np.ndarray) -> str:
    return "[" + ",".join(repr(float(number)) for number in query.astype(np.float32)) + "]"


def _best(scored: Any) -> float:
    best = scored.aggregate(best=Max("score"))["best"]
    return -math.inf if best is None else best


def _by_date(scored: Any, high: list[_Counted], line: float | None, start: int, stop: int) -> list[_Counted]:
    order = ["-image__created_at", "-image_id"]
    if line is not None:
        lifted = [one.image_id for one in high if one.counted >= line]
        likely = ExpressionWrapper(Q(score__gte=line) | Q(image_id__in=lifted), BooleanField())
        scored, order = scored.annotate(is_likely=likely), ["-is_likely", *order]
    counted = {one.image_id: one for one in high}
    rows = _plain(scored.order_by(*order).values_list("image_id", "score", "pk")[start:stop])
    return [counted.get(one.image_id, one) for one in rows]
