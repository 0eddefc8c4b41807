"""robots.txt as RFC 9309 has it: the group for us, else for everyone; the longest matching rule wins, allow
before disallow."""

import math
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

LARGEST = 500_000
"""Bytes of a robots.txt that are read (RFC 9309 section 2.5)."""


@dataclass(frozen=True)
class Rule:
    """One line: a path pattern, and whether it allows."""

    pattern: str
    allow: bool

    def matches(self, path: str) -> bool:
        """Whether the pattern fits the path from its start; `*` stands for anything, a last `$` for the end.

        Each part between stars is looked for once, behind the one before it: the first place is as good as
        any, so that no hostile pattern makes this try again."""
        anchored = self.pattern.endswith("$")
        first, *others = self.pattern.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        at = len(first)
        if not others:
            return not anchored or at == len(path)
        last = others.pop() if anchored else ""
        for part in others:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return not anchored or (path.endswith(last) and len(path) - len(last) >= at)


@dataclass(frozen=True)
class Robots:
    """The rules that are for us. Without rules everything is allowed."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0
    """Seconds between the starts of two requests that the site asks for (`Crawl-delay`, no part of the RFC
    but in common use)."""

    def allows(self, url: str) -> bool:
        """Whether the page may be read."""
        parts = urlsplit(url)
        path = unquote(parts.path or "/") + (f"?{unquote(parts.query)}" if parts.query else "")
        fitting = [rule for rule in self.rules if rule.matches(path)]
        if not fitting:
            return True
        longest = max(len(rule.pattern) for rule in fitting)
        return any(rule.allow for rule in fitting if len(rule.pattern) == longest)


NOTHING_ALLOWED = Robots((Rule("/", allow=False),))


def parse_robots(text: str, product: str) -> Robots:
    """The rules for a product name (the user agent up to `/`); case does not matter, faulty lines are
    skipped."""
    groups: dict[str, list[Rule]] = {}
    delays: dict[str, float] = {}
    agents: list[str] = []
    in_rules = False
    for raw in text[:LARGEST].splitlines():
        key, _, value = raw.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            agents = [value.lower()] if in_rules else [*agents, value.lower()]
            in_rules = False
            groups.setdefault(value.lower(), [])
        elif key in {"allow", "disallow"}:
            in_rules = True
            if value and len(value) < 2000:
                for agent in agents:
                    groups[agent].append(Rule(unquote(value), key == "allow"))
        elif key == "crawl-delay":
            in_rules = True
            if (asked := _seconds(value)) is not None:
                delays |= dict.fromkeys(agents, asked)
    own = product.lower() if product.lower() in groups else "*"
    return Robots(tuple(groups.get(own, ())), delays.get(own, 0.0))


def _seconds(value: str) -> float | None:
    try:
        asked = float(value)
    except ValueError:
        return None
    return asked if math.isfinite(asked) and asked >= 0 else None
