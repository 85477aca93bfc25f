#!/usr/bin/env python3
"""Exports the chip's SystemRDL description.

  export_registers.py --headers FOLDER     constexpr C++ headers (one per block) and one C header for firmware
  export_registers.py --markdown FILE      the page docs/registers.md
  export_registers.py --check FILE         exit 1 if that page is not what --markdown would write

The C++ headers serve the models, the C header serves C and assembly on the cores.
"""

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

from systemrdl import RDLCompileError, RDLCompiler, RDLListener, RDLWalker
from systemrdl.node import AddressableNode, AddrmapNode, MemNode, RegfileNode, RegNode

SOURCE = Path(__file__).resolve().with_name("ohmic.rdl")
ORIGIN = "ip/registers/ohmic.rdl"
REGION = "cluster_peripherals"


@dataclass
class Dimension:
    """One array dimension: how many, and how many bytes apart."""

    count: int
    stride: int


@dataclass
class Field:
    name: str
    low: int
    width: int
    desc: str

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.low


@dataclass
class Register:
    """A register, or an array of them inside arrays of register files."""

    path: list[str]  # names from the block down, without indices
    offset: int  # first element, from the block's base
    arrays: list[Dimension | None]  # one per name in path
    reset: int
    readable: bool
    writable: bool
    desc: str
    fields: list[Field] = field(default_factory=list)

    @property
    def dimensions(self) -> list[Dimension]:
        return [a for a in self.arrays if a]

    @property
    def access(self) -> str:
        return ("r" if self.readable else "") + ("w" if self.writable else "")

    @property
    def plain(self) -> bool:
        """The whole word is one value, so its field needs no names."""
        return len(self.fields) == 1 and self.fields[0].width == 32

    def indexed_name(self) -> str:
        return ".".join(n + (f"[{a.count}]" if a else "") for n, a in zip(self.path, self.arrays, strict=True))


@dataclass
class Group:
    """A register file instance: where its registers lie."""

    path: list[str]
    offset: int
    bytes: int
    array: Dimension | None


@dataclass
class Block:
    name: str
    title: str
    desc: str
    bytes: int
    registers: list[Register] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    tree: AddrmapNode = None


@dataclass
class Region:
    """A block's or memory's place in a cluster's peripheral region."""

    name: str
    offset: int
    bytes: int
    memory: bool
    desc: str


def text(node, key: str) -> str:
    return " ".join((node.get_property(key, default="") or "").split())


def dimension(node: AddressableNode) -> Dimension | None:
    if not node.is_array:
        return None
    if len(node.array_dimensions) != 1:
        raise SystemExit(f"{ORIGIN}: {node.get_path()}: only one array dimension per name is supported")
    return Dimension(node.array_dimensions[0], node.array_stride)


class BlockReader(RDLListener):
    """Collects the registers of one block without unrolling its arrays."""

    def __init__(self, top: AddrmapNode):
        self.block = Block(top.inst_name, text(top, "name"), text(top, "desc"), top.size, tree=top)
        self.path, self.arrays, self.offsets = [], [], []

    def enter(self, node: AddressableNode):
        self.path.append(node.inst_name)
        self.arrays.append(dimension(node))
        self.offsets.append(node.raw_address_offset)

    def leave(self):
        for stack in (self.path, self.arrays, self.offsets):
            stack.pop()

    def enter_Regfile(self, node: RegfileNode):
        self.enter(node)
        array = self.arrays[-1]
        size = array.stride * array.count if array else node.size
        self.block.groups.append(Group(list(self.path), sum(self.offsets), size, array))

    def exit_Regfile(self, node: RegfileNode):
        self.leave()

    def enter_Reg(self, node: RegNode):
        self.enter(node)
        fields, reset = [], 0
        for f in node.fields():
            fields.append(Field(f.inst_name, f.low, f.width, text(f, "desc")))
            reset |= (f.get_property("reset") or 0) << f.low
        self.block.registers.append(
            Register(list(self.path), sum(self.offsets), list(self.arrays), reset,
                     node.has_sw_readable, node.has_sw_writable, text(node, "desc"), fields))  # fmt: skip

    def exit_Reg(self, node: RegNode):
        self.leave()


