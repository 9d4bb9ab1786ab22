"""A person's map: what lies near what, how it is made once and no oftener, and how it follows the gallery."""

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from gallery.map import computing
from gallery.map.growing import grow_map, requeue_grown
from gallery.map.making import MAX_ATTEMPTS, TooFewPictures, make_map, request_map, requeue_unfinished
from gallery.map.neighbours import Layout, place_beside
from gallery.map.vectors import FEWEST
from gallery.models import Image, Map, MapPoint
from gallery.trash import move_to_trash

THEMES = 3
EACH = 12


def unit_rows(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def themed(seed: int = 0) -> np.ndarray:
    """(36, 32): three themes, the first twelve of one, and so on."""
    rng = np.random.default_rng(seed)
    themes = rng.normal(size=(THEMES, 32))
    return unit_rows(np.repeat(themes, EACH, axis=0) + 0.4 * rng.normal(size=(THEMES * EACH, 32)))


@pytest.fixture(scope="module")
def layout() -> Layout:
    return computing.compute(themed(), beat=lambda: None)


@pytest.fixture
def pictures(alice, store, embed) -> list[Image]:
    images = [store(alice, title=f"picture {number}") for number in range(FEWEST + 1)]
    for number, image in enumerate(images):
        embed(image, number % 2, 1 - number % 2, number / 20)
    return images


def mapped(owner, images: list[Image], **fields: object) -> Map:
    """A map that is there, without the time that laying it out takes."""
    made = Map.objects.create(owner=owner, model_id="colours", made_at=timezone.now(), **fields)
    MapPoint.objects.bulk_create(
        MapPoint(map=made, image=image, x=number / 10, y=-number / 10, region=1 + number % 2)
        for number, image in enumerate(images)
    )
    return made


def tasks(name: str) -> list[tuple]:
    return [task.task["args"] for task in OrmQ.objects.all() if task.func() == f"gallery.tasks.{name}"]


def test_what_is_alike_lies_nearer_than_what_is_not(layout):
    away = np.linalg.norm(layout.positions[:, None] - layout.positions[None], axis=2)
    themes = np.repeat(np.arange(THEMES), EACH)
    alike = themes[:, None] == themes[None]
    np.fill_diagonal(away, np.inf)
    nearest = np.argsort(away, axis=1)[:, :5]
    assert np.take_along_axis(alike, nearest, axis=1).mean() > 0.95
    assert np.abs(layout.positions).max() == pytest.approx(1)
    assert set(layout.regions) == set(range(1, layout.regions.max() + 1))


def test_the_same_vectors_give_the_same_map(layout):
    again = computing.compute(themed(), beat=lambda: None)
    assert np.array_equal(again.positions, layout.positions)
    assert np.array_equal(again.regions, layout.regions)


def test_a_new_picture_lies_among_those_it_resembles(layout):
    rng = np.random.default_rng(5)
    vectors = themed()
    fresh = unit_rows(vectors[[0, EACH, 2 * EACH]] + 0.05 * rng.normal(size=(THEMES, 32)))
    placed = place_beside(fresh, vectors, layout)
    for theme in range(THEMES):
        middles = layout.positions.reshape(THEMES, EACH, 2).mean(axis=1)
        assert np.linalg.norm(middles - placed.positions[theme], axis=1).argmin() == theme


def test_a_layout_that_takes_too_much_is_ended():
    many = np.repeat(themed(), 50, axis=0)  # takes some seconds
    with pytest.raises(computing.TooSlow):
        computing.compute(many, beat=lambda: None, seconds=1)
    with pytest.raises(computing.LayoutError):
        computing.compute(themed(), beat=lambda: None, memory=30_000_000)


def test_what_a_sign_of_life_raises_ends_the_computation(monkeypatch):
    monkeypatch.setattr(computing, "BEAT", 0.05)

    def lost() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        computing.compute(themed(), beat=lost)


def test_a_map_has_a_point_for_each_picture_with_a_vector(alice, bob, pictures, store, embed):
    embed(store(bob, public=True), 1, 0, 0)
    store(alice, title="not ready")
    move_to_trash(images=Image.objects.filter(pk=pictures[0].pk))
    request_map(owner=alice)
    made = make_map(owner_id=alice.pk, attempt=0)
    assert made
    assert (made.state, made.model_id, made.held_until) == (Map.State.READY, "colours", None)
    assert set(made.points.values_list("image", flat=True)) == {image.pk for image in pictures[1:]}


def test_of_two_wishes_one_map_is_made(alice, pictures, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        request_map(owner=alice)
        request_map(owner=alice)
    assert tasks("make_map") == [(alice.pk, 0)]
    Map.objects.update(state=Map.State.RUNNING, attempts=1)  # by the worker that took the task
    assert make_map(owner_id=alice.pk, attempt=0) is None
    with django_capture_on_commit_callbacks(execute=True):
        request_map(owner=alice)
    assert len(tasks("make_map")) == 1


def test_a_killed_layout_begins_again_and_not_for_ever(alice, pictures):
    request_map(owner=alice)
    assert requeue_unfinished() == 0
    for attempt in range(1, MAX_ATTEMPTS):
        Map.objects.update(state=Map.State.RUNNING, attempts=attempt, held_until=timezone.now())
        assert requeue_unfinished() == 1
        assert requeue_unfinished() == 0
        assert tasks("make_map")[-1] == (alice.pk, attempt)
    Map.objects.update(attempts=MAX_ATTEMPTS, held_until=timezone.now())
    assert requeue_unfinished() == 0
    failed = Map.objects.get()
    assert (failed.state, failed.reason) == ("failed", "It did not work after several attempts.")


def test_too_few_pictures_make_no_map(alice, pictures):
    for image in pictures[: len(pictures) - FEWEST + 1]:
        image.delete()
    with pytest.raises(TooFewPictures):
        request_map(owner=alice)
    assert not Map.objects.exists()


def test_new_pictures_are_placed_beside_their_like_once(alice, bob, pictures, store, embed):
    mapped(alice, pictures)
    other = mapped(bob, [])
    fresh = store(alice)
    embed(fresh, 0, 1, 0)
    assert requeue_grown() == 1
    assert requeue_grown() == 0
    assert tasks("grow_map") == [(alice.pk,)]
    assert grow_map(owner_id=alice.pk) == 1
    assert grow_map(owner_id=alice.pk) == 0
    assert MapPoint.objects.get(image=fresh).is_later
    other.refresh_from_db()
    assert other.newest_seen > 0  # nothing to look through a second time
    assert requeue_grown() == 0


def test_with_a_new_model_the_map_is_made_anew(alice, pictures, embed):
    mapped(alice, pictures)
    embed(pictures[0], 1, 0, 0, model_id="new")
    grow_map(owner_id=alice.pk)
    assert Map.objects.get().state == Map.State.READY  # most pictures have no vector of it yet
    for image in pictures[1:]:
        embed(image, 1, 0, 0, model_id="new")
    assert requeue_grown() == 1
    grow_map(owner_id=alice.pk)
    assert Map.objects.get().state == Map.State.WAITING
    assert MapPoint.objects.count() == len(pictures)  # the one before is shown until then


def page(client) -> str:
    return client.get(reverse("gallery:map")).content.decode()


def test_the_page_says_how_far_the_map_is(client, alice, store, embed):
    client.force_login(alice)
    assert "A map needs at least 5 pictures that are ready; you have 0." in page(client)
    assert "at least 5 pictures" in client.post(reverse("gallery:map_lay_out"), follow=True).content.decode()
    images = [store(alice, title=f"picture {number}") for number in range(FEWEST)]
    for image in images:
        embed(image, 1, 0, 0)
    assert "Lay out the map" in page(client)
    assert "is being laid out." in client.post(reverse("gallery:map_lay_out"), follow=True).content.decode()
    assert 'data-map-state="waiting"' in client.get(reverse("gallery:map_state")).content.decode()
    Map.objects.update(state=Map.State.FAILED, reason="It took more time than is allowed.")
    assert "It took more time than is allowed." in page(client)
    assert "Try again" in page(client)
    Map.objects.all().delete()
    made = mapped(alice, images[1:])
    assert "1 new picture is not on it." in page(client)
    MapPoint.objects.create(map=made, image=images[0], x=0, y=0, region=1, is_later=True)
    assert "1 new picture lies beside those most like it" in page(client)
    Map.objects.update(state=Map.State.RUNNING)
    assert "Until then you see the one before." in page(client)


def test_the_points_come_in_pages_and_only_when_they_have_changed(client, alice, pictures, monkeypatch):
    monkeypatch.setattr("gallery.map.reading.POINTS_A_PAGE", 4)
    mapped(alice, pictures)
    client.force_login(alice)
    first, second = (client.get(reverse("gallery:map_points"), {"page": number}) for number in (1, 2))
    assert first.json()["pages"] == 2
    rows = first.json()["points"] + second.json()["points"]
    assert [row[0] for row in rows] == [str(image.pk) for image in pictures]
    assert rows[1][1:] == [0.1, -0.1, "#808080", 1.333, "picture 1", 0]
    known = {"If-None-Match": first["ETag"]}
    assert client.get(reverse("gallery:map_points"), headers=known).status_code == 304
    move_to_trash(images=Image.objects.filter(pk=pictures[0].pk))
    changed = client.get(reverse("gallery:map_points"), headers=known)
    assert str(pictures[0].pk) not in changed.content.decode()
    assert client.get(reverse("gallery:map_points"), {"page": "x"}).status_code == 404


def test_without_scripts_the_regions_lead_to_every_picture(client, alice, pictures):
    mapped(alice, pictures)
    client.force_login(alice)
    links = [reverse("gallery:map_region", args=[number]) for number in (1, 2)]
    assert all(link in page(client) for link in links)
    shown = "".join(client.get(link).content.decode() for link in links)
    assert all(str(image.get_absolute_url()) in shown for image in pictures)
    assert client.get(reverse("gallery:map_region", args=[3])).status_code == 404
