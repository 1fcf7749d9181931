#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes bd_rate.json: what PyPI's `bjontegaard` says of pairs of ladders.

    python3 -m venv env
    env/bin/pip install bjontegaard==1.3.0
    env/bin/python tests/reference/bd_rate.py > tests/reference/bd_rate.json
"""

import json
import random
import warnings

import bjontegaard


def ladder(generator, rungs, low, gain):
    """Rates and qualities that both rise, by steps of random size."""
    rate, quality, points = 10 ** generator.uniform(4.5, 6), low, []
    for _ in range(rungs):
        points.append([rate, quality])
        rate *= generator.uniform(1.05, 3.5)
        quality += generator.uniform(0.02, gain)
    return points


def main():
    warnings.simplefilter("ignore")
    generator, cases = random.Random(19), []
    while len(cases) < 60:
        rungs = generator.randint(4, 9)
        gain = generator.choice([0.02, 4, 15])
        low = generator.choice([0.7, 28, 40])
        anchor = ladder(generator, rungs, low, gain)
        test = ladder(generator, rungs, low + generator.uniform(-1, 1) * gain, gain)
        columns = [[float(point[i]) for point in points] for points in (anchor, test) for i in (0, 1)]
        percent = float(bjontegaard.bd_rate(*columns, method="pchip", min_overlap=0))
        if percent == percent:
            cases.append(dict(anchor=anchor, test=test, percent=percent))
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


main()
