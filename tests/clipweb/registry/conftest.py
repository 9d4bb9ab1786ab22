"""Most tests of the registry load models in their own process: each new one imports PyTorch first."""

import contextlib
import io
import json
from typing import Any

import pytest
import torch

from clipweb.registry import proof, proving
from clipweb.registry.store import RegistryError


@pytest.fixture(autouse=True)
def proof_in_this_process(request, monkeypatch):
    """What proving.py asks of proof.py, without the process; `own_process` keeps it."""
    if request.node.get_closest_marker("own_process"):
        yield
        return
    threads = torch.get_num_threads()

    def ask(*arguments: str) -> dict[str, Any]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            proof.main(arguments)
        report = json.loads(said.getvalue().strip().splitlines()[-1])
        if "error" in report:
            raise RegistryError(report["error"])
        return report

    monkeypatch.setattr(proving, "_ask", ask)
    yield
    torch.set_num_threads(threads)
