import pytest
from django.urls import reverse

from gallery.albums import create_album
from gallery.models import Case, Report, User
from gallery.moderation.decisions import decide, undo
from gallery.moderation.reports import AlreadyReported, report
from gallery.moderation.things import kind_of
from tests.conftest import PASSWORD

OWN = reverse("gallery:reports")
FORM = {"reason": "violence", "note": "Look at the left side."}


def address(thing) -> str:
    return reverse("gallery:report", args=[kind_of(thing).value, thing.pk])


@pytest.fixture
def image(alice, store):
    return store(alice, public=True, title="a fight")


@pytest.mark.parametrize("sort", ["picture", "album", "person"])
def test_somebody_reports_and_learns_the_outcome(client, alice, bob, mona, image, sort):
    album = create_album(owner=alice, title="fights", visibility="public")
    thing = {"picture": image, "album": album, "person": alice}[sort]
    client.force_login(bob)
    assert client.get(address(thing)).status_code == 200
    page = client.post(address(thing), FORM, follow=True).content.decode()
    assert "Moderators will look at it" in page
    assert "Not decided yet" in page
    decide(case=Case.objects.get(), by=mona, chosen=["warn"])
    assert "There is an answer to what you reported." in client.get(OWN).content.decode()
    page = client.post(reverse("gallery:reports_read"), follow=True).content.decode()
    assert "Something was done about it" in page
    assert "There is an answer" not in page


def test_reports_on_one_thing_make_one_case_the_worst_first(alice, bob, mona, admin, image, store):
    mild, many = store(alice, public=True), store(alice, public=True)
    report(thing=mild, reporter=bob, reason="spam")
    for reporter in (bob, mona, admin):
        report(thing=many, reporter=reporter, reason="spam")
    report(thing=image, reporter=bob, reason="violence")
    queue = [(case.key, case.severity, case.reporters) for case in Case.objects.queue()]
    assert queue == [(str(image.pk), 3, 1), (str(many.pk), 1, 3), (str(mild.pk), 1, 1)]


def test_one_open_report_a_person_and_thing_and_another_after_the_decision(client, bob, mona, image):
    client.force_login(bob)
    client.post(address(image), FORM)
    assert client.post(address(image), FORM).status_code == 409
    with pytest.raises(AlreadyReported):
        report(thing=image, reporter=bob, reason="spam")
    decide(case=Case.objects.get(), by=mona, chosen=["dismiss"])
    assert client.post(address(image), FORM).status_code == 302
    assert Report.objects.count() == 2


def test_what_one_does_not_see_cannot_be_reported(client, alice, bob, store):
    private = store(alice)
    client.force_login(bob)
    for thing in (private, alice, create_album(owner=alice, title="mine")):
        assert client.get(address(thing)).status_code == 404
        assert client.post(address(thing), FORM).status_code == 404
    for kind, key in (("image", "7"), ("planet", "7"), ("person", "x"), ("person", "9" * 30)):
        assert client.get(reverse("gallery:report", args=[kind, key])).status_code == 404
    assert not Report.objects.exists()


def test_a_wrong_form_and_what_is_ones_own_are_refused(client, alice, bob, image):
    client.force_login(bob)
    assert client.post(address(image), {"reason": "boredom"}).status_code == 400
    client.force_login(alice)
    for thing in (image, alice):
        assert client.post(address(thing), FORM).status_code == 400
    assert not Report.objects.exists()


def test_visitors_report_only_if_the_site_lets_them_and_not_often(client, image, settings, valkey):
    response = client.post(address(image), FORM)
    assert response["Location"].startswith(reverse("account_login"))
    settings.ANONYMOUS_REPORTS = True
    statuses = [client.post(address(image), FORM).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert {row.reporter for row in Report.objects.all()} == {None}


def test_ones_reports_name_nothing_that_one_no_longer_sees(client, alice, bob, mona, image):
    report(thing=image, reporter=bob, reason="spam")
    client.force_login(bob)
    assert b"a fight" in client.get(OWN).content
    decide(case=Case.objects.get(), by=mona, chosen=["hide"])
    assert b"a fight" not in client.get(OWN).content


def test_a_decision_taken_back_opens_the_case_for_its_reporters_again(client, bob, mona, image):
    report(thing=image, reporter=bob, reason="spam")
    undo(decision=decide(case=Case.objects.get(), by=mona, chosen=["hide"]), by=mona)
    client.force_login(bob)
    assert "Not decided yet" in client.get(OWN).content.decode()


def test_reports_of_others_are_not_listed(client, alice, bob, image):
    carol = User.objects.create_user("carol", password=PASSWORD)
    report(thing=image, reporter=bob, reason="spam")
    for person in (alice, carol):
        client.force_login(person)
        assert "Advertising" not in client.get(OWN).content.decode()
