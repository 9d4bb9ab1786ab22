"""Every known model as admins see it, the choice among those that are here, and the word in the footer."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from clipweb.registry import store
from clipweb.registry.chosen import read_choice
from clipweb.registry.store import Installed
from gallery.models import AuditEntry
from gallery.moderation import audit


@pytest.fixture
def site(settings, tmp_path):
    settings.MODELS_DIR, settings.SERVE_STATE = tmp_path / "models", tmp_path / "serve.json"
    settings.IS_CLIP_GIVEN = settings.IS_VQGAN_GIVEN = False
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = "mini", ""
    return settings


@pytest.fixture
def ours(site) -> Installed:
    with store.staging() as folder:
        (folder / "open_clip_model.safetensors").write_bytes(b"weights")
        model = Installed("ours", "clip", "custom", "made here", "here", "", licence="CC0")
        return store.install(folder=folder, model=model)


def use(client, name):
    return client.post(reverse("registry_use"), {"name": name}, follow=True).content.decode()


@pytest.mark.parametrize("person", ["owner", "visitor"])
def test_for_others_than_admins_there_is_no_such_page(client, alice, ours, person):
    if person == "owner":
        client.force_login(alice)
    assert client.get(reverse("registry")).status_code == 404
    assert client.post(reverse("registry_use"), {"name": "ours"}).status_code == 404
    assert read_choice(store.settings.MODELS_DIR).clip == ""


def test_admins_see_what_the_command_lists(client, admin, ours, capsys):
    client.force_login(admin)
    text = client.get(reverse("registry")).content.decode()
    call_command("models", "list")
    names = [
        line.split()[0]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("  ") and "NAME" not in line
    ]
    assert "ours" in names
    assert all(name in text for name in names)
    assert "manage.py models fetch ViT-B-32.openai" in text
    assert "CC0" in text


def test_admins_choose_a_model_and_the_log_says_who(client, admin, ours):
    client.force_login(admin)
    assert "ours is chosen." in use(client, "ours")
    assert read_choice(store.settings.MODELS_DIR).clip == "ours"
    entry = AuditEntry.objects.get(key="model clip")
    assert (entry.actor, entry.state_before, entry.state_after) == (admin, {"name": "mini"}, {"name": "ours"})
    assert audit.verify().flaws == []
    assert "from the next start on" in client.get(reverse("registry")).content.decode()
    assert "mini-vqgan is chosen." in use(client, "mini-vqgan")
    assert read_choice(store.settings.MODELS_DIR).clip == "ours"


def test_what_is_not_here_or_was_changed_is_not_chosen(client, admin, ours):
    client.force_login(admin)
    assert "is not here: fetch it first" in use(client, "ViT-B-32.openai")
    assert "is not here" in use(client, "../secret")
    (ours.folder / "open_clip_model.safetensors").write_bytes(b"other")
    assert "was changed" in use(client, "ours")
    assert read_choice(store.settings.MODELS_DIR).clip == ""
    assert not AuditEntry.objects.exists()


def test_admins_check_the_files_of_a_model(client, admin, ours):
    client.force_login(admin)

    def check(name):
        return client.post(reverse("registry_verify"), {"name": name}, follow=True)

    assert "ours is as it was installed." in check("ours").content.decode()
    assert "mini-vqgan is as it was installed." in check("mini-vqgan").content.decode()
    (ours.folder / "open_clip_model.safetensors").write_bytes(b"other")
    assert "was changed" in check("ours").content.decode()
    assert check("../secret").status_code == 404


def test_admins_remove_what_is_not_in_use_after_a_question(client, admin, ours):
    client.force_login(admin)
    address = reverse("registry_remove", args=["ours"])
    assert address in client.get(reverse("registry")).content.decode()
    assert "Remove ours?" in client.get(address).content.decode()
    assert ours.folder.exists()
    use(client, "ours")
    assert "ours is in use" in client.post(address, follow=True).content.decode()
    assert ours.folder.exists()
    use(client, "mini")
    assert "ours is gone." in client.post(address, follow=True).content.decode()
    assert not ours.folder.exists()
    entry = AuditEntry.objects.order_by("-number").first()
    assert entry.state_before == {"here": "ours"}
    assert client.post(address).status_code == 404
    assert client.get(reverse("registry_remove", args=["mini"])).status_code == 404


@pytest.mark.parametrize("name", ["%2e%2e", "..%2fmodels", ".new-x"])
def test_no_address_removes_anything_else(client, admin, ours, name):
    client.force_login(admin)
    assert client.post(f"/models/remove/{name}/").status_code == 404
    assert ours.folder.exists()


def test_the_environment_wins_and_the_page_says_so(client, admin, ours, settings):
    settings.IS_CLIP_GIVEN = True
    client.force_login(admin)
    assert "the environment sets another model, and that wins" in use(client, "ours")


def test_a_damaged_record_is_told_and_the_page_stays(client, admin, ours):
    (ours.folder / "model.json").write_text("{")
    client.force_login(admin)
    response = client.get(reverse("registry"))
    assert response.status_code == 200
    assert "delete its folder" in response.content.decode()


def test_admins_read_in_the_footer_that_the_small_model_is_in_use(client, admin, alice, site):
    word = "The small model is in use"
    address = reverse("gallery:search")
    assert word not in client.get(address).content.decode()
    client.force_login(alice)
    assert word not in client.get(address).content.decode()
    client.force_login(admin)
    assert word in client.get(address).content.decode()
    site.CLIP_MODEL = "ViT-B-32"
    assert word not in client.get(address).content.decode()
