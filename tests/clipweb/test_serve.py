"""`manage.py serve` from outside: how it starts, ends, refuses, and what a crash leaves behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.processes import ROOT, Site, free_port, is_alive

pytestmark = pytest.mark.processes

NO_ENCODER = {"ENCODER_URL": "http://127.0.0.1:9"}  # elsewhere, and away: pages do without it
NAMES = {"valkey", "web", "queue-default", "queue-generate"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site.start(**NO_ENCODER) as running:
        yield running


def run_serve(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "serve", "--without-demo"],
        cwd=ROOT,
        env={**os.environ, **NO_ENCODER, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_process_is_started_and_named_on_one_line_each(site):
    assert set(site.state()["processes"]) == NAMES
    for name in NAMES:
        assert len(re.findall(rf"^{name} ready", site.said(), re.MULTILINE)) == 1
    assert site.said().splitlines()[-1] == f"clipweb is running at {site.url}/ (Ctrl-C ends it)"


def test_the_admin_of_the_settings_can_sign_in_and_see_every_process(site):
    status = site.sign_in().get("/status/")
    assert status.status_code == 200
    for name in NAMES:
        assert str(site.pid(name)) in status.text


def test_static_files_come_compressed_with_names_that_change_with_them(site):
    with site.client() as visitor:
        page = visitor.get("/")
        sheet = re.search(r'href="(/static/css/base\.[0-9a-f]+\.css)"', page.text)
        assert sheet, page.text
        response = visitor.get(sheet[1])
    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-encoding"] in {"gzip", "br"}


def test_a_socket_is_refused_to_a_visitor_and_to_a_page_of_another_site(site):
    path = "/ws/jobs/00000000-0000-4000-8000-000000000000/"
    for origin in (site.url, "http://elsewhere.example"):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"ws://127.0.0.1:{site.port}{path}", origin=origin),
        ):
            pass
        assert refused.value.response.status_code in {403, 404}


def test_a_second_serve_on_the_same_folder_says_so_and_ends(site):
    second = run_serve(CLIPWEB_DATA_DIR=str(site.folder), CLIPWEB_PORT=str(free_port()))
    assert second.returncode == 1
    assert f"already running on {site.folder} at {site.url}/" in second.stderr
    assert "Traceback" not in second.stderr
    assert all(site.is_ready(name) for name in NAMES)


def test_a_taken_port_is_named_with_the_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = run_serve(CLIPWEB_DATA_DIR=str(tmp_path), CLIPWEB_PORT=str(port))
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in refused.stderr
    assert "CLIPWEB_PORT=" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_encoder_without_its_weights_ends_the_start_with_the_reason(tmp_path):
    model = {"CLIP_MODEL": "ViT-B-32", "CLIP_PRETRAINED": str(tmp_path / "missing.pt"), "ENCODER_URL": ""}
    refused = run_serve(CLIPWEB_DATA_DIR=str(tmp_path), CLIPWEB_PORT=str(free_port()), **model)
    assert refused.returncode == 1
    assert "encoder cannot be started" in refused.stderr
    assert "missing.pt" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_end_of_a_clusters_main_process_is_the_end_of_its_workers(site):
    main, workers = site.pid("queue-default"), site.workers("default")
    assert len(workers) == 2
    os.kill(main, signal.SIGKILL)
    site.wait_until(lambda: not any(map(is_alive, workers)), seconds=5)
    site.wait_until(lambda: site.is_ready("queue-default") and site.pid("queue-default") != main)
    assert site.process("queue-default")["restarts"] == 1


def test_a_process_that_hangs_is_started_again(site):
    main = site.pid("valkey")
    os.kill(main, signal.SIGSTOP)
    site.wait_until(lambda: not is_alive(main), seconds=40)
    site.wait_until(lambda: all(site.is_ready(name) for name in NAMES))
    assert "valkey does not answer" in site.said()


def test_after_a_killed_supervisor_nothing_is_left_and_serve_just_works_again(site):
    before = site.all_pids()
    assert len(before) > len(NAMES)
    site.supervisor.kill()
    site.supervisor.wait()
    site.serve()
    assert not set(before) & set(site.all_pids())
    with site.client() as visitor:
        assert visitor.get("/").status_code == 200


def test_ctrl_c_ends_everything_and_leaves_no_process(site):
    assert site.stop() == 0
    assert site.said().splitlines()[-2:] == ["stopping…", "stopped"]
    assert site.all_pids() == []
    assert site.state() is None
    assert not list((site.folder / "run").glob("*.sock"))
