"""Whether the index is the table, and whether the table can be searched: for check_index and every night."""

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.utils import timezone

from gallery.embedding import as_array, log_change, reload_indexes
from gallery.index import forget_indexes, index_for
from gallery.models import Embedding, EmbeddingChange, EmbeddingCounter, Image

logger = logging.getLogger(__name__)

LENGTH_TOLERANCE = 1e-3  # of unit vectors


@dataclass
class Report:
    """What was found, by model where it is a model's."""

    vectors: dict[str, int] = field(default_factory=dict)
    unusable: set[uuid.UUID] = field(default_factory=set)  # pictures with a vector that is none
    differing: dict[str, set[uuid.UUID]] = field(default_factory=dict)  # index against table
    log_is_ahead: bool = False

    @property
    def is_sound(self) -> bool:
        return not (self.unusable or self.log_is_ahead or any(self.differing.values()))


def check(*, repair: bool) -> Report:
    """Compares every vector of every model. `repair`: also mends what it finds; then every process loads its
    index anew at its next search, because no process can look into another one's memory."""
    report = Report(log_is_ahead=_log_is_ahead(), unusable=set(_unusable()))
    if repair and report.unusable:
        for image_id in report.unusable:
            _embed_again(image_id)
    for model_id in Embedding.objects.order_by().values_list("model_id", flat=True).distinct():
        index = index_for(model_id)
        if report.unusable and not repair:
            continue  # an index cannot hold what is no vector
        report.vectors[model_id] = len(index)
        report.differing[model_id] = index.differences()
        if repair:
            if report.differing[model_id]:
                index.repair()
            index.prepare()
    if repair:
        reload_indexes()
    return report


def check_nightly() -> None:
    report = check(repair=True)
    if report.is_sound:
        logger.info("The index is the table: %s", report.vectors)
    else:
        logger.error(
            "The index was repaired: %d unusable vectors, %d differing, log ahead: %s",
            len(report.unusable),
            sum(map(len, report.differing.values())),
            report.log_is_ahead,
        )
    forget_indexes()  # a queue worker ranks nothing, and would hold every vector until it is replaced


def _log_is_ahead() -> bool:
    """A change that the counter has not counted would never be followed."""
    newest = EmbeddingChange.objects.order_by("-version").values_list("version", flat=True).first() or 0
    counted = EmbeddingCounter.objects.filter(pk=1).values_list("version", flat=True).first() or 0
    return newest > counted


def _unusable() -> Iterator[uuid.UUID]:
    """Pictures whose vector has another size than it says or than its model's, or is not of length 1."""
    dims: dict[str, int] = {}
    for item in Embedding.objects.order_by("pk").iterator(chunk_size=2000):
        dim = dims.setdefault(item.model_id, item.dim)
        if item.dim != dim or not _is_unit_vector(item):
            yield item.image_id


def _is_unit_vector(item: Embedding) -> bool:
    if len(bytes(item.vector)) != 4 * item.dim:
        return False
    return abs(float(np.linalg.norm(as_array(item))) - 1) < LENGTH_TOLERANCE  # False for NaN, too


@transaction.atomic
def _embed_again(image_id: uuid.UUID) -> None:
    Embedding.objects.filter(image_id=image_id).delete()
    log_change(image_id=image_id)
    ready = Image.objects.filter(pk=image_id, status=Image.Status.READY)
    ready.update(status=Image.Status.PENDING, attempts=0, retry_at=timezone.now())
