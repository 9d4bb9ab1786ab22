"""Warnings and suspensions: what the person reads, and what they can no longer do; appeals against both."""

import io
import json
import zipfile

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from gallery.models import Appeal, Decision, User
from gallery.moderation.actions import Terms
from gallery.moderation.appeals import (
    AlreadyAppealed,
    AppealDecided,
    CannotAppeal,
    OwnDecision,
    appeal,
    decide_appeal,
)
from gallery.moderation.decisions import decide_about, undo
from gallery.people.takeout import takeout
from gallery.receiving import create_upload
from gallery.uploads import store_image
from generator import jobs
from generator.models import Job
from tests.conftest import PASSWORD
from tests.gallery.drawing import png

OWN = reverse("gallery:reports")
WISH = {"prompt": "a red heart", "seed": 1, "steps": 10, "width": 64, "height": 64}


def suspend(person: User, by: User, *scopes: str, days: int | None = 7) -> Decision:
    terms = Terms(scopes=scopes, days=days)
    return decide_about(thing=person, by=by, chosen=["suspend"], reason="Rule 3", terms=terms)


def sign_in(client, name: str):
    return client.post(reverse("account_login"), {"login": name, "password": PASSWORD}, follow=True)


def test_a_warning_is_read_on_every_page_until_it_is_acknowledged(client, alice, mona):
    decide_about(thing=alice, by=mona, chosen=["warn"], reason="Rule 3")
    client.force_login(alice)
    assert "A moderator has decided about something of yours." in client.get("/gallery/").content.decode()
    page = client.get(OWN).content.decode()
    assert "A moderator has warned you." in page
    assert "Rule 3" in page
    client.post(reverse("gallery:reports_read"))
    assert "A moderator has decided" not in client.get("/gallery/").content.decode()
    assert "A moderator has warned you." in client.get(OWN).content.decode()


