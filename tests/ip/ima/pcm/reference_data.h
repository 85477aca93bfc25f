#pragma once

#include <string>
#include <vector>

namespace ohmic::pcm {

/// A CSV file of tests/ip/ima/pcm/data with a header line.
struct reference_table {
  explicit reference_table(const std::string& name);

  std::size_t rows() const { return cells_.size(); }
  const std::string& text(std::size_t row, const std::string& column) const;
  double number(std::size_t row, const std::string& column) const;

 private:
  std::size_t column_of(const std::string& column) const;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> cells_;
};

/// A CSV file of whole numbers without a header, row by row.
std::vector<int> reference_matrix(const std::string& name);

std::string reference_path(const std::string& name);

/// Counts differences between two estimates in units of their standard error.
class standard_errors {
 public:
  void add(double found, double found_error, double expected, double expected_error, const std::string& what);
  std::size_t count() const { return count_; }
  std::size_t beyond_3() const { return beyond_3_; }
  double worst() const { return worst_; }
  const std::string& worst_place() const { return worst_place_; }
  const std::string& list() const { return list_; }  ///< of those beyond 3

 private:
  std::size_t count_ = 0, beyond_3_ = 0;
  double worst_ = 0;
  std::string worst_place_, list_;
};

}  // namespace ohmic::pcm
