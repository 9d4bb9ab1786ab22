"""What is kept of people for a time only, and what a deleted account leaves behind."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule

from gallery import tasks
from gallery.models import RecentSearch, Report, User
from gallery.moderation.reports import report
from gallery.uploads import delete_user
from tests.conftest import PASSWORD

NOW = timezone.now


def days_ago(days: float):
    return NOW() - timedelta(days=days)


def forgotten() -> dict[str, int]:
    return {name: count for name, count in tasks.forget_expired().items() if count}


def test_sessions_that_are_over_take_their_addresses_along(alice, bob):
    for person in (alice, bob):
        client = Client()
        client.force_login(person)
        client.get(reverse("gallery:mine"))
    over = UserSession.objects.get(user=alice).session_key
    Session.objects.filter(pk=over).update(expire_date=days_ago(0.1))
    assert forgotten() == {"sessions": 1}
    assert [row.user for row in UserSession.objects.all()] == [bob]
    assert not Session.objects.filter(pk=over).exists()


def test_a_session_lasts_as_long_as_the_setting_says(client, alice, settings):
    settings.SESSION_COOKIE_AGE = 3 * 24 * 3600
    response = client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD})
    assert response.cookies["sessionid"]["max-age"] == 3 * 24 * 3600


def test_recent_searches_are_forgotten_after_their_time(alice, settings):
    settings.RECENT_SEARCH_DAYS = 10
    for days in (9, 11):
        RecentSearch.objects.create(
            owner=alice, query=f"q={days}", digest=str(days), searched_at=days_ago(days)
        )
    assert forgotten() == {"recent searches": 1}
    assert RecentSearch.objects.get().query == "q=9"


def newcomer(name: str, *, days: float, verified: bool = False, **fields) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, **fields)
    User.objects.filter(pk=user.pk).update(date_joined=days_ago(days))
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def test_accounts_that_were_never_confirmed_are_deleted_and_no_others(alice, settings):
    settings.UNCONFIRMED_ACCOUNT_DAYS = 30
    User.objects.filter(pk=alice.pk).update(date_joined=days_ago(400))  # made by an admin, without a letter
    newcomer("forgetful", days=31)
    newcomer("new", days=29)
    newcomer("confirmed", days=31, verified=True)
    newcomer("let-in", days=31, last_login=days_ago(30))
    newcomer("staff", days=31, is_staff=True)
    assert forgotten() == {"unconfirmed accounts": 1}
    assert not User.objects.filter(username="forgetful").exists()
    assert User.objects.count() == 5


@pytest.fixture
def reported(alice, bob, admin) -> Report:
    made = report(thing=alice, reporter=bob, reason="harassment", note="She called me names.")
    Report.objects.update(created_at=days_ago(100))
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=admin, content_type=kind, object_id=bob.pk, object_repr="bob", action_flag=CHANGE
    )
    LogEntry.objects.update(action_time=days_ago(100))
    return made


def test_decided_reports_lose_who_made_them_where_that_is_set(reported, settings):
    Report.objects.update(outcome=Report.Outcome.ACTED)
    assert forgotten() == {}
    settings.PERSONAL_LOG_DAYS = 99
    assert forgotten() == {"notes of reports": 1, "entries of the administration's log": 1}
    reported.refresh_from_db()
    assert (reported.note, reported.reporter, reported.reason) == ("", None, "harassment")
    assert forgotten() == {}


def test_an_open_report_and_a_young_one_keep_their_note(reported, settings):
    settings.PERSONAL_LOG_DAYS = 99
    forgotten()
    assert Report.objects.get().note
    Report.objects.update(outcome=Report.Outcome.ACTED, created_at=days_ago(98))
    assert forgotten() == {}


def test_a_deleted_account_leaves_no_name_and_no_note_behind(reported, bob):
    Report.objects.update(outcome=Report.Outcome.ACTED)
    number = bob.pk
    delete_user(user=bob)
    reported.refresh_from_db()
    assert (reported.note, reported.reporter) == ("", None)
    assert LogEntry.objects.get().object_repr == str(number)


def test_it_is_done_every_night(db, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("prepare", "--without-demo")
    assert Schedule.objects.get(func="gallery.tasks.forget_expired").schedule_type == Schedule.DAILY
