import re

import pytest
from django.urls import reverse
from django.utils import timezone

from gallery.albums import add_pictures, create_album
from gallery.models import Case, Decision, Image
from gallery.moderation.cases import hold
from gallery.moderation.decisions import decide, decide_about
from gallery.moderation.reports import report
from gallery.views.moderation import cases as views

QUEUE = reverse("gallery:moderation")
SEVERAL = reverse("gallery:decide_several")
DECISIONS = reverse("gallery:decisions")


@pytest.fixture
def cases(alice, bob, store) -> list[Case]:
    images = [store(alice, public=True, title=f"picture {number}") for number in range(3)]
    Image.objects.update(has_thumbnails=True)
    return [report(thing=image, reporter=bob, reason="sexual", note="Bare").case for image in images]


@pytest.fixture
def monas(client, mona):
    client.force_login(mona)
    return client


def post_decision(client, case: Case, *chosen: str, **more: object):
    form = {"action": chosen, "reason": "Rule 1", **more}
    return client.post(reverse("gallery:case_decide", args=[case.pk]), form)


def test_the_queue_shows_reports_and_keeps_pictures_covered(monas, cases):
    page = monas.get(QUEUE).content.decode()
    assert "3 cases wait" in page
    assert page.count("Bare") == 3
    assert page.count('<details class="cover" data-cover>') == 3


def test_a_decision_leaves_the_queue_and_stands_in_the_list(monas, mona, cases):
    assert post_decision(monas, cases[0], "hide", "warn")["Location"] == QUEUE + "#cases"
    assert "2 cases wait" in monas.get(QUEUE).content.decode()
    page = monas.get(DECISIONS).content.decode()
    assert "Hide, warn" in page
    assert "Rule 1" in page


@pytest.mark.parametrize(
    ("chosen", "more", "status"),
    [
        ([], {}, 400),
        (["bake"], {}, 400),
        (["hide", "dismiss"], {}, 400),
        (["suspend"], {}, 400),
        (["suspend"], {"scope": ["upload"], "days": "-1"}, 400),
        (["suspend"], {"scope": ["breathe"]}, 400),
    ],
)
def test_a_wrong_decision_is_told_at_its_case(monas, cases, chosen, more, status):
    response = post_decision(monas, cases[0], *chosen, **more)
    assert response.status_code == status
    assert 'role="alert"' in response.content.decode()
    assert not Decision.objects.exists()


def test_a_case_that_another_holds_says_who_and_until_when(monas, admin, cases):
    hold(case=cases[0], by=admin)
    page = monas.get(QUEUE).content.decode()
    assert "admin is looking at it until" in page
    assert post_decision(monas, cases[0], "hide").status_code == 409
    taking = reverse("gallery:case_take", args=[cases[0].pk])
    answer = monas.post(taking, headers={"accept": "application/json"})
    assert answer.status_code == 409
    assert "admin is looking at this case until" in answer.json()["error"]
    free = reverse("gallery:case_take", args=[cases[1].pk])
    assert monas.post(free, headers={"accept": "application/json"}).status_code == 204


def test_several_cases_are_previewed_and_then_decided_together(monas, cases):
    form = {
        "case": [case.pk for case in cases[:2]],
        "action": ["hide", "suspend"],
        "scope": "upload",
        "days": 3,
    }
    page = monas.post(SEVERAL, form).content.decode()
    assert "What would change" in page
    assert "picture 0" in page
    assert 'name="scope" value="upload"' in page
    assert not Decision.objects.exists()
    page = monas.post(SEVERAL, {**form, "confirmed": "1"}, follow=True).content.decode()
    assert "2 cases are decided." in page
    assert Image.objects.filter(is_hidden=True).count() == 2


def test_of_several_those_that_another_holds_are_left_out_and_named(monas, admin, cases):
    hold(case=cases[0], by=admin)
    form = {"case": [case.pk for case in cases], "action": "hide"}
    assert "admin is looking at it." in monas.post(SEVERAL, form).content.decode()
    page = monas.post(SEVERAL, {**form, "confirmed": "1"}, follow=True).content.decode()
    assert "2 cases are decided." in page
    assert "admin is looking at this case" in page


def test_nothing_chosen_is_told(monas, cases):
    for form in ({"action": "hide"}, {"case": cases[0].pk}, {"case": "x", "action": "hide"}):
        assert "hoose" in monas.post(SEVERAL, form, follow=True).content.decode()
    assert not Decision.objects.exists()


def test_a_decision_is_taken_back_on_its_page(monas, cases):
    post_decision(monas, cases[0], "delete")
    taking = reverse("gallery:decision_undo", args=[Decision.objects.get().pk])
    page = monas.post(taking, {"reason": "A mistake"}, follow=True).content.decode()
    assert "A mistake" in page
    assert Image.objects.kept().count() == 3
    assert "taken back before" in monas.post(taking, follow=True).content.decode()


def test_a_case_outlives_its_picture(monas, cases):
    Image.objects.filter(pk=cases[0].key).delete()
    assert "deleted for good" in monas.get(QUEUE).content.decode()
    assert post_decision(monas, cases[0], "hide").status_code == 409
    assert post_decision(monas, cases[0], "dismiss").status_code == 302


