"""Replays: a view made anew from position 1, beside the one that is served."""

from blossm.replay.progress import Progress
from blossm.replay.replay import abort, replay, replaying, rollback

__all__ = ["Progress", "abort", "replay", "replaying", "rollback"]
