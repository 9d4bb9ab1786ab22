"""The block list, a case with what looks like its picture, and covered pictures wherever they are shown."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from gallery.albums import add_pictures, create_album
from gallery.embedding import store_vector
from gallery.models import AuditEntry, BlockedFile, Case, Image
from gallery.moderation import blocking
from gallery.moderation.decisions import decide_about
from gallery.moderation.reports import report
from gallery.uploads import store_image
from tests.gallery.colour_model import MODEL_ID, direction
from tests.gallery.drawing import encoded, scenery, upload

BLOCKS = reverse("gallery:blocks")
QUEUE = reverse("gallery:moderation")


def stored(owner, picture, kind="PNG", **fields) -> Image:
    image = store_image(owner=owner, file=upload(encoded(picture, kind)), visibility="public", **fields)
    Image.objects.filter(pk=image.pk).update(has_thumbnails=True, placeholder="336699" * 9)
    image.refresh_from_db()
    return image


@pytest.fixture
def monas(client, mona) -> Client:
    client.force_login(mona)
    return client


@pytest.fixture
def blocked(alice, mona) -> Image:
    image = stored(alice, scenery(), title="number nine")
    decide_about(thing=image, by=mona, chosen=["block"], reason="Rule 3")
    return image


def read(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


# The list


def test_the_list_says_who_blocked_what_and_why_and_keeps_it_covered(monas, mona, blocked):
    page = read(monas, BLOCKS)
    assert "number nine" in page
    assert "Rule 3" in page
    assert str(mona) in page
    assert '<details class="cover" data-cover>' in page


def test_a_blocked_picture_that_is_gone_is_known_by_its_colours(monas, mona, blocked):
    decide_about(thing=blocked, by=mona, chosen=["delete"])
    page = read(monas, BLOCKS)
    assert "No longer here" in page
    assert "#336699" in page
    assert "number nine" not in page


def test_members_see_no_list(client, bob, blocked):
    client.force_login(bob)
    read(client, BLOCKS, 404)
    assert client.post(reverse("gallery:block_remove", args=[blocked.sha256])).status_code == 404
    assert BlockedFile.objects.exists()


def test_a_block_is_removed_and_put_back(monas, mona, blocked):
    remove = reverse("gallery:block_remove", args=[blocked.sha256])
    monas.post(remove, {"reason": "It was another"})
    assert not BlockedFile.objects.exists()
    page = read(monas, BLOCKS)
    assert "Nothing is blocked" in page
    assert "It was another" in page
    assert monas.post(remove).status_code == 404
    monas.post(reverse("gallery:block_restore", args=[blocked.sha256]))
    assert bytes(BlockedFile.objects.get().prints) == bytes(blocked.prints)
    assert "It was another" not in read(monas, BLOCKS)
    assert list(
        AuditEntry.objects.filter(kind="file").order_by("number").values_list("action", flat=True)
    ) == ["block", "unblock", "block"]


def test_it_counts_what_is_here_at_several_distances(monas, alice, blocked):
    stored(alice, scenery(200, 150), "JPEG")
    stored(alice, scenery(seed=1))
    page = " ".join(read(monas, BLOCKS).split())
    assert "How many of the pictures that are here (2) look like a blocked one" in page
    counts = page.split("<tbody>")[1].split("</tbody>")[0]
    assert counts.count('<td class="number">1</td>') >= 7  # from a few bits on, and never the other picture
    assert '<td class="number">2</td>' not in counts


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"distance": "20", "result": "refuse"}, 302),
        ({"distance": "65", "result": "hold"}, 400),
        ({"distance": "-1", "result": "hold"}, 400),
        ({"distance": "many", "result": "hold"}, 400),
        ({"distance": "20", "result": "burn"}, 400),
    ],
)
def test_who_may_sets_how_alike_a_picture_may_be(client, admin, given, status):
    client.force_login(admin)
    assert client.post(BLOCKS, given | {"reason": "r"}).status_code == status
    now = blocking.current()
    assert (now.distance, now.result) == ((20, "refuse") if status == 302 else (36, "hold"))


def test_moderators_need_the_permission_to_set_it(monas, mona):
    given = {"distance": "20", "result": "hold"}
    assert monas.post(BLOCKS, given).status_code == 403
    mona.user_permissions.add(Permission.objects.get(codename="change_printblocking"))
    assert monas.post(BLOCKS, given).status_code == 302
    assert blocking.current().distance == 20


# What looks like the picture of a case


def test_a_case_offers_what_looks_like_its_picture_for_the_same_decision(monas, alice, bob, mona):
    image = stored(alice, scenery(), title="reported")
    case = report(thing=image, reporter=bob, reason="sexual").case
    by_print = stored(bob, scenery(200, 150), "JPEG", title="nearly the same")
    by_vector = stored(bob, scenery(seed=1), title="of the same colour")
    another = stored(bob, scenery(seed=2), title="something else")
    for each, colour in ((image, (1, 0, 0)), (by_vector, (0.98, 0.02, 0.02)), (another, (0, 0, 1))):
        store_vector(image=each, model_id=MODEL_ID, vector=direction(colour))
    address = reverse("gallery:case", args=[case.pk])
    page = read(monas, address)
    assert page.index("nearly the same") < page.index("of the same colour")
    assert "something else" not in page
    assert address in read(monas, QUEUE)

    form = {"action": ["hide", "warn"], "reason": "Rule 1", "also": [str(by_print.pk), "nonsense"]}
    monas.post(reverse("gallery:case_decide", args=[case.pk]), form)
    hidden = {found.title for found in Image.objects.filter(is_hidden=True)}
    assert hidden == {"reported", "nearly the same"}
    assert (alice.strikes.count(), bob.strikes.count()) == (1, 0)  # a warning is for whom it was given to
    assert "Is decided." in read(monas, address)


def test_what_looks_like_a_newly_blocked_picture_is_offered_and_not_hidden_by_itself(monas, alice, bob, mona):
    image = stored(alice, scenery())
    twin = stored(bob, scenery(200, 150), "JPEG", title="twin")
    case = report(thing=image, reporter=bob, reason="spam").case
    answer = monas.post(
        reverse("gallery:case_decide", args=[case.pk]), {"action": "block", "reason": "x"}, follow=True
    )
    address = reverse("gallery:case", args=[case.pk])
    assert "1 picture here looks like the one that you have blocked." in answer.content.decode()
    assert f'<a href="{address}">Look at them</a>' in answer.content.decode()
    twin.refresh_from_db()
    assert not twin.is_hidden
    page = read(monas, address)
    assert "twin" in page
    assert 'value="block" checked' in page
    others = reverse("gallery:case_others", args=[case.pk])
    assert "Choose pictures first." in monas.post(others, {"action": "block"}, follow=True).content.decode()
    monas.post(others, {"action": ["block", "hide"], "also": str(twin.pk)})
    twin.refresh_from_db()
    assert twin.is_hidden
    assert BlockedFile.objects.count() == 2


def test_what_could_not_be_decided_is_told_on_the_page_that_it_was_sent_from(monas, alice, bob):
    case = report(thing=stored(alice, scenery()), reporter=bob, reason="spam").case
    answer = monas.post(reverse("gallery:case_decide", args=[case.pk]), {"action": "suspend", "alone": "1"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Choose what the person may not do while they are suspended." in page
    assert "Pictures that look like it" in page


def test_the_same_file_of_somebody_else_is_offered_too(monas, alice, bob, mona):
    image, same = (stored(owner, scenery(seed=5), title=owner.username) for owner in (alice, bob))
    case = report(thing=image, reporter=bob, reason="spam").case
    page = read(monas, reverse("gallery:case", args=[case.pk]))
    assert "the same file" in page
    assert str(same.pk) in page


def test_a_case_about_a_person_has_a_page_too(monas, alice, bob):
    case = report(thing=alice, reporter=bob, reason="spam").case
    assert "Pictures that look like it" not in read(monas, reverse("gallery:case", args=[case.pk]))


def test_the_queue_says_what_a_check_found(monas, bob, blocked):
    stored(bob, scenery(200, 150), "JPEG")
    page = read(monas, QUEUE)
    assert "Automatic check" in page
    assert "It looks like a picture that moderators have blocked." in page
    assert reverse("gallery:audit") + f"?kind=file&amp;key={blocked.sha256}" in page
    assert Case.objects.open().count() == 1


# What people see of it


def test_the_owner_reads_that_their_picture_is_held_and_why(client, bob, blocked):
    image = stored(bob, scenery(200, 150), "JPEG")
    client.force_login(bob)
    page = read(client, image.get_absolute_url())
    assert "Automatic checks hold this picture" in page
    assert "It looks like a picture that moderators have blocked." in page


def test_the_owner_reads_that_their_picture_is_covered(client, bob, mona):
    image = stored(bob, scenery())
    decide_about(thing=image, by=mona, chosen=["blur"])
    client.force_login(bob)
    assert "Others see this picture covered" in read(client, image.get_absolute_url())


def test_a_refused_upload_says_so(client, bob, mona, blocked):
    blocking.set_print_blocking(distance=36, result="refuse", by=mona)
    client.force_login(bob)
    file = upload(encoded(scenery(200, 150), "JPEG"), "twin.jpg")
    answer = client.post(
        reverse("gallery:upload"),
        {"files": file, "visibility": "public"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "blocked",
        "error": "It looks like a picture that moderators have blocked.",
    }


def test_a_covered_picture_is_covered_on_every_page_that_shows_it(client, alice, bob, mona):
    image = stored(bob, scenery(), title="covered")
    store_vector(image=image, model_id=MODEL_ID, vector=direction((1, 0, 0)))
    mine = stored(alice, scenery(seed=1), title="mine")
    store_vector(image=mine, model_id=MODEL_ID, vector=direction((1, 0.1, 0.1)))
    album, linked = (create_album(owner=bob, title="x", visibility=each) for each in ("public", "unlisted"))
    for each in (album, linked):
        add_pictures(album=each, images=[image])
    decide_about(thing=image, by=mona, chosen=["blur"])
    client.force_login(alice)
    thumbnails = [reverse("gallery:thumbnail", args=[image.pk, size]) for size in (320, 1280)]
    shared = reverse("gallery:shared_thumbnail", args=[linked.token, image.pk, 320])
    addresses = [
        reverse("gallery:explore"),
        reverse("gallery:search"),
        image.get_absolute_url(),
        reverse("gallery:view", args=[image.pk]),
        mine.get_absolute_url(),  # more like this
        reverse("gallery:similar", args=[image.pk]),
        album.get_absolute_url(),
        reverse("gallery:shared", args=[linked.token]),
        reverse("gallery:shared_picture", args=[linked.token, image.pk]),
        reverse("gallery:tiles") + f"?picture={image.pk}",
        reverse("gallery:which") + f"?picture={image.pk}&picture={mine.pk}",
        reverse("generator:studio") + f"?init={image.pk}",
    ]
    for address in addresses:
        page = read(client, address)
        assert not [name for name in (*thumbnails, shared) if name in page], address
    assert thumbnails[1] in read(client, image.get_absolute_url() + "?show=1")
    assert "?show=1" in read(client, image.get_absolute_url())
