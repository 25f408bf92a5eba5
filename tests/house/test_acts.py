"""Whatever somebody who is signed in changes goes one way: `acting_as`, a try of the guard that acts as them, or the engine."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "wenyue"
OUTSIDE = ("application", "web")  # where people act
JOBS = "application/jobs/"  # nobody is signed in there
# Who opens a transaction of their own, and why that needs no look at a login.
OPENERS = {
    "application/operating.py:acting": "hands it to acting_as, unless a command acts",
    "application/travelling.py:acting": "hands it to acting_as",
    "application/on_duty.py:on_duty": "hands it to acting_as",
    "application/sign_out.py:sign_out": "ends the login",
}
# Tries of secrets by people who are not signed in, or whose login has no part in it.
STRANGERS = {
    "application/sign_in_staff.py:sign_in_staff",
    "application/prove_factor.py:prove_factor",  # whoever is halfway is not signed in yet
    "application/enrol_first_factor.py:enrol_first_factor",
    "application/sign_in_with_card.py:sign_in_with_card",
    "application/enrol_device.py:enrol_device",
    "application/sign_in_clerk.py:sign_in_clerk",
    "application/ask_for_code.py:ask_for_code",
    "application/sign_in_by_code.py:sign_in_by_code",
    "application/stop_replacement.py:stop_replacement",
}


def functions() -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    """Every asynchronous function where people act, as `file:name`."""
    for part in OUTSIDE:
        for path in sorted((SOURCE / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.AsyncFunctionDef):
                    yield f"{path.relative_to(SOURCE)}:{node.name}", node


def calls(node: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of functions or methods of these names."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            func = call.func
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if name in names:
                yield call


def has(call: ast.Call, keyword: str) -> bool:
    """Whether it is called with this keyword."""
    return any(one.arg == keyword for one in call.keywords)


def begins(call: ast.Call) -> bool:
    """Whether this begins a transaction, and not a savepoint of one."""
    of = call.func.value if isinstance(call.func, ast.Attribute) else None
    return not (isinstance(of, ast.Attribute | ast.Name) and ast.unparse(of).split(".")[-1] == "tx")


def test_security_fourth_F2_transactions_of_faces_are_opened_in_one_way() -> None:
    found = {
        name
        for name, node in functions()
        if any(map(begins, calls(node, "transaction", "secret_transaction"))) and not name.startswith(JOBS)
    }
    assert found == set(OPENERS)
    for name, node in functions():
        if "acting_as" in OPENERS.get(name, ""):
            assert any(calls(node, "acting_as")), name


def test_security_fourth_F2_tries_of_secrets_say_as_whom_they_act() -> None:
    tries = {name: list(calls(node, "attempt")) for name, node in functions()}
    without = {name for name, made in tries.items() if any(not has(call, "acts_as") for call in made)}
    assert without == STRANGERS
    assert sum(len(made) for made in tries.values()) > len(STRANGERS)


def test_security_fourth_F2_what_is_asked_of_the_engine_names_its_login() -> None:
    asked = [
        (path.name, call)
        for part in OUTSIDE
        for path in (SOURCE / part).rglob("*.py")
        for call in calls(ast.parse(path.read_text(encoding="utf-8")), "BookingRequest", "ChangeRequest")
    ]
    assert len(asked) >= 3
    assert {name for name, call in asked if not has(call, "login")} == set()


def test_security_fourth_F2_nobody_outside_accounts_looks_by_halves() -> None:
    for path in SOURCE.rglob("*.py"):
        if path.parent.name != "accounts":
            text = path.read_text(encoding="utf-8")
            assert "require_login" not in text, path
            assert "hold_login(" not in text, path
