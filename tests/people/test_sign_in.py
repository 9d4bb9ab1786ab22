import logging

import pytest
from django.urls import reverse

from gallery.uploads import store_image
from tests.conftest import PASSWORD
from tests.gallery.drawing import png


def sign_in(client, login, password=PASSWORD, **more):
    return client.post(reverse("account_login"), {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["alice", "alice@example.org"])
def test_the_user_name_and_the_address_both_sign_in(client, alice, login):
    response = sign_in(client, login)
    assert response.url == reverse("gallery:mine")
    assert client.session["_auth_user_id"] == str(alice.pk)


@pytest.mark.parametrize(("login", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("alice", "")])
def test_a_wrong_pair_signs_nobody_in_and_says_so(client, alice, login, password):
    page = sign_in(client, login, password).content.decode()
    assert "errorlist" in page
    assert "_auth_user_id" not in client.session


def test_a_wrong_password_and_an_unknown_name_read_the_same(client, alice):
    def errors(login):
        return sign_in(client, login, "wrong").context["form"].errors.as_json()

    assert errors("alice") == errors("somebody")


def test_guessing_is_slowed_down(client, alice):
    for _ in range(12):
        sign_in(client, "alice", "wrong")
    page = sign_in(client, "alice").content.decode()
    assert "Too many failed login attempts" in page
    assert "_auth_user_id" not in client.session


def test_a_closed_account_cannot_sign_in(client, alice):
    alice.is_active = False
    alice.save()
    response = client.post(reverse("account_login"), {"login": "alice", "password": PASSWORD}, follow=True)
    assert "_auth_user_id" not in client.session
    assert "This account is closed" in response.content.decode()


def test_the_way_back_leads_nowhere_else(client, alice):
    assert sign_in(client, "alice", next="https://example.com/").url == reverse("gallery:mine")


def test_people_come_back_to_the_page_they_asked_for(client, alice):
    response = client.get(reverse("gallery:profile"))
    assert response.status_code == 302
    assert sign_in(client, "alice", next=reverse("gallery:profile")).url == reverse("gallery:profile")


def test_signing_out_takes_a_post(client, alice):
    client.force_login(alice)
    assert "Sign out?" in client.get(reverse("account_logout")).content.decode()
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).url == reverse("home")
    assert "_auth_user_id" not in client.session


def test_after_signing_out_nothing_private_is_left(client, alice):
    image = store_image(owner=alice, file=png())
    client.force_login(alice)
    assert client.get(image.get_absolute_url()).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(image.get_absolute_url()).status_code == 404


def test_signing_in_brings_the_language_that_the_person_chose(client, alice):
    alice.language = "sv"
    alice.save()
    assert sign_in(client, "alice").cookies["django_language"].value == "sv"


def test_sign_ins_and_failed_ones_are_in_the_log_without_names_or_passwords(client, alice, caplog):
    with caplog.at_level(logging.INFO, logger="gallery.people"):
        sign_in(client, "alice", "wrong")
        sign_in(client, "alice")
    said = [record.getMessage() for record in caplog.records]
    assert said == ["A sign-in from 127.0.0.1 failed", f"Person {alice.pk} signed in from 127.0.0.1"]
