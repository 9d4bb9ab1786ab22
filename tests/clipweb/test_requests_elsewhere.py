"""No address that a person gives is ever fetched: what opens connections at all is listed here, and asks only
the site's own processes, at addresses out of its settings, and for models at those of the catalogue."""

import ast

import pytest
from django.apps import apps
from django.forms import URLField
from django.forms.models import fields_for_model

from tests.processes import ROOT

OPENERS = {"httpx", "requests", "urllib3", "aiohttp", "http.client", "urllib.request", "socket", "ftplib"}
KNOWN = {
    "clipweb/registry/downloading.py": {"httpx"},  # models of the catalogue, for who types the command
    "clipweb/socket_protocol.py": {"socket"},  # how much a connection that somebody opened may hold
    "clipweb/supervisor/probes.py": {"httpx", "socket"},  # health of the encoder; the machine's name
    "clipweb/supervisor/queues.py": {"socket"},  # the machine's name
    "clipweb/management/commands/serve.py": {"socket"},  # whether the port is free
    "gallery/encoder_client.py": {"httpx"},  # the encoder, ENCODER_URL
    "generator/heartbeat.py": {"socket"},  # the machine's name
}


def imports_of(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_only_what_asks_the_sites_own_processes_can_open_a_connection():
    opening = {}
    for package in ("clipweb", "gallery", "generator"):
        for path in (ROOT / package).rglob("*.py"):
            if used := imports_of(path.read_text()) & OPENERS:
                opening[path.relative_to(ROOT).as_posix()] = used
    assert opening == KNOWN


@pytest.mark.parametrize("label", ["gallery", "generator"])
def test_no_table_keeps_an_address_that_could_be_fetched(label):
    for model in apps.get_app_config(label).get_models():
        fields = fields_for_model(model).values()
        assert not [field for field in fields if isinstance(field, URLField)], model
