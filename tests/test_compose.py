"""docker-compose.yml, the Dockerfile and deploy/, as far as they can be checked without an engine."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
import yaml

from bff.app import load_project
from bff.config import load
from demo.shop import NAMES
from tests.e2e.command import bff, environment

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
UPSTREAMS = [name for name in SERVICES if name in NAMES]


def _instructions(word: str) -> list[str]:
    return [line.removeprefix(word).strip() for line in DOCKERFILE if line.startswith(word + " ")]


def _port(name: str) -> str:
    command = SERVICES[name]["command"]
    return command[command.index("--port") + 1]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_whole(name: str) -> None:
    """An image, a health check or a word that there is none, known profiles, and files that exist."""
    service = SERVICES[name]
    assert service.keys() & {"image", "build"}
    check = service.get("healthcheck")
    assert check is not None or name == "gateway", "say how its health is checked, or disable it"
    if check is not None:
        assert check == {"disable": True} or check["test"][0] in ("CMD", "CMD-SHELL")
    assert set(service.get("profiles", ())) <= {"brokers", "observe"}
    assert ":" in service["image"] or "build" in service, "pin the version"
    for volume in service.get("volumes", ()):
        assert (ROOT / volume.split(":")[0]).exists(), volume


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_can_be_met(name: str) -> None:
    """What a service waits for exists, is always started, and can become healthy."""
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        assert "profiles" not in SERVICES[other]
        if condition["condition"] == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"]


def test_no_two_services_want_one_port() -> None:
    """On the machine that runs them."""
    published = [port.split(":")[0] for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(published) == len(set(published))


def test_every_upstream_has_a_service() -> None:
    """The six of the demo."""
    assert set(UPSTREAMS) == set(NAMES)


@pytest.mark.parametrize("name", UPSTREAMS)
def test_an_upstreams_command_is_understood(name: str) -> None:
    """By the very program in the image; `--help` at the end keeps it from starting."""
    rest = SERVICES[name]["command"]
    assert SERVICES[name]["entrypoint"] == ["python"]
    done = subprocess.run(
        [sys.executable, *rest, "--help"], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert rest[:3] == ["-m", "demo", name]
    for flag in (word for word in rest if word.startswith("--")):
        assert flag in done.stdout


def test_the_gateways_variables_are_those_of_bff_yaml() -> None:
    """None is misspelt, none is forgotten, and the addresses lead to the services and ports of this file."""
    given = SERVICES["gateway"]["environment"]
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "bff.yaml").read_text()))
    assert set(given) == asked
    settings = load_project(ROOT / "bff.yaml", given).settings
    for name in ("catalog", "pricing", "reviews", "ticker"):
        assert re.search(rf"\b{name}:{_port(name)}\b", settings.upstreams[name].connector.address)
    assert f"warehouse:{_port('warehouse')}/" in given["WAREHOUSE_URL"]
    orders = SERVICES["orders"]["command"]
    assert given["ORDERS_URL"] == orders[orders.index("--broker") + 1]


def test_the_dockerfile_copies_what_exists() -> None:
    """Every source of a COPY, but those of earlier stages."""
    for line in _instructions("COPY"):
        if not line.startswith("--from="):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), line


def test_nothing_that_is_copied_is_ignored() -> None:
    """.dockerignore leaves in what the Dockerfile needs."""
    ignored = {line.strip().rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    copied = {source for line in _instructions("COPY") for source in line.split()[:-1] if "--from" not in line}
    assert ignored & copied == set()


def test_the_image_installs_extras_that_exist() -> None:
    """And constrains them."""
    first, second = (line for line in _instructions("RUN") if "pip install" in line)
    script, *extras = first.partition(" >")[0].removeprefix("python ").split()
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / script, *extras], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert any(line.startswith("nats-py") for line in done.stdout.splitlines())
    assert "--constraint constraints.txt" in first
    assert "--no-deps" in second


def test_dependencies_are_installed_before_the_code_is_copied() -> None:
    """A changed line of code installs nothing again."""
    install = next(number for number, line in enumerate(DOCKERFILE) if "pip install" in line)
    copied = next(number for number, line in enumerate(DOCKERFILE) if line.startswith("COPY bff "))
    assert install < copied


def test_the_user_is_a_number() -> None:
    """Which `runAsNonRoot` of Kubernetes needs."""
    assert _instructions("USER") == ["10001:10001"]


def test_the_health_check_starts_no_python_and_tells_the_states_apart() -> None:
    """Its command, run here: 0 for an answer of 200, 1 for another one and for a port that is closed."""
    (health,) = _instructions("HEALTHCHECK")
    program, flag, script = yaml.safe_load(health[health.index("[") :])
    assert (program, flag) == ("bash", "-c")
    for status, code in ((b"200 OK", 0), (b"503 Service Unavailable", 1), (None, 1)):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            if status is None:
                server.close()
            else:
                threading.Thread(target=_answer_once, args=(server, status), daemon=True).start()
            done = subprocess.run(
                ["bash", "-c", script.replace("/8000 ", f"/{port} ")], capture_output=True, timeout=30, check=False
            )
            assert done.returncode == code, done.stderr


def _answer_once(server: socket.socket, status: bytes) -> None:
    peer, _ = server.accept()
    with peer:
        head = b""
        while b"\r\n\r\n" not in head and (piece := peer.recv(4096)):
            head += piece
        peer.sendall(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")


def test_the_image_starts_the_gateway_on_the_port_it_exposes() -> None:
    """The command exists with its flags, and the health check asks that port."""
    (command,) = (yaml.safe_load(line) for line in _instructions("CMD"))
    subcommand, *flags = command
    ((program,),) = (yaml.safe_load(line) for line in _instructions("ENTRYPOINT"))
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    told = bff(subcommand, "--help").stdout
    assert all(flag in told for flag in flags if flag.startswith("--"))
    (exposed,) = _instructions("EXPOSE")
    assert load_project(ROOT / "bff.yaml", {}).settings.server.port == int(exposed)
    assert SERVICES["gateway"]["ports"] == [f"{exposed}:{exposed}"]
    (health,) = _instructions("HEALTHCHECK")
    assert f"/dev/tcp/127.0.0.1/{exposed} " in health


def test_graphiqls_sources_are_where_the_first_stage_looks() -> None:
    """esbuild's entry points exist."""
    build = next(line for line in _instructions("RUN") if line.startswith("npx esbuild"))
    entries = [word for word in shlex.split(build) if word.startswith("src/")]
    assert entries
    assert all((ROOT / "bff/http/graphiql" / entry).exists() for entry in entries)


