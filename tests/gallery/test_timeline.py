"""The gallery along the months: their order, their counts, and the way to each of them."""

from datetime import date, datetime

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from gallery import facts, timeline
from gallery.models import Image
from gallery.uploads import store_image
from gallery.views import paging
from tests.gallery.drawing import photo

MINE = "gallery:mine"


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def taken(store):
    """A picture that was taken at noon of a day."""

    def taken(owner, day: str, **fields: object) -> Image:
        image = store(owner, **fields)
        image.taken_at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        image.month = timeline.month_of(image)
        image.save(update_fields=["taken_at", "month"])
        return image

    return taken


def shown(response) -> list[Image]:
    return list(response.context["page_obj"])


def months(response) -> list[tuple[str, int]]:
    return [(month.name, month.count) for _year, months in response.context["years"] for month in months]


def test_pictures_stand_by_the_day_they_were_taken_and_else_were_added(alices, alice, store, taken):
    old, older, undated = taken(alice, "2024-06-20"), taken(alice, "2019-01-02"), store(alice)
    newer = taken(alice, "2024-06-25")
    page = alices.get(reverse(MINE))
    assert shown(page) == [undated, newer, old, older]
    now = timezone.localdate()
    assert months(page) == [(f"{now:%Y-%m}", 1), ("2024-06", 2), ("2019-01", 1)]
    assert "June 2024" in page.content.decode()
    assert page.content.decode().count('class="picture-group__name"') == 3


def test_what_came_in_last_can_stand_first_too(alices, alice, taken):
    first, second = taken(alice, "2024-06-20"), taken(alice, "2019-01-02")
    page = alices.get(reverse(MINE), {"sort": "added"})
    assert shown(page) == [second, first]
    assert months(page) == []


def test_months_count_own_pictures_alone_and_none_in_the_trash(alices, alice, bob, admin, client, taken):
    taken(alice, "2024-06-20")
    Image.objects.filter(pk=taken(alice, "2024-06-21").pk).update(trashed_at=timezone.now())
    taken(bob, "2024-06-22", public=True)
    taken(bob, "2023-05-01")
    assert months(alices.get(reverse(MINE))) == [("2024-06", 1)]
    client.force_login(admin)
    assert months(client.get(reverse(MINE))) == []


def test_a_month_leads_to_the_page_where_it_begins(alices, alice, taken, monkeypatch):
    monkeypatch.setattr(paging, "PICTURES_A_PAGE", 2)
    for day in ("2024-06-03", "2024-06-02", "2024-06-01", "2023-05-02", "2023-05-01"):
        taken(alice, day)
    address = reverse(MINE)
    expected = {
        "2024-06": f"{address}#month-2024-06",
        "2023-05": f"{address}?page=2#month-2023-05",
        "2023-12": f"{address}?page=2#month-2023-05",  # nothing there: the next older one
        "2001-01": f"{address}?page=2#month-2023-05",  # nothing older: the oldest
    }
    assert {name: alices.get(address, {"month": name})["Location"] for name in expected} == expected
    page = alices.get(address, {"page": 2}).content.decode()
    assert 'id="month-2023-05"' in page
    assert 'id="month-2024-06"' in page  # goes on from the page before


def test_an_empty_gallery_has_no_months_to_go_to(alices):
    assert alices.get(reverse(MINE), {"month": "2024-06"})["Location"] == reverse(MINE)


@pytest.mark.parametrize(
    "query", [{"month": "2024-13"}, {"month": "2024"}, {"month": ""}, {"month": "0000-01"}, {"sort": "size"}]
)
def test_what_is_no_month_and_no_order_is_not_found(alices, query):
    assert alices.get(reverse(MINE), query).status_code == 404


def test_a_photo_goes_to_the_month_of_its_cameras_clock(alice):
    """New Year in Tokyo is in January, though it is December still in Greenwich."""
    image = store_image(owner=alice, file=photo(t9003="2024:01:01 00:30:00", t9011="+09:00"))
    assert image.month == timezone.localdate().replace(day=1)
    facts.note_facts(image=image)
    image.refresh_from_db()
    assert image.month == date(2024, 1, 1)


def test_the_order_comes_from_the_index(alice):
    own = Image.objects.visible_to(alice).filter(owner=alice)
    if connection.vendor == "postgresql":  # it sorts a table that it has counted to be empty
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")
    plan = timeline.newest_first(own)[:48].explain()
    assert "image_timeline" in plan
    assert "TEMP B-TREE" not in plan
