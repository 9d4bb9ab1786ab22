import re

import pytest
from django.urls import reverse

from tests.conftest import PASSWORD

NEW = "battery staple correct"


def ask(client, email):
    return client.post(reverse("account_reset_password"), {"email": email}, follow=True)


def link_in(letter) -> str:
    return re.search(r"http://testserver(/\S+)", letter.body).group(1)


def open_form(client, link):
    """allauth takes the key out of the address by a redirect, so that it does not leak by referrers."""
    response = client.get(link, follow=True)
    address = response.redirect_chain[-1][0] if response.redirect_chain else link
    return address, response.content.decode()


def test_the_letter_arrives_and_its_link_changes_the_password_once(client, alice, mailoutbox):
    assert "Look in your mail" in ask(client, "alice@example.org").content.decode()
    assert [letter.to for letter in mailoutbox] == [["alice@example.org"]]
    link = link_in(mailoutbox[0])

    address, page = open_form(client, link)
    assert "Choose a new password" in page
    response = client.post(address, {"password1": NEW, "password2": NEW}, follow=True)
    assert response.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert not alice.check_password(PASSWORD)

    _, page = open_form(client, link)
    assert "This link does not work" in page


def test_the_new_password_follows_the_same_rules(client, alice, mailoutbox):
    ask(client, "alice@example.org")
    address, _ = open_form(client, link_in(mailoutbox[0]))
    page = client.post(address, {"password1": "short", "password2": "short"}).content.decode()
    assert "This password is too short." in page
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_made_up_link_is_refused(client, alice):
    _, page = open_form(client, f"/accounts/password/reset/key/{alice.pk}-made-up/")
    assert "This link does not work" in page


def test_asking_for_an_unknown_address_tells_nothing_about_who_is_here(client, alice, mailoutbox):
    known = ask(client, "alice@example.org").content.decode()
    unknown = ask(client, "nobody@example.org").content.decode()
    assert "Look in your mail" in known
    assert "Look in your mail" in unknown
    to_nobody = [letter for letter in mailoutbox if letter.to == ["nobody@example.org"]]
    assert not any("/password/reset/key/" in letter.body for letter in to_nobody)


def test_a_bad_address_is_named(client, db, mailoutbox):
    assert "Enter a valid email address." in ask(client, "not an address").content.decode()
    assert not mailoutbox


def test_changing_the_password_asks_for_the_old_one(client, alice):
    client.force_login(alice)
    address = reverse("account_change_password")
    fields = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    assert "Please type your current password." in client.post(address, fields).content.decode()
    client.post(address, {**fields, "oldpassword": PASSWORD})
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_new_address_is_used_when_it_is_confirmed_and_made_the_main_one(client, alice, mailoutbox):
    client.force_login(alice)
    address = reverse("account_email")
    client.post(address, {"email": "new@example.org", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"

    letter = next(letter for letter in mailoutbox if letter.to == ["new@example.org"])
    assert "new@example.org" in client.get(link_in(letter)).content.decode()
    client.post(link_in(letter))
    client.post(address, {"email": "new@example.org", "action_primary": ""})
    alice.refresh_from_db()
    assert alice.email == "new@example.org"


def test_the_address_of_somebody_else_cannot_be_taken(client, alice, bob):
    client.force_login(bob)
    client.post(reverse("account_email"), {"email": "alice@example.org", "action_primary": ""})
    page = client.post(reverse("account_email"), {"email": "alice@example.org", "action_add": ""})
    assert "already" in page.content.decode()
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


RULES = (
    "at least 12 characters",
    "at most 128 characters",
    "commonly used",
    "entirely numeric",
    "too similar",
)


@pytest.mark.parametrize("page", ["account_signup", "account_change_password", "link"])
def test_the_rules_stand_where_a_password_is_chosen(client, alice, mailoutbox, page):
    if page == "account_change_password":
        client.force_login(alice)
    if page == "link":
        ask(client, alice.email)
        address = link_in(mailoutbox[0])
    else:
        address = reverse(page)
    text = client.get(address, follow=True).content.decode()
    assert [rule for rule in RULES if rule not in text] == []


@pytest.mark.parametrize("password", ["twelve signs", 128 * "ä", "  spaces  count  ", "🐎 battery 🔋 staple"])
def test_any_letters_in_any_script_are_fine(client, db, password):
    form = {"username": "carol", "email": "carol@example.org", "password1": password, "password2": password}
    assert client.post(reverse("account_signup"), form).status_code == 302
    client.logout()
    client.post(reverse("account_login"), {"login": "carol", "password": password})
    assert "_auth_user_id" in client.session


def test_a_letter_tells_of_a_new_password_and_from_where(client, alice, mailoutbox):
    client.force_login(alice)
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post(reverse("account_change_password"), form)
    assert [letter.to for letter in mailoutbox] == [[alice.email]]
    assert "127.0.0.1" in mailoutbox[0].body
    assert NEW not in mailoutbox[0].body
