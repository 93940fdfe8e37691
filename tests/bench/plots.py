# SPDX-License-Identifier: Apache-2.0
"""Pictures of series, by gnuplot: one file for each, as parts left them in their data with `Figures.plot`."""

import json
import subprocess

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")


def draw_all(folder, parts):
    """parts: {name: data}. The files made, one for each series that has more than one point."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for data in parts.values():
        for name, plot in data.get("plots", {}).items():
            if any(len(line) > 1 for line in plot["lines"].values()):
                made.append(draw(folder / f"{name}.png", plot))
    return made


def draw(path, plot):
    lines = [
        f"set terminal png size 720,420 font 'sans,11'\nset output {json.dumps(str(path))}",
        f"set title {json.dumps(plot['title'])}\nset xlabel {json.dumps(plot['x'])}\nset ylabel {json.dumps(plot['y'])}",
        "set logscale x 10\nset grid\nset key left top\nset offsets graph 0.02, graph 0.02, graph 0.1, 0",
        "set logscale y 10" if plot["grows"] else "set yrange [0:*]",
        "set format x '%.0f'",
    ]
    drawn = []
    for number, (words, points) in enumerate(plot["lines"].items()):
        lines.append(f"$data{number} << EOD\n" + "".join(f"{x} {y}\n" for x, y in points) + "EOD")
        colour = COLOURS[number % len(COLOURS)]
        drawn.append(f"$data{number} using 1:2 with linespoints lw 2 pt 7 lc rgb '{colour}' title {json.dumps(words)}")
    lines.append("plot " + ", ".join(drawn))
    subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True)
    return path
