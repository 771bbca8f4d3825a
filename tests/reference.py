"""The method of scoring once more, in plain Python for a single day: slow, short, and no SQL.

`world` is a dictionary of staged tables (lists of rows as dictionaries) and `deliveries`;
`event_of` gives the event of each report.
"""

import csv
from collections import defaultdict
from datetime import date, timedelta
from itertools import product
from math import exp, floor, inf, log, log2, prod, sqrt

from pipeline.settings import ROOT


def table(name):
    with (ROOT / "warehouse" / "method" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def numbers(name, key, value):
    return {row[key]: float(row[value]) for row in table(name)}


P = numbers("parameters", "name", "value")
KINDS = {row["kind"]: row for row in table("report_kinds")}
STANCES = {
    (row["fact_type"], row["stance"]): float(row["relevance_0_1"]) for row in table("stances")
}
RELIABILITY = numbers("reliability", "reliability", "reliability_0_1")
CREDIBILITY = numbers("information_credibility", "information_credibility_1_6", "credibility_0_1")
REACH = numbers("reach", "reach", "reach_factor")
BASE = numbers("sectors", "sector_id", "base_rate_30d")
EPSS = numbers("epss_classes", "lower_percentile_0_1", "probability")
CVSS = numbers("cvss_classes", "lower_base_0_10", "probability")
TARGETS = table("actor_targets")
ALIASES = defaultdict(dict)
for row in table("sector_aliases"):
    if row["sector_id"] and float(row["share_0_1"]) > 0:
        ALIASES[row["vocabulary"], row["value"]][row["sector_id"]] = float(row["share_0_1"])


def day_of(row):
    return row["known_at"].date()


def first_given(*values):
    return next((value for value in values if value is not None), None)


def sectors_of(label):
    """Our sectors behind a label, with shares; codes match by their longest known prefix."""
    vocabulary, value = label["vocabulary"], label["value"]
    ends = range(len(value), 0, -1) if vocabulary in {"naics", "nace", "veris"} else [len(value)]
    return next(
        (ALIASES[vocabulary, value[:n]] for n in ends if (vocabulary, value[:n]) in ALIASES), {}
    )


class Day:
    """Everything that can be said on one day from what was known by its end."""

    def __init__(self, world, event_of, reliability_of, expected_every, day):
        known = {name: [row for row in rows if day_of(row) <= day] for name, rows in world.items()}
        self.known, self.day, self.event_of = known, day, event_of
        self.reliability_of, self.expected_every = reliability_of, expected_every
        self.versions = self._versions()
        self.current = {row["id"]: row for row in self.versions}
        self.coverage = self._coverage()
        self.events = self._threat()
        self.intensity = defaultdict(float)
        self.n_events = defaultdict(int)
        for (_, sector), (amount, true) in self.events.items():
            self.intensity[sector] += amount * true
            self.n_events[sector] += 1

    def _versions(self):
        """Each version that was the newest when it came, in order of arrival."""
        versions, newest, previous = [], {}, {}
        for row in sorted(self.known["reports"], key=in_order):
            row = row | {"id": f"{row['source_id']}/{row['report_key']}"}
            if newest.get(row["id"], version_at(row)) <= version_at(row):
                newest[row["id"]] = version_at(row)
                if previous.get(row["id"]) != row["record_md5"]:
                    versions.append(row)
            previous[row["id"]] = row["record_md5"]
        return versions

    def _coverage(self):
        """Share of the threat sources with a usual gap that are current, of those ever heard of."""
        last = {}
        for row in self.known["deliveries"]:
            if row["source_id"] in self.expected_every:
                last[row["source_id"]] = max(day_of(row), last.get(row["source_id"], date.min))
        ages = {source: (self.day - on).days for source, on in last.items()}
        current = [source for source, age in ages.items() if age <= self.expected_every[source]]
        return len(current) / len(last) if last else 1.0

    def _threat(self):
        voices, amounts = defaultdict(dict), defaultdict(float)
        for row in self.current.values():
            if not row["is_withdrawn"]:
                event, publisher = self.event_of[row["id"]], row["publisher"] or row["source_id"]
                said = self._credibility(row)
                voices[event][publisher] = max(said, voices[event].get(publisher, 0.0))
                for sector, amount in self._amounts(row):
                    amounts[event, sector] = max(amount, amounts[event, sector])
        found = {}
        for (event, sector), amount in amounts.items():
            true = 1 - prod(1 - said for said in voices[event].values())
            if round(amount * true, 15) > 0:
                found[event, sector] = amount, true
        return found

    def _credibility(self, row):
        stated = CREDIBILITY.get(str(row["information_credibility_1_6"]))
        said = first_given(row["confidence_0_1"], stated, P["unstated_credibility"])
        return min(
            0.98, RELIABILITY[row["reliability"] or self.reliability_of[row["source_id"]]] * said
        )

    def _amounts(self, row):
        """How strongly a report weighs on each sector today."""
        kind, published = KINDS[row["kind"]], published_on(row)
        half_life = float(kind["half_life_days"])
        severity = first_given(row["severity_0_10"], float(kind["default_severity_0_10"]))
        faded = (self.day - max(published, self._in_force_until(row))).days
        if faded <= int(P["decay_half_lives"] * half_life):
            decay = 2 ** -(max(0, faded) / half_life)
            for sector, relevance in relevances(row["facts"], published).items():
                yield sector, float(kind["weight"]) * severity / 10 * relevance * decay

    def _in_force_until(self, row):
        """Its expiry, or the day on which another notice replaced it."""
        if row["valid_until"] is None:
            return date.min
        replaced = [
            day_of(other)
            for other in self.versions
            if (other["source_id"], other["supersedes_key"])
            == (row["source_id"], row["report_key"])
            and not other["is_withdrawn"]
        ]
        return min([row["valid_until"].date(), *replaced])

    def probability(self, cve):
        """That a CVE is exploited within 30 days: the best estimate, and floors beside it."""
        said = [row for row in self.known["vulnerabilities"] if row["cve_id"] == cve]
        said = [row for row in said if row["cvss_base_0_10"] is not None]
        last = max(map(day_of, said), default=None)
        bases = [row["cvss_base_0_10"] for row in said if day_of(row) == last]
        estimate = P["unknown_vulnerability_probability"]
        if bases:
            estimate = of_class(CVSS, max(bases))
        if (place := self._epss_class(cve)) is not None:
            estimate = list(EPSS.values())[max(1, min(place, len(EPSS))) - 1]
        return max(estimate, *self._floors(cve))

    def _epss_class(self, cve):
        """Number of its class of rank; what only a new model changed comes step by step."""
        files = sorted(self.known["epss_scores"], key=lambda r: (day_of(r), r["delivery_id"]))
        model, before, own = 0, None, {}
        for row in files:
            versions = {row["model_version"], before} - {None}
            model, before = model + (before is not None and len(versions) > 1), row["model_version"]
            if row["cve_id"] == cve:
                place = sum(float(bound) <= row["percentile_0_1"] for bound in EPSS)
                own[day_of(row)] = (model, place)
        reached, turn, last = 0, int(cve.split("-")[2]) % 97 / 97, None
        for known, (model, place) in own.items():
            n = place - (last[1] if last else 0)
            if last and last[0] != model:
                days = [floor(P["epss_handover_days"] * (k - turn) / abs(n)) for k in below(n)]
                begin = known + timedelta(P["epss_handover_delay_days"])
                reached += sum(begin + timedelta(k) <= self.day for k in days) * (n > 0 or -1)
            else:
                reached += n
            last = model, place
        return reached if own else None

    def _floors(self, cve):
        catalog = newest_delivery(self.known["exploited_vulnerabilities"])
        listed = [row["is_ransomware"] for row in catalog if row["cve_id"] == cve]
        active = any(
            row["cve_id"] == cve and row["ssvc_exploitation"] == "active"
            for row in self.known["vulnerabilities"]
        )
        reported = any(
            KINDS[row["kind"]]["marks_exploitation"] == "true"
            and not row["is_withdrawn"]
            and self.day < day_of(row) + timedelta(P["reported_exploited_days"])
            and any((fact["fact_type"], fact["value"]) == ("cve", cve) for fact in row["facts"])
            for row in self.current.values()
        )
        yield P["listed_exploited_probability"] if listed else 0
        yield P["ransomware_exploited_probability"] if any(listed) else 0
        yield P["reported_exploited_probability"] if reported else 0
        yield P["ssvc_active_probability"] if active else 0

    def hazards(self, supplier):
        """Hazard of each open CVE of a supplier; None where no scan is on file."""
        scans = [row for row in self.known["findings"] if row["supplier_id"] == supplier]
        if not scans:
            return None
        reach = defaultdict(float)
        for row in newest_delivery(scans):
            begun = row["first_seen"] is None or row["first_seen"] <= self.day
            if row["status"] == "open" and begun and self.day < (row["fixed_on"] or date.max):
                factor = REACH[self._reach(row)]
                reach[row["cve_id"]] = max(factor, reach[row["cve_id"]])
        return {cve: -factor * log(1 - self.probability(cve)) for cve, factor in reach.items()}

    def _reach(self, finding):
        own = finding["supplier_id"], finding["asset_id"]
        rows = [r for r in self.known["assets"] if (r["supplier_id"], r["asset_id"]) == own]
        return max(rows, key=day_of)["reach"] if rows else "unknown"

    def scan_age(self, supplier):
        days = [day_of(row) for row in self.known["findings"] if row["supplier_id"] == supplier]
        return (self.day - max(days)).days if days else inf

    def suppliers(self):
        """Score and parts of each supplier in force."""
        for row in newest_delivery(self.known["suppliers"]):
            begun = row["valid_from"] is None or row["valid_from"] <= self.day
            if begun and self.day < (row["valid_to"] or date.max) and (mix := mix_of(row)):
                yield row["supplier_id"], self.supplier(row, mix)

    def supplier(self, row, mix):
        hazards, age = self.hazards(row["supplier_id"]), self.scan_age(row["supplier_id"])
        hazard = P["unscanned_hazard"] if hazards is None else sum(hazards.values())
        low = P["susceptibility_minimum"]
        susceptibility = low + (1 - low) * (1 - exp(-hazard))
        criticality = first_given(row["criticality_1_5"], P["default_criticality"])
        dependency = max(first_given(row["dependency_0_1"], 1.0), P["dependency_minimum"])
        consequence = 2 ** (criticality - 1) * dependency
        stale = P["stale_scan_sd_points"] if age > P["stale_scan_days"] else 0
        sds = [
            P["no_scan_sd_points"] if hazards is None else stale,
            P["no_criticality_sd_points"] if row["criticality_1_5"] is None else 0,
        ]
        return {
            "mix": mix,
            "is_covered": age <= P["stale_scan_days"] and row["criticality_1_5"] is not None,
            "n_open_vulnerabilities": None if hazards is None else len(hazards),
            "hazards": hazards,
            "susceptibility_0_1": susceptibility,
            "consequence": consequence,
            **self.score(mix, susceptibility, consequence, sds),
        }

    def score(self, mix, susceptibility, consequence, sds):
        """The scale of doublings: points of the three parts add up, within 0 and 100."""
        rate = sum(share * BASE[s] * (1 + self.intensity[s]) for s, share in mix.items())
        if self.coverage < P["minimum_threat_coverage"]:
            return {"score_0_100": None, "loss_probability_30d": None}
        parts = {
            "baseline_points": P["typical_score"],
            "threat_points": 10 * log2(rate / P["typical_threat_rate_30d"]),
            "susceptibility_points": 10 * log2(susceptibility / P["typical_susceptibility"]),
            "consequence_points": 10 * log2(consequence / P["typical_consequence"]),
        }
        unbounded = sum(parts.values())
        low, high = interval(rate, self.weights(mix), sum(sd**2 for sd in [*sds, *self.sds()]))
        return parts | {
            "risk": rate * susceptibility * consequence,
            "loss_probability_30d": 1 - exp(-rate * susceptibility),
            "score_0_100": bounded(unbounded),
            "score_low_0_100": bounded(unbounded + low),
            "score_high_0_100": bounded(unbounded + high),
        }

    def sds(self):
        """Standard deviations in points that every score of the day has."""
        yield P["method_sd_points"]
        yield P["missing_threat_sd_points"] * (1 - self.coverage)

    def weights(self, mix):
        """What each event adds to the mix's rate if it is true, and how credible it is."""
        found = defaultdict(lambda: [0.0, 0.0])
        for (event, sector), (amount, true) in self.events.items():
            if sector in mix:
                found[event][0] += mix[sector] * BASE[sector] * amount
                found[event][1] = true
        return found

    def sectors(self):
        """Score of each sector: the same scale on the mean risk of its suppliers."""
        suppliers = [supplier for _, supplier in self.suppliers()]
        for sector in BASE:
            members = [(s["mix"][sector], s) for s in suppliers if sector in s["mix"]]
            if members:
                yield sector, self.sector(sector, members)

    def sector(self, sector, members):
        weight = sum(share for share, _ in members)
        harm = sum(share * s["consequence"] for share, s in members)
        exposed = [share * s["consequence"] * s["susceptibility_0_1"] for share, s in members]
        covered = sum(share for share, s in members if s["is_covered"]) / weight
        sds = [P["no_scan_sd_points"] * (1 - covered)]
        return {
            "n_suppliers": len(members),
            "worst_ten_share_0_1": sum(sorted(exposed)[-10:]) / sum(exposed),
            "coverage_0_1": covered * self.coverage,
            **self.score({sector: 1.0}, sum(exposed) / harm, harm / weight, sds),
        }


def interval(rate, events, variance):
    """Where a tenth lies below and above, in points around the score."""
    doubt = {event: a**2 * c * (1 - c) for event, (a, c) in events.items()}
    ranked = sorted(doubt, key=lambda event: (-round(doubt[event], 12), event))
    first, rest = [events[event] for event in ranked[:3]], sum(map(doubt.get, ranked[3:]))
    parts = []
    for truth in product((0, 1), repeat=len(first)):
        weight = prod(c if is_true else 1 - c for is_true, (_, c) in zip(truth, first, strict=True))
        now = rate + sum((t - c) * a for t, (a, c) in zip(truth, first, strict=True))
        log_variance = log(1 + rest / now**2)
        middle = 10 / log(2) * (log(now / rate) - log_variance / 2)
        parts.append((weight, middle, sqrt((10 / log(2)) ** 2 * log_variance + variance)))
    return min(0, end(parts, 0.1)), max(0, end(parts, 0.9))


def end(parts, share):
    """Where that share of the mixture lies below, by halving."""
    place = 0
    for halvings in range(20):
        found = sum(weight * normal((place - middle) / sd) for weight, middle, sd in parts)
        place += 64 / 2**halvings if found < share else -64 / 2**halvings
    return place


def normal(z):
    """Page's approximation of the normal distribution."""
    return 1 / (1 + exp(min(700, -z * (1.5976 + 0.070565992 * z * z))))


def below(n):
    """1 up to a number without its sign."""
    return range(1, abs(n) + 1)


def in_order(row):
    return day_of(row), version_at(row), row["delivery_id"], row["source_row"]


def version_at(row):
    return first_given(row["modified_at"], row["published_at"], row["disclosed_at"])


def published_on(row):
    return min(first_given(row["published_at"], row["disclosed_at"]).date(), day_of(row))


def relevances(facts, published):
    """How far a report concerns each sector: named in it, or a known target of its actor."""
    found = defaultdict(float)
    for fact in facts:
        stated = STANCES.get((fact["fact_type"], fact["stance"]), 0)
        stated *= first_given(fact["confidence_0_1"], 1)
        shares = sectors_of(fact) if fact["fact_type"] == "sector" else {}
        if fact["fact_type"] == "actor":
            shares = {
                row["sector_id"]: float(row["relevance_0_1"]) * P["actor_relevance"]
                for row in TARGETS
                if row["actor_id"] == fact["value"]
                and date.fromisoformat(row["known_since"]) <= published
            }
        for sector, share in shares.items():
            found[sector] = max(found[sector], stated * share)
    return {sector: relevance for sector, relevance in found.items() if relevance > 0}


def newest_delivery(rows):
    """The rows of the last delivery of each source."""
    last = {}
    for row in sorted(rows, key=lambda r: (day_of(r), r["known_at"], r["delivery_id"])):
        last[row["source_id"]] = row["delivery_id"]
    return [row for row in rows if last[row["source_id"]] == row["delivery_id"]]


def mix_of(supplier):
    """A supplier's sectors with shares that sum to 1."""
    mix = defaultdict(float)
    for entry in supplier["sectors"]:
        for sector, share in sectors_of(entry).items():
            mix[sector] += first_given(entry["share_0_1"], 1 / len(supplier["sectors"])) * share
    return {sector: share / sum(mix.values()) for sector, share in mix.items()}


def of_class(classes, value):
    return classes[max((bound for bound in classes if float(bound) <= value), key=float)]


def bounded(points):
    return max(0.0, min(100.0, points))