def read_source() -> tuple[list[Block], list[Region]]:
    def compiled() -> RDLCompiler:
        compiler = RDLCompiler()
        compiler.compile_file(str(SOURCE))
        return compiler

    region_map = compiled().elaborate(top_def_name=REGION).top
    regions = [
        Region(c.inst_name.lower(), c.raw_address_offset, c.size, isinstance(c, MemNode), text(c, "desc"))
        for c in region_map.children()
    ]
    blocks = []
    for name in [r.name for r in regions if not r.memory] + ["platform_control"]:
        reader = BlockReader(compiled().elaborate(top_def_name=name).top)
        RDLWalker(unroll=False).walk(reader.block.tree, reader)
        blocks.append(reader.block)
    return blocks, regions


# ---------------------------------------------------------------- C++ headers for the models


def cpp_block(block: Block) -> str:
    lines = [
        f"// Generated from {ORIGIN}. Do not edit.",
        "#pragma once",
        "",
        '#include "ip/registers/register_info.h"',
        "",
        f"/// {block.title}: offsets in bytes from the block's base.",
        f"namespace ohmic::registers::{block.name} {{",
        "",
        f"inline constexpr std::uint32_t block_bytes = {block.bytes:#x};  ///< up to the end of the last register",
    ]

    def constant(name: str, value: str, comment: str = ""):
        lines.append(f"inline constexpr std::uint32_t {name} = {value};" + (f"  ///< {comment}" if comment else ""))

    for group in block.groups:
        stem = "_".join(group.path).lower()
        lines.append("")
        constant(f"{stem}_base", f"{group.offset:#x}")
        if group.array:
            constant(f"{stem}_array_count", str(group.array.count))
            constant(f"{stem}_array_stride", f"{group.array.stride:#x}")
        constant(f"{stem}_bytes", f"{group.bytes:#x}")
    for reg in block.registers:
        stem = "_".join(reg.path).lower()
        lines.append("")
        lines.append(f"/// {reg.indexed_name()} ({reg.access}): {reg.desc}")
        constant(f"{stem}_offset", f"{reg.offset:#x}")
        if reg.arrays[-1]:
            constant(f"{stem}_array_count", str(reg.arrays[-1].count))
            constant(f"{stem}_array_stride", f"{reg.arrays[-1].stride:#x}")
        constant(f"{stem}_reset", f"{reg.reset:#x}u")
        if not reg.plain:
            for f in reg.fields:
                name = f"{stem}_{f.name}".lower()
                constant(f"{name}_shift", str(f.low))
                constant(f"{name}_mask", f"{f.mask:#x}u", f.desc)
    lines += ["", "inline constexpr register_info table[] = {"]
    for reg in block.registers:
        dims = reg.dimensions + [Dimension(1, 0)] * (2 - len(reg.dimensions))
        arrays = ", ".join(f"{{{d.count}, {d.stride:#x}}}" for d in dims)
        mask = 0
        for f in reg.fields:
            mask |= f.mask
        name = ".".join(n + ("[]" if a else "") for n, a in zip(reg.path, reg.arrays, strict=True))
        lines.append(
            f'    {{"{name}", {reg.offset:#x}, {{{arrays}}}, {reg.reset:#x}u, {mask:#x}u, '
            f"{str(reg.readable).lower()}, {str(reg.writable).lower()}}},"
        )
    lines += ["};", "", "inline constexpr auto access = make_access_map<block_bytes>(table);"]
    lines += ["", f"}}  // namespace ohmic::registers::{block.name}", ""]
    return "\n".join(lines)


