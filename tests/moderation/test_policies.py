"""Pictures that fall under what people have written are caught before others see them; what would be caught
is shown from the public pictures alone."""

import pytest
from django.urls import reverse

from gallery import preparation
from gallery.models import AuditEntry, EncodingModel, Finding, Image, Policy, Serving
from gallery.moderation import policies
from gallery.moderation.roles import Role, set_role
from gallery.uploads import store_image
from tests.gallery.colour_model import MODEL_ID
from tests.gallery.drawing import encoded, plain, upload
from tests.moderation.test_checks import log_says_what_is_there, sees

LIST = reverse("gallery:policies")
FIELDS = {"name": "red things", "texts": "red", "threshold": 2.0, "result": "hold", "is_active": True}

pytestmark = pytest.mark.usefixtures("colour_background")


def coming_in(owner, colour, visibility="public") -> Image:
    image = store_image(owner=owner, file=upload(encoded(plain(colour))), visibility=visibility, title=colour)
    preparation.prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    return image


def written(by, **fields) -> Policy:
    return policies.save_policy(by=by, fields=FIELDS | fields)


def page(client, address, status=200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


@pytest.fixture
def chief(client, mona):
    """May write policies, and is signed in."""
    client.force_login(set_role(user=mona, role=Role.ADMIN, by=None))
    return mona


# Pictures that come in


def test_a_picture_that_falls_under_a_policy_is_held_with_the_policys_name(alice, bob, mona, encoder):
    written(mona)
    image = coming_in(alice, "red")
    assert (sees(bob, image), sees(alice, image), image.is_hidden) == (False, True, True)
    finding = Finding.objects.get()
    assert (finding.check_name, finding.result) == ("policy", "hold")
    assert "red things" in finding.words
    assert finding.params["score"] >= 2
    assert log_says_what_is_there()


def test_another_picture_waits_for_the_policy_and_is_then_seen(alice, bob, mona, encoder):
    written(mona)
    image = store_image(owner=alice, file=upload(encoded(plain("blue"))), visibility="public")
    assert not sees(bob, image)
    preparation.prepare_image(image_id=image.pk, attempt=0)
    assert sees(bob, image)
    assert not Finding.objects.exists()


def test_the_threshold_decides_and_the_strictest_policy_counts(alice, mona, encoder):
    written(mona, threshold=19.0)
    assert not coming_in(alice, "red").is_hidden
    written(mona, name="soft", result="blur")
    written(mona, name="hard", result="hold")
    assert coming_in(alice, "#fe0000").is_hidden
    assert Finding.objects.get().params["policy"] == "hard"


def test_a_policy_that_is_not_in_force_keeps_nobody_waiting(alice, bob, mona, encoder):
    written(mona, is_active=False)
    assert sees(bob, store_image(owner=alice, file=upload(encoded(plain("red"))), visibility="public"))


def test_after_a_change_of_model_a_policy_is_idle_and_says_so(client, chief, alice, bob, encoder):
    policy = written(chief)
    model = EncodingModel.objects.get_or_create(model_id="other", defaults={"name": "other"})[0]
    Serving.objects.all().delete()
    Serving.objects.create(current=model, wanted_id="other", since=policy.created_at)
    assert sees(bob, store_image(owner=alice, file=upload(encoded(plain("red"))), visibility="public"))
    assert "written for another model" in page(client, LIST)
    assert "What it would catch" not in page(client, reverse("gallery:policy", args=[policy.pk]))


# Writing them


def test_a_policy_is_written_changed_and_deleted_each_in_the_audit_log(client, chief, encoder):
    form = FIELDS | {"texts": " red \n\nred\n a  red  wall", "is_active": "on"}
    assert client.post(LIST, form).status_code == 302
    policy = Policy.objects.get()
    assert (policy.texts, policy.model_id) == ("red\na red wall", MODEL_ID)
    own = reverse("gallery:policy", args=[policy.pk])
    assert client.post(own, form | {"threshold": "2.5"}).status_code == 302
    assert client.post(reverse("gallery:policy_delete", args=[policy.pk])).status_code == 302
    assert not Policy.objects.exists()
    entries = AuditEntry.objects.filter(action="set", key=str(policy.pk)).order_by("number")
    assert [entry.actor for entry in entries] == [chief] * 3
    assert entries[0].state_after["name"] == "red things"
    assert (entries[1].state_before["threshold"], entries[1].state_after["threshold"]) == (2.0, 2.5)
    assert entries[2].state_after["is_there"] is False
    assert log_says_what_is_there()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"texts": " \n "},
        {"texts": "x" * 201},
        {"texts": "\n".join(f"thing {n}" for n in range(21))},
        {"threshold": "nan"},
        {"threshold": "21"},
        {"result": "bake"},
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_lost(client, chief, encoder, wrong):
    response = client.post(LIST, FIELDS | {"name": "kept words"} | wrong)
    assert response.status_code == 400
    assert ("kept words" in response.content.decode()) != ("name" in wrong)
    assert not Policy.objects.exists()


def test_no_two_policies_have_the_same_name(client, chief, encoder):
    written(chief)
    assert client.post(LIST, FIELDS).status_code == 400
    assert Policy.objects.count() == 1


def test_without_the_model_nothing_is_saved_and_nothing_is_lost(client, chief, no_encoder):
    response = client.post(LIST, FIELDS)
    assert response.status_code == 503
    assert "red things" in response.content.decode()
    assert not Policy.objects.exists()


def test_moderators_read_policies_and_members_have_none(client, mona, bob, encoder):
    policy = written(mona)
    own, gone = (reverse(f"gallery:{name}", args=[policy.pk]) for name in ("policy", "policy_delete"))
    client.force_login(mona)
    assert "Administrators can write policies." in page(client, LIST)
    assert [client.post(address, FIELDS).status_code for address in (LIST, own, gone)] == [403] * 3
    client.force_login(bob)
    assert [client.get(address).status_code for address in (LIST, own)] == [404] * 2
    assert client.post(gone).status_code == 404
    assert Policy.objects.get().threshold == 2


# What it would catch


def test_the_page_orders_public_pictures_by_score_and_counts_them(client, chief, alice, encoder):
    for colour in ("red", "blue", "yellow"):
        coming_in(alice, colour)
    coming_in(alice, "#ff0101", visibility="private")
    policy = written(chief, threshold=2.0)
    found = policies.preview(policy)
    assert [scored.image.title for scored in found.shown] == ["red", "yellow", "blue"]
    assert [scored.is_caught for scored in found.shown] == [True, False, False]
    assert (found.looked_at, found.total) == (3, 3)
    assert dict(found.counts)[2.0] == 1
    text = page(client, reverse("gallery:policy", args=[policy.pk]))
    assert (
        text.index("Caught") < text.index(">red<") < text.index("Below the threshold") < text.index(">blue<")
    )
    assert "#ff0101" not in text
    assert text.count("data-cover") == 3
