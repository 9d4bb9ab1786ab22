"""A model's file from a real server: progress, going on where it broke off, and every way to fail."""

import hashlib
import shutil

import pytest

from clipweb.registry.downloading import NotFoundError, download, new_client
from clipweb.registry.store import RegistryError
from tests.clipweb.registry.file_server import file_server

CONTENT = bytes(range(256)) * 4000  # 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def served():
    with file_server() as served:
        served.files["/weights.bin"] = CONTENT
        yield served


@pytest.fixture
def get(served, tmp_path):
    def get(path="/weights.bin", **options):
        with new_client() as client:
            return download(served.url + path, tmp_path / "model" / "weights.bin", client=client, **options)

    return get


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "model").glob("*"))


def test_a_file_arrives_whole_with_its_progress_and_leaves_nothing_beside_it(get, tmp_path, capsys):
    assert get(sha256=SHA256).read_bytes() == CONTENT
    assert names(tmp_path) == ["weights.bin"]
    bar = capsys.readouterr().err
    assert "weights.bin: 100%" in bar
    assert "1.02M/1.02M" in bar


def test_a_download_that_broke_off_says_so_and_goes_on_where_it_was(get, served, tmp_path):
    served.cut_after = 300_000
    with pytest.raises(RegistryError, match=r"broke off; .*weights\.bin\.part keeps 300\.0 kB"):
        get(sha256=SHA256)
    assert "weights.bin" not in names(tmp_path)
    assert get(sha256=SHA256).read_bytes() == CONTENT
    assert [asked for _, asked in served.asked] == ["", "bytes=300000-"]
    assert names(tmp_path) == ["weights.bin"]


def test_a_file_that_was_exchanged_meanwhile_starts_from_its_beginning(get, served):
    served.cut_after = 300_000
    with pytest.raises(RegistryError):
        get()
    served.files["/weights.bin"] = b"new" * 1000
    assert get().read_bytes() == b"new" * 1000


def test_a_server_without_ranges_starts_from_its_beginning(get, served):
    served.cut_after = 300_000
    with pytest.raises(RegistryError):
        get()
    served.knows_ranges = False
    assert get(sha256=SHA256).read_bytes() == CONTENT


def test_a_wrong_checksum_deletes_what_arrived(get, tmp_path):
    with pytest.raises(RegistryError, match=f"arrived with the SHA-256 {SHA256}, not 0000"):
        get(sha256="0" * 64)
    assert names(tmp_path) == []


def test_the_checksum_that_the_hub_tells_counts_where_none_was_published(get, served, tmp_path):
    served.linked_etags["/weights.bin"] = "f" * 64
    with pytest.raises(RegistryError, match="damaged or exchanged on its way"):
        get()
    served.linked_etags["/weights.bin"] = SHA256
    assert get().read_bytes() == CONTENT


def test_without_room_nothing_is_written(get, served, tmp_path):
    served.claimed_length = shutil.disk_usage(tmp_path).free + 1
    with pytest.raises(RegistryError, match=r"weights\.bin needs [\d,]+ MB free in .*, and [\d,]+ MB are"):
        get()
    assert not (tmp_path / "model").exists()


def test_offline_ends_in_one_sentence_and_nothing_is_written(get, served, tmp_path):
    with new_client() as client, pytest.raises(RegistryError) as caught:
        download("http://127.0.0.1:9/weights.bin", tmp_path / "model" / "weights.bin", client=client)
    assert str(caught.value) == (
        "127.0.0.1 cannot be reached: fetch the file on a machine with a network, and add it here with "
        "`manage.py models add PATH`."
    )
    assert not (tmp_path / "model").exists()


def test_offline_in_the_middle_tells_of_what_is_kept(get, served, tmp_path):
    served.cut_after = 300_000
    with pytest.raises(RegistryError):
        get()
    with (
        new_client() as client,
        pytest.raises(RegistryError, match=r"weights\.bin\.part keeps what there is"),
    ):
        download("http://127.0.0.1:9/weights.bin", tmp_path / "model" / "weights.bin", client=client)


def test_a_missing_file_and_a_web_page_are_told_apart(get, served, tmp_path):
    with pytest.raises(NotFoundError, match="has no file at"):
        get("/other.bin")
    served.content_type = "text/html; charset=utf-8"
    with pytest.raises(RegistryError, match="gives a web page instead of the file"):
        get()
    assert not (tmp_path / "model").exists()
