"""Headers that bound what a page may do, and Django's own list of what a public site has to have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["home", "account_login", "gallery:explore", "admin:login"])
def test_every_page_says_what_it_may_do(client, db, name):
    headers = client.get(reverse(name), follow=True).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_an_error_page_has_the_same_bounds(client, db):
    response = client.get("/there/is/no/such/page/")
    assert response.status_code == 404
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_django_has_nothing_to_warn_of_behind_a_tls_proxy(tmp_path):
    environment = {"PATH": os.environ["PATH"], "CLIPWEB_DATA_DIR": str(tmp_path), "CLIPWEB_HTTPS": "1"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
