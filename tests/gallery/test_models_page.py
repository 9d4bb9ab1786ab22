"""What people see of a change of the model, and what admins can do about it and about pictures that fail."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gallery import serving
from gallery.clip.checksums import WeightsError
from gallery.encoder_client import NOT_READY
from gallery.models import EncodingModel, Image, PendingVector, Serving
from gallery.serving import follow_encoder
from tests.gallery.conftest import wait_for


def page(client, name: str = "models", query: str = "", **options):
    return client.get(reverse(f"gallery:{name}") + query, **options)


@pytest.fixture
def state(alice, store, embed, no_encoder) -> Serving:
    """`old` serves, `new` is being prepared: one of Alice's two pictures has its vector."""
    old = EncodingModel.objects.create(model_id="old", name="old")
    state = Serving.objects.create(current=old, wanted_id="new", since=timezone.now())
    for title in ("heron", "kestrel"):
        embed(store(alice, title=title), 1, 0, 0, model_id="old")
    serving.begin(model=EncodingModel.objects.create(model_id="new", name="new"))
    embed(Image.objects.get(title="heron"), 1, 0, 0, model_id="new")
    state.refresh_from_db()
    return state


@pytest.fixture
def failed(state) -> PendingVector:
    image = Image.objects.get(title="kestrel")
    reason = "The model cannot read this picture."
    return PendingVector.objects.create(image=image, model=state.next, attempts=3, reason=reason)


ADDRESSES = [("models", "get"), ("failures", "get"), ("model_begin", "post"), ("model_cancel", "post")]


@pytest.mark.parametrize("person", ["owner", "visitor"])
@pytest.mark.parametrize(("name", "method"), [*ADDRESSES, ("try_again", "post")])
def test_for_others_than_admins_there_are_no_such_pages(client, alice, failed, person, name, method):
    if person == "owner":
        client.force_login(alice)
    pk = [failed.model_id] if name.startswith("model_") else []
    response = getattr(client, method)(reverse(f"gallery:{name}", args=pk), {"all": "1"})
    assert response.status_code == 404
    assert Serving.objects.get().next_id == failed.model_id
    failed.refresh_from_db()
    assert failed.attempts == 3


def test_admins_see_how_far_the_change_is(client, admin, state):
    client.force_login(admin)
    text = page(client).content.decode()
    assert "1 of 2 pictures" in text
    assert '<progress class="progress" max="2" value="1"' in text
    assert "<html" not in page(client, query="?part=1").content.decode()


def test_admins_cancel_a_change_and_begin_it_again(client, admin, state):
    client.force_login(admin)
    cancel = reverse("gallery:model_cancel", args=[state.next_id])
    begin = reverse("gallery:model_begin", args=[state.next_id])
    assert "search stays with the present model" in client.post(cancel, follow=True).content.decode()
    assert "was not being prepared any more" in client.post(cancel, follow=True).content.decode()
    assert "is being prepared" in client.post(begin, follow=True).content.decode()
    assert "being prepared already" in client.post(begin, follow=True).content.decode()
    assert client.get(begin).status_code == 405
    assert client.post(reverse("gallery:model_begin", args=[999])).status_code == 404


def test_a_model_that_cannot_be_loaded_is_told_with_the_encoders_words(client, admin, encoder):
    encoder.next_trouble = WeightsError("/models/x.pt is not the file that it should be.")
    follow_encoder()
    with encoder.client() as asking:
        wait_for(lambda: asking.get("/health?model=next").json()["status"] == "unusable")
    client.force_login(admin)
    text = page(client).content.decode()
    assert "The model next cannot be loaded" in text
    assert "/models/x.pt is not the file that it should be." in text


def test_the_list_names_picture_reason_attempts_and_next_attempt(client, admin, failed):
    client.force_login(admin)
    text = page(client, "failures").content.decode()
    for part in ("kestrel", "The model cannot read this picture.", "none: set aside", "alice", ">3<"):
        assert part in text
    assert "kestrel" not in page(client, "failures", "?state=waiting").content.decode()
    assert "kestrel" in page(client, "failures", "?state=aside").content.decode()


