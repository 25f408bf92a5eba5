"""The commands that `wenyue` has where the laboratory is installed; it imports none of them."""

from typing import Final

from wenyue.platform.program import Tool

COMMANDS: Final = {
    "replay": Tool("wenyue_lab.replay", help="Drive real demand through the public interface."),
    "bench": Tool("wenyue_lab.benchmark.command", help="Measure this machine."),
    "scale": Tool("wenyue_lab.scale.command", help="What one of each costs, and the machines of a release."),
    "move-in": Tool(
        "wenyue_lab.moving_in.command", help="Move a made-up destination in, count it, and sell."
    ),
    "sim": Tool("wenyue_lab.simulator", help="Simulate with crashes and check every invariant."),
    "lab": Tool("wenyue_lab.cluster.command", help="A real cluster on this machine."),
    "drill": Tool("wenyue_lab.chaos.command", help="Break things on purpose and check that nothing is lost."),
}
