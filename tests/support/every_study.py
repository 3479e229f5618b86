"""A command for each kind of study that a page can tell of."""

DISTANCE = ("--set", "objectives.distance={kind: distance_to_reference, level: region}")
THRIFT = ("--set", "objectives.thrift={kind: spend, normalise: 24100000}")
SECOND = "objectives.distance={kind: distance_to_reference, level: region, priority: 2}"
STUDIES = {
    "breakpoints": (
        "weights", "ehpad-2004-rule", *DISTANCE,
        "--from", "shortfall=1,distance=0", "--to", "shortfall=0,distance=1",
    ),
    "triangle": (
        "weights", "ehpad-2004-rule", *DISTANCE, *THRIFT,
        "--triangle", "shortfall", "distance", "thrift",
    ),
    "curve": ("limit", "scm-ssad-1998", "--rule", "unfunded", "--from", "0", "--to", "2"),
    "frontier": (
        "frontier", "ehpad-2004-rule", "--set", SECOND, "--objectives", "shortfall", "distance"
    ),
    "margins": ("margins", "ehpad-2004-rule", "--within", "1%"),
    "implied": ("implied", "ehpad-2004-rule", "--allocation", "reference"),
    "acceptability": (
        "sweep", "ehpad-2004-rule", "--vary", "cap_ehpad=0.8..1.2", "--samples", "5"
    ),
}  # fmt: skip
