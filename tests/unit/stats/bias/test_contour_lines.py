"""Contour lines and round levels: what must hold on paper."""

import numpy as np
import pytest

from evergrove.stats.bias.contour_lines import contour_lines, round_levels
from evergrove.stats.bias.copas_path import points_across


def test_levels_are_round_and_cover_the_range():
    assert round_levels(-3.0, -2.1, 10) == pytest.approx([-3.0 + 0.1 * step for step in range(10)])
    assert round_levels(0.0, 100.0, 5) == [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]


def test_a_peak_has_a_closed_line():
    surface = np.zeros((3, 3))
    surface[1, 1] = 1.0
    (line,) = contour_lines(surface, 0.4)
    assert line.x.size == 5
    assert (line.x[0], line.y[0]) == (line.x[-1], line.y[-1])


@pytest.mark.parametrize(("level", "corners"), [(0.4, {(1, 0), (0, 1)}), (0.6, {(0, 0), (1, 1)})])
def test_a_saddle_is_cut_where_its_middle_lies(level, corners):
    lines = contour_lines(np.array([[1.0, 0.0], [0.0, 1.0]]), level)
    assert {(round(line.x.mean()), round(line.y.mean())) for line in lines} == corners


def test_cells_without_a_value_are_left_out():
    surface = np.add.outer(np.arange(4.0), np.zeros(4))
    surface[0, 0] = np.nan
    (line,) = contour_lines(surface, 0.5)
    assert line.y.tolist() == pytest.approx([1 / 3, 2 / 3, 1.0]) or line.y.tolist() == pytest.approx(
        [1.0, 2 / 3, 1 / 3]
    )


def test_no_path_over_a_plain_or_along_one_axis():
    assert points_across(np.ones((4, 4))).shape == (0, 2)
    across = np.linspace(0.0, 1.0, 5)
    assert points_across(np.add.outer(across, np.zeros(5))).shape == (0, 2)


def test_the_path_crosses_a_tilted_plane_at_right_angles():
    axis = np.linspace(0.0, 1.0, 6)
    points = points_across(np.add.outer(axis, 0.5 * axis))
    steps = np.diff(points, axis=0)
    assert steps[:, 1] / steps[:, 0] == pytest.approx(np.full(len(steps), 0.5))
