#include "reference_data.h"

#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ohmic::pcm {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',')
      cells.emplace_back();
    else if (c != '\r')
      cells.back() += c;
  }
  return cells;
}

}  // namespace

std::string reference_path(const std::string& name) { return std::string(OHMIC_PCM_DATA) + "/" + name; }

reference_table::reference_table(const std::string& name) {
  std::ifstream file(reference_path(name));
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("no reference data " + name);
  header_ = split(line);
  while (std::getline(file, line)) cells_.push_back(split(line));
}

std::size_t reference_table::column_of(const std::string& column) const {
  for (std::size_t i = 0; i < header_.size(); ++i)
    if (header_[i] == column) return i;
  throw std::runtime_error("no column " + column);
}

const std::string& reference_table::text(std::size_t row, const std::string& column) const {
  return cells_[row].at(column_of(column));
}

double reference_table::number(std::size_t row, const std::string& column) const {
  return std::stod(text(row, column));
}

std::vector<int> reference_matrix(const std::string& name) {
  std::ifstream file(reference_path(name));
  std::vector<int> numbers;
  for (std::string line; std::getline(file, line);)
    for (const std::string& cell : split(line)) numbers.push_back(std::stoi(cell));
  return numbers;
}

void standard_errors::add(double found, double found_error, double expected, double expected_error,
                          const std::string& what) {
  const double error = std::hypot(found_error, expected_error);
  const double z = found == expected ? 0 : std::fabs(found - expected) / error;
  ++count_;
  std::ostringstream text;
  text << what << ": " << found << " and " << expected << ", " << z << " standard errors\n";
  if (!(z <= 3)) {
    ++beyond_3_;
    list_ += text.str();
  }
  if (!(z <= worst_)) {
    worst_ = z;
    worst_place_ = text.str();
  }
}

}  // namespace ohmic::pcm
