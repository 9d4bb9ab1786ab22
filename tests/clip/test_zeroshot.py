import numpy as np
import pytest

from gallery.clip.zeroshot import average, probabilities


def unit_rows(rows: int, width: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_every_row_of_the_matrix_sums_to_one():
    matrix = probabilities(unit_rows(5, 16, 0), unit_rows(7, 16, 1), 100.0)
    assert matrix.shape == (5, 7)
    assert np.allclose(matrix.sum(axis=1), 1)
    assert (matrix >= 0).all()


def test_it_is_the_softmax_of_scaled_cosines():
    images, texts = unit_rows(2, 8, 2), unit_rows(3, 8, 3)
    odds = np.exp(4.0 * images.astype(float) @ texts.T.astype(float))
    assert np.allclose(probabilities(images, texts, 4.0), odds / odds.sum(axis=1, keepdims=True))


def test_a_larger_scale_is_surer_and_a_scale_of_zero_knows_nothing():
    images, texts = unit_rows(1, 8, 4), unit_rows(3, 8, 5)
    sure, unsure = probabilities(images, texts, 50.0), probabilities(images, texts, 5.0)
    assert sure.max() > unsure.max()
    assert np.allclose(probabilities(images, texts, 0.0), 1 / 3)


def test_huge_scales_do_not_overflow():
    assert np.isfinite(probabilities(unit_rows(2, 4, 6), unit_rows(2, 4, 7), 1e6)).all()


def test_the_vector_of_the_same_direction_wins():
    texts = np.eye(3, dtype=np.float32)
    assert probabilities(texts[1:2], texts, 10.0).argmax() == 1


def test_none_is_as_probable_as_the_best_label_where_that_sits_on_its_line():
    images = np.eye(3, dtype=np.float32)[:1]
    texts = np.array([[0.6, 0.8, 0], [0.5, 0, np.sqrt(0.75)]], np.float32)
    _first, _second, none = probabilities(images, texts, 10.0, np.array([0.6, 0.9]))[0]
    assert none == pytest.approx(_first)
    assert probabilities(images, texts, 10.0, np.array([0.7, 0.0]))[0, 2] > _first
    assert probabilities(images, texts, 10.0, np.array([0.5, 0.9]))[0, 2] < _first


def test_an_average_is_the_mean_direction_with_length_1():
    vectors = np.stack([unit_rows(4, 8, 8), unit_rows(4, 8, 9), unit_rows(4, 8, 10)])
    mean = vectors.mean(axis=0)
    assert np.allclose(average(vectors), mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-6)
    assert np.isfinite(average(np.stack([vectors[0], -vectors[0]]))).all()
