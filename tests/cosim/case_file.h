#pragma once

#include <string>

#include "tests/cosim/lockstep_case.h"

namespace ohmic::test {

/// A case as text that a person can read and change, and a test can run again: tests/cosim/programs.
///
/// One thing a line; '#' begins a comment; numbers of time are decimal, all others hexadecimal:
///   mtvec direct|vectored      (default direct)
///   interrupts on|off          (default off: mie and mstatus.MIE are set in front of the first instruction)
///   register X VALUE           (x1..x31; default 0)
///   memory ADDRESS WORD        (of the 4 KiB from 10000000 on; default 0)
///   access N grant G response R   wait cycles of the Nth data access, from 1
///   line N wait W                 the Nth instruction line
///   event N wait W value V [lines L length C]   the Nth answer of the event register
///   pulse at CYCLE lines L length C             interrupt lines
///   program
///   PC INSTRUCTION [TEXT]      four or eight digits; PC and TEXT are for the reader: instructions follow each other
/// A line that cannot be read throws std::runtime_error with its number.
std::string to_text(const lockstep_case& c, const std::string& comment);
lockstep_case case_from_text(const std::string& text);

}  // namespace ohmic::test
