#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""properties.py [--write] PAGE: whether the property tables of a page are those of the elements.

A table stands under the heading ### `ELEMENT`. With --write they are made anew. Types, defaults and what may change while
playing come from the elements, and so does the text, unless the page has another one.
"""

import re
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

# GST_PARAM_MUTABLE_PLAYING.
PLAYING = 1 << (8 + 4)
HEADING = "| property | type | default | |\n|---|---|---|---|\n"


def value(pspec, default):
    type_ = pspec.value_type
    if type_ == GObject.TYPE_BOOLEAN:
        return str(bool(default)).lower()
    if type_.is_a(GObject.TYPE_ENUM):
        return default.value_nick
    if type_.is_a(GObject.TYPE_FLAGS):
        return "+".join(default.value_nicks) or "0"
    if type_.name == "GstFraction":
        return f"{int(default.num)}/{int(default.denom)}"
    if type_ == GObject.TYPE_DOUBLE:
        return f"{default:g}"
    return "" if default is None else str(default)


def kind(pspec):
    names = {"gchararray": "string", "guint": "uint", "guint64": "uint64", "gint64": "int64", "gdouble": "double"}
    names |= {"gboolean": "bool", "GstFraction": "fraction", "GstStructure": "structure"}
    type_ = pspec.value_type
    if type_.is_a(GObject.TYPE_ENUM):
        nicks = sorted(type_.pytype.__enum_values__.items())
        return "enum: " + " ".join(f"`{nick.value_nick}`" for _, nick in nicks)
    if type_.is_a(GObject.TYPE_FLAGS):
        nicks = sorted(type_.pytype.__flags_values__.items())
        return "flags: " + " ".join(f"`{nick.first_value_nick}`" for number, nick in nicks if number)
    return names.get(type_.name, type_.name)


def rows(name):
    element = Gst.ElementFactory.make(name)
    if element is None:
        sys.exit(f"there is no element {name}")
    for pspec in element.list_properties():
        if pspec.owner_type != element.__gtype__:
            continue
        readable_only = not pspec.flags & GObject.ParamFlags.WRITABLE
        default = "read only" if readable_only else value(pspec, element.get_property(pspec.name))
        default = f"`{default}`" if default and not readable_only else default
        playing = " ▶" if int(pspec.flags) & PLAYING and not readable_only else ""
        # The first line: what follows lists bundled models, which README.md does.
        blurb = re.sub(r"\s+", " ", pspec.blurb.split("\n")[0]).strip().replace("|", "\\|")
        yield f"`{pspec.name}`{playing}", kind(pspec), default, blurb


def main():
    Gst.init(None)
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    text = original = open(arguments[0], encoding="utf-8").read()
    wrong = []
    sections = re.findall(r"^### `(iqa[a-z]+)`\n\n(.*?)(?=\n#|\Z)", text, re.M | re.S)
    for name, body in sections:
        written = dict(re.findall(r"^\| (`[a-z-]+`(?: ▶)?) \|(.*)$", body, re.M))
        table = [HEADING.rstrip("\n")]
        for title, *cells in rows(name):
            # A text of the page's own stays.
            own = written.pop(title, "").strip().removesuffix("|").split(" | ")
            found = " | ".join(cells[:2])
            if " | ".join(own[:2]).strip() != found.strip():
                wrong.append(f"{name}: {title}: the element has {found!r}, the page {' | '.join(own[:2])!r}")
            described = own[2].strip() if len(own) > 2 and own[2].strip() else cells[2]
            table.append(f"| {title} | {' | '.join(cells[:2])} | {described} |")
        wrong += [f"{name}: {title}: the element has no such property" for title in written]
        text = text.replace(f"### `{name}`\n\n{body}", f"### `{name}`\n\n" + "\n".join(table) + "\n", 1)
    if "--write" in sys.argv:
        if text != original:
            open(arguments[0], "w", encoding="utf-8").write(text)
    elif wrong or len(sections) != 4:
        sys.exit("\n".join([f"FAILED: {arguments[0]}: {len(sections)} elements, and:"] + wrong))


if __name__ == "__main__":
    main()
