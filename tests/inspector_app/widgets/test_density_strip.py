from inspector_app.widgets.density_strip import Density, DensityStrip
from tests.inspector_app.widgets.stage import Stage, lines, strips


async def test_a_share_shows_its_mark_before_its_error_before_its_matches() -> None:
    strip = DensityStrip()
    async with Stage(strip).run_test(size=(1, 6)):
        assert strip.buckets == 5
        strip.show(Density((1, 50, 100, 0, 3), (0, 0, 0, 2, 0), frozenset({4})))
        assert lines(strip) == ["", "·", "▒", "█", "!", "◆"]


async def test_the_fewest_matches_are_seen_beside_the_most() -> None:
    strip = DensityStrip(head=0)
    async with Stage(strip).run_test(size=(1, 4)):
        strip.show(Density((1, 1_000_000, 0, 1)))
        assert lines(strip) == ["·", "█", "", "·"]


async def test_the_part_in_view_is_told_by_its_ground() -> None:
    strip = DensityStrip(head=0)
    async with Stage(strip).run_test(size=(1, 10)):
        strip.show(Density(view=(2, 5)))
        grounds = [next(iter(each)).style for each in strips(strip)]
        seen = [place for place, style in enumerate(grounds) if style != grounds[0]]
        assert seen == [2, 3, 4]


async def test_nothing_known_draws_nothing() -> None:
    strip = DensityStrip()
    async with Stage(strip).run_test(size=(1, 6)):
        assert lines(strip) == [""] * 6


async def test_a_click_tells_the_share() -> None:
    strip = DensityStrip()
    stage = Stage(strip, keep=(DensityStrip.Pointed,))
    async with stage.run_test(size=(1, 11)) as pilot:
        await pilot.click(strip, offset=(0, 6))
        await pilot.click(strip, offset=(0, 0))
        assert [each.share for each in stage.kept if isinstance(each, DensityStrip.Pointed)] == [0.5]
