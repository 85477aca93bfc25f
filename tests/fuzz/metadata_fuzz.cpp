// The three metadata entries of a calibrated network (calibration, labels, input) with values, keys and bytes changed:
// each is refused in one line that names the entry, or gives a graph that passes its checks and runs.
#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/onnx/calibration_metadata.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fuzz/campaign.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic::fuzz {
namespace {

const integer_graph& network() {
  static const integer_graph graph = import_onnx_bytes(every_operator().bytes(), "net.onnx");
  return graph;
}

const std::string& calibration() {
  static const std::string text = [] {
    feature_map image(2, 8, 8);
    for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<std::int8_t>(i * 37);
    calibration_options options;
    options.threads = 1;
    return write_calibration(calibrate(network(), {image}, options));
  }();
  return text;
}

const std::vector<std::string> words{
    "0",     "-1",       "1",         "30",       "31", "32767", "32768",    "2147483647", "4294967296",
    "1e99",  "null",     "true",      "[]",       "{}", "\"\"",  "0.5",      "\"scale\"",  "\"mean\"",
    "[0,1]", "\"rows\"", "\"conv1\"", "\"grey\"", ",",  ":",     "[[[[[[[[", "\"\\ud800\""};

/// Replaces whole numbers, the kind of damage that stays JSON.
std::string renumbered(std::string text, dice& random) {
  const std::size_t from = random.below(text.size());
  const std::size_t begin = text.find_first_of("0123456789", from);
  if (begin == std::string::npos) return text;
  const std::size_t end = text.find_first_not_of("0123456789", begin);
  return text.replace(begin, end == std::string::npos ? end : end - begin, random.pick(words));
}

std::string make(dice& random) {
  const std::uint64_t kind = random.below(4);
  std::string text = kind == 0   ? R"(L["cat", "dog"])"
                     : kind == 1 ? R"(I{"scale": 0.5, "offset": -2, "mean": [1, 2], "std": 3, "channels": "rgb"})"
                                 : "C" + calibration();
  for (std::uint64_t times = 1 + random.below(3); times != 0; --times) text = renumbered(std::move(text), random);
  return random.one_in(3) ? text.substr(0, 1) + mutated(text.substr(1), random, 1, words) : text;
}

verdict run(const std::string& input) {
  verdict v;
  if (input.empty()) return v;
  integer_graph graph = network();
  const std::string text = input.substr(1);
  try {
    if (input[0] == 'L') read_labels(text, graph);
    if (input[0] == 'I') read_input(text, graph);
    if (input[0] == 'C') read_calibration(text, graph);
    v.reached = true;
    check_graph(graph);
    if (input[0] == 'I') pixel_tables(graph.pixels, 3, graph.input().scale);
    if (graph.calibrated) reference_executor(graph).run(feature_map(2, 8, 8));
  } catch (const import_error& error) {
    const std::string what = error.what();
    if (what.rfind("metadata 'ohmic.", 0) != 0) v.wrong = "a message does not name the entry: " + what;
    if (what.find('\n') != std::string::npos) v.wrong = "a message has several lines: " + what;
    v.reached = what.find("parse error") == std::string::npos;
  } catch (const graph_error&) {
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  return ohmic::fuzz::main_of({"metadata", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
