"""The table of measures agrees with what the statistics know of them."""

import pytest

from evergrove.model.measures import MEASURES, Basis
from evergrove.stats.effects.recipes import RECIPES, TABLE, TWO_MEANS
from evergrove.stats.scales import measure_facts

COLUMNS = {Basis.EVENTS: TABLE, Basis.EVENTS_OF_ONE_ARM: ("events", "n"), Basis.MEANS: TWO_MEANS}


@pytest.mark.parametrize("measure", MEASURES)
def test_the_null_is_that_of_the_statistics(measure):
    assert MEASURES[measure].null == measure_facts(measure).natural_null


@pytest.mark.parametrize("measure", MEASURES)
def test_the_numbers_needed_are_those_of_the_statistics(measure):
    basis = MEASURES[measure].basis
    if basis is Basis.PRINTED:
        # Not from the numbers of the arms; or from person-time, which a review does not hold.
        assert measure not in RECIPES or "time1" in RECIPES[measure].names
    else:
        assert set(RECIPES[measure].ways[0]) <= set(COLUMNS[basis])


@pytest.mark.parametrize("measure", MEASURES)
def test_only_the_log_of_two_quantities_is_a_ratio(measure):
    assert MEASURES[measure].ratio == (measure_facts(measure).natural_null == 1.0)
