// ONNX files with nodes, attributes, constants, names, shapes and scales changed, and some with bytes changed: each is
// refused in one line that names the file, or gives a graph that is sound, can be calibrated, and runs.
#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fuzz/campaign.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic::fuzz {
namespace {

const std::vector<std::string> operators{"Conv",
                                         "Gemm",
                                         "MatMul",
                                         "Relu",
                                         "Add",
                                         "MaxPool",
                                         "Flatten",
                                         "GlobalAveragePool",
                                         "QuantizeLinear",
                                         "DequantizeLinear",
                                         "Constant",
                                         "Identity",
                                         "Concat",
                                         ""};
const std::vector<std::string> attributes{
    "axis", "pads",     "strides",   "dilations", "kernel_shape", "group", "transA",   "transB",       "alpha",
    "beta", "auto_pad", "ceil_mode", "saturate",  "block_size",   "value", "keepdims", "output_dtype", "storage_order"};

std::int64_t edge(dice& random) {
  static const std::vector<std::int64_t> edges{
      0, 1, 2, 3, 4, 5, 8, 16, -1, -2, 64, 127, 128, 1024, 65536, 65537, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  return random.pick(edges);
}
float edge_scale(dice& random) {
  static const std::vector<float> edges{0,     -1,    1,        1e-38f, 1e-45f,  3e38f,
                                        0.02f, 0.05f, 1 / 64.f, 1e9f,   1 / 0.f, 0 / 0.f};
  return random.pick(edges);
}

template <class list>
auto* any(list* items, dice& random) {
  return items->empty() ? nullptr
                        : items->Mutable(static_cast<int>(random.below(static_cast<std::size_t>(items->size()))));
}

std::string any_name(const onnx::GraphProto& graph, dice& random) {
  if (random.one_in(8)) return random.one_in(2) ? "" : "nowhere";
  if (random.one_in(2) && graph.initializer_size() > 0)
    return graph.initializer(static_cast<int>(random.below(static_cast<std::size_t>(graph.initializer_size())))).name();
  const auto& node = graph.node(static_cast<int>(random.below(static_cast<std::size_t>(graph.node_size()))));
  return node.output_size() > 0 ? node.output(0) : "image";
}

void change_attribute(onnx::NodeProto& node, dice& random) {
  auto* a = random.one_in(2) ? any(node.mutable_attribute(), random) : nullptr;
  if (a == nullptr) {
    a = node.add_attribute();
    a->set_name(random.pick(attributes));
    a->set_type(static_cast<onnx::AttributeProto::AttributeType>(random.below(8)));
  }
  switch (random.below(6)) {
    case 0:
      a->set_i(edge(random));
      a->set_type(onnx::AttributeProto::INT);
      break;
    case 1:
      a->add_ints(edge(random));
      a->set_type(onnx::AttributeProto::INTS);
      break;
    case 2:
      if (a->ints_size() > 0)
        a->set_ints(static_cast<int>(random.below(static_cast<std::size_t>(a->ints_size()))), edge(random));
      break;
    case 3:
      a->set_s(random.one_in(2) ? "SAME_UPPER" : "VALID");
      a->set_type(onnx::AttributeProto::STRING);
      break;
    case 4:
      a->set_f(edge_scale(random));
      break;
    default:
      if (a->ints_size() > 0) a->mutable_ints()->RemoveLast();
  }
}

void change_constant(onnx::TensorProto& t, dice& random) {
  switch (random.below(8)) {
    case 0:
      if (t.dims_size() > 0)
        t.set_dims(static_cast<int>(random.below(static_cast<std::size_t>(t.dims_size()))), edge(random));
      break;
    case 1:
      t.add_dims(random.one_in(3) ? edge(random) : 1);
      break;
    case 2:
      t.set_data_type(static_cast<int>(random.below(24)));
      break;
    case 3: {
      const float value = edge_scale(random);
      if (t.raw_data().size() >= 4) t.mutable_raw_data()->replace(0, 4, reinterpret_cast<const char*>(&value), 4);
      break;
    }
    case 4:
      t.mutable_raw_data()->append(random.below(5), '\x7f');
      break;
    case 5:
      if (!t.raw_data().empty())
        (*t.mutable_raw_data())[random.below(t.raw_data().size())] = static_cast<char>(random.number());
      break;
    case 6:
      t.clear_raw_data();
      for (std::uint64_t n = random.below(6); n != 0; --n)
        random.one_in(2) ? t.add_int32_data(static_cast<std::int32_t>(edge(random)))
                         : t.add_float_data(edge_scale(random));
      break;
    default:
      if (t.dims_size() > 1) t.mutable_dims()->SwapElements(0, 1);
  }
}

void change(onnx::GraphProto& graph, dice& random) {
  if (graph.node_size() == 0) return;
  onnx::NodeProto& node = *any(graph.mutable_node(), random);
  switch (random.below(12)) {
    case 0:
      node.set_op_type(random.pick(operators));
      break;
    case 1:
    case 2:
      change_attribute(node, random);
      break;
    case 3:
    case 4:
    case 5:
      if (auto* t = any(graph.mutable_initializer(), random)) change_constant(*t, random);
      break;
    case 6:
      if (auto* input = any(node.mutable_input(), random)) *input = any_name(graph, random);
      break;
    case 7:
      if (auto* output = any(node.mutable_output(), random)) *output = any_name(graph, random);
      break;
    case 8:
      graph.mutable_node()->SwapElements(static_cast<int>(random.below(static_cast<std::size_t>(graph.node_size()))),
                                         static_cast<int>(random.below(static_cast<std::size_t>(graph.node_size()))));
      break;
    case 9: {
      const onnx::NodeProto copy = node;
      *graph.add_node() = copy;
      break;
    }
    case 10:
      if (random.one_in(2))
        random.one_in(2) ? (void)node.add_input(any_name(graph, random)) : (void)node.add_output("more");
      else if (node.input_size() > 0)
        node.mutable_input()->RemoveLast();
      break;
    default:
      if (auto* v = any(random.one_in(2) ? graph.mutable_input() : graph.mutable_output(), random)) {
        auto* shape = v->mutable_type()->mutable_tensor_type()->mutable_shape();
        if (auto* dim = any(shape->mutable_dim(), random)) dim->set_dim_value(edge(random));
        if (random.one_in(6)) v->set_name(any_name(graph, random));
      }
  }
}

std::string make(dice& random) {
  qdq_builder b = every_operator();
  for (std::uint64_t times = random.below(5); times != 0; --times) change(b.graph(), random);
  if (random.one_in(16)) b.model.mutable_opset_import(0)->set_version(edge(random));
  if (random.one_in(8)) b.metadata("ohmic.input", random.one_in(2) ? R"({"scale": 1e300})" : "[1]");
  std::string bytes = b.bytes();
  if (random.one_in(16)) bytes.resize(random.below(bytes.size()));
  return random.one_in(6) ? mutated(std::move(bytes), random, 1, {"Conv", "axis", "image"}) : bytes;
}

/// Multiplications of the whole network, or more than anybody wants to wait for.
double work(const integer_graph& g) {
  double sum = 0;
  for (const graph_node& n : g.nodes) {
    const graph_tensor& out = g.tensors[n.output];
    const graph_window pool = n.kind() == node_kind::max_pool ? n.pool_window() : graph_window{};
    const double pixels = double(out.width) * out.height, window = double(pool.size_x) * pool.size_y;
    sum += pixels * out.channels * window + (n.on_crossbar() ? pixels * double(n.layer().weights.size()) : 0);
  }
  return sum;
}

std::string fault_of(const std::string& text) {
  if (text.rfind("net.onnx: ", 0) != 0) return "a message does not name the file: " + text;
  if (text.find('\n') != std::string::npos) return "a message has several lines: " + text;
  return "";
}

verdict run(const std::string& input) {
  verdict v;
  try {
    integer_graph graph = import_onnx_bytes(input, "net.onnx");
    v.reached = true;
    check_graph(graph);
    settle_pixels(graph, {}, "net.onnx");
    if (work(graph) > 1e6) return v;
    const feature_map image(graph.input().channels, graph.input().height, graph.input().width);
    calibration_options options;
    options.threads = 1;
    const integer_graph calibrated = calibrate(graph, {image}, options);
    reference_executor(calibrated).run(image);
    reference_executor(graph, reference_mode::exact).run(image);
  } catch (const import_error& error) {
    v.wrong = fault_of(error.what());
    v.reached = v.reached || std::string(error.what()).find("node '") != std::string::npos;
  } catch (const graph_error& error) {
    if (!v.reached) v.wrong = std::string("a graph's fault without the file: ") + error.what();
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  return ohmic::fuzz::main_of({"onnx", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
