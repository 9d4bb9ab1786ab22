"""Django's administration of moderation: to read and filter; what it does goes through the functions of the
pages, so that the audit log tells it and it can be taken back."""

import pytest
from django.urls import reverse

from gallery.models import (
    Appeal,
    AuditEntry,
    BlockedFile,
    Case,
    Decision,
    Image,
    Policy,
    Report,
    Strike,
    Suspension,
    Sweep,
    User,
)
from gallery.moderation import policies, sweeps
from gallery.moderation.actions import Terms
from gallery.moderation.appeals import appeal
from gallery.moderation.decisions import decide_about
from gallery.moderation.reports import report
from tests.moderation.test_checks import log_says_what_is_there
from tests.moderation.test_policies import written

TABLES = ("case", "decision", "report", "appeal", "strike", "suspension", "blockedfile", "policy", "sweep")


def at(model: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:gallery_{model}_{page}", args=args)


@pytest.fixture
def chief(client, admin) -> User:
    client.force_login(admin)
    return admin


@pytest.fixture
def reported(alice, bob, store) -> Image:
    image = store(alice, public=True, title="the sea")
    Image.objects.update(has_thumbnails=True)
    report(thing=image, reporter=bob, reason="violence", note="Look at it")
    return image


@pytest.fixture
def one_of_each(chief, mona, alice, reported, colour_background, encoder) -> dict[str, object]:
    """A row of every table."""
    terms = Terms(scopes=["upload"], days=7)
    decision = decide_about(
        thing=reported, by=mona, chosen=["hide", "block", "warn", "suspend"], reason="Rule 3", terms=terms
    )
    policy = written(chief)
    return {
        "case": Case.objects.get(),
        "decision": decision,
        "report": Report.objects.get(),
        "appeal": appeal(decision=decision, by=alice, text="It is calm"),
        "strike": Strike.objects.get(),
        "suspension": Suspension.objects.get(),
        "blockedfile": BlockedFile.objects.get(),
        "policy": policy,
        "sweep": sweeps.start_sweep(policy=policy, by=chief),
    }


def act(client, model: str, action: str, *rows, reason: str = "") -> str:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], "reason": reason}
    response = client.post(at(model), data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


# Who may


@pytest.mark.parametrize("model", TABLES)
def test_every_table_is_read_and_no_row_is_added_changed_or_deleted_by_hand(client, one_of_each, model):
    row = one_of_each[model]
    assert client.get(at(model)).status_code == 200
    page = client.get(at(model, "change", row.pk))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.get(at(model, "add")).status_code == 403
    assert client.post(at(model, "change", row.pk), {"state": "open"}).status_code == 403
    assert client.post(at(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    before = type(row).objects.count()
    act(client, model, "delete_selected", row)
    assert type(row).objects.count() == before


@pytest.mark.parametrize("who", ["mona", "alice"])
def test_nobody_but_admins_gets_in(client, request, one_of_each, who):
    client.force_login(request.getfixturevalue(who))
    for model in TABLES:
        for address in (at(model), at(model, "change", one_of_each[model].pk)):
            assert client.get(address)["Location"].startswith(reverse("admin:login"))
    client.post(at("decision"), {"action": "take_back", "_selected_action": [one_of_each["decision"].pk]})
    assert Decision.objects.filter(undone_at=None).count() == 1


def test_staff_without_the_permission_read_nothing_and_decide_nothing(client, alice, one_of_each):
    alice.is_staff = True
    alice.save()
    client.force_login(alice)
    for model in TABLES:
        assert client.get(at(model)).status_code == 403
        assert client.post(at(model), {"action": "take_back"}).status_code == 403


# Reading


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("case", "state__exact=open&kind__exact=image"),
        ("case", "severity=3"),
        ("case", "reports__reason__exact=violence"),
        ("case", "q=bob"),
        ("report", "reason__exact=violence&severity__exact=3"),
        ("report", "q=Look"),
    ],
)
def test_what_was_reported_is_filtered_and_searched(client, chief, reported, model, query):
    assert "the sea" in client.get(f"{at(model)}?{query}").content.decode()


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("case", "severity=1"),
        ("case", "findings__check_name__exact=policy"),
        ("case", "q=nobody"),
        ("report", "outcome__exact=acted"),
        ("decision", "decider=check"),
        ("decision", "stands=yes"),
        ("appeal", "state__exact=open"),
    ],
)
def test_what_does_not_fit_a_filter_is_not_listed(client, chief, reported, model, query):
    assert "the sea" not in client.get(f"{at(model)}?{query}").content.decode()


def test_sanctions_are_filtered_by_whether_they_count(client, one_of_each):
    for model in ("strike", "suspension"):
        assert "the sea" in client.get(f"{at(model)}?current=yes").content.decode()
        assert "the sea" not in client.get(f"{at(model)}?current=no").content.decode()


def test_pictures_are_covered_and_come_from_the_view_that_asks(client, chief, reported):
    page = client.get(at("case")).content.decode()
    thumbnail = reverse("gallery:thumbnail", args=[reported.pk, 320])
    cover = page.index('<details class="cover">')
    assert cover < page.index(thumbnail) < page.index("</details>", cover)
    assert client.get(thumbnail).status_code in {200, 404}  # the file itself is not here
    client.logout()
    Image.objects.update(visibility="private")
    assert client.get(thumbnail).status_code == 404


