"""The Grafana dashboard and the alert rules speak of what /metrics exports, and of runbooks that are there."""

import json
import re
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from wenyue.telemetry import FAMILIES, Exchange, metrics_text

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "wenyue.json"
ALERTS = ROOT / "deploy" / "grafana" / "alerts.yaml"
NAME = re.compile(r"\bwenyue_[a-z0-9_]+")


def exported(home: Path) -> dict[str, set[str]]:
    """Every sample name that /metrics can have, with its labels."""
    text = metrics_text([Exchange(home, "web", []).snapshot()]).decode()
    found = {family.name: family.type for family in text_string_to_metric_families(text)}
    names: dict[str, set[str]] = {}
    labels = {f"wenyue_{one.name}": {one.label} - {""} for one in FAMILIES}
    labels["wenyue_http_request_duration_seconds"] = {"method", "route", "status"}
    for name, kind in found.items():
        ends = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}[kind]
        for end in ends:
            names[name + end] = labels[name] | {"process"} | ({"le"} if end == "_bucket" else set())
    return names


def expressions(dashboard: dict[str, Any]) -> list[str]:
    """Every query of the dashboard."""
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def wrong(expression: str, known: dict[str, set[str]]) -> list[str]:
    """Metrics and labels that an expression names and nobody exports."""
    found = [name for name in NAME.findall(expression) if name not in known]
    for name, selector in re.findall(r"\b(wenyue_[a-z0-9_]+)\{([^{}]*)\}", expression):
        asked = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', selector))
        found += [f"{name}{{{label}}}" for label in asked - known.get(name, set())]
    return found


def test_the_dashboard_asks_only_for_what_is_exported(tmp_path: Path) -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    known = exported(tmp_path)
    asked = expressions(dashboard)
    assert len(asked) >= 30
    assert [bad for one in asked for bad in wrong(one, known)] == []
    named = {name for one in asked for name in NAME.findall(one)}
    families = {f"wenyue_{one.name}" for one in FAMILIES}
    told = {one for one in families if any(name.startswith(one) for name in named)}
    missing = families - told
    assert len(missing) <= 16, f"on no panel: {sorted(missing)}"


def test_the_dashboard_is_one_that_grafana_reads() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(dashboard)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
        assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"


def test_the_alerts_ask_for_what_is_exported_and_name_runbooks_that_are_there(tmp_path: Path) -> None:
    text = ALERTS.read_text(encoding="utf-8")
    known = exported(tmp_path)
    rules = re.split(r"^\s+- alert: ", text, flags=re.MULTILINE)[1:]
    assert len(rules) >= 12
    for rule in rules:
        name = rule.split("\n", 1)[0]
        assert re.fullmatch(r"Wenyue[A-Za-z]+", name)
        expression = rule.partition("expr:")[2].partition("labels:")[0]
        assert NAME.findall(expression), name
        assert wrong(expression, known) == [], name
        [runbook] = re.findall(r"runbook: ([a-z-]+)", rule)
        assert (ROOT / "docs" / "runbooks" / f"{runbook}.md").exists(), f"{name}: {runbook}"
        assert " · " in rule.partition("summary:")[2].split("\n")[0], f"{name}: both languages"
        assert re.search(r"severity: (critical|warning)", rule), name


def test_a_wrong_name_is_found(tmp_path: Path) -> None:
    known = exported(tmp_path)
    assert wrong("sum(rate(wenyue_nothing_total[1m]))", known) == ["wenyue_nothing_total"]
    assert wrong('wenyue_engine_depth{venue="lake"}', known) == ["wenyue_engine_depth{venue}"]
    assert wrong('sum by (le) (rate(wenyue_engine_batch_seconds_bucket{process=~"web-.*"}[1m]))', known) == []
