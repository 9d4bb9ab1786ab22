"""What holds of passkeys without a browser; the rest is in tests/browser/test_passkeys.py."""

import io
import json
import zipfile

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.core import mail
from django.urls import reverse
from fido2.utils import websafe_encode

from gallery.models import User
from gallery.moderation.actions import Terms
from gallery.moderation.decisions import decide_about
from gallery.moderation.roles import Role, set_role
from gallery.moderation.suspensions import Scope
from gallery.people.second_factor import lacks_second_factor, remove_second_factor, second_factors
from gallery.people.takeout import takeout
from tests.people import passkey
from tests.people.software_key import HOST, SoftwareKey
from tests.people.test_second_factor import moderator, prove, set_up, sign_in  # noqa: F401

ADD = reverse("mfa_add_webauthn")
SIGN_IN = reverse("mfa_login_webauthn")
LIST = reverse("mfa_list_webauthn")
MADE, ANSWERED = passkey.CREDENTIAL, passkey.ANSWER
WRONG = [
    *([], [1], {}, "text", 1, {"id": 1}, {"rawId": "AA"}, {"rawId": "AA", "response": {}}),
    *(MADE | {"rawId": "ä"}, MADE | {"response": 1}, MADE | {"response": {"clientDataJSON": "e30"}}, MADE),
    *(
        ANSWERED | {"response": ANSWERED["response"] | {"userHandle": handle}}
        for handle in (None, 1, "w", "ä")
    ),
    ANSWERED | {"response": ANSWERED["response"] | {"authenticatorData": "AA"}},
    ANSWERED,
]


@pytest.fixture
def mona(db) -> User:
    """A moderator."""
    return set_role(user=User.objects.create_user("mona"), role=Role.MODERATOR, by=None)


@pytest.fixture(autouse=True)
def room_for_tries(settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "50/5m/key", "reauthenticate": "50/m/user"}


def give_passkey(person: User) -> Authenticator:
    return Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=passkey.DATA)


def remove(client, key: Authenticator):
    return client.post(reverse("mfa_remove_webauthn", args=[key.pk]), follow=True)


def test_adding_one_asks_for_the_password_first(client, alice):
    client.force_login(alice)
    assert client.get(ADD).url.startswith(reverse("account_reauthenticate"))


