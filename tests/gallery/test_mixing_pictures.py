"""Pictures of the gallery as terms of a mix, and the links that make them so."""

import pytest
from django.urls import reverse

from gallery.embedding import store_vector
from gallery.mixing import NoSuchPicture
from gallery.models import Image
from gallery.query import MAX_TERMS
from gallery.search import search
from tests.gallery.colour_model import direction

URL = "/search/"
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def coloured(client, alice, store, embed, encoder) -> dict[str, Image]:
    client.force_login(alice)
    images = {}
    for name, colour in {
        "red": (1, 0, 0),
        "purple": (1, 0, 1),
        "blue": (0, 0, 1),
        "green": (0, 1, 0),
    }.items():
        images[name] = store(alice, title=f"{name} <one>")
        embed(images[name], *colour)
    return images


def titles(results) -> list[str]:
    return [hit.image.title.split()[0] for hit in results.hits]


def test_a_picture_leads_towards_it_and_away_from_it_by_its_weight(alice, coloured):
    red, blue = (f"picture:{coloured[name].pk}" for name in ("red", "blue"))
    assert titles(search(user=alice, text=f"{red} + {blue}")) == ["purple", "green"]
    assert titles(search(user=alice, text=f"blue - 2*{red}"))[-1] == "purple"
    (best, *_) = search(user=alice, text=f"2*{red} + 0.5*blue").hits
    total = 2 * direction((1, 0, 0)) + 0.5 * direction((0, 0, 1))
    expected = float(direction((1, 0, 1)) @ total) / float((total @ total) ** 0.5)
    assert (best.image.title, best.score) == ("purple <one>", pytest.approx(expected, abs=1e-3))


def test_pictures_alone_are_mixed_while_the_encoder_is_away(client, coloured, no_encoder):
    response = client.get(URL, {"q": f"picture:{coloured['red'].pk} - picture:{coloured['blue'].pk}"})
    assert response.status_code == 200


def test_only_vectors_of_one_model_are_mixed(client, coloured, store, alice):
    older = store(alice, title="older")
    store_vector(image=older, model_id="older model", vector=direction((1, 0, 0)))
    for other in ("red", f"picture:{coloured['red'].pk}"):
        assert client.get(URL, {"q": f"picture:{older.pk} + {other}"}).status_code == 409


def test_a_picture_of_somebody_else_is_told_like_one_that_does_not_exist(client, coloured, bob, store, embed):
    private = store(bob, title="a secret")
    embed(private, 1, 0, 0)
    pages = []
    for pk in (str(private.pk), NOBODYS):
        response = client.get(URL, {"q": f"red + 2*picture:{pk}"})
        assert response.status_code == 404
        pages.append(response.context["refused"])
    assert pages[0] == pages[1] == "There is no picture with this id that you may see. (at character 9)"
    with pytest.raises(NoSuchPicture):
        search(user=bob, text=f"picture:{coloured['red'].pk}")


def test_the_head_shows_pictures_and_weights_and_leads_to_the_search_without_each(client, coloured):
    red, blue = coloured["red"], coloured["blue"]
    Image.objects.update(has_thumbnails=True)
    response = client.get(URL, {"q": f"2*picture:{red.pk} + green - 0.5*picture:{blue.pk}", "owner": "mine"})
    said = [(term.weight, term.words) for term in response.context["terms"]]
    assert said == [("2 × ", "red <one>"), ("", "green"), ("− 0.5 × ", "blue <one>")]
    page = response.content.decode()
    assert "<title>2 × red &lt;one&gt; + green − 0.5 × blue &lt;one&gt; ·" in page
    assert reverse("gallery:thumbnail", args=[red.pk, 320]) in page
    assert f"?q=green+-+0.5%2Apicture%3A{blue.pk}&amp;owner=mine" in page
    assert f"?q=2%2Apicture%3A{red.pk}+%2B+green&amp;owner=mine" in page
    for term in response.context["terms"]:
        assert client.get(term.without).status_code == 200


def test_the_last_term_that_leads_somewhere_cannot_be_taken_out(client, coloured):
    red, blue = coloured["red"].pk, coloured["blue"].pk
    terms = client.get(URL, {"q": f"picture:{red} - picture:{blue}"}).context["terms"]
    assert [bool(term.without) for term in terms] == [False, True]
    (alone,) = client.get(URL, {"q": f"picture:{red}"}).context["terms"]
    assert client.get(alone.without).status_code == 200


def test_links_on_results_put_each_into_the_search_or_take_it_away(client, coloured):
    response = client.get(URL, {"q": "red", "sort": "date"})
    page = response.content.decode().replace("&amp;", "&")
    for sign in ("%2B", "-"):
        address = f"/search/?sort=date&q=red+{sign}+picture%3A{coloured['blue'].pk}"
        assert f'href="{address}"' in page
        found = client.get(address)
        assert found.status_code == 200
        assert "blue" not in titles(found.context["results"])
    assert "Add “red &lt;one&gt;” to the search" in page


def test_links_on_pictures_like_one_start_with_that_one(client, coloured):
    page = client.get(reverse("gallery:similar", args=[coloured["red"].pk])).content.decode()
    address = f"?q=picture%3A{coloured['red'].pk}+-+picture%3A{coloured['blue'].pk}"
    assert address in page
    assert client.get(URL + address).status_code == 200


def test_a_full_mix_offers_no_more_terms(client, coloured):
    page = client.get(URL, {"q": " + ".join(["red"] * MAX_TERMS)}).content.decode()
    assert "to the search</span>" not in page


def test_a_pictures_page_offers_the_search_it_was_opened_from(client, coloured):
    address = coloured["blue"].get_absolute_url()
    alone = client.get(address).content.decode()
    assert f"/search/?q=picture%3A{coloured['blue'].pk}" in alone
    assert "Take away from the search" not in alone
    referer = "http://testserver/search/?q=red&owner=mine"
    behind = client.get(address, headers={"referer": referer}).content.decode().replace("&amp;", "&")
    assert f"/search/?owner=mine&q=red+-+picture%3A{coloured['blue'].pk}" in behind


@pytest.mark.parametrize(
    "referer",
    [
        "http://elsewhere.example/search/?q=red",
        "http://testserver/gallery/?q=red",
        "http://testserver/search/?q=red+%2B",
        "http://testserver/search/?like=" + NOBODYS,
        "http://[broken/search/?q=red",
    ],
)
def test_a_page_that_is_no_search_in_order_is_not_gone_on_with(client, coloured, referer):
    response = client.get(coloured["blue"].get_absolute_url(), headers={"referer": referer})
    assert response.status_code == 200
    assert "Take away from the search" not in response.content.decode()
