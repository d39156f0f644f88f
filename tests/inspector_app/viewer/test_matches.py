from inspector_app.viewer.matches import Everything, Moment
from tests.inspector_app.viewer.listed import Listed


def test_a_moment_stands_still_while_older_matches_are_put_in_front() -> None:
    matches = Listed(50, 60, 70)
    moment = Moment(matches, 100)
    matches.find(10, 20, 30)
    assert (moment.count, list(moment.seqs(0, 10))) == (3, [50, 60, 70])
    assert [moment.index_of(seq) for seq in (50, 60, 70)] == [0, 1, 2]
    assert list(Moment(matches, 100).seqs(0, 10)) == [10, 20, 30, 50, 60, 70]


def test_a_moment_does_not_see_what_is_found_behind_it() -> None:
    matches = Listed(50)
    moment = Moment(matches, 100)
    matches.find(60, 101)
    assert list(moment.seqs(0, 10)) == [50]


def test_matches_in_frames_that_are_not_shown_yet_are_left_out() -> None:
    assert list(Moment(Listed(98, 99, 100, 101, 102), 100).seqs(0, 10)) == [98, 99, 100]


def test_a_moment_of_nothing_holds_nothing() -> None:
    matches = Listed()
    moment = Moment(matches, 100)
    assert (moment.count, list(moment.seqs(0, 5)), moment.index_of(7), moment.holds(7)) == (0, [], 0, False)


def test_a_frame_that_does_not_match_has_the_place_of_the_next_that_does() -> None:
    moment = Moment(Listed(10, 20, 30), 100)
    assert [moment.index_of(seq) for seq in (1, 10, 11, 20, 25, 99)] == [0, 0, 1, 1, 2, 2]
    assert [moment.holds(seq) for seq in (10, 11, 30, 31)] == [True, False, True, False]


def test_of_everything_row_i_is_frame_i_plus_1() -> None:
    everything = Everything(lambda: 5)
    assert list(everything.seqs(3, 10)) == [4, 5]
    assert [everything.index_of(seq) for seq in (0, 1, 5, 9)] == [0, 0, 4, 4]
    assert [everything.holds(seq) for seq in (0, 1, 5, 6)] == [False, True, True, False]
