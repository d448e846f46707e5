"""Whatever number is given: a result or an error of the project's tree, never another error or a warning."""

import pytest

from evergrove import stats
from evergrove.errors import EvergroveError
from support.calls_with_numbers import CALLS, STRANGE


@pytest.mark.parametrize("name", CALLS)
def test_a_result_or_a_refusal(name):
    function, arguments, refusals = getattr(stats, name), CALLS[name], []
    function(**arguments)
    for argument in arguments:
        for value in STRANGE:
            try:
                found = function(**{**arguments, argument: value})
            except EvergroveError as error:
                refusals.append(str(error))
                continue
            if hasattr(found, "to_dict"):
                assert found.to_dict()
                assert repr(found)
    assert refusals
    assert all("allowed" in refusal for refusal in refusals)
