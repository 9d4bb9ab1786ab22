"""One suite over both indexes: in memory always, and pgvector where the tests run on PostgreSQL."""

import datetime
import math
from collections.abc import Callable

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from gallery.colours import Colour
from gallery.embedding import as_array, store_vector
from gallery.filters import LARGE, SMALL, Filters, Orientation, Size
from gallery.index import ExactIndex, PgVectorIndex, VectorIndex, pgvector
from gallery.index.ranking import SHOWN_SHARE, Line
from gallery.models import Embedding, Image
from gallery.uploads import delete_image

POSTGRESQL = "postgresql" in settings.DATABASES["default"]["ENGINE"]
BACKENDS: dict[str, Callable[[str], VectorIndex]] = {"exact": ExactIndex}
if POSTGRESQL:
    BACKENDS["pgvector"] = PgVectorIndex
RECALL = {"exact": 1.0, "pgvector": 0.99}  # of the best 50, on average over the filters
MODEL = "test-model"
DIM = 24
SIDES = np.array([[400, 300], [300, 400], [500, 500], [2000, 1500], [1500, 2000], [4000, 3000], [3000, 3000]])
FIRST_DAY = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
DAYS = 40


@pytest.fixture(params=BACKENDS)
def index(request) -> VectorIndex:
    return BACKENDS[request.param](MODEL)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def units(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Library:
    """Pictures as rows of arrays, and as rows of the tables: what brute force and the index rank."""

    def __init__(self, rng: np.random.Generator, owners: list, count: int) -> None:
        self.owners = owners
        self.owner = rng.integers(len(owners), size=count)
        self.sides = SIDES[rng.integers(len(SIDES), size=count)]
        self.colour = rng.choice(Colour.values, size=count)
        self.origin = rng.choice(Image.Origin.values, size=count)
        self.visibility = rng.choice(Image.Visibility.values, size=count)
        self.day = rng.integers(DAYS, size=count)
        self.vectors = units(rng, count)
        images = [
            Image(
                owner=owners[self.owner[row]],
                original="none",
                sha256=str(row),
                content_type="image/png",
                byte_size=1,
                width=self.sides[row, 0],
                height=self.sides[row, 1],
                colour=self.colour[row],
                origin=self.origin[row],
                visibility=self.visibility[row],
                status=Image.Status.READY,
            )
            for row in range(count)
        ]
        Image.objects.bulk_create(images, batch_size=1000)
        self.ids = np.array([image.pk for image in images])
        for day in range(DAYS):
            ids = list(self.ids[self.day == day])
            when = FIRST_DAY + datetime.timedelta(days=day)
            for start in range(0, len(ids), 500):
                Image.objects.filter(pk__in=ids[start : start + 500]).update(created_at=when)
        rows = zip(images, self.vectors, strict=True)
        Embedding.objects.bulk_create(
            (Embedding(image=image, model_id=MODEL, dim=DIM, vector=row.tobytes()) for image, row in rows),
            batch_size=1000,
        )
        connection.check_constraints()  # PostgreSQL builds no index while foreign keys are unchecked

    def let_through(self, filters: Filters, person: int) -> np.ndarray:
        """(N,) bool: the filters once more, over arrays, for the owner of that number."""
        wide, high = self.sides.T
        shapes = {Orientation.LANDSCAPE: wide > high, Orientation.PORTRAIT: wide < high}
        pixels = wide * high
        sizes = {Size.SMALL: pixels < SMALL, Size.MEDIUM: (pixels >= SMALL) & (pixels < LARGE)}
        since = (filters.since or datetime.date(2000, 1, 1)) - FIRST_DAY.date()
        until = (filters.until or datetime.date(2100, 1, 1)) - FIRST_DAY.date()
        mask = (self.visibility == Image.Visibility.PUBLIC) | (self.owner == person)
        mask &= (self.day >= since.days) & (self.day <= until.days)
        for name, column in {
            "colour": self.colour,
            "origin": self.origin,
            "visibility": self.visibility,
        }.items():
            mask &= column == getattr(filters, name) if getattr(filters, name) else True
        if filters.orientation:
            mask &= shapes.get(Orientation(filters.orientation), wide == high)
        if filters.size:
            mask &= sizes.get(Size(filters.size), pixels >= LARGE)
        if filters.owner:
            names = [
                "mine" if number == person else owner.username for number, owner in enumerate(self.owners)
            ]
            mask &= self.owner == names.index(filters.owner)
        return mask

    def best(self, query: np.ndarray, mask: np.ndarray, count: int) -> set:
        rows = np.flatnonzero(mask)
        return set(self.ids[rows[np.argsort(-(self.vectors[rows] @ query))[:count]]])


def random_filters(rng: np.random.Generator, others: list[str]) -> Filters:
    """Each filter in a third of the cases, so that from all pictures to a handful are left."""
    options = {
        "owner": ["mine", *others],
        "origin": Image.Origin.values,
        "visibility": Image.Visibility.values,
        "orientation": Orientation.values,
        "size": Size.values,
        "colour": Colour.values,
        "since": [FIRST_DAY.date() + datetime.timedelta(days=day) for day in range(DAYS // 2)],
        "until": [FIRST_DAY.date() + datetime.timedelta(days=day) for day in range(DAYS // 2, DAYS)],
    }
    chosen = {
        name: values[rng.integers(len(values))] for name, values in options.items() if rng.random() < 0.3
    }
    return Filters(**chosen)


def test_filtered_search_is_the_true_top_of_what_the_filters_leave(alice, bob, admin, rng, monkeypatch):
    monkeypatch.setattr(pgvector, "EXACT_UNDER", 500)  # so that the graph answers most of these searches
    owners = [alice, bob, admin]
    library = Library(rng, owners, 20_000)
    indexes = {name: make(MODEL) for name, make in BACKENDS.items()}
    for index in indexes.values():
        index.prepare()
    recalls: dict[str, list[float]] = {name: [] for name in indexes}
    for query in units(rng, 50):
        filters = random_filters(rng, [bob.username, admin.username])
        candidates = filters.restrict(Image.objects.visible_to(alice), alice)
        mask = library.let_through(filters, owners.index(alice))
        expected = library.best(query, mask, 50)
        for name, index in indexes.items():
            ranking = index.rank(query, candidates, start=0, stop=50)
            assert ranking.total == mask.sum(), (name, filters)
            assert len(ranking.image_ids) == len(expected)
            assert ranking.scores == sorted(ranking.scores, reverse=True)
            if expected:
                recalls[name].append(len(expected & set(ranking.image_ids)) / len(expected))
    assert len(recalls["exact"]) > 40
    assert {name: float(np.mean(found)) >= RECALL[name] for name, found in recalls.items()} == dict.fromkeys(
        BACKENDS, True
    ), {name: np.mean(found) for name, found in recalls.items()}


def test_after_random_additions_changes_and_deletions_the_index_is_the_table(index, alice, rng):
    library = Library(rng, [alice], 300)
    assert len(index) == 300
    ids = list(library.ids)
    for step, vector in enumerate(units(rng, 300)):
        place = int(rng.integers(len(ids)))
        image = Image(pk=ids[place], owner=alice)
        if step % 3 == 2:
            delete_image(image=Image.objects.get(pk=ids.pop(place)))
        else:
            store_vector(image=image, model_id=MODEL, vector=vector)
        if step % 50 == 0:
            assert index.differences() == set()
    assert index.differences() == set()
    assert len(index) == len(ids) == Embedding.objects.count()
    (query,) = units(rng, 1)
    scores = {row.image_id: float(as_array(row) @ query) for row in Embedding.objects.all()}
    everything = index.rank(query, Image.objects.all(), start=0, stop=len(ids))
    assert everything.image_ids == sorted(scores, key=lambda pk: -scores[pk])
    assert everything.scores == pytest.approx(sorted(scores.values(), reverse=True), abs=1e-6)


def test_by_date_the_likely_come_first_and_the_newest_of_them_at_the_top(index, alice, rng):
    library = Library(rng, [alice], 200)
    (query,) = units(rng, 1)
    cosines = library.vectors @ query
    line = float(np.float32(np.quantile(cosines, 0.9)))
    ranking = index.rank(query, Image.objects.all(), start=0, stop=200, line=Line(line, line), by_date=True)
    place = {pk: row for row, pk in enumerate(library.ids)}
    rows = [place[pk] for pk in ranking.image_ids]
    assert ranking.likely == (cosines >= line).sum() == 20
    assert [bool(cosines[row] >= line) for row in rows] == [True] * 20 + [False] * 180
    for part in (rows[:20], rows[20:]):
        days = [library.day[row] for row in part]
        assert days == sorted(days, reverse=True)


def test_by_date_without_a_line_only_the_date_counts(index, alice, rng):
    library = Library(rng, [alice], 60)
    (query,) = units(rng, 1)
    ranking = index.rank(query, Image.objects.all(), start=10, stop=30, by_date=True)
    assert ranking.image_ids == list(Image.objects.values_list("pk", flat=True)[10:30])
    assert ranking.likely is None
    assert ranking.total == len(library.ids)


def test_the_likely_are_counted_over_all_pages(index, alice, rng):
    library = Library(rng, [alice], 100)
    (query,) = units(rng, 1)
    line = float(np.float32(0.1))
    cosines = library.vectors @ query
    for first in (
        line,
        float(np.float32(cosines.max())),
    ):  # the best alone opens the nearer one
        ranking = index.rank(query, Image.objects.all(), start=0, stop=5, line=Line(first, line))
        assert (ranking.likely, ranking.line) == ((cosines >= line).sum(), line)
    ranking = index.rank(query, Image.objects.all(), start=0, stop=5, line=Line(2.0, line))
    assert (ranking.likely, ranking.line) == (0, math.inf)  # none where no picture reaches the first


@pytest.mark.parametrize("by_date", [False, True])
def test_lifted_pictures_stand_where_they_count_on_every_page(index, alice, rng, by_date):
    library = Library(rng, [alice], 120)
    (query,) = units(rng, 1)
    candidates = Image.objects.exclude(pk__in=[library.ids[row] for row in range(0, 120, 7)])
    lifted = {library.ids[row]: float(value) for row, value in enumerate(rng.uniform(-1, 1.5, 30))}
    counted = {
        pk: max(float(cosine), lifted.get(pk, -9.0) + SHOWN_SHARE * float(cosine))
        for row, (pk, cosine) in enumerate(zip(library.ids, library.vectors @ query, strict=True))
        if row % 7
    }
    line = Line(0.7, float(np.float32(0.4)))
    asked = {"line": line, "by_date": by_date, "lifted": lifted}
    whole = index.rank(query, candidates, start=0, stop=120, **asked)
    pages = [index.rank(query, candidates, start=at, stop=at + 5, **asked) for at in range(0, 120, 5)]
    assert [pk for page in pages for pk in page.image_ids] == whole.image_ids
    assert sorted(whole.image_ids) == sorted(counted)
    assert dict(zip(whole.image_ids, whole.counted, strict=True)) == pytest.approx(counted, abs=1e-6)
    assert {page.likely for page in pages} == {sum(value >= line.near for value in counted.values())}
    if not by_date:
        assert whole.counted == sorted(whole.counted, reverse=True)
    likely = [value >= line.near for value in whole.counted]
    assert likely == sorted(likely, reverse=True)


def test_nothing_among_nothing(index, alice, rng):
    (query,) = units(rng, 1)
    ranking = index.rank(query, Image.objects.all(), start=0, stop=5, line=Line(0.1, 0.1))
    assert (ranking.image_ids, ranking.total, ranking.likely) == ([], 0, 0)
    Library(rng, [alice], 5)
    none = Image.objects.visible_to(AnonymousUser()).none()
    assert [index.rank(query, none, start=0, stop=5, by_date=on).total for on in (False, True)] == [0, 0]


@pytest.mark.skipif(not POSTGRESQL, reason="pgvector is PostgreSQL's")
def test_what_was_written_past_the_trigger_is_found_and_repaired(alice, rng):
    library = Library(rng, [alice], 20)
    index = PgVectorIndex(MODEL)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        cursor.execute("UPDATE gallery_embedding SET dense = NULL WHERE image_id = %s", [library.ids[3]])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert index.differences() == {library.ids[3]}
    index.repair()
    assert index.differences() == set()
