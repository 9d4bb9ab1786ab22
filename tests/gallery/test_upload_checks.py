"""Each kind of bad file gets its own message and status, and leaves nothing behind."""

import contextlib
import io
import threading
import time

import pytest
from django.conf import settings as project_settings
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image as Pillow

from gallery import pixels
from gallery.decoder.pool import DecoderBusy, DecoderPool
from gallery.models import Image
from tests.gallery.drawing import encoded, noise, plain, upload
from tests.gallery.hostile import png_of

KINDS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "HEIF"]
ANIMATED = ["PNG", "WEBP", "GIF", "AVIF"]


@pytest.fixture
def send(client, alice):
    """Posts one file as the page's script does."""
    client.force_login(alice)

    def send(content: bytes, name: str = "picture.png"):
        return client.post(
            reverse("gallery:upload"),
            {"files": upload(content, name), "visibility": "private"},
            headers={"accept": "application/json"},
        )

    return send


def assert_refused(response, *, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert len(response.json()["error"]) > 10
    assert not Image.objects.exists()
    assert files_left() == []


def files_left() -> list[str]:
    root = project_settings.MEDIA_ROOT
    return [str(path) for path in root.rglob("*") if path.is_file()] if root.exists() else []


@pytest.mark.parametrize("kind", KINDS)
def test_every_accepted_kind_of_picture_is_stored(send, kind):
    response = send(encoded(noise(), kind), f"picture.{kind.lower()}")
    assert response.status_code == 201
    image = Image.objects.get()
    assert image.content_type == {"HEIF": "image/heic"}.get(kind, f"image/{kind.lower()}")
    assert not image.is_animated


def test_an_empty_file_is_refused(send):
    assert_refused(send(b""), status=400, code="empty")


def test_a_file_above_the_limit_is_refused(send, settings):
    settings.UPLOAD_MAX_BYTES = 5000
    content = encoded(noise())
    assert len(content) > 5000
    response = send(content)
    assert_refused(response, status=413, code="too_large")
    assert "4.9" in response.json()["error"]


@pytest.mark.parametrize(
    "text",
    [b"Hello, I am a letter.", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html></html>", b"\0" * 50],
)
def test_text_named_as_a_picture_is_refused(send, text):
    assert_refused(send(text, "letter.png"), status=400, code="not_a_picture")


def test_random_bytes_are_refused(send):
    content = noise(seed=5).tobytes()
    assert_refused(send(content, "photo.jpg"), status=400, code="not_a_picture")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_picture_that_was_cut_off_is_refused(send, kind, share):
    content = encoded(noise(300, 200), kind)
    cut = content[: int(len(content) * share)]
    assert_refused(send(cut, "cut.png"), status=400, code="truncated")


def test_a_png_with_a_flipped_bit_is_refused(send):
    content = bytearray(encoded(noise(300, 200)))
    content[len(content) // 2] ^= 0x10
    assert_refused(send(bytes(content)), status=400, code="truncated")


@pytest.mark.parametrize(("kind", "name"), [("ICO", "ICO"), ("PPM", "PPM"), ("PDF", "PDF"), ("TGA", "TGA")])
def test_a_picture_of_an_unsupported_type_is_refused_by_name(send, kind, name):
    response = send(encoded(noise(), kind), "picture.png")
    assert_refused(response, status=400, code="unsupported_type")
    assert name in response.json()["error"]


def test_what_only_says_that_it_is_heic_is_refused(send):
    content = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
    assert_refused(send(content, "IMG_0001.HEIC"), status=400, code="truncated")


@pytest.mark.parametrize("kind", ANIMATED)
def test_an_animation_is_stored_and_marked_as_one(send, kind):
    frames = [noise(40, 30, seed=seed) for seed in range(3)]
    assert send(encoded(frames[0], kind, save_all=True, append_images=frames[1:])).status_code == 201
    assert Image.objects.get().is_animated


def test_further_pages_of_a_tiff_are_no_animation(send):
    content = encoded(noise(40, 30), "TIFF", save_all=True, append_images=[noise(90, 90)])
    assert send(content).status_code == 201
    image = Image.objects.get()
    assert (image.width, image.height, image.is_animated) == (40, 30, False)


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000), (2**31 - 1, 1)])
def test_a_bomb_is_refused_before_it_is_decoded(send, size):
    assert_refused(send(png_of(*size)), status=413, code="too_many_pixels")


