"""Places are shared out so that no caller can have them all."""

import asyncio

import pytest

from app.places import MOST_IN_LINE, Asker, NoPlace, Places

ONE, OTHER = Asker("192.0.2.1", has_key=False), Asker("192.0.2.2", has_key=False)
KEY, OTHER_KEY = Asker("a", has_key=True), Asker("b", has_key=True)


def some() -> Places:
    """Six places, four of them for anyone."""
    return Places(6, most_without_key=4, each=5, each_without_key=3)


async def had(places: Places, asker: Asker) -> int:
    """How many places a caller gets at once."""
    count = 0
    while places.may_have(asker):
        await places.take(asker)
        count += 1
    return count


async def turn() -> None:
    """Let whoever can go on do so."""
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("askers", "counts"),
    [
        ((ONE, OTHER, KEY), (3, 1, 2)),
        ((KEY, OTHER_KEY, ONE), (5, 1, 0)),
        ((KEY, ONE, OTHER), (5, 1, 0)),
        ((ONE, KEY, OTHER), (3, 3, 0)),
    ],
)
async def test_each_has_a_share_and_keys_have_a_reserve(askers: tuple[Asker, ...], counts: tuple[int, ...]) -> None:
    places = some()
    assert tuple([await had(places, asker) for asker in askers]) == counts
    with pytest.raises(NoPlace):
        await places.take(askers[-1])


async def test_what_is_given_back_goes_to_keys_then_to_whoever_has_the_fewest() -> None:
    places = Places(2, most_without_key=2, each=2, each_without_key=2)
    await places.take(ONE)
    await places.take(ONE)
    served: list[str] = []

    async def wait(name: str, asker: Asker) -> None:
        async with places.taken(asker, 5):
            served.append(name)
            await turn()

    waiting = []
    for name, asker in (("again", ONE), ("other", OTHER), ("key", KEY)):
        waiting.append(asyncio.create_task(wait(name, asker)))
        await turn()
    places.give_back(ONE)
    await asyncio.gather(*waiting)
    assert served == ["key", "other", "again"]
    places.give_back(ONE)
    assert (places.held.total(), places.line) == (0, [])


async def test_who_gives_up_leaves_the_line_and_a_place_that_came_too_late() -> None:
    places = Places(1, most_without_key=1, each=1, each_without_key=1)
    await places.take(ONE)
    with pytest.raises(NoPlace):
        await places.take(OTHER, 0.001)
    assert places.line == []
    for is_called in (False, True):
        waiting = asyncio.create_task(places.take(OTHER, 5))
        await turn()
        if is_called:
            places.give_back(ONE)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (places.line, places.held.total()) == ([], 0 if is_called else 1)


async def test_a_line_of_one_caller_has_an_end() -> None:
    places = Places(1, most_without_key=1, each=1, each_without_key=1)
    await places.take(KEY)
    waiting = [asyncio.create_task(places.take(ONE, 5)) for _ in range(MOST_IN_LINE)]
    await turn()
    with pytest.raises(NoPlace):
        await places.take(ONE, 5)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert places.line == []
