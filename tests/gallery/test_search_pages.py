import pytest
from django.urls import reverse

from gallery import search as search_module
from gallery.models import Image
from tests.gallery.colour_model import direction

URL = "/search/"


@pytest.fixture
def coloured(client, alice, store, embed, encoder):
    client.force_login(alice)
    images = {}
    for name, colour in {"red": (1, 0, 0), "yellow": (1, 1, 0), "blue": (0, 0, 1)}.items():
        images[name] = store(alice, title=f"{name} one")
        embed(images[name], *colour)
    return images


def shown(response) -> list[str]:
    return [hit.image.title for hit in response.context["results"].hits]


def test_results_stand_in_order_with_their_scores(client, coloured):
    response = client.get(URL, {"q": "red"})
    assert shown(response) == ["red one", "yellow one", "blue one"]
    page = response.content.decode()
    assert page.index("red one") < page.index("yellow one") < page.index("blue one")
    score = float(direction((1, 0, 0)) @ direction((1, 1, 0)))
    assert f"{score:.3f}" in page
    assert f'value="{score:.4f}"' in page


def test_meters_keep_their_numbers_readable_in_swedish(client, coloured):
    page = client.get(URL, {"q": "red"}, headers={"accept-language": "sv"}).content.decode()
    assert 'value="1.0000"' in page
    assert "1,000" in page


def test_without_words_the_page_asks_for_them(client, db):
    for query in ("", "   "):
        response = client.get(URL, {"q": query})
        assert response.status_code == 200
        assert "results" not in response.context


def test_a_search_among_pictures_that_are_being_prepared_says_so(client, alice, bob, store, embed, encoder):
    for owner, public in ((alice, False), (alice, True), (bob, True), (bob, False)):
        store(owner, public=public)
    client.force_login(alice)
    page = client.get(URL, {"q": "red"}).content.decode()
    assert "3 pictures are being prepared." in page  # not what Bob has for himself
    assert "js/pending.js" in page
    assert "No pictures to search" not in page
    assert "2 pictures are being prepared." in client.get(URL, {"q": "red", "owner": "mine"}).content.decode()
    client.logout()
    assert "2 pictures are being prepared." in client.get(URL, {"q": "red"}).content.decode()
    assert "No picture is left" in client.get(URL, {"q": "red", "owner": "nobody"}).content.decode()
    embed(Image.objects.public().first(), 1, 0, 0)
    assert "being prepared" not in client.get(URL, {"q": "red"}).content.decode()


def test_pictures_that_could_not_be_prepared_are_not_waited_for(client, alice, store, encoder):
    store(alice)
    Image.objects.update(status=Image.Status.FAILED)
    client.force_login(alice)
    assert "No pictures to search" in client.get(URL, {"q": "red"}).content.decode()


def test_too_many_words_are_refused_and_kept(client, db):
    words = "red " * 150
    response = client.get(URL, {"q": words})
    assert response.status_code == 400
    assert "at most 500 characters" in response.content.decode()
    assert words.strip() in response.content.decode()


def test_a_mix_is_a_link_that_can_be_shared(client, coloured):
    response = client.get(URL, {"q": "2*red - blue"})
    assert shown(response)[0] == "red one"
    assert 'value="2*red - blue"' in response.content.decode()


@pytest.mark.parametrize(
    ("query", "said"), [("red + ", "at character 5"), ("red - red", "cancel each other out")]
)
def test_a_mix_that_cannot_be_searched_for_says_why_and_is_kept(client, coloured, query, said):
    response = client.get(URL, {"q": query})
    assert response.status_code == 400
    page = response.content.decode()
    assert said in page
    assert f'value="{query}"' in page


@pytest.mark.parametrize("query", ["❤️", "\u202e\u0000red", "<script>alert(1)</script>", "%", "' OR 1=1 --"])
def test_strange_words_are_words(client, coloured, query):
    response = client.get(URL, {"q": query})
    assert response.status_code in {200, 400}
    assert "<script>alert" not in response.content.decode()


def test_an_encoder_that_is_away_is_told_with_503_and_the_words_are_kept(client, coloured, no_encoder):
    response = client.get(URL, {"q": "a red heart"})
    assert response.status_code == 503
    page = response.content.decode()
    assert "is not answering" in page
    assert 'value="a red heart"' in page


def test_an_encoder_that_is_loading_is_told_with_503(client, alice, starting_encoder):
    assert client.get(URL, {"q": "red"}).status_code == 503


def test_links_lead_through_all_pages(client, coloured, monkeypatch):
    monkeypatch.setattr(search_module, "PAGE_SIZE", 2)
    first = client.get(URL, {"q": "red & co"})
    assert "?q=red+%26+co&amp;page=2" in first.content.decode()
    assert len(shown(client.get(URL, {"q": "red & co", "page": 2}))) == 1
    assert client.get(URL, {"q": "red & co", "page": 3}).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "abc", "99999999999999999999"])
