"""JSON documents as text, spelt in all the ways that a serialiser of one's own would not spell them."""

import json

from hypothesis import strategies as st

# What weir reads or may be told to change; a generated member must not be one of them by chance.
KNOWN = {"model", "models", "stream", "stream_options", "user", "safety_identifier", "metadata", "temperature",
         "top_p", "max_tokens", "max_completion_tokens", "max_output_tokens", "n", "tools", "tool_choice",
         "messages", "input", "prompt", "seed", "usage"}

SPACE = st.sampled_from(["", "", "", " ", "\n", "\t", "\r\n", "  \n  "])

NUMBERS = st.one_of(
    st.integers(-10**30, 10**30).map(str),
    st.sampled_from(["0", "-0", "1.0", "1e2", "1E+2", "1e-7", "-0.0", "0.1000", "9223372036854775808",
                     "18446744073709551616", "1.7976931348623157e308", "3.141592653589793238462643383279"]),
    st.tuples(st.integers(0, 10**6), st.text("0123456789", min_size=1, max_size=20)).map(lambda p: f"{p[0]}.{p[1]}"))


@st.composite
def strings(draw) -> str:
    """A string between quotes, each character plain or by one of its escapes."""
    escapes = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\r": "\\r"}
    text = ""
    for character in draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)):
        units = character.encode("utf-16-be")
        hexes = "".join(f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2))
        must = character in '"\\' or ord(character) < 0x20
        spelling = draw(st.sampled_from(["plain", "plain", "escape", "hex"]))
        if spelling == "hex" or (must and character not in escapes):
            text += hexes
        elif must or (spelling == "escape" and character in escapes):
            text += escapes[character]
        else:
            text += character
    return f'"{text}"'


def _array(values):
    return st.tuples(SPACE, st.lists(st.tuples(SPACE, values, SPACE).map("".join), max_size=4)).map(
        lambda p: f"[{p[0]}{','.join(p[1])}]" if not p[1] else f"[{','.join(p[1])}]")


def _object(values):
    member = st.tuples(SPACE, strings(), SPACE, st.just(":"), SPACE, values, SPACE).map("".join)
    return st.lists(member, max_size=4).map(lambda members: "{" + ",".join(members) + "}")


VALUES = st.recursive(
    st.one_of(strings(), NUMBERS, st.sampled_from(["true", "false", "null"])),
    lambda inner: st.one_of(_array(inner), _object(inner)), max_leaves=12)


@st.composite
def bodies_around(draw, member: str) -> tuple:
    """What stands before and after `member` in an object of generated members with distinct keys."""
    keys = draw(st.lists(strings(), max_size=6, unique_by=json.loads).map(
        lambda found: [key for key in found if json.loads(key) not in KNOWN]))
    members = [f"{key}{draw(SPACE)}:{draw(SPACE)}{draw(VALUES)}" for key in keys]
    at = draw(st.integers(0, len(members)))
    pad = [draw(SPACE) for _ in range(4)]
    before = draw(SPACE) + "{" + "".join(f"{pad[0]}{each}{pad[1]}," for each in members[:at]) + pad[2] + member
    after = "".join(f",{pad[1]}{each}{pad[0]}" for each in members[at:]) + pad[3] + "}" + draw(SPACE)
    return before, after
