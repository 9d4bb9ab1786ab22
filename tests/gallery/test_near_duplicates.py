"""Pictures that look nearly the same are found in the queue, shown side by side, and decided once."""

import time
import uuid

import numpy as np
import pytest
from django.urls import reverse
from django_q.models import OrmQ
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance

from gallery import tasks
from gallery.fingerprint import fingerprint
from gallery.models import Image, NearPair
from gallery.near.finding import ALIKE, NEAREST, PERHAPS, SURE, _candidates, find_near_duplicates
from gallery.preparation import prepare_image
from gallery.trash import move_to_trash, restore
from gallery.uploads import delete_image, store_image
from tests.gallery.drawing import encoded, noise, plain, upload

URL = "/duplicates/"


def scene(seed: int = 0, size: int = 256) -> Pillow.Image:
    """A picture with shapes in it, another one for each seed."""
    chance = np.random.default_rng(seed)
    picture = plain("white", size, size)
    draw = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y, width, height = chance.integers(0, size, 4)
        colour = tuple(int(value) for value in chance.integers(0, 256, 3))
        draw.ellipse((x, y, x + width, y + height), fill=colour)
    return picture


def bits(first: int, second: int) -> int:
    return ((first ^ second) & (2**64 - 1)).bit_count()


@pytest.fixture
def add(alice, encoder):
    """Stores and prepares a picture, of Alice's if nobody else is named."""

    def add(picture: Pillow.Image, kind: str = "PNG", *, owner=alice, **options) -> Image:
        image = store_image(owner=owner, file=upload(encoded(picture, kind, **options)))
        prepare_image(image_id=image.pk, attempt=0)
        image.refresh_from_db()
        assert image.status == Image.Status.READY
        return image

    return add


@pytest.fixture
def three_alike(alice, add) -> list[Image]:
    """The same scene three times, the largest first, and another one."""
    group = [add(scene()), add(scene(), "JPEG", quality=60), add(scene().resize((128, 128)))]
    add(scene(seed=1))
    find_near_duplicates(owner_id=alice.pk)
    return group


def pairs() -> set[frozenset[str]]:
    return {frozenset((str(pair.first_id), str(pair.second_id))) for pair in NearPair.objects.all()}


def group_url(name: str, *images: Image) -> str:
    group = NearPair.objects.filter(is_kept=False).values_list("group", flat=True).first()
    return reverse(f"gallery:{name}", args=[group, *(image.pk for image in images)])


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture.resize((100, 100)),
        lambda picture: picture.convert("L").convert("RGB"),
        lambda picture: ImageEnhance.Brightness(picture).enhance(0.8),
        lambda picture: Pillow.blend(picture, noise(256, 256), 0.1),
    ],
)
def test_a_fingerprint_hardly_changes_with_what_people_do_to_a_picture(change):
    for seed in range(5):
        assert bits(fingerprint(scene(seed)), fingerprint(change(scene(seed)))) <= PERHAPS


def test_fingerprints_of_different_pictures_differ():
    prints = [fingerprint(scene(seed)) for seed in range(30)]
    apart = [bits(a, b) for place, a in enumerate(prints) for b in prints[:place]]
    assert min(apart) > SURE
    assert np.median(apart) > 24


def test_a_picture_without_shapes_has_no_fingerprint():
    assert fingerprint(plain("#808080")) is None
    assert fingerprint(Pillow.blend(plain("#808080", 300, 300), noise(300, 300), 0.1)) is None


def test_copies_of_other_sizes_and_formats_make_one_group(client, alice, three_alike):
    assert len({pair.group for pair in NearPair.objects.all()}) == 1
    client.force_login(alice)
    (group,) = client.get(URL).context["groups"]
    assert {image.pk for image in group.images} == {image.pk for image in three_alike}
    assert group.images[-1] == three_alike[2]  # the smallest last


def test_two_persons_pictures_are_never_compared(alice, bob, add):
    add(scene()), add(scene().resize((128, 128)), owner=bob)
    for person in (alice, bob):
        assert find_near_duplicates(owner_id=person.pk) == 0


def test_a_likeness_of_shapes_alone_wants_the_model_to_agree(alice, add, embed):
    first, second = add(scene()), add(scene(seed=1))
    other = 2 ** SURE.bit_length() * 31  # five bits
    Image.objects.filter(pk=second.pk).update(fingerprint=first.fingerprint ^ other)
    assert SURE < bits(other, 0) <= PERHAPS
    embed(first, 1, 0, 0), embed(second, 0, 1, 0)
    assert find_near_duplicates(owner_id=alice.pk) == 0
    Image.objects.update(is_compared=False)
    assert float(embed(first, 1, 0, 0) @ embed(second, 1, 0.1, 0)) >= ALIKE
    assert find_near_duplicates(owner_id=alice.pk) == 1


def test_upkeep_asks_the_queue_to_compare_new_pictures_once(alice, add):
    add(scene()), add(scene().resize((128, 128)))
    OrmQ.objects.all().delete()
    assert (tasks.requeue_pending(), tasks.requeue_pending()) == (1, 0)
    task = OrmQ.objects.get().task
    assert task["func"] == "gallery.tasks.find_near_duplicates"
    tasks.find_near_duplicates(*task["args"])
    assert len(pairs()) == 1
    assert not Image.objects.filter(is_compared=False).exists()
    assert tasks.requeue_pending() == 0


def test_a_search_that_was_lost_is_asked_for_again(alice, add):
    add(scene())
    assert tasks.requeue_pending() == 1
    type(alice).objects.update(comparing_until="2020-01-01T00:00Z")
    assert tasks.requeue_pending() == 1


