"""The index in memory gives what comparing with every row of the table gives."""

import re
import threading
import uuid
from datetime import date

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from gallery.embedding import as_array, log_change, store_vector
from gallery.filters import Filters
from gallery.index import ExactIndex
from gallery.models import Embedding, EmbeddingChange, Image, User
from gallery.search import searchable
from gallery.uploads import delete_image

DIM = 16
MODEL = "test-model"


def unit(rng: np.random.Generator) -> np.ndarray:
    vector = rng.normal(size=DIM).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def add(alice, rng):
    """Adds a picture's row with a random vector: thousands of real files would only take time."""

    def add(owner: User = alice, vector: np.ndarray | None = None, **fields: object) -> Image:
        number = Image.objects.count()
        image = Image.objects.create(
            owner=owner,
            original="none",
            sha256=f"{number}-{rng.integers(1 << 40)}",
            content_type="image/png",
            byte_size=1,
            width=1,
            height=1,
            **fields,
        )
        store_vector(image=image, model_id=MODEL, vector=unit(rng) if vector is None else vector)
        return image

    return add


def brute_force(query: np.ndarray, images) -> list:
    scores = {
        item.image_id: float(as_array(item) @ query)
        for item in Embedding.objects.filter(model_id=MODEL, image__in=images)
    }
    return sorted(scores, key=lambda pk: -scores[pk])


def ranked(index: ExactIndex, query: np.ndarray, images=None) -> list:
    candidates = Image.objects.all() if images is None else images
    return index.rank(query, candidates, start=0, stop=100_000).image_ids


def test_the_order_is_that_of_comparing_with_every_row(add, rng):
    for _ in range(50):
        add()
    index = ExactIndex(MODEL)
    for _ in range(5):
        query = unit(rng)
        assert ranked(index, query) == brute_force(query, Image.objects.all())


def test_scores_are_cosines(add, rng):
    image = add()
    query = unit(rng)
    ranking = ExactIndex(MODEL).rank(query, Image.objects.all(), start=0, stop=1)
    assert ranking.scores[0] == pytest.approx(float(as_array(image.embeddings.get()) @ query), abs=1e-6)
    own = ExactIndex(MODEL).rank(as_array(image.embeddings.get()), Image.objects.all(), start=0, stop=1)
    assert own.scores[0] == pytest.approx(1, abs=1e-6)


def test_it_follows_additions_changes_and_deletions(add, rng):
    index = ExactIndex(MODEL)
    images = [add() for _ in range(30)]
    assert len(index) == 30
    for round_number in range(5):
        add()
        delete_image(image=images.pop(0))
        delete_image(image=images.pop())
        store_vector(image=images[3], model_id=MODEL, vector=unit(rng))
        query = unit(rng)
        assert ranked(index, query) == brute_force(query, Image.objects.all()), round_number
        assert index.differences() == set()


def test_it_follows_from_nothing_to_something_and_back(add, rng):
    index = ExactIndex(MODEL)
    for _ in range(2):
        assert (len(index), ranked(index, unit(rng))) == (0, [])
        image = add()
        assert ranked(index, unit(rng)) == [image.pk]
        delete_image(image=image)


def test_it_reads_only_what_has_changed(add, rng, django_assert_num_queries):
    for _ in range(20):
        add()
    index = ExactIndex(MODEL)
    len(index)
    with django_assert_num_queries(1):  # the counter
        assert len(index) == 20
    add()
    with django_assert_num_queries(3):  # counter, log, one row
        assert len(index) == 21


def test_it_grows_past_its_first_capacity(add, rng, monkeypatch):
    monkeypatch.setattr("gallery.index.rows.FIRST_CAPACITY", 4)
    index = ExactIndex(MODEL)
    for _ in range(13):
        add()
        len(index)
    query = unit(rng)
    assert ranked(index, query) == brute_force(query, Image.objects.all())


def test_it_loads_the_table_again_when_the_log_does_not_reach_back(add, rng):
    index = ExactIndex(MODEL)
    for _ in range(5):
        add()
    len(index)
    gone = Image.objects.first()
    for _ in range(5):
        add()
    delete_image(image=gone)
    EmbeddingChange.objects.filter(version__lte=8).delete()
    assert len(index) == 9
    assert index.differences() == set()


def test_only_candidates_are_ranked_and_counted(add, rng, alice, bob):
    for _ in range(10):
        add(alice)
    for _ in range(7):
        add(bob)
    own = Image.objects.filter(owner=bob)
    query = unit(rng)
    ranking = ExactIndex(MODEL).rank(query, own, start=2, stop=5)
    assert ranking.total == 7
    assert ranking.image_ids == brute_force(query, own)[2:5]