@pytest.mark.parametrize("credential", ["", "no json", *map(json.dumps, WRONG)])
def test_what_was_not_made_for_this_question_adds_none(client, alice, credential):
    client.force_login(alice)
    prove(client)
    client.get(ADD)
    page = client.post(ADD, {"name": "stolen", "credential": credential}).content.decode()
    assert 'class="errorlist' in page
    assert 'value="stolen"' in page
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", ["", "no json", *map(json.dumps, WRONG)])
def test_what_was_not_made_for_this_question_signs_nobody_in(client, alice, credential):
    give_passkey(alice)
    client.get(SIGN_IN, headers={"Accept": "application/json"})
    response = client.post(SIGN_IN, {"credential": credential}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("account_login")
    assert "_auth_user_id" not in client.session


def test_the_password_alone_no_longer_signs_in(client, alice):
    give_passkey(alice)
    assert sign_in(client).url == reverse("mfa_authenticate")
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert passkey.KEY_ID in page
    assert "Use a passkey" in page
    wrong = client.post(reverse("mfa_authenticate"), {"credential": json.dumps(WRONG[-1])}).content.decode()
    assert "The passkey was not accepted." in wrong
    assert "_auth_user_id" not in client.session


def test_a_wrong_signature_under_the_right_answer_signs_nobody_in(client, alice):
    give_passkey(alice)
    host = {"Host": "localhost"}
    options = client.get(SIGN_IN, headers={"Accept": "application/json", **host}).json()["request_options"]
    said = {
        "type": "webauthn.get",
        "challenge": options["publicKey"]["challenge"],
        "origin": "http://localhost",
    }
    response = ANSWERED["response"] | {
        "clientDataJSON": websafe_encode(json.dumps(said).encode()),
        "userHandle": websafe_encode(user_pk_to_url_str(alice).encode()),
    }
    credential = json.dumps(ANSWERED | {"response": response})
    page = client.post(SIGN_IN, {"credential": credential}, headers=host, follow=True).content.decode()
    assert "The passkey was not accepted." in page
    assert "_auth_user_id" not in client.session


def test_the_question_is_in_no_script_that_the_policy_forbids(client, alice):
    client.force_login(alice)
    prove(client)
    response = client.get(ADD)
    assert "script-src 'self';" in response["Content-Security-Policy"] + ";"
    page = response.content.decode()
    inline = [part.split(">")[0] for part in page.split("<script")[1:] if "src=" not in part.split(">")[0]]
    assert inline == [' id="passkey-options" type="application/json"']


def test_nobody_reads_or_changes_anothers(client, alice, bob):
    key = give_passkey(bob)
    client.force_login(alice)
    prove(client)
    assert passkey.NAME not in client.get(LIST).content.decode()
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        address = reverse(name, args=[key.pk])
        assert client.get(address).status_code == 404
        assert client.post(address, {"name": "mine"}).status_code == 404
    assert Authenticator.objects.get().wrap().name == passkey.NAME


def test_a_name_is_neither_empty_nor_endless(client, alice):
    key = give_passkey(alice)
    client.force_login(alice)
    prove(client)
    address = reverse("mfa_edit_webauthn", args=[key.pk])
    for name in ("", " ", "x" * 61):
        assert 'class="errorlist' in client.post(address, {"name": name}).content.decode()
    assert client.post(address, {"name": "x" * 60}).url == LIST
    assert Authenticator.objects.get().wrap().name == "x" * 60


def test_a_letter_tells_that_one_is_gone(client, alice):
    key = give_passkey(alice)
    client.force_login(alice)
    prove(client)
    remove(client, key)
    assert not Authenticator.objects.exists()
    assert "A passkey was removed" in mail.outbox[-1].subject
    assert "A passkey was removed from your account." in mail.outbox[-1].body


def test_for_staff_a_passkey_is_enough_and_the_last_one_stays(client, settings, moderator):  # noqa: F811
    settings.STAFF_TWO_FACTOR = True
    assert lacks_second_factor(moderator)
    key = give_passkey(moderator)
    assert not lacks_second_factor(moderator)
    client.force_login(moderator)
    prove(client)
    assert "Add another one first" in remove(client, key).content.decode()
    assert Authenticator.objects.get() == key
    set_up(client, moderator)
    remove(client, key)
    assert [factor.type for factor in second_factors(moderator)] == ["totp"]


def test_with_a_passkey_staff_may_turn_off_the_app(client, settings, moderator):  # noqa: F811
    settings.STAFF_TWO_FACTOR = True
    set_up(client, moderator)
    give_passkey(moderator)
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(type="totp").exists()
    assert not lacks_second_factor(moderator)


def test_an_admin_removes_passkeys_as_well(client, alice, admin):
    give_passkey(alice)
    assert remove_second_factor(user=alice, by=admin)
    assert sign_in(client).url == reverse("gallery:mine")


def test_a_person_takes_the_name_along_and_not_the_key(alice):
    give_passkey(alice)
    with zipfile.ZipFile(io.BytesIO(b"".join(takeout(alice)))) as archive:
        taken = archive.read("second-factor.json").decode()
    assert passkey.NAME in taken
    assert passkey.KEY_ID not in taken


# Signing in, with a key that signs


@pytest.fixture
def device(alice) -> SoftwareKey:
    key = SoftwareKey()
    data = {"name": "device", "credential": key.registration()}
    Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data=data)
    return key


def asked(client) -> dict:
    headers = {"Accept": "application/json", "Host": HOST}
    return client.get(SIGN_IN, headers=headers).json()["request_options"]


def send(client, credential: str, **form: str):
    return client.post(SIGN_IN, {"credential": credential, **form}, headers={"Host": HOST})


def test_the_device_signs_in(client, alice, device):
    answer = device.answer(asked(client), user_pk_to_url_str(alice))
    assert send(client, answer).url == reverse("gallery:mine")
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_an_answer_is_good_once(client, alice, device):
    answer = device.answer(asked(client), user_pk_to_url_str(alice))
    send(client, answer)
    client.logout()
    asked(client)
    send(client, answer)
    assert "_auth_user_id" not in client.session


def test_a_device_that_did_not_ask_who_it_is_lets_nobody_in(client, alice, device):
    send(client, device.answer(asked(client), user_pk_to_url_str(alice), knows_who=False))
    assert "_auth_user_id" not in client.session


def test_a_key_opens_nobody_elses_account(client, alice, bob, device):
    send(client, device.answer(asked(client), user_pk_to_url_str(bob)))
    assert "_auth_user_id" not in client.session


def test_it_leads_to_no_other_site(client, alice, device):
    answer = device.answer(asked(client), user_pk_to_url_str(alice))
    assert send(client, answer, next="https://example.org/").url == reverse("gallery:mine")


def test_who_is_suspended_from_signing_in_reads_why(client, alice, mona, device):
    terms = Terms(scopes=[Scope.SIGN_IN.value])
    decide_about(thing=alice, by=mona, chosen=["suspend"], reason="Rule 3", terms=terms)
    response = send(client, device.answer(asked(client), user_pk_to_url_str(alice)))
    assert response.url.startswith("/suspended/")
    assert "_auth_user_id" not in client.session


def test_a_closed_account_stays_closed(client, alice, device):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    send(client, device.answer(asked(client), user_pk_to_url_str(alice)))
    assert "_auth_user_id" not in client.session