def test_keeping_all_is_decided_for_good(client, alice, add, three_alike):
    client.force_login(alice)
    response = client.post(group_url("keep-all"), follow=True)
    assert "All of them are kept." in response.content.decode()
    assert response.context["groups"] == []
    Image.objects.update(is_compared=False)
    assert find_near_duplicates(owner_id=alice.pk) == 0
    assert client.get(URL).context["groups"] == []
    newcomer = add(scene().resize((200, 200)))
    find_near_duplicates(owner_id=alice.pk)
    (group,) = client.get(URL).context["groups"]
    assert newcomer in group.images


def test_keeping_one_shows_what_goes_and_then_moves_it_to_the_trash(client, alice, three_alike):
    kept, *others = three_alike
    client.force_login(alice)
    url = group_url("keep-one", kept)
    page = client.get(url).content.decode()
    assert "Move 2 pictures to the trash" in page
    assert all(f'value="{image.pk}"' in page for image in others)
    assert Image.objects.count() == 4
    response = client.post(url, {"picture": [image.pk for image in others]}, follow=True)
    assert "2 pictures are in the trash." in response.content.decode()
    assert set(Image.objects.in_trash_of(alice)) == set(others)
    assert client.get(URL).context["groups"] == []


def test_what_was_decided_stays_decided_when_it_is_restored(client, alice, three_alike):
    kept, *others = three_alike
    client.force_login(alice)
    client.post(group_url("keep-one", kept), {"picture": [image.pk for image in others]})
    restore(images=Image.objects.in_trash_of(alice))
    find_near_duplicates(owner_id=alice.pk)
    assert client.get(URL).context["groups"] == []


def test_a_picture_in_the_trash_is_out_of_its_group_until_it_is_restored(client, alice, three_alike):
    gone, *_ = three_alike
    client.force_login(alice)
    move_to_trash(images=Image.objects.filter(pk=gone.pk))
    (group,) = client.get(URL).context["groups"]
    assert gone not in group.images
    assert client.get(group_url("keep-one", gone)).status_code == 404
    move_to_trash(images=Image.objects.filter(owner=alice))
    assert client.get(URL).context["groups"] == []
    restore(images=Image.objects.filter(owner=alice))
    (group,) = client.get(URL).context["groups"]
    assert gone in group.images


def test_nothing_is_moved_that_was_not_shown(client, alice, add, three_alike):
    kept, *others = three_alike
    client.force_login(alice)
    url = group_url("keep-one", kept)
    for agreed in ([others[0].pk], [], [*(image.pk for image in others), uuid.uuid4()]):
        assert client.post(url, {"picture": agreed}).status_code == 409
    assert client.post(url, {"picture": "nonsense"}).status_code == 404
    assert Image.objects.kept().count() == 4


def test_a_picture_outside_the_group_cannot_be_kept(client, alice, three_alike):
    outside = Image.objects.exclude(pk__in=[image.pk for image in three_alike]).get()
    client.force_login(alice)
    assert client.get(group_url("keep-one", outside)).status_code == 404


@pytest.mark.parametrize("person", ["bob", "admin", None])
def test_the_groups_of_a_person_are_their_own(request, client, three_alike, person):
    if person:
        client.force_login(request.getfixturevalue(person))
    away = 404 if person else 302
    page = client.get(URL)
    assert page.status_code == (200 if person else 302)
    assert not person or page.context["groups"] == []
    url = group_url("keep-one", three_alike[0])
    assert client.get(url).status_code == away
    assert client.post(url, {"picture": [image.pk for image in three_alike[1:]]}).status_code == away
    assert client.post(group_url("keep-all")).status_code == away
    assert NearPair.objects.filter(is_kept=False).exists()
    assert Image.objects.count() == 4


def test_a_group_goes_when_its_pictures_do(client, alice, three_alike):
    for image in three_alike[1:]:
        delete_image(image=image)
    client.force_login(alice)
    assert client.get(URL).context["groups"] == []


def test_pages_after_the_last_are_not_found(client, alice):
    client.force_login(alice)
    assert client.get(URL).status_code == 200
    assert client.get(URL + "?page=2").status_code == 404


def test_comparing_finds_exactly_what_comparing_one_by_one_finds():
    chance = np.random.default_rng(0)
    prints = chance.integers(-(2**63), 2**63 - 1, 500, np.int64)
    prints[250:] = prints[:250] ^ (1 << chance.integers(0, 60, 250))  # one bit apart
    ids = [uuid.UUID(int=place) for place in range(500)]
    found = {frozenset(pair) for pair, _ in _candidates(ids, prints.view(np.uint64), 300)}
    wanted = {
        frozenset((ids[a], ids[b]))
        for a in range(300)
        for b in range(a + 1, 500)
        if bits(int(prints[a]), int(prints[b])) <= PERHAPS
    }
    assert found == wanted
    assert len(found) >= 250


def test_a_burst_of_hundreds_hangs_together_by_a_few_pairs_each():
    ids = [uuid.UUID(int=place) for place in range(300)]
    found = dict(_candidates(ids, np.zeros(300, np.uint64), 300))
    assert len(found) <= 300 * NEAREST
    linked = {ids[0]}
    for first, second in sorted(found):
        if first in linked:
            linked.add(second)
    assert len(linked) == 300


def test_twenty_thousand_pictures_are_compared_in_seconds():
    prints = np.random.default_rng(0).integers(0, 2**63, 20_000).astype(np.uint64)
    started = time.process_time()
    list(_candidates([uuid.UUID(int=place) for place in range(20_000)], prints, 20_000))
    assert time.process_time() - started < 5  # 0.4 s where this was written
