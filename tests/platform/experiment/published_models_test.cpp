#include "platform/experiment/published_models.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <optional>
#include <sstream>

#include "platform/config/config_error.h"
#include "platform/experiment/locations.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

/// An environment variable, as it was again afterwards.
class environment_variable {
 public:
  explicit environment_variable(const char* name) : name_(name) {
    if (const char* value = getenv(name)) before_ = value;
  }
  ~environment_variable() { before_ ? set(*before_) : unset(); }
  void set(const std::string& value) const { setenv(name_, value.c_str(), 1); }
  void unset() const { unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

std::string complaint(const std::string& model) {
  try {
    return "found: " + model_file(model);
  } catch (const missing_file& e) {
    return e.what();
  }
}

class PublishedModels : public ScratchFolder {
 protected:
  environment_variable data{"OHMIC_DATA"}, models{"OHMIC_MODELS"};
};

TEST_F(PublishedModels, SayWhatToSetWithoutTheUsersFolder) {
  data.unset();
  for (const published_model& m : published_models())
    EXPECT_THAT(complaint(m.name), AllOf(HasSubstr(m.name), HasSubstr("set OHMIC_DATA"), HasSubstr(m.file)));
  EXPECT_THAT(model_table(), AllOf(ContainsRegex("resnet20 +no"), ContainsRegex("dscnn +no"), HasSubstr("$OHMIC_DATA")))
      << "the table needs no folder";
}

TEST_F(PublishedModels, AreFilesOfTheUsersFolder) {
  data.set(path().string());
  put("resnet20_cifar10_akamaster.onnx", "");
  EXPECT_EQ(model_file("resnet20"), path("resnet20_cifar10_akamaster.onnx"));
  EXPECT_THAT(complaint("resnet8"), AllOf(HasSubstr("there is no " + path("resnet8")), HasSubstr("(OHMIC_DATA)")));
  EXPECT_THAT(model_table(), AllOf(ContainsRegex("resnet20 +yes"), ContainsRegex("resnet8 +no")));
}

TEST_F(PublishedModels, OfTheProjectLieAmongItsModels) {
  models.set(path().string());
  std::filesystem::create_directory(path("resnet_tiny"));
  put("resnet_tiny/resnet_tiny.onnx", "");
  EXPECT_EQ(model_file("resnet_tiny"), path("resnet_tiny/resnet_tiny.onnx"));
  EXPECT_THAT(complaint("resnet_mini"), AllOf(HasSubstr("resnet_mini"), HasSubstr("build it with")));
  EXPECT_THAT(model_table(), AllOf(ContainsRegex("resnet_tiny +yes"), ContainsRegex("resnet_mini +no")));
  EXPECT_THROW(model_file("resnet99"), config_error);
}

TEST_F(PublishedModels, OfPackagesAreMadeByTheirModules) {
  models.set(path().string());
  EXPECT_THAT(complaint("efficientnet_lite0"),
              AllOf(HasSubstr("there is no"), HasSubstr("`sw/models/python -m ohmic_models.efficientnet`")));
  std::filesystem::create_directory(path("efficientnet_lite0"));
  put("efficientnet_lite0/efficientnet_lite0.onnx", "");
  EXPECT_EQ(model_file("efficientnet_lite0"), path("efficientnet_lite0/efficientnet_lite0.onnx"));
  EXPECT_THAT(model_table(), ContainsRegex("efficientnet_lite0 +yes"));
  EXPECT_FALSE(is_built("efficientnet_lite0")) << "no photographs come with it";
  const pixel_conversion input = model_input("efficientnet_lite0").value();
  EXPECT_EQ(real_input(input, 0, 127), 0);
  EXPECT_EQ(real_input(input, 2, 255), 1);
}

TEST_F(PublishedModels, StandInColumnsHoweverLongTheirNames) {
  std::istringstream table(model_table());
  std::string line;
  std::getline(table, line);
  const std::size_t second = line.find("there"), third = line.find("what");
  ASSERT_LT(second, third);
  while (std::getline(table, line)) {
    ASSERT_GT(line.size(), third);
    EXPECT_EQ(line.substr(second - 2, 2), "  ") << line;
    EXPECT_EQ(line.find("  "), line.find(' ')) << "a name has no spaces: " << line;
    EXPECT_EQ(line[third - 1], ' ') << line;
    EXPECT_NE(line[third], ' ') << line;
  }
}

TEST_F(PublishedModels, SayHowValuesBecomeTheirInput) {
  ASSERT_TRUE(model_input("resnet8") && model_input("fmnist_resnet8"));
  EXPECT_EQ(model_input("resnet8")->scale, 1);
  EXPECT_EQ(model_input("fmnist_resnet8")->scale, 2 / 255.0);
  EXPECT_FALSE(model_input("resnet18")) << "its file says it";
  EXPECT_FALSE(model_input("resnet99"));
  EXPECT_TRUE(is_built("resnet18"));
  EXPECT_FALSE(is_built("resnet8") || is_built("resnet99"));
}

TEST_F(PublishedModels, OfTheProjectAreRefusedUnlessTheyAreAsTheyWereBuilt) {
  models.set(path().string());
  std::filesystem::create_directory(path("resnet_tiny"));
  put("resnet_tiny/resnet_tiny.onnx", "123456789");
  EXPECT_EQ(model_folder("resnet_tiny", "make"), path("resnet_tiny")) << "that does not say how it was built";
  put("resnet_tiny/.built_from", "sources\ncbf43926 9 resnet_tiny.onnx\n");
  EXPECT_EQ(model_folder("resnet_tiny", "make"), path("resnet_tiny"));
  for (const char* stamp : {"sources\ncbf43927 9 resnet_tiny.onnx\n", "sources\ncbf43926 8 resnet_tiny.onnx\n",
                            "sources\ncbf43926 9 photograph.png\n", "sources\nresnet_tiny.onnx\n",
                            "sources\ncbf43926 9 resnet_tiny.onnx\n00000000 1 resnet_tiny.onnx\n"}) {
    put("resnet_tiny/.built_from", stamp);
    EXPECT_THAT(complaint("resnet_tiny"), HasSubstr("is damaged")) << stamp;
  }
}

}  // namespace
}  // namespace ohmic