def cpp_region(regions: list[Region]) -> str:
    lines = [f"// Generated from {ORIGIN}. Do not edit.", "#pragma once", ""]
    lines += [f'#include "registers/{r.name}.h"' for r in regions if not r.memory]
    lines += [
        "",
        "/// Where the blocks lie in a cluster's peripheral region.",
        f"namespace ohmic::registers::{REGION} {{",
    ]
    for r in regions:
        lines += ["", f"inline constexpr std::uint32_t {r.name}_base = {r.offset:#x};"]
        lines += [f"inline constexpr std::uint32_t {r.name}_bytes = {r.bytes:#x};"]
    lines += ["", "inline constexpr block_info table[] = {"]
    for r in regions:
        if not r.memory:
            lines.append(
                f'    {{"{r.name}", {r.offset:#x}, {r.bytes:#x}, {r.name}::table, std::size({r.name}::table)}},'
            )
    lines += ["};", "", f"}}  // namespace ohmic::registers::{REGION}", ""]
    return "\n".join(lines)


# ---------------------------------------------------------------- C header for firmware


def c_struct(node, name: str, out: list[str]) -> int:
    """Appends the struct of a block or register file (inner ones first) and returns its bytes."""
    members, at, spare = [], 0, 0
    for child in sorted(node.children(), key=lambda c: c.raw_address_offset):
        offset = child.raw_address_offset
        if offset > at:
            members.append(f"  uint32_t reserved_{spare}[{(offset - at) // 4}];")
            spare += 1
        stride = child.array_stride if child.is_array else child.size
        count = child.array_dimensions[0] if child.is_array else 1
        suffix = f"[{count}]" if child.is_array else ""
        lower = child.inst_name.lower()
        if isinstance(child, RegNode):
            const = "" if child.has_sw_writable else "const "
            members.append(f"  {const}volatile uint32_t {lower}{suffix};")
        else:
            inner = f"{name}_{lower}"
            size = c_struct(child, inner, out)
            if size < stride and child.is_array:
                out[-1] = out[-1].replace("\n}", f"\n  uint32_t reserved_end[{(stride - size) // 4}];\n}}")
            members.append(f"  {inner}_t {lower}{suffix};")
        at = offset + (stride * count if child.is_array else child.size)
    out.append("typedef struct {\n" + "\n".join(members) + f"\n}} {name}_t;\n")
    return at


def c_header(blocks: list[Block], regions: list[Region]) -> str:
    lines = [
        f"/* Generated from {ORIGIN}. Do not edit.",
        " * The defines serve C and assembly; offsets are bytes from the block's base, a block's base lies in the",
        " * cluster's peripheral region. The structs serve C:",
        " *   ((ohmic_dma_t *)(peripherals + OHMIC_DMA_BASE))->channel[3].start = descriptor;",
        " */",
        "#ifndef OHMIC_REGISTERS_H",
        "#define OHMIC_REGISTERS_H",
        "",
    ]
    for r in regions:
        lines.append(f"#define OHMIC_{r.name.upper()}_BASE {r.offset:#x}")
        if r.memory:
            lines.append(f"#define OHMIC_{r.name.upper()}_BYTES {r.bytes:#x}")
    for block in blocks:
        prefix = f"OHMIC_{block.name.upper()}"
        lines += ["", f"/* {block.title} */"]
        for group in block.groups:
            stem = f"{prefix}_{'_'.join(group.path)}".upper()
            lines.append(f"#define {stem}_OFFSET {group.offset:#x}")
            if group.array:
                lines.append(f"#define {stem}_ARRAY_COUNT {group.array.count}")
                lines.append(f"#define {stem}_ARRAY_STRIDE {group.array.stride:#x}")
        for reg in block.registers:
            stem = f"{prefix}_{'_'.join(reg.path)}".upper()
            lines.append(f"#define {stem}_OFFSET {reg.offset:#x} /* {reg.access}: {reg.desc} */")
            if reg.arrays[-1]:
                lines.append(f"#define {stem}_ARRAY_COUNT {reg.arrays[-1].count}")
                lines.append(f"#define {stem}_ARRAY_STRIDE {reg.arrays[-1].stride:#x}")
            if not reg.plain:
                for f in reg.fields:
                    lines.append(f"#define {stem}_{f.name.upper()}_SHIFT {f.low}")
                    lines.append(f"#define {stem}_{f.name.upper()}_MASK {f.mask:#x}")
    lines += ["", "#ifndef __ASSEMBLER__", "#include <stddef.h>", "#include <stdint.h>", ""]
    for block in blocks:
        structs: list[str] = []
        size = c_struct(block.tree, f"ohmic_{block.name}", structs)
        lines += structs
        lines.append(f'_Static_assert(sizeof(ohmic_{block.name}_t) == {size:#x}, "layout of {block.name}");')
        for reg in block.registers:
            member = ".".join(
                n.lower() + ("[0]" if a and i + 1 < len(reg.path) else "")
                for i, (n, a) in enumerate(zip(reg.path, reg.arrays, strict=True))
            )
            stem = f"OHMIC_{block.name}_{'_'.join(reg.path)}_OFFSET".upper()
            lines.append(
                f'_Static_assert(offsetof(ohmic_{block.name}_t, {member}) == {stem}, "layout of {block.name}");'
            )
        lines.append("")
    lines += ["#endif /* __ASSEMBLER__ */", "#endif /* OHMIC_REGISTERS_H */", ""]
    return "\n".join(lines)


