"""Error pages have our look, the right status, and need nothing that may be what failed."""

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.views import defaults


def test_an_unknown_address_is_404_in_our_look(client, db):
    response = client.get("/no/such/page")
    assert response.status_code == 404
    page = response.content.decode()
    assert "There is nothing here" in page
    assert "site-header" in page


def test_a_form_without_its_token_is_403_in_our_look(db):
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()


@pytest.mark.parametrize(("view", "status"), [(defaults.server_error, 500), (defaults.bad_request, 400)])
def test_500_and_400_render_without_session_and_database(rf, view, status):
    # No `db` fixture: a query would fail the test.
    arguments = [ValueError()] if status == 400 else []
    response = view(rf.get("/"), *arguments)
    assert response.status_code == status
    assert "site-header" in response.content.decode()


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500", "503"])
def test_every_error_page_has_a_heading_and_a_way_out(name):
    page = get_template(f"{name}.html").render({})
    assert page.count("<h1>") == 1
    assert f'href="{reverse("home")}"' in page
