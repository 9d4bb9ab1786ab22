"""A worker of the real queue is killed while a policy is applied to many pictures."""

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.browser.scene import DEMO, token, upload
from tests.processes import ROOT, Site

pytestmark = pytest.mark.processes
COPIES = 600
POLICY = {"name": "Everything", "texts": "a picture", "threshold": "-20", "result": "hold", "is_active": "on"}


def copy_picture(site: Site) -> None:
    """Rows alone: nothing looks at the files of what is held."""
    own = "SELECT id FROM gallery_image"
    columns = [row[1] for row in site.rows("PRAGMA table_info(gallery_image)")]
    new = {"id": "lower(hex(randomblob(16)))", "sha256": "lower(hex(randomblob(32)))"}
    values = ", ".join(new.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {COPIES})"
    site.rows(f"{numbers} INSERT INTO gallery_image ({names}) SELECT {values} FROM gallery_image, n")
    ((first,),) = site.rows("SELECT image_id FROM gallery_embedding WHERE model_id NOT LIKE '%#%' LIMIT 1")
    site.rows(
        "INSERT INTO gallery_embedding (image_id, model_id, dim, vector, created_at)"
        f" SELECT i.id, e.model_id, e.dim, e.vector, e.created_at FROM ({own}) i, gallery_embedding e"
        " WHERE e.image_id = ? AND e.model_id NOT LIKE '%#%' AND i.id <> ?",
        *(first, first),
    )


def write_policy(site: Site, admin: httpx.Client) -> str:
    measured = "SELECT 1 FROM gallery_background WHERE line IS NOT NULL"
    site.wait_until(lambda: site.rows(measured), seconds=180)
    answer = admin.post("/moderation/policies/", data=POLICY | token(admin))
    assert answer.is_success, answer.text
    return answer.url.path


def progress(site: Site) -> tuple[str, int]:
    return site.rows("SELECT state, looked_at FROM gallery_sweep")[0]


def test_every_picture_is_judged_once_though_workers_are_killed():
    with Site.start() as site:
        alice, admin = site.sign_up("alice"), site.sign_in()
        upload(alice, DEMO / "owl.webp")
        site.wait_until(lambda: site.rows("SELECT 1 FROM gallery_image WHERE status = 'ready'"), seconds=120)
        copy_picture(site)
        page = write_policy(site, admin)
        admin.post(f"{page}apply/", data=token(admin))
        site.wait_until(lambda: progress(site)[1] > 50, every=0.02)
        for worker in site.workers("default"):
            os.kill(worker, signal.SIGKILL)
        time.sleep(1)
        assert progress(site)[0] == "running"
        site.wait_until(lambda: progress(site)[0] == "done", seconds=240)
        total = COPIES + 1
        assert site.rows("SELECT looked_at, caught, left_alone FROM gallery_sweep") == [(total, total, 0)]
        for counted in (
            "SELECT count(*) FROM gallery_image WHERE is_hidden",
            "SELECT count(*) FROM gallery_case WHERE state = 'open'",
            "SELECT count(*) FROM gallery_finding",
            "SELECT count(*) FROM gallery_auditentry WHERE action = 'hold'",
        ):
            assert site.rows(counted) == [(total,)], counted
        command = [sys.executable, str(ROOT / "manage.py"), "verify_audit"]
        subprocess.run(command, cwd=ROOT, env=site.environment, check=True)
