#include "platform/config/experiment_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/config/config_error.h"
#include "platform/config/load_chip.h"
#include "platform/config/schema.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ExperimentConfigTest : public ScratchFolder {
 protected:
  const fs::path folder = path();

  void SetUp() override {
    fs::create_directories(folder / "chips");
    write("chips/small.yaml", "name: small\nnetwork: {factors: [1, 4]}\n");
  }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
  experiment_config load(const std::string& text, const std::vector<std::string>& sets = {}) {
    return load_experiment(write("test.yaml", text), sets);
  }
  std::string message(const std::string& text, const std::vector<std::string>& sets = {}) {
    try {
      load(text, sets);
    } catch (const config_error& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(ExperimentConfigTest, ItsInputsAreTheFilesThatItReads) {
  using list = std::vector<std::pair<std::string, std::string>>;
  const auto inputs = [&](const std::string& text) {
    list all;
    for (const auto& input : load(text).inputs) all.emplace_back(input.role, input.path);
    return all;
  };
  const auto here = [&](const std::string& name) { return (folder / name).string(); };
  const std::pair<std::string, std::string> itself{"the experiment", here("test.yaml")};
  EXPECT_EQ(inputs("chip: {network: {factors: [1, 4]}}\n"), (list{itself}));
  EXPECT_EQ(inputs("chip: chips/small.yaml\nmodel: resnet8\n"), (list{itself, {"chip", here("chips/small.yaml")}}));
  write("net.onnx", "");
  write("map.yaml", "stages: []\n");
  write("energy.yaml", "");
  fs::create_directories(folder / "photos");
  fs::create_directories(folder / "others");
  EXPECT_EQ(inputs("chip: {}\nmodel: net.onnx\nimages: {dir: photos}\n"),
            (list{itself,
                  {"model", here("net.onnx")},
                  {"images.dir", here("photos")},
                  {"the folder calibration beside the network", here("calibration")}}));
  EXPECT_EQ(inputs("chip: {}\nmodel: net.onnx\nimages: {dir: photos, calibration: others}\n"
                   "mapping: {file: map.yaml}\nenergy: energy.yaml\n"),
            (list{itself,
                  {"model", here("net.onnx")},
                  {"images.dir", here("photos")},
                  {"images.calibration", here("others")},
                  {"mapping.file", here("map.yaml")},
                  {"energy", here("energy.yaml")}}));
}

TEST_F(ExperimentConfigTest, DefaultsAreTheDocumentedOnes) {
  const experiment_config c = load("chip: chips/small.yaml\n");
  EXPECT_EQ(c.name, "test");
  EXPECT_EQ(c.chip.clusters(), 4u);
  EXPECT_EQ(c.model, "resnet18");
  EXPECT_FALSE(c.model_is_file);
  EXPECT_EQ(c.images.count, 16u);
  EXPECT_EQ(c.images.dir, "");
  EXPECT_EQ(c.mapping.policy, "naive");
  EXPECT_EQ(c.mapping.naive.residuals, residual_store::l1);
  EXPECT_EQ(c.engine.window, 0u);
  EXPECT_FALSE(c.engine.continue_on_guest_error);
  EXPECT_FALSE(c.adc_exact);
  EXPECT_FALSE(c.check_layers);
  EXPECT_EQ(c.output, "out/test");
}

TEST_F(ExperimentConfigTest, StructsDefaultsAreTheSchemas) {
  const experiment_config plain = load("chip: {}\n");
  for (const auto& [path, value] : schema_defaults(schema_kind::experiment)) {
    const experiment_config c = load("chip: {}\n", {path + "=" + value});
    EXPECT_EQ(c.model, plain.model);
    EXPECT_EQ(c.output, plain.output);
    EXPECT_EQ(c.images.count, plain.images.count);
    EXPECT_EQ(c.mapping.policy, plain.mapping.policy);
    EXPECT_EQ(c.mapping.naive.residuals, plain.mapping.naive.residuals);
    EXPECT_EQ(c.mapping.naive.reductions, plain.mapping.naive.reductions);
    EXPECT_EQ(c.mapping.naive.conv1_replicas, plain.mapping.naive.conv1_replicas);
    EXPECT_EQ(c.mapping.naive.reduction_fan_in, plain.mapping.naive.reduction_fan_in);
    EXPECT_EQ(c.mapping.naive.tile_cycles, plain.mapping.naive.tile_cycles);
    EXPECT_EQ(c.mapping.naive.prefetch_tiles, plain.mapping.naive.prefetch_tiles);
    EXPECT_EQ(c.engine.random_delay_seed, plain.engine.random_delay_seed);
    EXPECT_EQ(c.engine.fill_seed, plain.engine.fill_seed);
    EXPECT_EQ(c.engine.fill_random, plain.engine.fill_random);
    EXPECT_FALSE(c.analog);
    EXPECT_EQ(c.adc_exact, plain.adc_exact);
    EXPECT_EQ(c.check_layers, plain.check_layers);
    EXPECT_EQ(to_yaml(c.chip), to_yaml(plain.chip)) << path;
  }
}

TEST_F(ExperimentConfigTest, EveryKeyIsRead) {
  const experiment_config c = load(R"(
chip: {cluster: {cores: 4}}
model: nets/mine.onnx
images: {dir: photos, count: 3, resize: true, calibration: other/photos}
mapping:
  policy: naive
  residuals: hbm
  conv1_replicas: 5
  replicas: {layer1.0.conv1: 2, layer2: 3}
  reduction_fan_in: 4
  reductions: shared
  tile_cycles: 99
  prefetch_tiles: 2
engine:
  window: 7
  threads: 2
  max_cycles: 1000000000000
  on_guest_error: continue
  random_delay: {max_cycles: 9, seed: 11}
  fill_memory: {with: random, seed: 12}
analog:
  model: pcm
  devices: hermes
  seed: 77
  programmed_s: 3.6e3
  read_noise: static
  scale: column
  compensation: global
  programming_noise: 0.5
  drift: 0.25
  read_noise_factor: 2
  dead: 0.01
  stuck: 0.02
  stuck_at: 0.75
  wire_ohm: 0.5
  dac_bits: 7
  adc_bits: 6
adc: exact
check: layers
output: results/here
)");
  EXPECT_EQ(c.chip.cluster.cores, 4u);
  EXPECT_TRUE(c.model_is_file);
  EXPECT_EQ(c.model, (folder / "nets/mine.onnx").string()) << "relative to the file";
  EXPECT_EQ(c.images.dir, (folder / "photos").string());
  EXPECT_EQ(c.images.count, 3u);
  EXPECT_TRUE(c.images.resize);
  EXPECT_EQ(c.images.calibration, (folder / "other/photos").string());
  EXPECT_EQ(c.mapping.naive.residuals, residual_store::hbm);
  EXPECT_EQ(c.mapping.naive.conv1_replicas, 5u);
  EXPECT_EQ(c.mapping.naive.replicas.at("layer1.0.conv1"), 2u);
  EXPECT_EQ(c.mapping.naive.replicas.at("layer2"), 3u);
  EXPECT_EQ(c.mapping.naive.reduction_fan_in, 4u);
  EXPECT_EQ(c.mapping.naive.reductions, reduction_seats::shared);
  EXPECT_EQ(c.mapping.naive.tile_cycles, 99u);
  EXPECT_EQ(c.mapping.naive.prefetch_tiles, 2u);
  EXPECT_EQ(c.engine.window, 7u);
  EXPECT_EQ(c.engine.threads, 2u);
  EXPECT_EQ(c.engine.max_cycles, 1000000000000u);
  EXPECT_TRUE(c.engine.continue_on_guest_error);
  EXPECT_EQ(c.engine.random_delay_max, 9u);
  EXPECT_EQ(c.engine.random_delay_seed, 11u);
  EXPECT_TRUE(c.engine.fill_random);
  EXPECT_EQ(c.engine.fill_seed, 12u);
  ASSERT_TRUE(c.analog);
  EXPECT_EQ(c.analog->devices.g_max, 20.7);
  EXPECT_EQ(c.analog->seed, 77u);
  EXPECT_EQ(c.analog->time_s, 3600);
  EXPECT_EQ(c.analog->reads, pcm::read_noise::once);
  EXPECT_EQ(c.analog->scale, pcm::weight_scale::column);
  EXPECT_EQ(c.analog->devices.programming_scale, 0.5);
  EXPECT_EQ(c.analog->devices.drift_scale, 0.25);
  EXPECT_EQ(c.analog->devices.read_scale, 2);
  EXPECT_EQ(c.analog->compensation, pcm::drift_compensation::global);
  EXPECT_EQ(c.analog->dead, 0.01);
  EXPECT_EQ(c.analog->stuck, 0.02);
  EXPECT_EQ(c.analog->stuck_at, 0.75);
  EXPECT_EQ(c.analog->wire_ohm, 0.5);
  EXPECT_EQ(c.analog->dac_bits, 7u);
  EXPECT_EQ(c.analog->adc_bits, 6u);
  EXPECT_TRUE(c.adc_exact);
  EXPECT_TRUE(c.check_layers);
  EXPECT_EQ(c.output, "results/here") << "relative to the current folder";
}

TEST_F(ExperimentConfigTest, DefaultsOfTheAnalogModelAreTheSchemas) {
  const std::string plain = pcm::to_text(*load("chip: {}\nanalog: {model: pcm}\n").analog);
  EXPECT_EQ(plain, pcm::to_text(pcm::pcm_options{}));
  for (const auto& [path, value] : schema_defaults(schema_kind::experiment))
    if (path.rfind("analog.", 0) == 0 && path != "analog.model")
      EXPECT_EQ(pcm::to_text(*load("chip: {}\nanalog: {model: pcm}\n", {path + "=" + value}).analog), plain) << path;
  EXPECT_FALSE(load("chip: {}\nanalog: {seed: 5}\n").analog) << "ideal unless asked for";
}

TEST_F(ExperimentConfigTest, OptionsReachTheExperimentAndItsChip) {
  for (const char* text : {"chip: chips/small.yaml\n", "chip: {network: {factors: [1, 4]}}\n"}) {
    const experiment_config c =
        load(text, {"cluster.cores=8", "chip.ima.mvm_ns=260", "engine.window=1", "images.count=48"});
    EXPECT_EQ(c.chip.cluster.cores, 8u);
    EXPECT_EQ(c.chip.ima.mvm_cycles, 260u);
    EXPECT_EQ(c.chip.clusters(), 4u);
    EXPECT_EQ(c.engine.window, 1u);
    EXPECT_EQ(c.images.count, 48u);
  }
}

TEST_F(ExperimentConfigTest, PathsOfOptionsAreRelativeToTheCurrentFolder) {
  const experiment_config c =
      load("chip: chips/small.yaml\n", {"model=here/net.onnx", std::string("chip=") + OHMIC_CONFIGS "/aimc16.yaml"});
  EXPECT_EQ(c.model, "here/net.onnx");
  EXPECT_EQ(c.chip.clusters(), 16u);
}

TEST_F(ExperimentConfigTest, OptionsOfTheChipHoldForTheChipThatAnotherOptionNames) {
  const std::string other = std::string("chip=") + OHMIC_CONFIGS "/aimc16.yaml", cores = "cluster.cores=3";
  for (const std::vector<std::string>& sets : {std::vector{cores, other}, std::vector{other, cores}}) {
    const experiment_config c = load("chip: chips/small.yaml\n", sets);
    EXPECT_EQ(c.chip.clusters(), 16u);
    EXPECT_EQ(c.chip.cluster.cores, 3u);
  }
}

// So that an option says by its first word whose it is.
TEST_F(ExperimentConfigTest, NoKeyIsTheExperimentsAndTheChipsToo) {
  for (const auto& [path, value] : schema_defaults(schema_kind::chip))
    EXPECT_FALSE(has_top_level_key(schema_kind::experiment, path.substr(0, path.find('.')))) << path;
  for (const auto& [path, value] : schema_defaults(schema_kind::experiment))
    EXPECT_FALSE(has_top_level_key(schema_kind::chip, path.substr(0, path.find('.')))) << path;
}

TEST_F(ExperimentConfigTest, SaysHowPixelsBecomeTheInput) {
  EXPECT_FALSE(load("chip: {}\n").input);
  const auto all =
      load("chip: {}\ninput: {scale: 1/255, offset: -0.5, mean: [0.4, 1/2, 3], std: [2], channels: bgr}\n").input;
  ASSERT_TRUE(all);
  EXPECT_EQ(all->scale, 1 / 255.);
  EXPECT_EQ(all->offset, -0.5);
  EXPECT_EQ(all->mean, (std::vector{0.4, 0.5, 3.0}));
  EXPECT_EQ(all->std, std::vector{2.0});
  EXPECT_EQ(all->channels, pixel_conversion::channel_order::bgr);
  const auto plain = load("chip: {}\n", {"input.scale=1"}).input;
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->scale, 1);
  EXPECT_EQ(plain->channels, pixel_conversion::channel_order::unsaid);
  EXPECT_EQ(parse_pixel_conversion("{scale: 1/2}", "--input").scale, 0.5);
  EXPECT_THROW(parse_pixel_conversion("{size: 1/2}", "--input"), config_error);
  for (const char* wrong : {"x", "1/0", "1/", "/2", "1/2/3", "nan", "1e999"})
    EXPECT_THAT(message(std::string("chip: {}\ninput: {scale: ") + wrong + "}\n"), HasSubstr("input.scale")) << wrong;
  EXPECT_THAT(message("chip: {}\ninput: {mean: [1, 2, 3, 4]}\n"), HasSubstr("input.mean"));
}

TEST_F(ExperimentConfigTest, ShippedExperimentsLoad) {
  for (const auto& entry : fs::directory_iterator(OHMIC_CONFIGS)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.rfind("aimc", 0) == 0 || name == "lionheart.yaml") continue;  // chips
    EXPECT_NO_THROW(load_experiment(entry.path().string())) << entry.path();
  }
  const experiment_config c = load_experiment(OHMIC_CONFIGS "/resnet18_aimc512.yaml");
  EXPECT_EQ(c.chip.clusters(), 512u);
  EXPECT_EQ(c.output, "out/resnet18");
}