def test_the_dashboards_find_their_sources() -> None:
    """Grafana asks the Prometheus of this file, and Prometheus nobody who is not in it."""
    sources = yaml.safe_load((ROOT / "deploy/compose/grafana/prometheus.yml").read_text())
    assert [each["url"] for each in sources["datasources"]] == ["http://prometheus:9090"]
    scraped = yaml.safe_load((ROOT / "deploy/compose/prometheus.yml").read_text())["scrape_configs"]
    hosts = {
        target.split(":")[0] for job in scraped for static in job["static_configs"] for target in static["targets"]
    }
    assert "gateway" in hosts
    assert hosts <= {"127.0.0.1", *SERVICES}


def test_kubernetes(tmp_path: Path) -> None:
    """Its bff.yaml loads, its ports and probes are the gateway's, and it stops after the gateway's own delays."""
    config, deployment, service = yaml.safe_load_all((ROOT / "deploy/kubernetes/gateway.yaml").read_text())
    (tmp_path / "bff.yaml").write_text(config["data"]["bff.yaml"])
    settings = load(tmp_path / "bff.yaml", {})
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert settings.server.admin is not None
    assert ports == {"http": settings.server.port, "admin": settings.server.admin.port}
    assert service["spec"]["ports"][0]["targetPort"] in ports
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "http"}
    assert pod["terminationGracePeriodSeconds"] > settings.server.shutdown_delay + settings.server.grace_period
    assert any(f"--uid {pod['securityContext']['runAsUser']}" in line for line in _instructions("RUN"))
    for each in settings.upstreams.values():
        if each.kind == "soap":
            assert (ROOT / Path(each.connector.address).relative_to(tmp_path)).exists()