def test_pages_cover_everything_once(add, rng):
    twin = unit(rng)
    for number in range(25):
        add(vector=twin if number % 2 else None)  # many equal scores
    index = ExactIndex(MODEL)
    query = unit(rng)
    pages = [
        index.rank(query, Image.objects.all(), start=start, stop=start + 4).image_ids
        for start in range(0, 28, 4)
    ]
    seen = [pk for page in pages for pk in page]
    assert len(seen) == len(set(seen)) == 25


def test_of_equal_scores_the_newest_vector_comes_first(add, rng):
    twin = unit(rng)
    images = [add(vector=twin) for _ in range(8)]
    add()
    delete_image(image=images.pop(2))  # another row moves into its place
    assert ranked(ExactIndex(MODEL), twin)[:7] == [image.pk for image in reversed(images)]


def test_pictures_without_a_vector_are_not_counted(add, alice, rng):
    image, waiting = add(), add()
    waiting.embeddings.all().delete()
    log_change(image_id=waiting.pk)
    ranking = ExactIndex(MODEL).rank(unit(rng), Image.objects.all(), start=0, stop=5)
    assert (ranking.image_ids, ranking.total) == ([image.pk], 1)


def test_ids_that_begin_alike_are_told_apart(add, rng):
    """Found by the first half of their ids, and then by the second."""
    halves = [(5, 1), (5, 2), (5, 3), (6, 1)]
    vectors = {uuid.UUID(int=first << 64 | second): unit(rng) for first, second in halves}
    for image_id, vector in vectors.items():
        add(vector=vector, id=image_id)
    index = ExactIndex(MODEL)
    for image_id, vector in vectors.items():
        assert index.rank(vector, Image.objects.filter(pk=image_id), start=0, stop=1).image_ids == [image_id]
    delete_image(image=Image.objects.get(pk=uuid.UUID(int=5 << 64 | 2)))
    assert len(ranked(index, unit(rng))) == 3
    assert index.differences() == set()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL decides by what it has counted")
def test_what_a_search_is_among_is_read_from_one_index_alone(alice, admin):
    """The pictures' rows are much larger, and lie all over the file."""
    narrowed = Filters(
        origin="uploaded",
        visibility="public",
        orientation="landscape",
        size="large",
        colour="red",
        since=date(2026, 1, 1),
        until=date(2026, 2, 1),
    )
    for person in (alice, admin, AnonymousUser()):
        for filters in (Filters(), narrowed):
            candidates = filters.restrict(searchable(person), person)
            plan = candidates.order_by().values("pk").explain()
            assert re.fullmatch(r"[\d ]*SEARCH gallery_image USING COVERING INDEX image_finding .*", plan), (
                plan
            )
            assert "TEMP B-TREE" not in candidates.order_by("-created_at", "-pk").values("pk").explain()


def test_vectors_of_another_model_stay_out(add, rng):
    image, other = add(), add()
    store_vector(image=image, model_id="another", vector=unit(rng))
    index = ExactIndex("another")
    assert ranked(index, unit(rng)) == [image.pk]
    assert other.pk not in ranked(index, unit(rng))


def test_a_rolled_back_change_is_not_seen(add, rng):
    image = add()
    index = ExactIndex(MODEL)
    before = as_array(image.embeddings.get()).copy()
    with transaction.atomic():
        store_vector(image=image, model_id=MODEL, vector=unit(rng))
        transaction.set_rollback(True)
    assert index.rank(before, Image.objects.all(), start=0, stop=1).scores[0] == pytest.approx(1, abs=1e-6)


def test_a_vector_for_a_deleted_picture_is_not_stored(add, rng):
    image = add()
    delete_image(image=image)
    assert store_vector(image=image, model_id=MODEL, vector=unit(rng)) is None
    assert not Embedding.objects.exists()


def test_old_changes_are_pruned_from_the_log(add, monkeypatch):
    monkeypatch.setattr("gallery.embedding.LOG_KEPT", 10)
    image = add()
    for _ in range(1000):
        log_change(image_id=image.pk)
    assert EmbeddingChange.objects.count() <= 12
    assert EmbeddingChange.objects.last().version == 1001


@pytest.mark.django_db(transaction=True)
def test_several_threads_may_search_while_the_table_changes(alice, add, rng):
    for _ in range(30):
        add()
    index = ExactIndex(MODEL)
    troubles: list[Exception] = []
    done = threading.Event()

    def search() -> None:
        own = np.random.default_rng(threading.get_ident() % 1000)
        try:
            while not done.is_set():
                ranking = index.rank(unit(own), Image.objects.all(), start=0, stop=1000)
                assert ranking.scores == sorted(ranking.scores, reverse=True)
        except Exception as error:  # noqa: BLE001 — the main thread reports it
            troubles.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        add()
        delete_image(image=Image.objects.order_by("?").first())
    done.set()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert index.differences() == set()
