"""Training runs as admins see them, without PyTorch and without a way out of their folder."""

import pytest
from django.urls import reverse
from PIL import Image as Pillow

from gallery.training.curves import draw_curves
from gallery.training.folder import RunFolder, write_json, write_whole

ROWS = [{"step": step, "loss": 3.0 - step / 20, "seconds": step} for step in (20, 40)]


@pytest.fixture
def run(settings, tmp_path) -> RunFolder:
    settings.TRAINING_DIR = tmp_path / "training"
    run = RunFolder(settings.TRAINING_DIR / "first")
    run.settle(
        command="train_clip", given={"seed": 7}, defaults={"steps": 200, "source": {"user": ["alice"]}}
    )
    write_whole(run.log_file, '{"step": 20, "loss": 2.0}\n{"step": 40, "loss": 1.25}\n{"step": 6')
    write_whole(run.curves_file, draw_curves(ROWS))
    run.samples_folder.mkdir()
    Pillow.new("RGB", (8, 8)).save(run.sample_file(100))
    return run


def page(client, name="trainings", *args, query=""):
    return client.get(reverse(name, args=args) + query)


@pytest.mark.parametrize("person", ["owner", "visitor"])
def test_for_others_than_admins_there_are_no_such_pages(client, alice, run, person):
    if person == "owner":
        client.force_login(alice)
    for name, args in [
        ("trainings", []),
        ("training", ["first"]),
        ("training_curves", ["first"]),
        ("training_sample", ["first", 100]),
    ]:
        assert page(client, name, *args).status_code == 404


def test_admins_see_all_runs_and_how_far_they_are(client, admin, run):
    client.force_login(admin)
    text = page(client).content.decode()
    assert "first" in text
    assert "train_clip" in text
    assert "40 / 200" in text
    assert "stopped" in text
    with run.held():
        assert "running" in page(client, query="?part=1").content.decode()
    run.finish({"recall_after": [0.5, 0.75, 1.0]})
    text = page(client, "training", "first").content.decode()
    assert "done" in text
    assert "0.5, 0.75, 1" in text


def test_a_run_has_its_settings_curves_and_samples(client, admin, run):
    client.force_login(admin)
    text = page(client, "training", "first").content.decode()
    assert "<dt>seed</dt><dd>7</dd>" in text
    assert "user: alice" in text
    assert "manage.py train_clip --run first" in text
    assert '<progress class="progress" max="200" value="40"' in text
    assert "<html" not in page(client, "training", "first", query="?part=1").content.decode()

    curves = page(client, "training_curves", "first")
    assert curves["Content-Type"] == "image/svg+xml"
    assert curves.content.startswith(b"<svg")
    assert "default-src 'none'" in curves["Content-Security-Policy"]
    sample = page(client, "training_sample", "first", 100)
    assert sample["Content-Type"] == "image/png"
    assert reverse("training_sample", args=["first", 100]) in text
    assert page(client, "training_sample", "first", 200).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/training/../",
        "/training/%2e%2e/",
        "/training/%2e%2e/curves.svg",
        "/training/..%2f..%2fsecret/curves.svg",
        "/training/first/samples/..%2f100.png",
        "/training/first/samples/-1.png",
        "/training/first/checkpoint.pt",
        "/training/first/samples/config.json",
        "/training/.hidden/",
        "/training/nothing/",
        "/training/first%00/",
    ],
)
def test_no_address_leads_out_of_a_run(client, admin, run, address):
    hidden = RunFolder(run.path.parent / ".hidden")
    hidden.settle(command="train_clip", given={}, defaults={"steps": 1})
    write_whole(run.path.parent.parent / "curves.svg", "secret")
    client.force_login(admin)
    assert client.get(address).status_code == 404


def test_a_link_out_of_the_folder_is_not_followed(client, admin, run, tmp_path):
    (tmp_path / "secret").write_text("secret")
    run.curves_file.unlink()
    run.curves_file.symlink_to(tmp_path / "secret")
    client.force_login(admin)
    assert page(client, "training_curves", "first").status_code == 404


def test_a_damaged_run_is_named_and_hides_no_other(client, admin, run):
    broken = RunFolder(run.path.parent / "broken")
    write_whole(broken.config_file, "{")
    write_json(broken.path / "else.json", {})
    client.force_login(admin)
    text = page(client).content.decode()
    assert "cannot be read" in text
    assert "first" in text
    assert "config.json cannot be read" in page(client, "training", "broken").content.decode()


def test_without_any_run_the_page_says_how_to_begin(client, admin, settings, tmp_path):
    settings.TRAINING_DIR = tmp_path / "none"
    client.force_login(admin)
    text = page(client).content.decode()
    assert "Nothing has been trained here yet." in text
    assert "manage.py train_clip" in text