def test_a_list_takes_a_handful_of_queries_however_long(
    client, chief, alice, bob, store, django_assert_max_num_queries
):
    for number in range(12):
        report(thing=store(alice, public=True, title=f"p{number}"), reporter=bob, reason="spam")
    with django_assert_max_num_queries(25):
        client.get(at("case"))


# Deciding


def test_cases_are_decided_as_on_their_page(client, chief, alice, reported, store, bob):
    other = store(alice, public=True)
    report(thing=other, reporter=bob, reason="spam")
    page = act(client, "case", "decide_hide", *Case.objects.all(), reason="Rule 3")
    assert "Done with 2 of them." in page
    assert not Image.objects.filter(is_hidden=False).exists()
    assert {(row.by, row.reason) for row in Decision.objects.all()} == {(chief, "Rule 3")}
    entries = AuditEntry.objects.filter(action="hide")
    assert {(entry.actor, entry.words) for entry in entries} == {(chief, "Rule 3")}
    assert set(Report.objects.values_list("outcome", flat=True)) == {"acted"}
    assert log_says_what_is_there()
    act(client, "decision", "take_back", *Decision.objects.all(), reason="A slip")
    assert not Image.objects.filter(is_hidden=True).exists()
    assert Case.objects.open().count() == 2
    assert log_says_what_is_there()


@pytest.mark.parametrize("action", ["hide", "blur", "safe", "delete", "block", "warn", "show", "dismiss"])
def test_every_action_but_suspending_is_offered(client, chief, reported, action):
    assert "Done with 1 of them." in act(client, "case", f"decide_{action}", Case.objects.get())
    assert Decision.objects.get().actions == [action]


def test_what_cannot_be_is_said_and_the_rest_is_done(client, chief, mona, alice, bob, store, reported):
    decided = Case.objects.get()
    decide_about(thing=reported, by=mona, chosen=["dismiss"])
    report(thing=store(alice, public=True), reporter=bob, reason="spam")
    page = act(client, "case", "decide_hide", decided, Case.objects.open().get())
    assert "This case has been decided meanwhile." in page
    assert "Done with 1 of them." in page


def test_a_person_cannot_be_hidden(client, chief, alice, bob, store):
    store(alice, public=True)
    report(thing=alice, reporter=bob, reason="harassment")
    assert "Choose at least one of the actions" in act(client, "case", "decide_hide", Case.objects.get())
    assert not Decision.objects.exists()


def test_appeals_are_decided_by_another_than_who_decided(client, chief, mona, alice, reported):
    own = decide_about(thing=reported, by=chief, chosen=["blur"])
    made = appeal(decision=own, by=alice, text="It is calm")
    assert "Somebody else has to decide" in act(client, "appeal", "uphold", made)
    assert Appeal.objects.get().state == "open"
    client.force_login(User.objects.create_superuser("second", "second@example.org", "correct horse battery"))
    act(client, "appeal", "uphold", made, reason="You are right")
    assert (Appeal.objects.get().state, Appeal.objects.get().answer) == ("upheld", "You are right")
    assert not Image.objects.get().is_blurred
    assert log_says_what_is_there()


@pytest.mark.parametrize("model", ["strike", "suspension"])
def test_a_sanction_goes_with_its_decision(client, one_of_each, model):
    act(client, model, "take_back", one_of_each[model], reason="Too hard")
    assert (Strike.objects.count(), Suspension.objects.count(), BlockedFile.objects.count()) == (0, 0, 0)
    assert Decision.objects.get().undo_reason == "Too hard"
    assert log_says_what_is_there()


def test_a_blocked_file_is_let_in_again(client, one_of_each):
    act(client, "blockedfile", "unblock", one_of_each["blockedfile"], reason="By mistake")
    assert not BlockedFile.objects.exists()
    assert AuditEntry.objects.get(action="unblock").words == "By mistake"


def test_policies_are_switched_and_deleted_as_on_their_page(client, one_of_each):
    policy = one_of_each["policy"]
    assert "is not in force" in act(client, "policy", "put_out_of_force", policy)
    assert not Policy.objects.get().is_active
    assert Sweep.objects.get().state == "stopped"  # by the change
    act(client, "policy", "put_in_force", policy)
    assert Policy.objects.get().is_active
    act(client, "policy", "delete_chosen", policy)
    assert not Policy.objects.exists()
    assert AuditEntry.objects.filter(key=str(policy.pk), action="set").count() == 4
    assert log_says_what_is_there()


def test_without_the_model_a_policy_stays_as_it_is(client, chief, mona, colour_background, encoder, settings):
    policy = written(mona)
    settings.ENCODER_URL = "http://127.0.0.1:9"
    assert "the model is not ready" in act(client, "policy", "put_out_of_force", policy)
    assert policies.Policy.objects.get().is_active


def test_a_sweep_is_stopped(client, one_of_each):
    assert "Stopped: 1." in act(client, "sweep", "stop", one_of_each["sweep"])
    assert Sweep.objects.get().state == "stopped"
