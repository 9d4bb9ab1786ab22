import pytest

from generator import jobs
from generator.models import Job
from generator.runner import Models
from tests.engine.tiny import TinyClip, TinyVqgan
from tests.generator.wishes import ask


@pytest.fixture
def job(alice) -> Job:
    """A job of Alice's that waits."""
    return ask(alice)


@pytest.fixture
def running_job(job) -> Job:
    return jobs.claim(job_id=job.id)


@pytest.fixture
def tiny_models():
    """Real models in every respect but size."""
    return lambda: Models(vqgan=TinyVqgan(), clip=TinyClip())


@pytest.fixture(autouse=True)
def one_thread(settings):
    """Tiny tensors gain nothing by more, and wait for each other where other tests run beside."""
    settings.TORCH_THREADS = 1