# ---------------------------------------------------------------- the page


def markdown(blocks: list[Block], regions: list[Region]) -> str:
    lines = [
        "# Registers",
        "",
        f"Generated from `{ORIGIN}` by `ip/registers/export_registers.py --markdown`. All registers are 32 bits wide.",
        "In a cluster, a load of a byte or halfword takes its part of the register, and a store of one writes the whole",
        "register, its other bytes as zero. Platform control takes whole words, its console 1 to 4 characters. Any other",
        "access, and one to an offset that is not listed, is a guest error. `r` may be read, `w` written.",
        "",
        "## Peripheral region of a cluster",
        "",
        "| offset | block |",
        "| --- | --- |",
    ]
    titles = {b.name: b.title for b in blocks}
    for r in regions:
        lines.append(f"| `{r.offset:#07x}` | {titles.get(r.name) or f'Crossbar. {r.desc}'} |")
    for block in blocks:
        lines += ["", f"## {block.title}", "", block.desc, "", "| offset | register | access | reset | meaning |"]
        lines.append("| --- | --- | --- | --- | --- |")
        for reg in block.registers:
            where = f"`{reg.offset:#05x}`" + "".join(f" + {chr(ord('i') + n)}·`{d.stride:#x}`"
                                                    for n, d in enumerate(reg.dimensions))  # fmt: skip
            meaning = reg.desc
            if not reg.plain:
                for f in reg.fields:
                    bits = f"{f.low + f.width - 1}:{f.low}" if f.width > 1 else str(f.low)
                    meaning += f"<br>`{bits}` **{f.name}** {f.desc}"
            lines.append(f"| {where} | `{reg.indexed_name()}` | {reg.access} | `{reg.reset:#x}` | {meaning} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--headers", type=Path, metavar="FOLDER")
    what.add_argument("--markdown", type=Path, metavar="FILE")
    what.add_argument("--check", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    try:
        blocks, regions = read_source()
    except RDLCompileError:
        return 2  # the compiler has printed file, line and reason
    if arguments.headers:
        arguments.headers.mkdir(parents=True, exist_ok=True)
        for block in blocks:
            (arguments.headers / f"{block.name}.h").write_text(cpp_block(block))
        (arguments.headers / f"{REGION}.h").write_text(cpp_region(regions))
        (arguments.headers / "ohmic_registers.h").write_text(c_header(blocks, regions))
    elif arguments.markdown:
        arguments.markdown.write_text(markdown(blocks, regions))
    elif not arguments.check.exists() or arguments.check.read_text() != markdown(blocks, regions):
        print(
            f"{arguments.check} is out of date: run {Path(sys.argv[0]).name} --markdown {arguments.check}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
