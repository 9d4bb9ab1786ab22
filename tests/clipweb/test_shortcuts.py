import pytest
from django.urls import reverse


def test_the_page_lists_the_shortcuts_for_everybody(client, db):
    page = client.get(reverse("shortcuts")).content.decode()
    assert "<kbd>?</kbd>" in page
    assert "data-shortcuts=" not in page


def test_those_of_single_characters_can_be_turned_off_and_on(client, db):
    address = reverse("shortcuts")
    assert client.post(address, {"shortcuts": "off"})["Location"] == address
    assert 'data-shortcuts="off"' in client.get(reverse("gallery:explore")).content.decode()
    client.post(address, {"shortcuts": "on"})
    assert "data-shortcuts=" not in client.get(reverse("gallery:explore")).content.decode()


@pytest.mark.parametrize("form", [{}, {"shortcuts": "sometimes"}])
def test_anything_else_is_refused(client, db, form):
    assert client.post(reverse("shortcuts"), form).status_code == 400
