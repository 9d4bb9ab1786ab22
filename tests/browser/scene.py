"""A running site in which every page has something to show: people, pictures and jobs in every state."""

import json
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from PIL import Image as Pillow

from gallery.training.curves import draw_curves
from gallery.training.folder import RunFolder, write_json, write_whole
from tests.gallery.drawing import camera_exif, encoded
from tests.people import passkey
from tests.people.authenticator_app import code_for
from tests.processes import ADMIN, PASSWORD, ROOT, Site, send

DEMO = ROOT / "gallery" / "demo"
UPLOADS = [
    "teapot.png",  # gets a title without a place to break the line
    "owl.webp",
    "sailboat.png",
    "strawberry.webp",
    "yellow-cat.png",
    "red-heart.png",
    "sunflower.webp",
]
JOB = re.compile(r"/studio/([0-9a-f-]{36})/")
LONGEST_JOB = 2000  # steps: still running when the last page is looked at


@dataclass
class Scene:
    site: Site
    pictures: list[str] = field(default_factory=list)  # Alice's, ids
    albums: dict[str, str] = field(default_factory=dict)  # of Alice, visibility → id
    link: str = ""  # the path of the secret link
    jobs: dict[str, str] = field(default_factory=dict)  # state → id
    batch: str = ""
    reported: list[str] = field(default_factory=list)  # pictures of others that Alice reported
    case: str = ""  # about the first of them, open
    policy: str = ""
    people: dict[str, httpx.Client] = field(default_factory=dict)

    def group(self) -> str:
        """The near-duplicates among Alice's pictures."""
        return str(uuid.UUID(self.site.rows('SELECT "group" FROM gallery_nearpair')[0][0]))

    def saved_search(self) -> str:
        return str(uuid.UUID(self.site.rows("SELECT id FROM gallery_savedsearch")[0][0]))

    def passkey(self) -> int:
        """Dora's."""
        return self.site.rows("SELECT id FROM mfa_authenticator WHERE type = 'webauthn'")[0][0]

    def reset_link(self) -> str:
        """The newest link to a new password in the letters that the web process wrote to its log."""
        return re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", self.site.log("web"))[-1]


def build_scene(site: Site) -> Scene:
    scene = Scene(site)
    load_demo(site)
    alice = scene.people["alice"] = site.sign_up("alice")
    scene.people["admin"] = site.sign_in(ADMIN)
    scene.people["dora"] = set_up_second_factor(site.sign_up("dora"))
    give_passkey(site, "dora")
    first, *rest = UPLOADS
    upload(alice, DEMO / first)
    for content in photo_twice():
        send_file(alice, "cat on a sofa.jpg", content)
    for name in rest:
        upload(alice, DEMO / name)
    wait_for_pictures(site)
    site.wait_until(lambda: site.rows("SELECT 1 FROM gallery_nearpair"), seconds=120)
    scene.pictures = [
        str(uuid.UUID(row[0]))
        for row in site.rows(
            "SELECT i.id FROM gallery_image i JOIN gallery_user u ON u.id = i.owner_id"
            " WHERE u.username = 'alice' ORDER BY i.created_at DESC"
        )
    ]
    edit(
        alice,
        scene.pictures[0],
        title="A sunflower in July",
        caption="Taller than all of us.",
        tags="summer, yellow, garden",
        visibility="public",
    )
    edit(alice, scene.pictures[-1], title=25 * "Teapot", visibility="private")
    organise(scene)
    search(scene)
    make_jobs(scene)
    break_one_of_each(scene)
    moderate(scene)
    train(scene)
    return scene


def set_up_second_factor(client: httpx.Client) -> httpx.Client:
    client.post("/accounts/reauthenticate/", data={"password": PASSWORD, **token(client)})
    page = "/accounts/second-factor/totp/activate/"
    (key,) = re.findall(r'value="([A-Z2-7]{32})"', client.get(page).text)
    response = client.post(page, data={"code": code_for(key), **token(client)})
    assert response.url.path == "/accounts/second-factor/recovery-codes/", response.text
    return client


def give_passkey(site: Site, name: str) -> None:
    """Past the browser, which keeps none for an address of numbers."""
    site.rows(
        "INSERT INTO mfa_authenticator (user_id, type, data, created_at) SELECT id, 'webauthn', ?,"
        " datetime('now') FROM gallery_user WHERE username = ?",
        *(json.dumps(passkey.DATA), name),
    )


def load_demo(site: Site) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "load_demo"]
    subprocess.run(command, cwd=ROOT, env=site.environment, check=True, capture_output=True)


def upload(client: httpx.Client, path: Path) -> None:
    send_file(client, path.name, path.read_bytes())


def send_file(client: httpx.Client, name: str, content: bytes) -> None:
    response = send(client, "/upload/", {"visibility": "private"}, files={"files": (name, content)})
    assert response.is_success, response.text