@pytest.mark.parametrize("query", ["?of=nothing", "?state=nothing", "?page=2", "?page=x"])
def test_a_list_that_there_is_not_is_not_found(client, admin, failed, query):
    client.force_login(admin)
    assert page(client, "failures", query).status_code == 404


def test_pictures_in_a_trash_are_not_listed(client, admin, failed):
    Image.objects.update(trashed_at=timezone.now())
    client.force_login(admin)
    assert "kestrel" not in page(client, "failures").content.decode()


@pytest.mark.parametrize("chosen", [{"vector": "{pk}"}, {"all": "1"}])
def test_try_again_starts_over_with_the_chosen_ones_or_with_all(client, admin, failed, chosen):
    client.force_login(admin)
    form = {name: value.format(pk=failed.pk) for name, value in chosen.items()}
    response = client.post(reverse("gallery:try_again"), {"of": "vectors", **form}, follow=True)
    assert "1 picture is tried again." in response.content.decode()
    failed.refresh_from_db()
    assert (failed.attempts, failed.reason) == (0, "")
    assert failed.retry_at <= timezone.now()


def test_pictures_that_failed_in_their_preparation_are_tried_again_too(client, admin, state, store, alice):
    image = store(alice, title="broken")
    reason = "The picture cannot be decoded."
    Image.objects.filter(pk=image.pk).update(status=Image.Status.FAILED, status_reason=reason, retry_at=None)
    client.force_login(admin)
    assert reason in page(client, "failures", "?of=pictures").content.decode()
    client.post(reverse("gallery:try_again"), {"of": "pictures", "picture": str(image.pk)})
    image.refresh_from_db()
    assert (image.status, image.attempts) == (Image.Status.PENDING, 0)


def test_choosing_nothing_changes_nothing_and_says_so(client, admin, failed):
    client.force_login(admin)
    response = client.post(reverse("gallery:try_again"), {"vector": ["x", "999"]}, follow=True)
    assert "Choose pictures first." in response.content.decode()


def test_who_searches_is_told_of_the_pictures_that_they_may_see(client, alice, bob, state):
    for person, count in ((alice, "1 of 2 pictures"), (bob, "0 of 0 pictures"), (None, "0 of 0 pictures")):
        client.logout()
        if person:
            client.force_login(person)
        text = page(client, "search").content.decode()
        assert f"A new model is being prepared: {count}." in text
        assert count in page(client, "model_notice", f"?since={state.current_id}").content.decode()


def test_an_open_search_page_learns_of_the_flip(client, alice, state):
    client.force_login(alice)
    before = state.current_id
    serving._serve(state.next, instead_of=before, filling=False)
    text = page(client, "model_notice", f"?since={before}").content.decode()
    assert "Search has moved to a new model since you opened this page." in text
    assert "model" not in page(client, "model_notice", f"?since={state.next_id}").content.decode()
    assert "data-model-notice" not in page(client, "search").content.decode()
    assert page(client, "model_notice", "?since=x").status_code == 400


def test_while_a_new_model_catches_up_searches_say_what_they_find(client, alice, state):
    Serving.objects.update(current=state.next, next=None, is_filling=True)
    client.force_login(alice)
    assert "looked at 1 of 2 pictures so far" in page(client, "search").content.decode()


def test_pictures_that_only_wait_for_the_model_have_not_failed(client, admin, failed, store, alice):
    waiting = store(alice, title="nightingale")
    soon = timezone.now() + timedelta(seconds=5)
    Image.objects.filter(pk=waiting.pk).update(status_reason=NOT_READY, retry_at=soon)
    PendingVector.objects.filter(pk=failed.pk).update(reason=NOT_READY, retry_at=soon)
    client.force_login(admin)
    assert "nightingale" not in page(client, "failures", "?of=pictures").content.decode()
    assert "kestrel" not in page(client, "failures").content.decode()
    counts = page(client).context
    assert (counts["vectors_failed"], counts["pictures_failed"]) == (0, 0)
