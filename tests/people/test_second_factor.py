"""Signing in with a code besides the password: set up, used, lost, required of staff."""

import io
import json
import re
import zipfile

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.urls import reverse

from gallery.models import AuditEntry, User
from gallery.moderation.roles import Role, ensure_groups
from gallery.people.second_factor import lacks_second_factor
from gallery.people.takeout import takeout
from tests.conftest import PASSWORD
from tests.people.authenticator_app import code_for

SET_UP = reverse("mfa_activate_totp")


@pytest.fixture(autouse=True)
def one_address_for_all_tests(settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key", "reauthenticate": "50/m/user"}


def prove(client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def set_up(client, person: User) -> str:
    """Through the pages; returns the key that the app has read."""
    client.force_login(person)
    prove(client)
    page = client.get(SET_UP).content.decode()
    key = re.search(r'value="([A-Z2-7]{32})"', page)[1]
    assert client.post(SET_UP, {"code": code_for(key)}).url == reverse("mfa_view_recovery_codes")
    return key


def sign_in(client, login: str = "alice"):
    return client.post(reverse("account_login"), {"login": login, "password": PASSWORD})


def send_code(client, code: str):
    return client.post(reverse("mfa_authenticate"), {"code": code})


@pytest.fixture
def key(client, alice) -> str:
    found = set_up(client, alice)
    client.logout()
    return found


def recovery_codes(person: User) -> list[str]:
    return Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()


def test_the_key_is_shown_as_a_picture_that_the_policy_allows(client, alice):
    client.force_login(alice)
    prove(client)
    response = client.get(SET_UP)
    assert 'src="data:image/svg+xml;base64,' in response.content.decode()
    assert re.search(r"img-src[^;]* data:", response["Content-Security-Policy"])


def test_setting_it_up_asks_for_the_password_first(client, alice):
    client.force_login(alice)
    assert client.get(SET_UP).url.startswith(reverse("account_reauthenticate"))


def test_a_wrong_code_turns_nothing_on(client, alice):
    client.force_login(alice)
    prove(client)
    client.get(SET_UP)
    assert "Incorrect code." in client.post(SET_UP, {"code": "12345"}).content.decode()
    assert not Authenticator.objects.exists()


def test_the_password_alone_no_longer_signs_in(client, key):
    assert sign_in(client).url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("gallery:profile")).status_code == 302
    assert "Incorrect code." in send_code(client, "12345").content.decode()
    assert send_code(client, code_for(key)).url == reverse("gallery:mine")
    assert "_auth_user_id" in client.session


def test_a_code_works_once_and_an_old_one_never(client, key):
    sign_in(client)
    code = code_for(key)
    assert send_code(client, code_for(key, periods_later=-4)).status_code == 200
    assert send_code(client, code).status_code == 302
    client.logout()
    sign_in(client)
    assert send_code(client, code).status_code == 200
    assert "_auth_user_id" not in client.session


def test_codes_cannot_be_guessed_one_after_the_other(client, key):
    sign_in(client)
    for number in range(5):
        send_code(client, f"{number:06}")
    assert "Too many failed login attempts" in send_code(client, code_for(key)).content.decode()
    assert "_auth_user_id" not in client.session


def test_a_recovery_code_signs_in_once(client, alice, key):
    first, *rest = recovery_codes(alice)
    sign_in(client)
    assert send_code(client, first).status_code == 302
    assert recovery_codes(alice) == rest
    client.logout()
    sign_in(client)
    assert send_code(client, first).status_code == 200


def test_the_code_is_good_for_asking_who_it_is(client, alice, key):
    client.force_login(alice)
    take_out = reverse("gallery:take_out")
    asked = client.get(take_out).url
    assert reverse("mfa_reauthenticate") in client.get(asked).content.decode()
    address = reverse("mfa_reauthenticate")
    assert client.post(f"{address}?next={take_out}", {"code": code_for(key)}).url == take_out
    assert client.get(take_out).status_code == 200


def test_turning_it_off_takes_the_recovery_codes_along(client, alice, key):
    client.force_login(alice)
    prove(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    client.logout()
    assert sign_in(client).url == reverse("gallery:mine")


def test_nobody_reads_a_key_or_a_code_in_the_database_or_takes_one_along(client, alice, key):
    stored = json.dumps(list(Authenticator.objects.values("data")))
    codes = recovery_codes(alice)
    with zipfile.ZipFile(io.BytesIO(b"".join(takeout(alice)))) as archive:
        taken = archive.read("second-factor.json").decode()
    assert "totp" in taken
    for secret in (key, *codes):
        assert secret not in stored
        assert secret not in taken


def test_after_the_sites_key_was_changed_the_old_one_still_reads(client, settings, key):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    sign_in(client)
    assert send_code(client, code_for(key)).status_code == 302


def test_without_the_sites_old_key_no_code_is_taken_and_the_page_says_why(client, settings, key):
    settings.SECRET_KEY = "another"
    sign_in(client)
    response = send_code(client, code_for(key))
    assert "The key of this site has changed." in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_administration_has_no_way_around_it(client, admin):
    key = set_up(client, admin)
    client.logout()
    entrance = reverse("admin:login")
    for response in (
        client.get(reverse("admin:index"), follow=True),
        client.post(entrance, {"username": "admin", "password": PASSWORD}, follow=True),
    ):
        assert response.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session
    client.post(f"{reverse('account_login')}?next=/admin/", {"login": "admin", "password": PASSWORD})
    send_code(client, code_for(key))
    assert client.get(reverse("admin:index")).status_code == 200


def test_another_admin_removes_it_and_the_log_says_so(client, alice, admin, key):
    client.force_login(admin)
    form = {"action": "remove_second_factors", "_selected_action": [alice.pk, admin.pk]}
    client.post(reverse("admin:gallery_user_changelist"), form)
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(action=AuditEntry.Action.RIGHTS)
    assert (entry.actor, entry.key) == (admin, str(alice.pk))
    assert json.loads(entry.after) == {"second_factor": False}


def test_a_command_removes_it_where_no_admin_is_left(alice, key, capsys):
    call_command("remove_second_factor", "alice")
    assert not Authenticator.objects.exists()
    with pytest.raises(CommandError, match="no second factor"):
        call_command("remove_second_factor", "alice")
    with pytest.raises(CommandError, match="no user"):
        call_command("remove_second_factor", "nobody")


@pytest.fixture
def moderator(bob) -> User:
    ensure_groups()
    bob.groups.add(Group.objects.get(name=Role.MODERATOR))
    return User.objects.get(pk=bob.pk)


@pytest.mark.parametrize("who", ["moderator", "admin"])
def test_staff_who_must_have_it_reach_nothing_else_before(client, request, settings, who):
    settings.STAFF_TWO_FACTOR = True
    person = request.getfixturevalue(who)
    client.force_login(person)
    for address in ("/", "/gallery/", "/moderation/", "/admin/", "/profile/data/"):
        assert client.get(address)["Location"] == SET_UP
    assert client.post(reverse("gallery:upload")).url == SET_UP
    assert lacks_second_factor(person)
    assert client.get(reverse("account_change_password")).status_code == 200
    set_up(client, person)
    assert client.get(reverse("gallery:mine")).status_code == 200
    assert not lacks_second_factor(person)


def test_staff_who_must_have_it_cannot_turn_it_off(client, settings, moderator):
    settings.STAFF_TWO_FACTOR = True
    set_up(client, moderator)
    prove(client)
    assert "Turn it off" not in client.get(reverse("mfa_index")).content.decode()
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.parametrize("required", [False, True])
def test_members_are_asked_for_none(client, settings, alice, required):
    settings.STAFF_TWO_FACTOR = required
    client.force_login(alice)
    assert client.get(reverse("gallery:mine")).status_code == 200
