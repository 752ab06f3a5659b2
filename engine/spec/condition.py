"""Named rules as SQL: which rule a record fails, and what no answer carried that a rule looks at.

Next: `spec/query`.
"""

from __future__ import annotations

from engine.expression import regex_problem
from engine.kinds.rule import OfSetting, Rule
from engine.kinds.types import literal
from engine.spec.derive import Deriver
from engine.spec.fit import constant_like, said_type
from engine.spec.relation import Expr
from engine.spec.trace import Tested
from engine.spec.view import At, Finding, View

_NUMBERS = ("BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "SMALLINT", "TINYINT", "DECIMAL", "FLOAT", "U")


class Conditions:
    """Makes the SQL of rules.

    `blocked` gives, for what cannot be decided, the condition that it is switched on. What is always on in a table does
    not stand there, but in the table's own `undecided`: it blocks only those whose rows come of that table.
    """

    def __init__(self, deriver: Deriver) -> None:
        self.deriver = deriver
        self.findings = deriver.findings
        self.blocked: dict[str, str] = {}

    def failed(self, rules: list[Rule], view: View, at: At, undecided: dict[str, str] | None = None) -> str:
        """Return the name of the first rule that a record fails, as SQL; NULL when it passes them all."""
        tests = [self._test(rule, view, (*at, "where", index), undecided) for index, rule in enumerate(rules)]
        if self.deriver.trace is not None:
            places = ((*at, "where", index) for index in range(len(rules)))
            self.deriver.trace.of(view).rules += map(Tested, rules, places, tests)
        arms = [
            f"WHEN NOT coalesce({test}, FALSE) THEN {literal(rule.rule)}"
            for rule, test in zip(rules, tests, strict=True)
        ]
        return f"CASE WHEN _rule IS NOT NULL THEN _rule {' '.join(arms)} END" if arms else "_rule"

    def _test(self, rule: Rule, view: View, at: At, undecided: dict[str, str] | None) -> str:
        """Return the condition of one rule: true where it is switched off."""
        if rule.sql is not None:
            expr = self.deriver.sql(rule.sql, view, (*at, "sql"))
            test = expr.sql
            if expr.type != "BOOLEAN" and not expr.broken:
                self._mismatch((*at, "sql"), f"a rule is true or false, and this SQL gives {said_type(expr.type)}")
        else:
            assert rule.field is not None
            expr = view.resolve(rule.field, (*at, "field"))
            test = self._field_test(rule, expr, view, at)
        switches = self._switches(rule, view, at)
        if expr.absent:
            apart = self.blocked if switches or undecided is None else undecided
            apart[f"rule '{rule.rule}'"] = " AND ".join(switches) or "TRUE"
        return " OR ".join([*(f"NOT coalesce({switch}, FALSE)" for switch in switches), f"({test})"])

    def _switches(self, rule: Rule, view: View, at: At) -> list[str]:
        """Return what must be true for the rule to be on."""
        listed = rule.in_ if rule.in_ is not None else rule.not_in
        key = "in" if rule.in_ is not None else "not_in"
        switches = []
        if rule.when is not None:
            switches.append(view.setting(rule.when, (*at, "when"), "BOOLEAN").sql)
        if isinstance(listed, OfSetting):
            switches.append(f"{view.setting(listed.setting, (*at, key, 'setting'), 'VARCHAR[]').sql} IS NOT NULL")
        return switches

    def _field_test(self, rule: Rule, expr: Expr, view: View, at: At) -> str:
        if rule.in_ is not None:
            return self._listed(rule.in_, expr, view, (*at, "in"))
        if rule.not_in is not None:
            return f"NOT coalesce({self._listed(rule.not_in, expr, view, (*at, 'not_in'))}, FALSE)"
        if rule.present is not None:
            empty = f"({expr.sql} IS NULL OR len({expr.sql}) = 0)" if expr.type.endswith("]") else f"{expr.sql} IS NULL"
            return f"NOT {empty}" if rule.present else empty
        if rule.equals is not None:
            other = constant_like(expr, rule.equals)
            if other is None:
                self._mismatch((*at, "equals"), f"'{rule.field}' is {said_type(expr.type)}, and never has this value")
            return f"{expr.sql} = {other}"
        if rule.matches is not None:
            return self._matches(rule, expr, at)
        return self._sized(rule, expr, at)

    def _matches(self, rule: Rule, expr: Expr, at: At) -> str:
        assert rule.matches is not None
        self._one_value(expr, (*at, "matches"))
        if (wrong := regex_problem(rule.matches)) is not None:
            self.findings.add(Finding((*at, "matches"), "bad-regex", f"not a regular expression: {wrong}"))
        return f"regexp_full_match({expr.as_text().sql}, {literal(rule.matches)})"

    def _sized(self, rule: Rule, expr: Expr, at: At) -> str:
        key = "at_least" if rule.at_least is not None else "at_most"
        counted = expr.type.endswith("]") or expr.type == "VARCHAR"
        if not counted and not expr.type.startswith(_NUMBERS):
            self._mismatch((*at, key), f"'{key}' measures numbers, texts and lists, and this is {said_type(expr.type)}")
        size = f"len({expr.sql})" if counted else expr.sql
        return f"{size} >= {rule.at_least}" if rule.at_least is not None else f"{size} <= {rule.at_most}"

    def _listed(self, wanted: list[str] | OfSetting, expr: Expr, view: View, at: At) -> str:
        self._one_value(expr, at)
        text = expr.as_text().sql
        if isinstance(wanted, list):
            return f"list_contains({literal(wanted)}, {text})"
        return f"list_contains({view.setting(wanted.setting, (*at, 'setting'), 'VARCHAR[]').sql}, {text})"

    def _one_value(self, expr: Expr, at: At) -> None:
        if expr.type.endswith("]") or expr.type.startswith("STRUCT"):
            self._mismatch(at, f"'{at[-1]}' looks at one value, and this is {said_type(expr.type)}")

    def _mismatch(self, at: At, what: str) -> None:
        self.findings.add(Finding(at, "type-mismatch", what))
