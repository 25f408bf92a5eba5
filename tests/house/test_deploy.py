"""deploy/ agrees with the program, with itself and with the documents: settings, commands, ports, images, secrets, references."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
import typer.core
import typer.main
import yaml

from tests.support.deploy_files import (
    DEPLOY,
    FILES,
    ROOT,
    Plain,
    commands,
    compose,
    images,
    manifests,
    of_kind,
    pods,
    text,
    units,
)
from wenyue import cli
from wenyue.platform.config import load
from wenyue_lab.cluster import configs, layout

VARIABLE = re.compile(r"\bWENYUE_[A-Z_]+\b")
OWN = {
    "WENYUE_VERSION",
    "WENYUE_BACKUPS",
    "WENYUE_SECRETS",
}  # of Compose and of make-database, not of the program
WEB_PORT, STATUS_PORT = 8000, 8001
SECRET_VALUE = re.compile(
    r"PRIVATE KEY|[0-9a-f]{32,}|(?:password|(?<!CLUSTER_)token)\s*[:=]\s*['\"]?[A-Za-z0-9+/]{6,}",
    re.IGNORECASE,
)
OTHER_PROCESSES = 8  # workers, monitor, status, migrate, backups: each with a small pool


def test_every_setting_is_documented() -> None:
    documented = set(VARIABLE.findall((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    used = {name for path in FILES for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert "WENYUE_DATABASE_URL_FILE" in used
    assert used - documented - OWN == set()


@pytest.mark.parametrize(("where", "words"), [pytest.param(*one, id=one[0]) for one in commands()])
def test_every_command_exists(where: str, words: list[str]) -> None:
    """The command, its subcommand and its options; of a tool that this checkout lacks only the name."""
    name, *rest = words
    group = cast("typer.core.TyperGroup", typer.main.get_command(cli.app))
    if tool := cli.tool_of(name):
        module = __import__(tool[0], fromlist=["app"])
        command: Any = typer.main.get_command(module.app)
    else:
        command = group.commands.get(name)
    assert command is not None, (where, name)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options, where


@pytest.mark.parametrize(("where", "image"), [pytest.param(*one, id=one[0]) for one in images()])
def test_images_are_pinned(where: str, image: str) -> None:
    _, _, tag = image.rpartition(":")
    assert re.match(r"v?\d+\.\d+|\$\{WENYUE_VERSION:\?", image.partition(":")[2] if "$" in image else tag), (
        where
    )
    assert "latest" not in image


def test_every_image_tag_of_ours_is_this_version() -> None:
    version = re.search(
        r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert version is not None
    named = set(
        re.findall(
            r"wenyue(?:-database)?:(\d[\d.]*)", "\n".join(path.read_text(encoding="utf-8") for path in FILES)
        )
    )
    named |= set(
        re.findall(r"newTag: (\S+)\}|WENYUE_VERSION=(\S+)", text("kubernetes/base/kustomization.yaml"))[0][:1]
    )
    assert named == {version[1]}


def test_no_secret_stands_in_a_file() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in FILES
        if (match := SECRET_VALUE.search(path.read_text(encoding="utf-8")))
    }
    assert found == {}
    assert SECRET_VALUE.search("password: hunter22")


def test_ports_agree() -> None:
    assert load({}).web.port == WEB_PORT
    dockerfile = text("image/Dockerfile")
    assert f"EXPOSE {WEB_PORT}" in dockerfile
    assert f"WENYUE_PORT={WEB_PORT}" in dockerfile
    assert f"127.0.0.1:{WEB_PORT}/healthz" in dockerfile
    proxy = compose()["services"]["haproxy"]["environment"]
    assert (proxy["WEB_1"], proxy["WEB_2"]) == (f"web1:{WEB_PORT}", f"web2:{WEB_PORT}")
    assert proxy["STATUS"] == f"status:{STATUS_PORT}"
    assert compose()["services"]["status"]["environment"]["WENYUE_STATUS_PORT"] == str(STATUS_PORT)
    assert f"WENYUE_STATUS_PORT={STATUS_PORT}" in text("systemd/wenyue.env")
    assert re.findall(r"^(?:WEB_\d|STATUS)=\S+:(\d+)$", text("systemd/haproxy.env"), re.MULTILINE) == [
        str(WEB_PORT),
        str(WEB_PORT),
        str(STATUS_PORT),
    ]
    ports = {
        name: [port["containerPort"] for one in pod["spec"]["containers"] for port in one.get("ports", [])]
        for name, pod in pods()
    }
    assert ports["wenyue-web"] == [WEB_PORT]
    assert ports["wenyue-status"] == [STATUS_PORT]
    settings = of_kind("ConfigMap")[0]["data"]
    assert (settings["WENYUE_PORT"], settings["WENYUE_STATUS_PORT"]) == (str(WEB_PORT), str(STATUS_PORT))


def test_what_the_proxy_reads_is_set_everywhere() -> None:
    wanted = set(re.findall(r'"\$\{(\w+)\}"', text("haproxy/haproxy.cfg")))
    for given in (
        compose()["services"]["haproxy"]["environment"],
        text("systemd/haproxy.env") + text("systemd/wenyue-haproxy.service"),
    ):
        assert {name for name in wanted if name not in given} == set()


def test_the_proxy_treats_failures_as_the_lab_does() -> None:
    """What is drilled in the lab holds here: which requests are repeated, when a web process is left out."""
    ours, lab = text("haproxy/haproxy.cfg"), configs.haproxy(layout.lay_out(8100, netns="x"))
    for line in (
        "option http-buffer-request",
        "retries 2",
        "retry-on conn-failure",
        "option redispatch",
        "option httpchk GET /healthz",
        "http-reuse safe",
    ):
        assert line in lab
        assert line in ours
    check = re.search(r"inter 500ms fall 2 rise 1", lab)
    assert check is not None
    assert check.group() in ours


def test_the_database_fails_over_as_the_lab_does() -> None:
    ours = yaml.safe_load(text("patroni/patroni.yml"))["bootstrap"]["dcs"]
    where = layout.lay_out(8100, netns="x")
    lab = cast("Plain", configs.patroni(where, where.nodes[0], Path("f"), Path("p"), ""))["bootstrap"]["dcs"]
    assert {key: value for key, value in ours.items() if key != "postgresql"} == {
        key: value for key, value in lab.items() if key != "postgresql"
    }
    assert ours["loop_wait"] + 2 * ours["retry_timeout"] <= ours["ttl"]
    parameters, labs = ours["postgresql"]["parameters"], lab["postgresql"]["parameters"]
    sizes = {"max_connections", "shared_buffers", "wal_keep_size", "max_wal_size"}
    assert {name: parameters.get(name) for name in labs if name not in sizes} == {
        name: value for name, value in labs.items() if name not in sizes
    }


def test_compose_names_only_what_it_has() -> None:
    services, whole = compose()["services"], compose()
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert set(service.get("networks", [])) <= set(whole["networks"]), name
        secrets = [one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])]
        assert set(secrets) <= set(whole["secrets"]), name
        volumes = [str(one).partition(":")[0] for one in service.get("volumes", [])]
        assert {one for one in volumes if re.fullmatch(r"[a-z]\w*", one)} <= set(whole["volumes"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["restart"], name
        assert "privileged" not in service, name
    made = set(re.findall(r"^put (\S+)", text("make-secrets"), re.MULTILINE))
    files = {str(one["file"]).rpartition("/")[2] for one in whole["secrets"].values()}
    assert files - {"tls.pem"} == made


def test_the_three_of_a_kind_differ_only_in_name() -> None:
    for kind in ("etcd", "db"):
        one, *others = (
            yaml.safe_dump(compose()["services"][f"{kind}{n}"]).replace(f"{kind}{n}", kind) for n in (1, 2, 3)
        )
        rest = [re.sub(rf"{kind}[123]", kind, other) for other in others]
        assert rest == [re.sub(rf"{kind}[123]", kind, one)] * 2


def test_kubernetes_files_are_all_listed_and_named_once() -> None:
    for folder in ("base", "example"):
        path = DEPLOY / "kubernetes" / folder
        listed = {
            one
            for one in yaml.safe_load((path / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
            if ".yaml" in one
        }
        assert listed == {one.name for one in path.glob("*.yaml")} - {"kustomization.yaml"}
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests()]
    assert len(set(names)) == len(names)


def test_kubernetes_selectors_meet_pods() -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods()}
    for one in of_kind("Deployment"):
        wanted = one["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= labels[one["metadata"]["name"]].items()
    for one in of_kind("Service", "PodDisruptionBudget"):
        selector = one["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= given.items() for given in labels.values()), one["metadata"]["name"]
    for one in of_kind("NetworkPolicy"):
        for expression in one["spec"]["podSelector"].get("matchExpressions", []):
            assert set(expression["values"]) <= {given["app.kubernetes.io/name"] for given in labels.values()}


@pytest.mark.parametrize(("name", "pod"), [pytest.param(*one, id=one[0]) for one in pods()])
def test_kubernetes_pods_may_do_little(name: str, pod: Plain) -> None:
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True, name
    assert spec["automountServiceAccountToken"] is False
    volumes = {one["name"] for one in spec["volumes"]}
    # The label is what the network policy lets to the database: who has the URL has it, and nobody else.
    assert ("wenyue/database" in pod["metadata"]["labels"]) == ("urls" in volumes)
    for container in spec["containers"]:
        inner = container["securityContext"]
        assert inner["allowPrivilegeEscalation"] is False
        assert inner["readOnlyRootFilesystem"] is True
        assert inner["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert {one["name"] for one in container["volumeMounts"]} == volumes


def test_kubernetes_database_never_acknowledges_alone() -> None:
    (cluster,) = of_kind("Cluster")
    assert cluster["spec"]["instances"] == 3
    assert cluster["spec"]["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
    }
    assert cluster["spec"]["failoverDelay"] == 0


def test_the_database_has_room_for_every_process() -> None:
    (cluster,), (scaler,) = of_kind("Cluster"), of_kind("HorizontalPodAutoscaler")
    pool = load({}).database.pool_size_max
    room = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    assert (scaler["spec"]["maxReplicas"] + OTHER_PROCESSES) * pool <= room


def test_the_guide_names_every_secret() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    names = {
        volume["secret"]["secretName"]
        for _, pod in pods()
        for volume in pod["spec"]["volumes"]
        if "secret" in volume
    } | {
        role["passwordSecret"]["name"]
        for role in of_kind("Cluster")[0]["spec"]["managed"]["roles"]
        if "passwordSecret" in role
    }
    assert {name for name in names if name not in guide} == set()


def test_units_say_who_runs_them_and_what_they_may() -> None:
    for path in units():
        unit = path.read_text(encoding="utf-8")
        for wanted in (r"^User=(?!root)", r"^NoNewPrivileges=yes", r"^ProtectSystem=strict", r"^ExecStart=/"):
            assert re.search(wanted, unit, re.MULTILINE), (path.name, wanted)
        if "Type=oneshot" not in unit:
            assert "Restart=always" in unit, path.name
    for timer in (DEPLOY / "systemd").glob("*.timer"):
        assert timer.with_suffix(".service").exists(), timer.name
