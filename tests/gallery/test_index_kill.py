"""The index is the table, however often the process that writes is killed in the middle of it."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from gallery.embedding import as_array, store_vector
from gallery.index import ExactIndex, forget_indexes, pgvector
from gallery.models import Embedding, EmbeddingChange, EmbeddingCounter, Image, User
from gallery.uploads import delete_image
from tests.gallery.test_index_backends import BACKENDS, RECALL

CHANGES = 5000
KILLS = 8
STOCK = 2500  # pictures that may get a vector
DIM = 32
MODEL = "killed-model"
FORK = multiprocessing.get_context("fork")  # a new interpreter for each life of the writer would take seconds


def units(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def start(work: Callable[..., None], *args: object) -> BaseProcess:
    connections.close_all()  # what a child inherits must not be a connection that its parent goes on using
    process = FORK.Process(target=work, args=args)
    process.start()
    return process


def write(seed: int) -> None:
    """Additions, changes and deletions by the writers that the app has, until there were CHANGES of them, in
    transactions of one or of many, as when a trash is emptied."""
    rng = np.random.default_rng(seed)
    ids = list(Image.objects.values_list("pk", flat=True))
    while EmbeddingCounter.objects.filter(pk=1, version__gte=CHANGES).first() is None:
        with transaction.atomic():
            for _ in range(rng.choice([1, 1, 20, 60])):
                place = int(rng.integers(len(ids)))
                if rng.random() < 0.12:
                    delete_image(image=Image(pk=ids.pop(place), original="none"))
                else:
                    store_vector(image=Image(pk=ids[place]), model_id=MODEL, vector=units(rng, 1)[0])


def check_alone() -> None:
    forget_indexes()
    call_command("check_index")


def stored() -> dict:
    return {row.image_id: as_array(row) for row in Embedding.objects.filter(model_id=MODEL)}


@pytest.fixture
def stock(transactional_db) -> Iterator[None]:
    alice = User.objects.create_user("alice")
    Image.objects.bulk_create(
        (
            Image(owner=alice, original="none", sha256=str(number), byte_size=1, width=1, height=1)
            for number in range(STOCK)
        ),
        batch_size=500,
    )
    yield
    if "pgvector" in BACKENDS:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP INDEX IF EXISTS "{pgvector.PgVectorIndex(MODEL)._graph}"')


def test_after_thousands_of_changes_and_kills_in_between_the_index_is_the_table(stock, monkeypatch):
    monkeypatch.setattr(pgvector, "EXACT_UNDER", 100)  # so that there is a graph, which the writers keep up
    rng = np.random.default_rng(23)
    readers = {name: make(MODEL) for name, make in BACKENDS.items()}  # they follow along from the start
    killed = 0
    for life in range(100):
        writer = start(write, life)
        if killed < KILLS:
            writer.join(rng.uniform(0.05, 0.6))
            if writer.exitcode is None:
                os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        for reader in readers.values():
            assert reader.differences() == set()
            reader.prepare()
        if writer.exitcode == 0:
            break
        assert writer.exitcode == -signal.SIGKILL
        killed += 1
    assert killed == KILLS
    assert EmbeddingCounter.objects.get().version >= CHANGES
    assert EmbeddingChange.objects.count() == EmbeddingCounter.objects.get().version  # none lost or half done
    vectors = stored()
    assert len(vectors) > 300
    ready = Image.objects.filter(status=Image.Status.READY)
    assert set(ready.values_list("pk", flat=True)) == set(vectors)

    ids, matrix = list(vectors), np.stack(list(vectors.values()))
    for name, reader in readers.items():
        assert len(reader) == len(ids)
        recalls = []
        for query in units(rng, 20):
            scores = matrix @ query
            order = [ids[row] for row in np.argsort(-scores)]
            everything = reader.rank(query, Image.objects.all(), start=0, stop=len(ids))
            assert set(everything.image_ids) == set(ids), name
            theirs = dict(zip(everything.image_ids, everything.scores, strict=True))
            assert [theirs[image] for image in ids] == pytest.approx(scores, abs=1e-6), name
            assert sorted(everything.scores, reverse=True) == list(everything.scores), name
            best = reader.rank(query, Image.objects.all(), start=0, stop=50)
            recalls.append(len(set(order[:50]) & set(best.image_ids)) / 50)
        assert np.mean(recalls) >= RECALL[name], name
    checked = start(check_alone)
    checked.join()
    assert checked.exitcode == 0
    assert ExactIndex(MODEL).differences() == set()  # what a new process loads
