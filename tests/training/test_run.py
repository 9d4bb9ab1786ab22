"""The folder of a training run: begun, stopped, gone on with, read while it runs."""

import json
import pickle
from xml.etree import ElementTree

import pytest
import torch
from PIL import Image

from gallery.training.curves import MOST_POINTS, draw_curves, thinned
from gallery.training.folder import RunError, RunFolder, all_runs, run_folder
from gallery.training.run import Pace, take_steps
from gallery.training.samples import sheet
from tests.training.walk import Walk

PACE = Pace(log_every=4, sample_every=5)


def rows(folder):
    return [{key: row[key] for key in ("step", "loss")} for row in folder.rows()]


def begin(folder, walk, **options):
    return take_steps(folder, walk, steps=walk.steps, pace=PACE, **options)


@pytest.mark.parametrize("stop", [1, 6, 8, 9])
def test_a_run_that_was_stopped_gives_the_same_numbers(tmp_path, stop):
    straight, broken = RunFolder(tmp_path / "straight"), RunFolder(tmp_path / "broken")
    whole = Walk(10)
    assert begin(straight, whole)

    assert not begin(broken, Walk(10, ends_at=stop))
    assert broken.state == "stopped"
    second = Walk(10, seed=2)  # its own seed is overruled by the checkpoint
    assert begin(broken, second)

    assert torch.equal(second.place, whole.place)
    assert rows(broken) == rows(straight)
    assert [row["step"] for row in rows(straight)] == [4, 8, 10]


def test_lines_of_steps_that_were_not_saved_are_dropped(tmp_path):
    folder = RunFolder(tmp_path / "run")
    begin(folder, Walk(10, ends_at=5))
    with folder.log_file.open("a") as file:  # a later process was killed before it saved
        file.write('{"step": 8, "loss": 99, "seconds": 1}\n')
    straight = RunFolder(tmp_path / "straight")
    begin(straight, Walk(10))

    begin(folder, Walk(10))

    assert rows(folder) == rows(straight)


def test_samples_do_not_change_what_is_learned(tmp_path):
    def draw():
        return sheet(torch.rand(3, 3, 4, 4), columns=2)

    plain, sampled = Walk(10), Walk(10)
    begin(RunFolder(tmp_path / "plain"), plain)
    sampled = Walk(10)
    folder = RunFolder(tmp_path / "sampled")
    begin(folder, sampled, sample=draw)

    assert torch.equal(plain.place, sampled.place)
    assert [path.name for path in folder.samples()] == ["step-000005.png", "step-000010.png"]
    assert Image.open(folder.samples()[0]).size == (8, 8)


def test_other_settings_are_refused_and_named(tmp_path):
    folder = RunFolder(tmp_path / "run")
    defaults = {"seed": 0, "sizes": (1, 2), "rate": 0.1}
    begun = folder.settle(command="train_walk", given={"seed": 3, "rate": None}, defaults=defaults)
    assert begun == {"command": "train_walk", "seed": 3, "sizes": [1, 2], "rate": 0.1}

    again = folder.settle(command="train_walk", given={"seed": 3, "rate": None}, defaults={"rate": 7})
    assert again == begun
    with pytest.raises(RunError) as refused:
        folder.settle(command="train_walk", given={"seed": 4, "rate": 0.2}, defaults=defaults)
    assert "seed is 3 there and 4 now; rate is 0.1 there and 0.2 now" in str(refused.value)
    with pytest.raises(RunError, match="command"):
        folder.settle(command="train_other", given={}, defaults=defaults)
    assert folder.config() == begun


def test_one_process_at_a_time_works_on_a_run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.held():
        assert folder.state == "running"
        with pytest.raises(RunError, match="another process"):
            begin(folder, Walk(2))
    assert folder.state == "stopped"
    folder.finish({"steps": 2})
    assert folder.state == "done"
    assert folder.summary()["steps"] == 2


def test_a_checkpoint_is_data_and_never_code(tmp_path):
    class Program:
        def __reduce__(self):
            return (print, ("run",))

    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    torch.save({"step": 1, "place": Program(), "random_states": {}}, folder.checkpoint_file)
    with pytest.raises(pickle.UnpicklingError):
        begin(folder, Walk(2))


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path):
    folder = RunFolder(tmp_path / "run")
    begin(folder, Walk(10, ends_at=5))
    before = folder.checkpoint_file.read_bytes()

    class Unsaveable(Walk):
        def save(self, path):
            self.place = lambda: None  # no tensor and no value
            super().save(path)

    with pytest.raises((pickle.PicklingError, AttributeError)):
        begin(folder, Unsaveable(10))
    assert folder.checkpoint_file.read_bytes() == before


@pytest.mark.parametrize("name", ["", "..", "../else", "a/b", ".hidden", "a" * 65, "a\n"])
def test_a_name_leads_nowhere_else(tmp_path, name):
    with pytest.raises(RunError, match="no name"):
        run_folder(tmp_path, name)


def test_runs_are_listed_the_newest_first(tmp_path):
    for name in ("one", "two"):
        run_folder(tmp_path, name).settle(command="train_walk", given={}, defaults={"seed": 0})
    (tmp_path / "no-run").mkdir()
    assert {run.name for run in all_runs(tmp_path)} == {"one", "two"}
    assert all_runs(tmp_path / "missing") == []


def test_a_line_in_the_making_is_not_read(tmp_path):
    folder = RunFolder(tmp_path)
    folder.log_file.write_text('{"step": 1, "loss": 2}\n{"step": 2, "lo')
    assert folder.rows() == [{"step": 1, "loss": 2}]


def test_curves_are_a_picture_of_every_number(tmp_path):
    folder = RunFolder(tmp_path / "run")
    begin(folder, Walk(10))
    document = ElementTree.fromstring(folder.curves_file.read_text())
    texts = [element.text for element in document.iter() if element.tag.endswith("text")]
    assert "loss" in texts
    assert "step" not in texts
    assert "style" not in folder.curves_file.read_text()
    assert ElementTree.fromstring(draw_curves([])) is not None
    assert ElementTree.fromstring(draw_curves([{"step": 1, "a<b": 2.0}])) is not None


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    points = [(float(step), step / 2) for step in range(10_001)]
    drawn = thinned(points)
    assert len(drawn) <= MOST_POINTS + 1
    assert (drawn[0], drawn[-1]) == (points[0], points[-1])


def test_the_numbers_of_a_line_are_means_and_some_the_newest(tmp_path):
    folder = RunFolder(tmp_path / "run")

    class Counting(Walk):
        def train(self):
            for numbers in super().train():
                yield {**numbers, "loss": float(self.step), "used": self.step / 10}

    begin(folder, Counting(4), newest=("used",))
    (row,) = [json.loads(line) for line in folder.log_file.read_text().splitlines()]
    assert (row["step"], row["loss"], row["used"]) == (4, 2.5, 0.4)