def test_who_may_not_upload_cannot_by_any_way_and_reads_why(client, alice, mona):
    decision = suspend(alice, mona, "upload")
    with pytest.raises(ValidationError, match="Rule 3"):
        store_image(owner=alice, file=png())
    with pytest.raises(ValidationError, match="until"):
        create_upload(owner=alice, length=10)
    client.force_login(alice)
    answer = client.post(
        reverse("gallery:upload"),
        {"files": [png()], "visibility": "private"},
        headers={"accept": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "suspended")
    undo(decision=decision, by=mona)
    assert store_image(owner=alice, file=png()).owner == alice


def test_who_may_not_make_pictures_reads_why(client, alice, mona):
    decision = suspend(alice, mona, "generate", days=None)
    client.force_login(alice)
    form = {"prompt": "a red heart", "size": 128, "steps": 20, "seed": 1}
    response = client.post(reverse("generator:studio"), form)
    assert response.status_code == 403
    assert "You may not make pictures any more. Reason: Rule 3" in response.content.decode()
    undo(decision=decision, by=mona)
    jobs.submit(owner=alice, wishes=[WISH])
    assert Job.objects.count() == 1


def test_who_may_not_sign_in_is_out_at_once_and_reads_why(client, alice, mona):
    client.force_login(alice)
    assert client.get(OWN).status_code == 200
    decision = suspend(alice, mona, "sign_in")
    assert client.get(OWN).status_code == 302
    page = sign_in(client, "alice").content.decode()
    assert "You may not sign in until" in page
    assert "Rule 3" in page
    assert client.get(OWN).status_code == 302
    undo(decision=decision, by=mona)
    sign_in(client, "alice")
    assert client.get(OWN).status_code == 200


def test_a_wrong_password_tells_nothing_of_a_suspension(client, alice, mona):
    suspend(alice, mona, "sign_in")
    form = {"login": "alice", "password": "a guess"}
    assert "Rule 3" not in client.post(reverse("account_login"), form, follow=True).content.decode()


def test_who_is_out_appeals_by_the_page_that_told_them(client, alice, mona, admin):
    suspend(alice, mona, "sign_in")
    address = sign_in(client, "alice").redirect_chain[-1][0]
    page = client.post(address, {"text": "It was not me."}, follow=True).content.decode()
    assert "Not decided yet" in page
    decide_appeal(appeal=Appeal.objects.get(), by=admin, uphold=True, answer="Right.")
    assert client.get(address).status_code == 404
    assert client.get(reverse("gallery:suspended", args=["forged"])).status_code == 404


@pytest.fixture
def decision(alice, mona, store) -> Decision:
    return decide_about(thing=store(alice, public=True), by=mona, chosen=["hide", "warn"], reason="Rule 4")


def test_an_appeal_that_is_upheld_takes_the_decision_back(client, alice, bob, admin, decision):
    client.force_login(alice)
    page = client.post(reverse("gallery:appeal", args=[decision.pk]), {"text": "It is art."}, follow=True)
    assert "on its way to the moderators" in page.content.decode()
    client.force_login(admin)
    assert "It is art." in client.get(reverse("gallery:appeals")).content.decode()
    form = {"answer": "You are right.", "verdict": "uphold"}
    client.post(reverse("gallery:appeal_decide", args=[Appeal.objects.get().pk]), form)
    decision.refresh_from_db()
    assert (decision.undone_by, decision.undo_reason) == (admin, "You are right.")
    assert not alice.strikes.exists()
    client.force_login(alice)
    page = client.get(OWN).content.decode()
    assert "You are right." in page
    assert "A moderator has decided about something of yours." in page


def test_an_appeal_that_is_rejected_changes_nothing_else(alice, admin, decision):
    made = appeal(decision=decision, by=alice, text="It is art.")
    made = decide_appeal(appeal=made, by=admin, uphold=False, answer="It is not.")
    decision.refresh_from_db()
    assert (made.state, decision.undone_at) == ("rejected", None)
    with pytest.raises(AppealDecided):
        decide_appeal(appeal=made, by=admin, uphold=True)


def test_another_moderator_decides_the_appeal_where_there_is_one(client, alice, mona, admin, decision):
    made = appeal(decision=decision, by=alice, text="It is art.")
    with pytest.raises(OwnDecision):
        decide_appeal(appeal=made, by=mona, uphold=False)
    client.force_login(mona)
    form = {"answer": "No.", "verdict": "reject"}
    page = client.post(reverse("gallery:appeal_decide", args=[made.pk]), form, follow=True)
    assert "Somebody else has to decide" in page.content.decode()
    admin.is_active = False
    admin.save()
    assert decide_appeal(appeal=made, by=mona, uphold=False).decided_by == mona


def test_people_take_along_what_was_laid_on_them_and_not_who_did_it(alice, bob, mona, admin, decision):
    decide_appeal(appeal=appeal(decision=decision, by=alice, text="It is art."), by=admin, uphold=False)
    suspend(alice, mona, "upload")
    with zipfile.ZipFile(io.BytesIO(b"".join(takeout(alice)))) as taken:
        names = set(taken.namelist())
        (appealed,) = json.loads(taken.read("appeals.json"))
    assert {"appeals.json", "suspensions.json", "warnings.json"} <= names
    assert (appealed["text"], appealed["state"]) == ("It is art.", "rejected")
    assert "decided_by" not in appealed


def test_only_the_owner_appeals_once_and_only_against_what_takes_something(alice, bob, mona, decision):
    with pytest.raises(CannotAppeal):
        appeal(decision=decision, by=bob, text="For a friend.")
    with pytest.raises(CannotAppeal):
        appeal(decision=decide_about(thing=alice, by=mona, chosen=["dismiss"]), by=alice, text="Why?")
    appeal(decision=decision, by=alice, text="It is art.")
    with pytest.raises(AlreadyAppealed):
        appeal(decision=decision, by=alice, text="Really.")


def test_an_appeal_of_somebody_elses_is_not_found_and_an_empty_one_is_told(client, alice, bob, decision):
    address = reverse("gallery:appeal", args=[decision.pk])
    client.force_login(bob)
    assert client.post(address, {"text": "For a friend."}).status_code == 404
    client.force_login(alice)
    client.post(address, {"text": ""})
    assert not Appeal.objects.exists()
