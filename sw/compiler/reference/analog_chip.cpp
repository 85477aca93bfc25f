#include "sw/compiler/reference/analog_chip.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sw/compiler/reference/work_sharing.h"
#include "sw/deployment/calibration.h"

namespace ohmic {
namespace {

/// What the firmware's calibration sums up by column of a rectangle of the crossbar, job by job.
std::vector<std::uint32_t> magnitudes(const pcm::pcm_crossbar& devices, const crossbar_image& where, unsigned rows,
                                      unsigned columns, std::uint32_t reads, pcm::pcm_crossbar::workspace& space) {
  std::vector<std::int8_t> inputs(rows + 4, 0), codes(columns + pcm::block_columns);
  std::vector<std::uint32_t> sums(where.bitlines);
  std::vector<std::int32_t> fine(where.bitlines), coarse(where.bitlines);
  for (unsigned row = where.first_row; row < where.first_row + where.rows; ++row) {
    inputs[row] = OHMIC_CALIBRATION_INPUT;
    std::uint32_t tag = OHMIC_CALIBRATION_TAG;
    const auto add = [&](std::uint32_t scale, std::vector<std::int32_t>& to) {
      devices.mvm(inputs.data(), row, 1, where.first_bitline, where.bitlines, OHMIC_CALIBRATION_ADC_M, scale, tag++,
                  codes.data(), space);
      for (unsigned c = 0; c < where.bitlines; ++c) to[c] += codes[where.first_bitline + c];
    };
    fine.assign(where.bitlines, 0);
    coarse.assign(where.bitlines, 0);
    for (std::uint32_t read = 0; read < reads; ++read)
      add(OHMIC_CALIBRATION_FINE_S, fine), add(OHMIC_CALIBRATION_COARSE_S, coarse);
    inputs[row] = 0;
    for (unsigned c = 0; c < where.bitlines; ++c) sums[c] += ohmic_magnitude(fine[c], coarse[c], reads);
  }
  return sums;
}

/// |weight| of a rectangle's cells, as they are now.
double magnitude(const pcm::pcm_crossbar& devices, const crossbar_image& where) {
  double sum = 0;
  for (unsigned r = 0; r < where.rows; ++r)
    for (unsigned c = 0; c < where.bitlines; ++c)
      sum += std::fabs(devices.weight(where.first_row + r, where.first_bitline + c));
  return sum;
}

/// One copy of a layer.
void add_crossbars(const integer_graph& graph, const graph_node& node, std::size_t copy, unsigned columns,
                   std::vector<crossbar_image>& all) {
  const crossbar_layer& layer = node.layer();
  const int most = static_cast<int>(columns);
  const std::size_t sets = layer.row_sets.size() / layer.copies();
  for (std::size_t set = copy * sets; set < (copy + 1) * sets; ++set)
    for (int begin = 0; begin < layer.out_channels; begin += most) {
      crossbar_image image;
      image.cluster = static_cast<unsigned>(all.size());
      image.layer = node.name;
      image.channels = {begin, std::min(begin + most, layer.out_channels)};
      image.sets = {{static_cast<unsigned>(set), 0}};
      image.tile_columns = static_cast<unsigned>(graph.tensors[static_cast<std::size_t>(node.output)].width);
      const row_set& rows = layer.row_sets[set];
      image.rows = static_cast<unsigned>(layer.window.size_x * rows.ky_count() * rows.channels());
      image.bitlines = static_cast<unsigned>(image.channels.count());
      for (unsigned r = 0; r < image.rows; ++r)
        for (int c = image.channels.begin; c < image.channels.end; ++c)
          image.weights.push_back(layer.weight(rows, static_cast<int>(r), c));
      all.push_back(std::move(image));
    }
}

}  // namespace

std::vector<crossbar_image> crossbars_without_mapping(const integer_graph& graph, unsigned columns) {
  std::vector<crossbar_image> all;
  // Further copies come behind the first ones, so that these are the same devices with and without.
  std::size_t copies = 0;
  for (std::size_t copy = 0; copy == 0 || copy < copies; ++copy)
    for (const graph_node& node : graph.nodes) {
      if (!node.on_crossbar()) continue;
      copies = std::max(copies, node.layer().copies());
      if (copy < node.layer().copies()) add_crossbars(graph, node, copy, columns, all);
    }
  return all;
}

analog_chip::analog_chip(const integer_graph& graph, const std::vector<crossbar_image>& crossbars, unsigned rows,
                         unsigned columns, const pcm::pcm_options& options, unsigned threads)
    : graph_(graph),
      rows_(rows),
      columns_(columns),
      exact_(options.compensation == pcm::drift_compensation::exact),
      tiles_(graph.nodes.size()) {
  std::map<unsigned, std::vector<std::int8_t>> cells;
  for (const crossbar_image& image : crossbars) {
    if (image.first_row + image.rows > rows || image.first_bitline + image.bitlines > columns)
      throw graph_error("the deployment has weights of " + image.layer + " outside of a crossbar");
    std::vector<std::int8_t>& all = cells[image.cluster];
    all.resize(std::size_t{rows} * columns);
    for (unsigned r = 0; r < image.rows; ++r)
      std::copy_n(&image.weights[std::size_t{r} * image.bitlines], image.bitlines,
                  &all[(std::size_t{image.first_row} + r) * columns + image.first_bitline]);
  }
  std::vector<pcm::pcm_crossbar*> devices;
  std::vector<const std::vector<std::int8_t>*> weights;
  const bool compensated = options.compensation != pcm::drift_compensation::none;
  for (const auto& [cluster, all] : cells) {
    devices_[cluster] = std::make_unique<pcm::pcm_crossbar>(rows, columns, options, cluster);
    devices.push_back(devices_[cluster].get());
    weights.push_back(&all);
    if (compensated) calibrations_.emplace_back().cluster = cluster;
  }
  share_work(devices.size(), threads, [&](std::size_t i) {
    if (compensated)
      calibrate(calibrations_[i], *devices[i], weights[i]->data(), options, crossbars);
    else
      devices[i]->program(weights[i]->data());
  });
  for (const crossbar_image& image : crossbars) {
    std::size_t node = 0;
    while (node < graph.nodes.size() && graph.nodes[node].name != image.layer) ++node;
    if (node == graph.nodes.size() || !graph.nodes[node].has_layer())
      throw graph_error("the deployment has a layer '" + image.layer + "' that the network does not have");
    tiles_[node].push_back(tile_of(image, graph.nodes[node].layer()));
  }
}

void analog_chip::calibrate(crossbar_calibration& found, pcm::pcm_crossbar& devices, const std::int8_t* weights,
                            pcm::pcm_options options, const std::vector<crossbar_image>& crossbars) const {
  options.reads = pcm::read_noise::off;
  pcm::pcm_crossbar at_start(rows_, columns_, options, found.cluster);
  devices.program(weights, {}, &at_start);
  pcm::pcm_crossbar::workspace space;
  std::uint32_t in_use = 0;
  for (const crossbar_image& image : crossbars)
    if (image.cluster == found.cluster) in_use += image.rows;
  found.reads = ohmic_calibration_reads(in_use);
  double exact_reference = 0, exact_sum = 0;
  for (const crossbar_image& image : crossbars) {
    if (image.cluster != found.cluster) continue;
    exact_reference += magnitude(at_start, image);
    exact_sum += magnitude(devices, image);
    crossbar_calibration::rectangle r{image.first_row, image.first_bitline,
                                      magnitudes(at_start, image, rows_, columns_, 1, space),
                                      magnitudes(devices, image, rows_, columns_, found.reads, space)};
    for (std::uint32_t& reference : r.references) found.reference += reference *= found.reads;
    for (const std::uint32_t sum : r.sums) found.sum += sum;
    if (options.compensation == pcm::drift_compensation::per_column) found.rectangles.push_back(std::move(r));
  }
  if (exact_reference > 0 && exact_sum > 0) found.exact_gain = exact_reference / exact_sum;
}

const crossbar_calibration* analog_chip::calibration_of(unsigned cluster) const {
  const auto found = std::find_if(calibrations_.begin(), calibrations_.end(),
                                  [&](const crossbar_calibration& c) { return c.cluster == cluster; });
  return found == calibrations_.end() ? nullptr : &*found;
}

adc_scale analog_chip::adc_of(const crossbar_image& image, const adc_scale& calibrated) const {
  const crossbar_calibration* found = calibration_of(image.cluster);
  if (found == nullptr) return calibrated;
  if (exact_) {
    const double most = std::numeric_limits<std::int32_t>::max();
    const double m = std::clamp(std::round(calibrated.m * found->exact_gain), 1.0, most);
    return {static_cast<std::int32_t>(m), calibrated.s};
  }
  auto m = static_cast<std::uint32_t>(calibrated.m);
  std::uint32_t s = calibrated.s;
  ohmic_compensate(&m, &s, found->reference, found->sum);
  return {static_cast<std::int32_t>(m), s};
}

std::vector<std::int32_t> analog_chip::factors_of(const crossbar_image& image) const {
  std::vector<std::int32_t> factors;
  const crossbar_calibration* found = calibration_of(image.cluster);
  if (found == nullptr) return factors;
  for (const crossbar_calibration::rectangle& r : found->rectangles)
    if (r.first_row == image.first_row && r.first_bitline == image.first_bitline)
      for (unsigned c = 0; c < image.bitlines; ++c)
        factors.push_back(ohmic_factor(r.references[c], r.sums[c], ohmic_ratio(found->sum, found->reference)));
  return factors;
}

analog_chip::tile analog_chip::tile_of(const crossbar_image& image, const crossbar_layer& layer) const {
  tile t{devices_.at(image.cluster).get(),
         image.first_row,
         image.rows,
         image.first_bitline,
         image.bitlines,
         image.channels,
         image.sets,
         image.packing,
         image.tile_columns,
         image.replica,
         image.replicas,
         layer.window.size_x + static_cast<int>(image.packing.x - 1) * layer.window.stride_x,
         0,
         0,
         {},
         adc_of(image, layer.adc),
         factors_of(image)};
  int top = layer.window.size_y + static_cast<int>(image.packing.y) * layer.window.stride_y, bottom = 0;
  for (const packed_set& part : image.sets) {
    if (part.set >= layer.row_sets.size())
      throw graph_error("the deployment has a row set of '" + image.layer + "' that the network does not have");
    const row_set& set = layer.row_sets[part.set];
    const int shift = static_cast<int>(part.dy) * layer.window.stride_y;
    top = std::min(top, set.ky_begin + shift);
    bottom = std::max(bottom, set.ky_end + shift);
    t.inputs = {set.channel_begin, set.channel_end};
  }
  t.window_top = top;
  t.window_rows = bottom - top;
  if (t.rows != static_cast<unsigned>(t.window_columns * t.window_rows * t.inputs.count()) ||
      t.channels.end > layer.out_channels)
    throw graph_error("the deployment has '" + image.layer + "' of another shape than the network");
  return t;
}

void analog_chip::add_codes(const tile& t, const crossbar_layer& layer, const feature_map& input, unsigned image,
                            int out_width, int out_height, int stride, pcm::pcm_crossbar::workspace& space,
                            std::vector<std::int32_t>& total) const {
  const graph_window& w = layer.window;
  const auto packed_x = static_cast<int>(t.packing.x), packed_y = static_cast<int>(t.packing.y);
  const int width = static_cast<int>(t.tile_columns), channels = t.channels.count();
  const int tiles = out_width / width, steps = (out_height + packed_y - 1) / packed_y;
  // Room for what vector kernels read and write in whole groups of rows and blocks of columns.
  std::vector<std::int8_t> rows(rows_ + 4, 0), codes(columns_ + pcm::block_columns);
  const int mine =
      (tiles - static_cast<int>(t.replica) + static_cast<int>(t.replicas) - 1) / static_cast<int>(t.replicas);
  auto tag =
      static_cast<std::uint32_t>(std::max(mine, 0)) * static_cast<std::uint32_t>(width / packed_x * steps) * image;
  for (int tile = static_cast<int>(t.replica); tile < tiles; tile += static_cast<int>(t.replicas))
    for (int x = tile * width; x < (tile + 1) * width; x += packed_x)
      for (int y = 0; y < steps * packed_y; y += packed_y, ++tag) {
        std::int8_t* row = &rows[t.first_row];
        for (int kx = 0; kx < t.window_columns; ++kx)
          for (int ky = 0; ky < t.window_rows; ++ky, row += t.inputs.count()) {
            const int from_x = x * w.stride_x - w.pad_x + kx, from_y = y * w.stride_y - w.pad_y + t.window_top + ky;
            const bool inside = from_x >= 0 && from_x < input.width && from_y >= 0 && from_y < input.height;
            if (inside)
              std::copy_n(&input.data[input.index(from_x, from_y, t.inputs.begin)], t.inputs.count(), row);
            else
              std::fill_n(row, t.inputs.count(), std::int8_t{0});
          }
        t.devices->mvm(rows.data(), t.first_row, t.rows, t.first_bitline, t.bitlines, t.adc.m, t.adc.s, tag,
                       codes.data(), space);
        std::int8_t* code = &codes[t.first_bitline];
        for (std::size_t c = 0; c < t.factors.size(); ++c)
          code[c] = static_cast<std::int8_t>(ohmic_scaled_code(code[c], t.factors[c]));
        for (const packed_set& set : t.sets)
          for (int dx = 0; dx < packed_x; ++dx, code += channels) {
            const int out_y = y + static_cast<int>(set.dy);
            if (out_y >= out_height) continue;
            std::int32_t* to =
                &total[(std::size_t(x + dx) * std::size_t(out_height) + std::size_t(out_y)) * std::size_t(stride) +
                       std::size_t(t.channels.begin)];
            for (int c = 0; c < channels; ++c) to[c] += code[c];
          }
      }
}

std::vector<std::int32_t> analog_chip::codes(int node, const feature_map& input, unsigned image, int out_width,
                                             int out_height, int stride) const {
  std::vector<std::int32_t> total(std::size_t(out_width) * std::size_t(out_height) * std::size_t(stride), 0);
  pcm::pcm_crossbar::workspace space;
  const graph_node& n = graph_.nodes[static_cast<std::size_t>(node)];
  for (const tile& t : tiles_[static_cast<std::size_t>(node)])
    add_codes(t, n.layer(), input, image, out_width, out_height, stride, space, total);
  return total;
}

}  // namespace ohmic
