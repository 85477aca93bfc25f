#include "platform/run/crossbar_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/numbers.h"
#include "registers/cluster_peripherals.h"

namespace ohmic {
namespace {

using bytes = std::vector<std::uint8_t>;

bytes read_file(const std::string& path, const std::string& place) {
  try {
    const std::string all = read_whole_file(path);
    return {all.begin(), all.end()};
  } catch (const std::runtime_error& error) {
    throw config_error(place + ": " + error.what());
  }
}

/// The cells of a NumPy file; format: "A simple file format for NumPy arrays" (NEP 1).
bytes cells_of_npy(const bytes& file, const chip_config& chip, const std::string& place) {
  const std::size_t lengths = file.size() > 6 && file[6] >= 2 ? 4 : 2;
  std::size_t header = 0;
  if (file.size() >= 8 + lengths)
    for (std::size_t i = lengths; i != 0; --i) header = header << 8 | file[7 + i];
  const std::size_t begin = 8 + lengths;
  if (file.size() < begin || header > file.size() - begin)
    throw config_error(place + ": a NumPy file whose header is cut off");
  std::string text(file.begin() + static_cast<std::ptrdiff_t>(begin),
                   file.begin() + static_cast<std::ptrdiff_t>(begin + header));
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::string shape = fmt::format("'shape':({},{})", chip.ima.rows, chip.ima.columns);
  if (text.find("'descr':'|i1'") == std::string::npos || text.find("'fortran_order':False") == std::string::npos ||
      text.find(shape) == std::string::npos)
    throw config_error(fmt::format("{}: a NumPy file of {}; allowed: int8, C order, shape ({}, {})", place,
                                   printable(text.substr(0, text.find('\n'))), chip.ima.rows, chip.ima.columns));
  return {file.begin() + static_cast<std::ptrdiff_t>(begin + header), file.end()};
}

}  // namespace

crossbar_files::crossbar_files(const std::vector<std::string>& words, const chip_config& chip) {
  for (const std::string& word : words) {
    const std::string place = "--crossbar " + printable(word);
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals + 1 == word.size())
      throw config_error(place + ": allowed: CLUSTERS=FILE, as in 0=weights.npy");
    const auto clusters = parse_ranges(word.substr(0, equals), chip.clusters());
    if (!clusters) throw config_error(place + ": " + allowed_ranges(word.substr(0, equals), chip.clusters()));
    for (const unsigned cluster : *clusters)
      if (!chip.has_ima(cluster))
        throw config_error(fmt::format("{}: cluster {} has no IMA; {} of the chip's {} clusters have one", place,
                                       cluster, chip.imas(), chip.clusters()));
    const std::string path = word.substr(equals + 1);
    bytes cells = read_file(path, place);
    const bool npy = cells.size() >= 6 && std::memcmp(cells.data(), "\x93NUMPY", 6) == 0;
    if (npy) cells = cells_of_npy(cells, chip, place);
    const std::size_t wanted = std::size_t{chip.ima.rows} * chip.ima.columns;
    if (cells.size() != wanted)
      throw config_error(
          fmt::format("{}: the file holds {} bytes of weights; allowed: {}, a signed byte for each of "
                      "{} rows x {} columns, row by row",
                      place, cells.size(), wanted, chip.ima.rows, chip.ima.columns));
    entries_.push_back({*clusters, std::move(cells)});
  }
}

void crossbar_files::load(machine& chip) const {
  for (const entry& e : entries_)
    for (const unsigned i : e.clusters)
      if (!chip.write(chip.config().cluster_peripherals(i) + registers::cluster_peripherals::crossbar_base,
                      e.weights.data(), e.weights.size()))
        throw std::logic_error("crossbar_files: a crossbar is not where the address map has it");
}

}  // namespace ohmic
