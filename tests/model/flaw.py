"""Faults that the exploration must find: if it does not, it proves nothing.

Numbers are of the bug list of Vitess' traffic switch (github.com/vitessio/vitess/issues), whose lessons these are.
Lessons that are no flaw here are held as invariants (`tests.model.world`):

* #9400, a handler spans the epoch change: workers load and commit in two steps, with anything between.
* #17326, #14276, #13218, a crash half-way leaves contradictions, or destroys the means of retry: operators, routers,
  consumers are killed between any two steps; every schedule ends with the healthy system run to its end.
* #16918, an edge without its reverse: the end carries the move on in one schedule, and undoes it in the next.
"""

from enum import Enum


class Flaw(Enum):
    """A part of the protocol that is left out or done in the wrong order; the value says what is wrong."""

    PRESENT_STATE = "workers obey the present state, not the stamp"
    EARLY_POSITION = "quiesce is proven before the fence is confirmed"  # #16563, #6951
    FORGETFUL_JOURNAL = "a redelivered message is decided anew, not by the journal"
    OVERTAKING = "arrivals overtake held messages"
    HASTY_CONFIRMATION = "a fence is confirmed while earlier publishes are unconfirmed"
    BLIND_WRITE = "operators write without a condition"  # #17326
    NO_CATCH_UP = "authority goes back without catch-up and comparison of states"  # #16794
    STALE_CONFIRMATION = "a confirmation counts for any later fence"  # #13999
    EARLY_COMPARISON = "states are compared before the fence, not behind it"
    UNACKNOWLEDGED_RELEASE = "arrivals go directly before the last release is acknowledged"
    DIRECT_REDELIVERY = "the journal's decision overtakes held messages"
    IGNORANT_WORKER = "workers do not look for what the monolith has done"
    UNSEEN_REPLAY = "quiesce does not look at replays"
    STUBBORN_JOURNAL = "a stale message that was returned is routed by the journal"
    STUCK_DOUBT = "a doubtful message that no side has finished stays held"
