"""How large the machine of a container is: memory and CPUs, which Cloud Run has in some pairs only."""

from __future__ import annotations

import re

import pulumi

from blossm_infra.deployed import Deployed

# cloud.google.com/run/docs/configuring/services/cpu: CPUs → the least and the most memory beside them, in MiB.
_MEMORY = {1: (128, 4096), 2: (128, 8192), 4: (2048, 16384), 6: (4096, 24576), 8: (4096, 32768)}

# The most memory beside less than half a CPU, and beside less than one.
_SMALL, _MEDIUM = 512, 1024

_UNITS = {"Mi": 1, "Gi": 1024}


def machine(what: Deployed) -> tuple[str, str]:
    """Memory and CPUs, in Cloud Run's own words: the most that is asked for by those who share the container.

    Where nobody asks for CPUs, there are as many as the memory needs. Raises `pulumi.RunError`, with file and line.
    """
    thirsty = max(what.specs, key=lambda spec: mebibytes(spec.shape.memory))
    memory = thirsty.shape.memory
    asked = [(processors(cpu), cpu, spec.at) for spec in what.specs if (cpu := spec.shape.cpu)]
    if not asked:
        return memory, _cpus_for(memory, at=str(thirsty.at))
    count, cpu, at = max(asked, key=lambda one: one[0])
    if wrong := _refused(count, memory):
        raise pulumi.RunError(f"{at}: `cpu: {cpu}` {wrong}")
    return memory, cpu_of(count)


def mebibytes(memory: str) -> int:
    amount = re.fullmatch(r"(\d+)(Mi|Gi)", memory)
    return int(amount[1]) * _UNITS[amount[2]] if amount else 0


def processors(text: str) -> float:
    """`500m` is half of one."""
    return float(text.removesuffix("m")) / (1000 if text.endswith("m") else 1)


def cpu_of(count: float) -> str:
    """As Cloud Run says it, so that what it answers is no change: `2`, and for a half `500m`."""
    return f"{count:.0f}" if count >= 1 else f"{count * 1000:.0f}m"


def _cpus_for(memory: str, *, at: str) -> str:
    for count, (_, most) in _MEMORY.items():
        if mebibytes(memory) <= most:
            return cpu_of(count)
    raise pulumi.RunError(f"{at}: `memory: {memory}` is more than the 32Gi that Cloud Run has")


def _refused(count: float, memory: str) -> str:
    """What Cloud Run would say of so many CPUs beside this memory, or nothing."""
    if count < 1:
        least, most = 0, _SMALL if count < 0.5 else _MEDIUM
    elif count in _MEMORY:
        least, most = _MEMORY[int(count)]
    else:
        return "is not to be had on Cloud Run: there is less than one CPU, or 1, 2, 4, 6 or 8"
    if mebibytes(memory) > most:
        return f"takes at most {most}Mi of memory on Cloud Run, and it has `memory: {memory}`"
    if mebibytes(memory) < least:
        return f"takes at least {least}Mi of memory on Cloud Run, and it has `memory: {memory}`"
    return ""
