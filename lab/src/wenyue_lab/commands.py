"""The commands that `wenyue` has where the laboratory is installed. Imports nothing: the command line reads it for its help."""

from typing import Final

# Command → (module whose `app` is a typer.Typer, help).
COMMANDS: Final = {
    "replay": ("wenyue_lab.replay", "Drive real demand through the public interface (重放)."),
    "bench": ("wenyue_lab.benchmark.command", "Measure this machine (压测)."),
    "scale": ("wenyue_lab.scale.command", "What one of each costs, and the machines of a release (容量)."),
    "sim": ("wenyue_lab.simulator", "Simulate with crashes and check every invariant (模拟)."),
    "lab": ("wenyue_lab.cluster.command", "A real cluster on this machine (实验集群)."),
    "drill": ("wenyue_lab.chaos.command", "Break things on purpose and check that nothing is lost (演练)."),
}