def test_what_is_in_a_trash_is_not_named_to_moderators_either(monas, cases):
    Image.objects.filter(pk=cases[0].key).update(trashed_at=timezone.now())
    page = monas.get(QUEUE).content.decode()
    assert "picture 0" not in page
    assert "in a trash" in page
    assert page.count("data-cover>") == 2
    post_decision(monas, cases[0], "hide")
    assert "picture 0" not in monas.get(DECISIONS).content.decode()


def test_a_covered_picture_is_shown_to_others_only_when_they_ask(client, alice, bob, mona, store):
    image = store(alice, public=True)
    Image.objects.update(has_thumbnails=True)
    for visibility in ("public", "unlisted"):
        link = create_album(owner=alice, title="x", visibility=visibility)
        add_pictures(album=link, images=[image])
    decide_about(thing=image, by=mona, chosen=["blur"])
    thumbnail = reverse("gallery:thumbnail", args=[image.pk, 1280])
    client.force_login(bob)
    assert thumbnail not in client.get(image.get_absolute_url()).content.decode()
    assert thumbnail in client.get(image.get_absolute_url() + "?show=1").content.decode()
    assert "/thumbnail/" not in client.get(reverse("gallery:explore")).content.decode()
    assert "/thumbnail/" not in client.get(reverse("gallery:public_albums")).content.decode()
    client.logout()
    assert "/thumbnail/" not in client.get(reverse("home")).content.decode()
    linked = reverse("gallery:shared_picture", args=[link.token, image.pk])
    assert "/thumbnail/" not in client.get(link.get_shared_url()).content.decode()
    assert "/thumbnail/" not in client.get(linked).content.decode()
    assert "/thumbnail/" in client.get(linked + "?show=1").content.decode()
    client.force_login(alice)
    assert thumbnail in client.get(image.get_absolute_url()).content.decode()


def actions_of(page: str, start: str) -> list[str]:
    """Where the page's forms lead whose addresses begin so."""
    return re.findall(rf'action="({re.escape(start)}[^"]*)"', page)


def test_a_decision_on_the_second_page_leads_back_to_it(monas, monkeypatch, cases):
    monkeypatch.setattr(views, "CASES_A_PAGE", 1)
    second = Case.objects.queue()[1]
    page = monas.get(QUEUE, {"page": 2}).content.decode()
    (address,) = actions_of(page, reverse("gallery:case_decide", args=[second.pk]))
    wrong = monas.post(address, {"action": "bake"})
    assert (wrong.status_code, f"case-{second.pk}" in wrong.content.decode()) == (400, True)
    back = monas.post(address, {"action": "hide"})["Location"]
    assert back == f"{QUEUE}?upto=2#cases"
    assert f"case-{cases[2].pk}" in monas.get(back).content.decode()
    monas.post(reverse("gallery:case_decide", args=[cases[2].pk]), {"action": "hide"})
    assert f"case-{cases[0].pk}" in monas.get(back).content.decode()  # the last page that there is


def test_several_on_the_second_page_lead_back_to_it(monas, monkeypatch, cases):
    monkeypatch.setattr(views, "CASES_A_PAGE", 1)
    form = {"action": "hide", "case": Case.objects.queue()[1].pk}
    address = actions_of(monas.get(QUEUE, {"page": 2}).content.decode(), SEVERAL)[0]
    (confirming,) = actions_of(monas.post(address, form).content.decode(), SEVERAL)
    assert address == confirming == f"{SEVERAL}?upto=2"
    assert monas.post(confirming, form | {"confirmed": "1"})["Location"] == f"{QUEUE}?upto=2#cases"


def test_taking_back_on_the_second_page_leads_back_to_it(monas, mona, monkeypatch, cases):
    monkeypatch.setattr(views, "CASES_A_PAGE", 1)
    for case in cases:
        decide(case=case, by=mona, chosen=["hide"])
    page = monas.get(DECISIONS, {"page": 2}).content.decode()
    (address,) = actions_of(page, reverse("gallery:decision_undo", args=[Decision.objects.all()[1].pk]))
    assert monas.post(address, {"reason": "A mistake"})["Location"] == f"{DECISIONS}?upto=2"


@pytest.mark.parametrize("upto", ["0", "x", "-1"])
def test_what_is_no_page_is_none(monas, cases, upto):
    assert monas.get(QUEUE, {"upto": upto}).status_code == 404


@pytest.mark.parametrize("person", ["visitor", "alice", "bob"])
def test_pages_of_moderators_are_there_for_nobody_else(client, alice, bob, mona, cases, person):
    decision = decide_about(thing=alice, by=mona, chosen=["warn"])
    if person != "visitor":
        client.force_login({"alice": alice, "bob": bob}[person])
    expected = 302 if person == "visitor" else 404
    for name in ("moderation", "decisions", "appeals", "audit", "audit_csv"):
        assert client.get(reverse(f"gallery:{name}")).status_code == expected
    posts = [
        reverse("gallery:case_take", args=[cases[0].pk]),
        reverse("gallery:case_decide", args=[cases[0].pk]),
        reverse("gallery:decision_undo", args=[decision.pk]),
        SEVERAL,
    ]
    for address in posts:
        form = {"action": "hide", "case": cases[0].pk, "confirmed": "1"}
        assert client.post(address, form).status_code == expected
    assert Decision.objects.filter(undone_at=None).count() == 1
    assert not Case.objects.filter(held_until__gt=timezone.now()).exists()
