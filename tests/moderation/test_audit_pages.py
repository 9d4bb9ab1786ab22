import csv
import io

import pytest
from django.urls import reverse

from gallery.models import AuditEntry
from gallery.moderation import audit
from gallery.moderation.audit_reading import AuditFilter, csv_pieces

LOG = reverse("gallery:audit")
CSV = reverse("gallery:audit_csv")


@pytest.fixture
def entries(admin, mona, alice):
    audit.record(actor=admin, action="hide", kind="image", key="1", reason="Too loud")
    audit.record(actor=mona, action="warn", kind="person", key=alice.pk, reason="=HYPERLINK(1)")
    audit.record(actor=None, action="report", kind="report", key="3", reason="Not nice")


def rows(client, query: str = "") -> list[dict[str, str]]:
    content = b"".join(client.get(CSV + query)).decode()
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Too loud", "HYPERLINK", "Not nice"}),
        ("?actor=admin", {"Too loud"}),
        ("?actor=mona&action=warn", {"HYPERLINK"}),
        ("?action=report", {"Not nice"}),
        ("?kind=image&key=1", {"Too loud"}),
        ("?kind=image&key=2", set()),
        ("?first_day=2020-01-01&last_day=2020-01-02", set()),
        ("?first_day=2020-01-01&last_day=2100-01-01", {"Too loud", "HYPERLINK", "Not nice"}),
    ],
)
def test_the_log_is_narrowed_by_person_action_thing_and_day(client, mona, entries, query, found):
    client.force_login(mona)
    page = client.get(LOG + query).content.decode()
    for words in ("Too loud", "HYPERLINK", "Not nice"):
        assert (words in page) == (words in found)
        assert any(words in row["reason"] for row in rows(client, query)) == (words in found)


@pytest.mark.parametrize("query", ["?action=bake", "?kind=planet", "?first_day=soon"])
@pytest.mark.parametrize("address", [LOG, CSV])
def test_what_cannot_be_meant_is_a_bad_request(client, mona, address, query):
    client.force_login(mona)
    response = client.get(address + query)
    assert response.status_code == 400
    assert b"errorlist" in response.content


@pytest.mark.parametrize("query", ["?page=2", "?page=x"])
def test_a_page_that_is_not_there_is_not_found(client, mona, query):
    client.force_login(mona)
    assert client.get(LOG + query).status_code == 404


def test_the_file_holds_every_column_and_no_formula(client, mona, entries):
    client.force_login(mona)
    newest, warned, hidden, *_rest = rows(client)
    assert (newest["actor"], newest["actor_id"]) == ("", "")
    assert warned["reason"] == "'=HYPERLINK(1)"
    assert (hidden["actor"], hidden["kind"], hidden["key"]) == ("admin", "image", "1")
    assert newest["previous_hash"] == warned["hash"]
    assert warned["reason_digest"] == AuditEntry.objects.get(action="warn").reason


def test_a_long_log_comes_whole_in_pieces(client, mona, entries):
    client.force_login(mona)
    pieces = list(csv_pieces(AuditFilter().entries(), rows=1))
    assert len(pieces) == 1 + len(rows(client)) > 3
    assert b"".join(pieces) == b"".join(client.get(CSV))


@pytest.mark.parametrize("address", [LOG, CSV])
def test_the_log_is_for_moderators_and_admins(client, alice, mona, admin, address):
    assert client.get(address).status_code == 302
    for person, status in ((alice, 404), (mona, 200), (admin, 200)):
        client.force_login(person)
        assert client.get(address).status_code == status
