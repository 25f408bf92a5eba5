"""Whose address a request has, behind the proxies of deploy/: each says it itself, the program believes no other."""

import re
from ipaddress import ip_address, ip_network

import yaml

from tests.support.deploy_files import compose, of_kind, settings_of, text
from wenyue.platform.config import load


def test_security_M1_in_compose_the_proxy_alone_is_believed_and_every_web_process_counted() -> None:
    services = compose()["services"]
    proxy = ip_address(services["haproxy"]["networks"]["inside"]["ipv4_address"])
    [network] = compose()["networks"]["inside"]["ipam"]["config"]
    assert proxy in ip_network(network["subnet"])
    assert proxy not in ip_network(network["ip_range"])  # nobody else gets it
    webs = [name for name, one in services.items() if one.get("command") == ["web"]]
    for name, service in services.items():
        if str(service["image"]).startswith("wenyue:"):
            given = service["environment"].items()
            web = load({key: value for key, value in given if not key.endswith("_FILE")}).web
            assert (web.proxies, web.processes) == ((ip_network(proxy),), len(webs)), name


def test_security_M1_on_hosts_the_proxies_are_believed_and_every_web_process_counted() -> None:
    given, proxy = settings_of("systemd/wenyue.env"), settings_of("systemd/haproxy.env")
    web = load(given).web
    assert any(ip_address(proxy["BIND_INSIDE"].rpartition(":")[0]) in one for one in web.proxies)
    assert web.processes == len([name for name in proxy if name.startswith("WEB_")])


def test_security_M1_in_kubernetes_the_ingress_is_believed_and_the_fewest_web_processes_counted() -> None:
    [settings], [scaler] = (of_kind(kind) for kind in ("ConfigMap", "HorizontalPodAutoscaler"))
    web = load({**settings["data"], "WENYUE_DATABASE_URL_FILE": ""}).web
    assert web.processes == scaler["spec"]["minReplicas"]
    assert web.proxies
    example = yaml.safe_load(text("kubernetes/example/kustomization.yaml"))
    patched = {
        one["path"].rpartition("/")[2]: one["value"]
        for patch in example["patches"]
        for one in yaml.safe_load(patch["patch"])
    }
    assert int(patched["WENYUE_WEB_PROCESSES"]) == patched["minReplicas"]
    [narrowed] = load({"WENYUE_TRUSTED_PROXIES": patched["WENYUE_TRUSTED_PROXIES"]}).web.proxies
    assert not narrowed.is_global
    reach = [
        source
        for policy in of_kind("NetworkPolicy")
        if "Ingress" in policy["spec"]["policyTypes"] and "cnpg" not in str(policy["spec"]["podSelector"])
        for rule in policy["spec"].get("ingress", [])
        for source in rule["from"]
    ]
    ours = ("wenyue-monitor", "wenyue-status")  # who else reaches the web speaks for nobody but itself
    assert [source for source in reach if not any(name in str(source) for name in ours)] == [
        {"namespaceSelector": {"matchLabels": {"wenyue/ingress": "yes"}}}
    ]


def test_security_M1_the_proxy_says_itself_whose_address_it_is_and_passes_nobodys_word_on() -> None:
    fronts = re.split(
        r"^(?=frontend |backend |defaults|global)", text("haproxy/haproxy.cfg"), flags=re.MULTILINE
    )
    to_web = [one for one in fronts if one.startswith("frontend ") and "default_backend web" in one]
    assert len(to_web) == 2
    for one in to_web:
        assert "http-request set-header X-Forwarded-For %[src]" in one, one.split("\n", 1)[0]