def test_a_picture_with_more_pixels_than_the_setting_is_refused(send, settings):
    settings.UPLOAD_MAX_PIXELS = 1_000_000
    response = send(encoded(noise(1001, 1000)))
    assert_refused(response, status=413, code="too_many_pixels")
    settings.UPLOAD_MAX_PIXELS = 1_001_000
    assert send(encoded(noise(1001, 1000))).status_code == 201


def test_a_picture_that_takes_too_long_to_decode_is_refused_in_time(send, settings):
    settings.UPLOAD_MAX_SECONDS = 0.05
    content = encoded(plain("red", 8000, 8000))
    started = time.monotonic()
    assert_refused(send(content), status=400, code="too_slow")
    assert time.monotonic() - started < 5
    settings.UPLOAD_MAX_SECONDS = 20
    assert send(encoded(noise())).status_code == 201  # the next one has a decoder again


def test_a_decoder_that_dies_of_a_file_takes_nothing_else_with_it():
    pool = DecoderPool(1)
    content = encoded(noise())
    look = {"max_pixels": 10_000, "seconds": 20}
    assert pool.inspect([content], len(content), **look).width == 64
    pool._idle.queue[0]._process.kill()
    pool._idle.queue[0]._process.wait()
    assert pool.inspect([content], len(content), **look).width == 64


def test_who_finds_every_decoder_at_work_is_told_to_come_back():
    pool = DecoderPool(1)
    release = threading.Event()

    def slow_to_arrive():
        yield encoded(noise())
        release.wait()

    def decode_slowly():
        with contextlib.suppress(pixels.TooSlow):
            pool.inspect(slow_to_arrive(), 10**6, max_pixels=1, seconds=0.2)

    first = threading.Thread(target=decode_slowly)
    first.start()
    wait_until_taken(pool)
    with pytest.raises(DecoderBusy):
        pool.inspect([b""], 0, max_pixels=1, seconds=0.05)
    release.set()
    first.join()


def wait_until_taken(pool: DecoderPool) -> None:
    while not pool._idle.empty():
        time.sleep(0.005)


def test_a_wrong_extension_is_fine_because_the_content_decides(send):
    assert send(encoded(noise(), "JPEG"), "notes.txt").status_code == 201
    image = Image.objects.get()
    assert image.content_type == "image/jpeg"
    assert image.original.name.endswith(".jpg")


def test_an_animation_is_measured_by_its_first_frame(send):
    frames = [noise(40, 30, seed=seed) for seed in range(3)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert send(content).status_code == 201
    image = Image.objects.get()
    assert (image.width, image.height) == (40, 30)


def test_width_and_height_are_those_that_people_see(send):
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert send(encoded(noise(80, 20), "JPEG", exif=exif)).status_code == 201
    image = Image.objects.get()
    assert (image.width, image.height) == (20, 80)


def test_a_broken_exif_block_does_not_spoil_a_picture(send):
    content = encoded(noise(80, 20), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffgarbage")
    assert send(content).status_code == 201
    assert Image.objects.get().width == 80


def test_the_second_frame_of_an_animation_may_be_a_bomb_without_harm(send):
    """Only the first frame is ever decoded."""
    frames = [noise(40, 30), noise(40, 30, seed=1)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    cut_in_the_second = content[:-200]
    Pillow.open(io.BytesIO(cut_in_the_second)).load()
    assert send(cut_in_the_second).status_code == 201


def test_storage_is_where_these_tests_look(send):
    """Guards files_left(): it has to see what a good upload leaves."""
    assert send(encoded(noise())).status_code == 201
    assert len(files_left()) == 1
    assert default_storage.exists(Image.objects.get().original.name)
