"""Headers that bound what a page may do, and Django's own list of what a public site has to have."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from clipweb.supervisor.specs import build_specs

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


BEHIND_TLS = """
from django.conf import settings
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY)
print(settings.SESSION_COOKIE_PATH, settings.CSRF_COOKIE_PATH)
print(settings.SESSION_COOKIE_DOMAIN, settings.CSRF_COOKIE_DOMAIN)
"""


def test_behind_a_tls_proxy_cookies_belong_to_this_host_alone(tmp_path):
    """What browsers ask of the prefix, or they drop the cookie: secure, for every path, without a domain."""
    environment = {"PATH": os.environ["PATH"], "CLIPWEB_DATA_DIR": str(tmp_path), "CLIPWEB_HTTPS": "1"}
    environment["DJANGO_SETTINGS_MODULE"] = "clipweb.settings"
    command = [sys.executable, "-c", BEHIND_TLS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    names, secure, paths, domains = done.stdout.splitlines()
    assert names == "__Host-sessionid __Host-csrftoken"
    assert (secure, paths, domains) == ("True True True", "/ /", "None None")


def test_the_web_process_does_not_say_what_it_is(db):
    """As the supervisor starts it, and as docs/deploy.md has it."""
    (web,) = (spec for spec in build_specs() if spec.name == "web")
    assert "--no-server-header" in web.command
    starts = [line for line in (ROOT / "docs/deploy.md").read_text().splitlines() if "clipweb.asgi" in line]
    assert starts
    assert all("--no-server-header" in line for line in starts)


def test_django_has_nothing_to_warn_of_behind_a_tls_proxy(tmp_path):
    environment = {"PATH": os.environ["PATH"], "CLIPWEB_DATA_DIR": str(tmp_path), "CLIPWEB_HTTPS": "1"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