def test_a_page_that_does_not_exist_is_not_found(client, coloured, page):
    assert client.get(URL, {"q": "red", "page": page}).status_code == 404


def test_a_picture_can_be_the_search(client, coloured):
    response = client.get(reverse("gallery:similar", args=[coloured["yellow"].pk]))
    assert shown(response) == ["red one", "blue one"]


def test_a_picture_and_words_together(client, coloured):
    response = client.get(URL, {"q": "blue", "like": str(coloured["red"].pk)})
    assert response.status_code == 200
    assert shown(response)[0] == "blue one"
    assert "page_query" in response.context
    assert f"like={coloured['red'].pk}" in response.context["page_query"]


def test_a_picture_that_is_not_ready_says_so(client, alice, store, encoder):
    client.force_login(alice)
    response = client.get(reverse("gallery:similar", args=[store(alice).pk]))
    assert response.status_code == 409
    assert "has not looked at this picture yet" in response.content.decode()


@pytest.mark.parametrize("like", ["no-uuid", "'"])
def test_a_picture_that_is_no_id_is_refused(client, coloured, like):
    assert client.get(URL, {"like": like}).status_code == 400


def test_searching_among_nothing_says_so(client, encoder, db):
    response = client.get(URL, {"q": "red"})
    assert response.status_code == 200
    assert "There is no picture yet" in response.content.decode()


def test_filters_narrow_a_search_and_stand_as_chips_that_remove_them(client, coloured):
    Image.objects.filter(pk=coloured["red"].pk).update(colour="red", width=60, height=60)
    response = client.get(URL, {"q": "red", "colour": "red", "orientation": "square"})
    assert shown(response) == ["red one"]
    page = response.content.decode()
    assert 'href="/search/?q=red&amp;orientation=square"' in page
    assert 'href="/search/?q=red&amp;colour=red"' in page
    assert "Main colour: Red" in page
    assert 'href="/search/?q=red"' in page  # all of them at once


def test_filters_without_words_list_what_they_leave_newest_first(client, coloured):
    response = client.get(URL, {"owner": "mine"})
    assert shown(response) == ["blue one", "yellow one", "red one"]
    assert "3 pictures, the newest first." in response.content.decode()
    assert "data-score" not in response.content.decode()


def test_fields_that_nobody_filled_in_leave_the_address(client, coloured):
    response = client.get(URL, {"q": "red & co", "owner": "mine", "colour": "", "size": "", "since": ""})
    assert response.status_code == 302
    assert response["Location"] == "/search/?q=red+%26+co&owner=mine"


def test_wrong_filters_are_told_with_400_and_nothing_is_lost(client, coloured):
    response = client.get(URL, {"q": "red", "colour": "infrared", "since": "2026-05-01", "size": "large"})
    assert response.status_code == 400
    page = response.content.decode()
    assert "“infrared” is none of the choices" in page
    assert 'value="red"' in page
    assert 'value="2026-05-01"' in page
    assert '<option value="large" selected>' in page
    assert '<details class="filters" open>' in page


def test_an_order_that_there_is_not_is_told_with_400(client, coloured):
    response = client.get(URL, {"q": "red", "sort": "random"})
    assert response.status_code == 400
    assert "not by “random”" in response.content.decode()


def test_when_nothing_is_left_the_page_says_which_filter_to_drop(client, coloured):
    Image.objects.filter(pk=coloured["red"].pk).update(colour="red")
    response = client.get(URL, {"q": "red", "colour": "red", "size": "large"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "without “Size: Large (8 megapixels and more)”: 1 picture<" in page
    assert "without “Main colour: Red”: 0 pictures" in page
    assert "There is no picture yet" not in page


def test_filters_go_along_to_the_next_page(client, coloured, monkeypatch):
    monkeypatch.setattr(search_module, "PAGE_SIZE", 2)
    page = client.get(URL, {"q": "red", "owner": "mine", "sort": "date"}).content.decode()
    assert "?q=red&amp;owner=mine&amp;sort=date&amp;page=2" in page


def test_counts_of_dropped_filters_hold_only_what_the_reader_may_see(client, coloured, bob):
    client.force_login(bob)
    page = client.get(URL, {"owner": "alice", "colour": "red"}).content.decode()
    assert "without “Owner: alice”: 0 pictures" in page
    assert "without “Main colour: Red”: 0 pictures" in page


def test_by_date_the_newest_come_first(client, coloured):
    response = client.get(URL, {"q": "red", "sort": "date"})
    assert shown(response) == ["blue one", "yellow one", "red one"]
    assert 'aria-current="true">Date<' in response.content.decode()
