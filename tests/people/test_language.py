import pytest
from django.urls import reverse


def switch(client, language, next_url="/"):
    return client.post(reverse("set_language"), {"language": language, "next": next_url})


def test_the_browser_s_language_is_the_first_guess(client, db):
    assert '<html lang="sv">' in client.get("/", headers={"accept-language": "sv,en;q=0.5"}).content.decode()
    assert '<html lang="en">' in client.get("/", headers={"accept-language": "de"}).content.decode()


def test_a_visitor_s_choice_holds_on_the_next_page(client, db):
    assert switch(client, "sv").url == "/"
    assert '<html lang="sv">' in client.get("/", headers={"accept-language": "en"}).content.decode()


def test_a_member_s_choice_is_kept_with_the_person(client, alice, bob):
    client.force_login(alice)
    switch(client, "sv")
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.language, bob.language) == ("sv", "")


@pytest.mark.parametrize("language", ["xx", "", "sv<script>"])
def test_an_unknown_language_changes_nothing(client, alice, language):
    client.force_login(alice)
    switch(client, language)
    alice.refresh_from_db()
    assert alice.language == ""


def test_a_get_changes_nothing(client, alice):
    client.force_login(alice)
    client.get(reverse("set_language"), {"language": "sv"})
    alice.refresh_from_db()
    assert alice.language == ""


def test_the_switch_never_leads_to_another_site(client, db):
    assert "example.com" not in switch(client, "sv", "https://example.com/").url


def test_every_page_offers_the_other_language(client, db):
    page = client.get("/").content.decode()
    assert 'name="language" value="sv"' in page
    assert 'name="language" value="en"' not in page
