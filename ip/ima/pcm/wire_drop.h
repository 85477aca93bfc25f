#pragma once

#include <vector>

namespace ohmic::pcm {

/// IR drop along a crossbar's lines, to first order in their resistance.
///
/// A row's input drives its line from column 0; a column's current, of either side of the pairs, leaves its line behind
/// the last row, at virtual ground. From cell to cell a line has `wire_ohm`. The voltage that cell (k, j) lacks is that
/// of the currents that all cells would draw without it, so the drop is linear in the inputs, and to first order
/// lines with resistance are lines without it and smaller conductances:
///
///     g'(k, j) = g(k, j) (1 - R sum over m >= k of G(m, j) - R sum over l of (min(j, l) + 1) g(k, l))
///
/// where G(m, j) is the sum of column j's conductances in rows 0 to m, and the last sum counts both devices of a cell.
/// It holds where both terms are small against 1: what is left out is of their squares. A cell does not get less than
/// 0.
///
/// `conductances`: in uS, row by row: g+ of all columns, then g- of all columns. Each becomes g'.
void apply_wire_drop(std::vector<std::vector<double>>& conductances, double wire_ohm);

}  // namespace ohmic::pcm
