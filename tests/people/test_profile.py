import pytest
from django.urls import reverse

from gallery.models import Image


def picture_of(owner, number, **fields):
    return Image.objects.create(
        owner=owner,
        sha256=f"{number:064x}",
        content_type="image/png",
        byte_size=1,
        width=1,
        height=1,
        **fields,
    )


def test_visitors_are_asked_to_sign_in(client, db):
    response = client.get(reverse("gallery:profile"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_it_shows_my_own_counts_and_not_those_of_others(client, alice, bob):
    picture_of(alice, 1)
    picture_of(alice, 2, visibility=Image.Visibility.PUBLIC)
    picture_of(alice, 3, origin=Image.Origin.GENERATED)
    picture_of(bob, 4, visibility=Image.Visibility.PUBLIC)
    client.force_login(alice)
    counts = client.get(reverse("gallery:profile")).context["counts"]
    assert counts == {"total": 3, "public": 1, "generated": 1}


def test_name_and_language_are_saved_and_the_page_changes_language(client, alice):
    client.force_login(alice)
    response = client.post(reverse("gallery:profile"), {"display_name": "Alice A.", "language": "sv"})
    assert response.url == reverse("gallery:profile")
    alice.refresh_from_db()
    assert (alice.display_name, alice.language) == ("Alice A.", "sv")
    page = client.get(reverse("gallery:profile")).content.decode()
    assert '<html lang="sv">' in page
    assert "Alice A." in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"display_name": "a" * 81, "language": "en"}, "at most 80 characters"),
        ({"display_name": "", "language": "xx"}, "Select a valid choice"),
        ({"display_name": ""}, "This field is required."),
        ({"display_name": "a\x00b", "language": "en"}, "Null characters are not allowed."),
    ],
)
def test_bad_input_is_named_and_nothing_is_saved(client, alice, fields, message):
    client.force_login(alice)
    response = client.post(reverse("gallery:profile"), fields)
    assert response.status_code == 422
    assert message in response.content.decode()
    alice.refresh_from_db()
    assert (alice.display_name, alice.language) == ("", "")


def test_a_profile_of_somebody_else_has_no_address(client, alice, bob):
    client.force_login(alice)
    for address in (f"/profile/{bob.pk}/", "/profile/bob/", f"/profile/{bob.pk}", "/accounts/profile/bob/"):
        assert client.get(address).status_code == 404


def test_no_field_reaches_another_person_or_more_rights(client, alice, bob):
    client.force_login(alice)
    fields = {"display_name": "Mallory", "language": "en", "id": bob.pk, "username": "bob2", "is_staff": "1"}
    client.post(reverse("gallery:profile"), fields)
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert bob.display_name == ""
    assert alice.username == "alice"
    assert not alice.is_staff


def test_a_name_is_shown_as_text_not_as_markup(client, alice):
    client.force_login(alice)
    client.post(reverse("gallery:profile"), {"display_name": "<script>alert(1)</script>", "language": "en"})
    page = client.get(reverse("gallery:profile")).content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;" in page
