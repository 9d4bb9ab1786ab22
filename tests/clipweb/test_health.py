import json
import shutil
import socket
import ssl
import time
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from clipweb.supervisor import probes
from clipweb.supervisor.state import write_state
from generator.models import Job
from tests.processes import free_port

EVERYBODY = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture
def run_dir(settings, tmp_path):
    settings.SERVE_STATE = tmp_path / "serve.json"
    return tmp_path


def test_live_works_without_a_database(client):  # which a test without the mark may not use
    response = client.get(reverse("health_live"))
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_what_is_not_well_makes_the_answer_503_and_is_named(client):
    answer = client.get("/health", **EVERYBODY)
    parts = answer.json()["parts"]
    assert answer.status_code == 503
    assert parts["database"] == parts["valkey"] == {"ok": True}
    assert parts["encoder"] == parts["queue_default"] == {"ok": False}


@pytest.mark.django_db
def test_a_program_on_this_machine_learns_the_details(client):
    report = client.get("/health").json()
    assert report["parts"]["queue_default"]["error"] == "no cluster works on this queue"
    assert report["parts"]["disk"]["free_bytes"] > 0
    assert report["versions"]["django"].startswith("5.2")


@pytest.mark.django_db
@pytest.mark.parametrize("passed_on", [{"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, {"HTTP_VIA": "1.1 proxy"}])
def test_what_a_proxy_on_this_machine_passes_on_is_not_from_this_machine(client, passed_on):
    report = client.get("/health", **passed_on).json()
    assert "versions" not in report
    assert set(report["parts"]["disk"]) == {"ok"}


@pytest.mark.django_db
def test_an_admin_learns_the_details_from_anywhere_and_a_member_does_not(client, admin, alice):
    client.force_login(alice)
    assert "versions" not in client.get("/health", **EVERYBODY).json()
    client.force_login(admin)
    assert "versions" in client.get("/health", **EVERYBODY).json()


@pytest.mark.django_db
def test_nothing_secret_is_told(client, settings):
    settings.REDIS_URL = "redis://:hush@127.0.0.1:1/0"
    settings.ENCODER_URL = "http://user:hush@127.0.0.1:1"
    text = client.get("/health").content.decode()
    assert "hush" not in text
    assert settings.SECRET_KEY not in text


@pytest.mark.django_db
def test_the_answer_comes_in_time_when_the_encoder_hangs(client, settings, silent_server):
    settings.ENCODER_URL = silent_server
    started = time.monotonic()
    report = client.get("/health").json()
    assert time.monotonic() - started < 6
    assert report["parts"]["encoder"]["ok"] is False


@pytest.fixture
def silent_server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.django_db
def test_full_disk_is_told(client, settings, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    assert client.get("/health").json()["parts"]["disk"] == {"ok": False, "error": "1 MB free"}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_health_only_reads(client, method):
    assert getattr(client, method)("/health").status_code == 405


@pytest.mark.django_db
def test_the_status_page_is_not_there_for_others(client, alice):
    assert client.get("/status/").status_code == 404
    client.force_login(alice)
    assert client.get("/status/").status_code == 404
    assert client.get("/status/?part=1").status_code == 404


@pytest.mark.django_db
def test_the_status_page_shows_the_processes_and_the_jobs_of_all(client, admin, alice, run_dir, settings):
    Job.objects.create(
        owner=alice,
        prompt="a <red> heart",
        seed=1,
        steps=50,
        width=128,
        height=128,
        state=Job.State.RUNNING,
        step=7,
        heartbeat_at=timezone.now(),
    )
    web = {"pid": 4711, "state": "ready", "since": time.time(), "restarts": 3, "detail": "", "trouble": ""}
    write_state(
        settings.SERVE_STATE,
        {
            "pid": 4710,
            "since": time.time(),
            "written": time.time(),
            "url": "http://x/",
            "processes": {"web": web},
        },
    )
    client.force_login(admin)
    for url in ("/status/", "/status/?part=1"):
        text = client.get(url).content.decode()
        assert "a &lt;red&gt; heart" in text
        assert "7 / 50" in text
        assert "4711" in text


@pytest.mark.django_db
def test_a_state_left_behind_by_a_crash_is_not_shown(client, admin, run_dir, settings):
    state = {"pid": 4710, "since": 0, "written": time.time() - 60, "url": "http://x/", "processes": {}}
    settings.SERVE_STATE.write_text(json.dumps(state))
    client.force_login(admin)
    assert "4710" not in client.get("/status/").content.decode()


def put_task(queue: str, *, minutes: int) -> None:
    lock = timezone.now() - timedelta(minutes=minutes)
    OrmQ.objects.create(key=queue, payload="", lock=lock)


@pytest.mark.django_db
def test_tasks_that_wait_for_long_while_nothing_is_done_are_stuck():
    put_task("default", minutes=1)
    assert probes.stuck_tasks("default") == 0
    put_task("default", minutes=10)
    assert probes.stuck_tasks("default") == 1


@pytest.mark.django_db
def test_a_job_that_waits_for_another_with_a_heartbeat_is_not_stuck(alice):
    put_task("generate", minutes=10)
    assert probes.stuck_tasks("generate") == 1
    job = Job.objects.create(
        owner=alice,
        prompt="a red heart",
        seed=1,
        steps=50,
        width=128,
        height=128,
        state=Job.State.RUNNING,
        claim=uuid.uuid4(),
        heartbeat_at=timezone.now(),
    )
    assert probes.stuck_tasks("generate") == 0
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert probes.stuck_tasks("generate") == 1


def test_asking_on_this_machine_reads_no_certificates(settings, tmp_path, monkeypatch, db):
    def read(*_: object, **__: object) -> None:
        raise AssertionError("certificates were read")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", read)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", read)
    settings.PORT, settings.ENCODER_URL = free_port(), f"unix://{tmp_path / 'nobody.sock'}"
    with pytest.raises(probes.NotAnsweringError):
        probes.web(0)
    with pytest.raises(probes.NotAnsweringError):
        probes.encoder(0)