def photo_twice() -> list[bytes]:
    """A photo with all that a camera notes, and a smaller copy of it."""
    picture = Pillow.open(DEMO / "chelsea.jpg")
    half = picture.resize((picture.width // 2, picture.height // 2))
    return [encoded(picture, "JPEG", exif=camera_exif(), quality=90), encoded(half, "JPEG")]


def wait_for_pictures(site: Site) -> None:
    site.wait_until(
        lambda: not site.rows("SELECT 1 FROM gallery_image WHERE status = 'pending'"), seconds=900
    )


def edit(client: httpx.Client, picture: str, **form: str) -> None:
    response = send(client, f"/pictures/{picture}/edit/", form)
    assert response.url.path == f"/pictures/{picture}/", response.text


def organise(scene: Scene) -> None:
    """A favourite, albums of two kinds, and something in the trash."""
    alice = scene.people["alice"]
    upload(alice, DEMO / "oak.webp")
    wait_for_pictures(scene.site)
    (trashed,) = scene.site.rows("SELECT id FROM gallery_image ORDER BY created_at DESC LIMIT 1")[0]
    send(alice, f"/pictures/{scene.pictures[0]}/favourite/", {})
    for visibility in ("public", "unlisted"):
        album = {"title": f"Summer, {visibility}", "description": "What we saw.", "order": "manual"}
        made = send(alice, "/albums/new/", {**album, "visibility": visibility})
        scene.albums[visibility] = made.url.path.split("/")[2]
        chosen = {"action": "album", "album": scene.albums[visibility], "picture": scene.pictures[:6]}
        send(alice, "/gallery/selection/", chosen)
        if visibility == "unlisted":
            scene.link = re.findall(r"/shared/[\w-]+/", made.text)[0]
    send(alice, "/gallery/selection/", {"action": "trash", "picture": str(uuid.UUID(trashed))})
    send(alice, "/which/sets/new/", {"name": "In the garden", "labels": "a sunflower\nan owl\na strawberry"})
    asked = {"picture": scene.pictures[:6], "labels": "sunflower\nheart\nowl", "threshold": 50}
    written = send(alice, "/which/tags/write/", asked)
    assert written.url.path == "/which/tags/written/", written.text


def search(scene: Scene) -> None:
    """Recent searches, and one that is saved."""
    alice = scene.people["alice"]
    for words in ("a red heart", f"2*picture:{scene.pictures[0]} - heart"):
        send(alice, "/search/ask/", {"q": words, "owner": "mine"})
    send(alice, "/searches/save/", {"name": "What is red", "query": "q=something+red&sort=date"})


def make_jobs(scene: Scene) -> None:
    """Jobs in every state; the long one holds the only worker, so that the one behind it stays queued."""
    scene.jobs["done"] = ask(scene, "a red heart", steps=40, seed=1)
    scene.jobs["failed"] = ask(scene, "the same as before, but worse", steps=1, seed=2)
    scene.jobs["strokes"] = ask(scene, "a red heart", steps=12, seed=1, drawer="strokes")
    scene.jobs["remixed"] = ask(scene, "a red heart", steps=12, seed=9, like=scene.jobs["done"])
    for state in ("done", "failed", "strokes", "remixed"):
        wait_for_job(scene, scene.jobs[state], "done")
    scene.jobs["running"] = ask(scene, "a lighthouse at the sea", steps=LONGEST_JOB, seed=3)
    wait_for_job(scene, scene.jobs["running"], "running")
    scene.jobs["queued"] = ask(scene, "a green apple", steps=150, seed=4)
    scene.jobs["cancelled"] = ask(scene, "an owl, but I thought better of it", steps=150, seed=5)
    send(scene.people["alice"], f"/studio/{scene.jobs['cancelled']}/cancel/", {})
    scene.jobs["paused"] = ask(scene, "a snail", steps=150, seed=6)
    send(scene.people["alice"], f"/studio/{scene.jobs['paused']}/pause/", {})
    grid = {"prompts": "a rose\na tulip", "column_setting": "seed", "column_values": "1 2"}
    sheet = send(scene.people["alice"], "/studio/batches/new/", {**grid, "size": 128, "steps": 40, "seed": 7})
    scene.batch = sheet.url.path.split("/")[3]
    scene.site.wait_until(
        lambda: scene.site.rows("SELECT 1 FROM generator_job WHERE state = 'running' AND step > 20"),
        seconds=120,
    )


def ask(scene: Scene, prompt: str, *, steps: int, seed: int, **options: str) -> str:
    form = {"prompt": prompt, "size": 128, "steps": steps, "seed": seed, **options}
    response = send(scene.people["alice"], "/studio/", form)
    found = JOB.search(str(response.url))
    assert found, response.text
    return found[1]


def wait_for_job(scene: Scene, job: str, state: str) -> None:
    def reached() -> bool:
        ((now, failure, error),) = scene.site.rows(
            "SELECT state, failure, error FROM generator_job WHERE id = ?", job.replace("-", "")
        )
        assert state == "failed" or now != "failed", f"{failure}: {error}"
        return now == state

    scene.site.wait_until(reached, seconds=180)


def break_one_of_each(scene: Scene) -> None:
    """What a healthy site does not show: a picture and a job that failed."""
    change = "UPDATE generator_job SET state = 'failed', failure = 'engine', image_id = NULL WHERE id = ?"
    scene.site.rows(change, scene.jobs["failed"].replace("-", ""))
    broken = scene.pictures[1]
    change = "UPDATE gallery_image SET status = 'failed', status_reason = ? WHERE id = ?"
    scene.site.rows(change, "The picture cannot be decoded.", broken.replace("-", ""))
    know_another_model(scene, unreadable=scene.pictures[2])


def know_another_model(scene: Scene, *, unreadable: str) -> None:
    """One that the encoder was not given, so that a change to it stays where it is, and that has failed."""
    scene.site.rows(
        "INSERT INTO gallery_encodingmodel (model_id, name, first_seen_at)"
        " VALUES ('ViT-B-32/laion2b_s34b_b79k@1f2e3d4c', 'ViT-B-32/laion2b_s34b_b79k', '2026-01-01')"
    )
    scene.site.rows(
        "INSERT INTO gallery_pendingvector (image_id, model_id, attempts, reason)"
        " SELECT ?, max(id), 1, 'The model cannot read this picture.' FROM gallery_encodingmodel",
        unreadable.replace("-", ""),
    )


def train(scene: Scene) -> None:
    """A run that was stopped halfway, with curves and a sheet of samples, and a model of another one."""
    run = RunFolder(scene.site.folder / "training" / "drawings")
    run.settle(command="train_vqgan", given={"seed": 7}, defaults={"steps": 200, "size": 64})
    rows = [{"step": step, "pixel": 9 / step, "used": step / 200, "seconds": step} for step in (20, 100)]
    write_whole(run.log_file, "".join(json.dumps(row) + "\n" for row in rows))
    write_whole(run.curves_file, draw_curves(rows))
    run.samples_folder.mkdir()
    Pillow.open(DEMO / UPLOADS[1]).resize((256, 64)).save(run.sample_file(100))
    model = {"name": "drawings", "kind": "vqgan", "architecture": "f8 1024", "layout": "", "source": ""}
    write_json(scene.site.folder / "models" / "drawings" / "model.json", {**model, "source_sha256": ""})


def moderate(scene: Scene) -> None:
    """Cases of every kind in the queue, decisions about them, an appeal, and somebody who may not sign in."""
    alice, admin = scene.people["alice"], scene.people["admin"]
    carol = scene.site.sign_up("carol")
    form = {"visibility": "public"}
    send(carol, "/upload/", form, files={"files": ("oak.webp", (DEMO / "oak.webp").read_bytes())})
    wait_for_pictures(scene.site)
    found = scene.site.rows(
        "SELECT i.id, i.owner_id FROM gallery_image i JOIN gallery_user u ON u.id = i.owner_id"
        " WHERE u.username <> 'alice' ORDER BY i.created_at DESC LIMIT 5"
    )
    scene.reported = [str(uuid.UUID(row[0])) for row in found]
    reasons = ("copyright", "violence", "spam", "sexual")
    for picture, reason in zip(scene.reported, reasons, strict=False):
        send(alice, f"/report/image/{picture}/", {"reason": reason, "note": "Have a look, please."})
    ((case,),) = scene.site.rows("SELECT id FROM gallery_case WHERE key = ?", scene.reported[0])
    scene.case = str(uuid.UUID(case))
    scene.policy = write_policy(scene)
    decide(scene, scene.reported[3], "blur", "block")
    send(alice, f"/report/person/{found[0][1]}/", {"reason": "harassment"})
    decide(scene, str(found[0][1]), "suspend", "warn", scope="sign_in", days="7")
    hidden = scene.pictures[2]
    admin.post(f"/pictures/{hidden}/hide/", data={"reason": "Too loud", **token(admin)})
    (decision,) = scene.site.rows("SELECT id FROM gallery_decision ORDER BY created_at DESC LIMIT 1")[0]
    alice.post(f"/decisions/{uuid.UUID(decision)}/appeal/", data={"text": "It is quiet.", **token(alice)})
    alice.post("/reports/read/", data=token(alice))


def write_policy(scene: Scene) -> str:
    """Its id. It is not in force, so that the pictures that come later are seen at once."""
    admin = scene.people["admin"]
    measured = "SELECT 1 FROM gallery_background WHERE line IS NOT NULL"  # soon after the start
    scene.site.wait_until(lambda: scene.site.rows(measured), seconds=120)
    form = {"name": "Trees", "texts": "a tree\nan oak", "threshold": "2", "result": "hold", **token(admin)}
    answer = admin.post("/moderation/policies/", data=form)
    assert answer.is_success, answer.text
    return answer.url.path.rstrip("/").rpartition("/")[2]


def decide(scene: Scene, thing: str, *chosen: str, **terms: str) -> None:
    ((case,),) = scene.site.rows("SELECT id FROM gallery_case WHERE key = ? AND state = 'open'", thing)
    admin = scene.people["admin"]
    form = {"action": chosen, "reason": "Against the rules of this site", **terms, **token(admin)}
    admin.get("/moderation/")
    response = admin.post(f"/moderation/cases/{uuid.UUID(case)}/decide/", data=form)
    assert response.is_success, response.text


def token(client: httpx.Client) -> dict[str, str]:
    client.get("/shortcuts/")
    return {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