TEST_F(ExperimentConfigTest, MistakesNameTheirFile) {
  const std::string file = (folder / "test.yaml").string();
  EXPECT_EQ(message("model: x\n"), file + ":1:1: chip: this key is missing; allowed: a path, or keys and values");
  EXPECT_THAT(
      message("chip: {}\nmapping: {policy: niave}\n"),
      HasSubstr(
          file +
          ":2:19: mapping.policy: niave is not allowed; did you mean naive? allowed: naive, replicated, paper, best"));
  EXPECT_THAT(message("chip: {cluster: {coers: 1}}\n"),
              HasSubstr(":1:18: chip.cluster.coers: unknown key; did you mean chip.cluster.cores?"));
  EXPECT_THAT(message("chip: 17.yaml\n"), HasSubstr("17.yaml: cannot be read"));
  EXPECT_THAT(message("chip: {}\nengine: {windwo: 3}\n"), HasSubstr("did you mean engine.window?"));
  EXPECT_THAT(message("chip: {}\nmapping: {replicas: {a: 0}}\n"), HasSubstr("mapping.replicas.a: 0 is not allowed"));
}

TEST_F(ExperimentConfigTest, MistakesInTheChipsFileNameThatFile) {
  write("chips/bad.yaml", "cluster: {cores: 100}\n");
  EXPECT_THAT(message("chip: chips/bad.yaml\n"), HasSubstr("chips/bad.yaml:1:18: cluster.cores: 100"));
}

TEST_F(ExperimentConfigTest, MistakesInOptionsNameTheOption) {
  EXPECT_THAT(message("chip: {}\n", {"engin.window=1"}), HasSubstr("--set engin.window=1: engin: unknown key"));
  EXPECT_THAT(message("chip: {}\n", {"cluster.cores=65"}), HasSubstr("--set cluster.cores=65: cluster.cores: 65"));
}

}  // namespace
}  // namespace ohmic
