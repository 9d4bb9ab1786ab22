"""Signing up: what is accepted, and what each refusal says and leaves behind."""

import pytest
from django.urls import reverse

from gallery.models import User
from tests.conftest import PASSWORD

GOOD = {"username": "carol", "email": "carol@example.org", "password1": PASSWORD, "password2": PASSWORD}


def sign_up(client, **changes):
    return client.post(reverse("account_signup"), {**GOOD, **changes})


def test_a_new_person_is_signed_in_and_starts_in_an_empty_gallery(client, db):
    response = sign_up(client)
    assert response.status_code == 302
    assert response.url == reverse("gallery:mine")
    carol = User.objects.get()
    assert client.session["_auth_user_id"] == str(carol.pk)
    assert not carol.is_staff
    assert not carol.is_superuser


def test_a_new_person_keeps_the_language_of_the_page(client, db):
    client.post(reverse("account_signup"), GOOD, headers={"accept-language": "sv"})
    assert User.objects.get().language == "sv"


def test_a_letter_to_confirm_the_address_is_sent(client, db, mailoutbox):
    sign_up(client)
    assert [letter.to for letter in mailoutbox] == [["carol@example.org"]]
    assert mailoutbox[0].subject.startswith("[clipweb] ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"username": ""}, "This field is required."),
        ({"email": ""}, "This field is required."),
        ({"password1": "", "password2": ""}, "This field is required."),
        ({"username": "alice"}, "A user with that username already exists."),
        ({"username": "no spaces"}, "Enter a valid username."),
        ({"username": "c" * 10_000}, "Ensure this value has at most 150 characters"),
        ({"email": "alice@example.org"}, "A user is already registered with this email address."),
        ({"email": "not an address"}, "Enter a valid email address."),
        ({"password2": "something else 7"}, "You must type the same password each time."),
        ({"password1": "ab3!", "password2": "ab3!"}, "This password is too short."),
        ({"password1": "eleven sign", "password2": "eleven sign"}, "at least 12 characters"),
        ({"password1": 129 * "ä", "password2": 129 * "ä"}, "at most 128 characters"),
        ({"password1": "password1234", "password2": "password1234"}, "This password is too common."),
        ({"password1": "9182736450", "password2": "9182736450"}, "This password is entirely numeric."),
        ({"password1": "carol@example.org", "password2": "carol@example.org"}, "too similar to the"),
    ],
)
def test_bad_input_is_named_beside_its_field_and_nobody_is_made(client, alice, changes, message, mailoutbox):
    response = sign_up(client, **changes)
    page = response.content.decode()
    assert message in page
    assert 'aria-invalid="true"' in page
    assert list(User.objects.all()) == [alice]
    assert not mailoutbox
    assert "_auth_user_id" not in client.session


def test_what_was_written_stays_in_the_form_but_passwords_do_not(client, db):
    page = sign_up(client, email="not an address").content.decode()
    assert 'value="carol"' in page
    assert PASSWORD not in page


def test_nobody_can_make_themselves_an_administrator(client, db):
    sign_up(client, is_staff="1", is_superuser="1")
    carol = User.objects.get()
    assert not carol.is_staff
    assert not carol.is_superuser
