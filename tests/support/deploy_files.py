"""The files of deploy/, read: what Compose, Kubernetes, systemd and the images say."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())

Plain = dict[str, Any]


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@cache
def compose() -> Plain:
    return cast("Plain", yaml.safe_load(text("compose/compose.yaml")))


@cache
def manifests() -> list[Plain]:
    return [
        document
        for path in sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def of_kind(*kinds: str) -> list[Plain]:
    return [one for one in manifests() if one["kind"] in kinds]


def pod_template(one: Plain) -> Plain:
    spec = one["spec"]
    return cast(
        "Plain", spec["jobTemplate"]["spec"]["template"] if one["kind"] == "CronJob" else spec["template"]
    )


def pods() -> list[tuple[str, Plain]]:
    found = of_kind("Deployment", "Job", "CronJob")
    return [(one["metadata"]["name"], pod_template(one)) for one in found]


def units() -> list[Path]:
    return sorted((DEPLOY / "systemd").glob("*.service"))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Where a command of ours stands, and its words."""
    for name, service in compose()["services"].items():
        if str(service["image"]).startswith("wenyue:"):
            yield f"compose {name}", list(service["command"])
            test = service.get("healthcheck", {}).get("test", [])
            if test[1:2] == ["wenyue"]:
                yield f"compose {name}, health", test[2:]
    for name, pod in pods():
        for container in pod["spec"]["containers"]:
            yield f"kubernetes {name}", list(container["args"])
    for path in units():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("Exec") and "/wenyue/bin/wenyue " in line:
                yield path.name, shlex.split(line.partition("=")[2])[1:]


def images() -> Iterator[tuple[str, str]]:
    for path in sorted((DEPLOY / "image").glob("*Dockerfile")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("FROM "):
                yield path.name, line.split()[1]
    for name, service in compose()["services"].items():
        yield f"compose {name}", str(service["image"])
    for name, pod in pods():
        for container in pod["spec"]["containers"]:
            yield f"kubernetes {name}", str(container["image"])
    for cluster in of_kind("Cluster"):
        yield "kubernetes database", str(cluster["spec"]["imageName"])


def settings_of(name: str) -> dict[str, str]:
    """A file of NAME=VALUE lines."""
    lines = [line for line in text(name).splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
