#include "platform/experiment/fingerprint.h"

#include <set>
#include <stdexcept>

#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

class Fingerprint : public ScratchFolder {};

// Published values of 64-bit FNV-1a.
TEST_F(Fingerprint, IsFnv1a) {
  EXPECT_EQ(fingerprint().digits(), "cbf29ce484222325");
  EXPECT_EQ(fingerprint().add("a", std::size_t{1}).digits(), "af63dc4c8601ec8c");
  EXPECT_EQ(fingerprint().add("foobar", std::size_t{6}).digits(), "85944171f73967e8");
}

TEST_F(Fingerprint, TellsWhereOneThingEndsAndTheNextBegins) {
  const std::string ab = "ab", a = "a", b = "b", nothing;
  const std::vector<int> one = {1}, two = {1, 2}, rest = {2}, none;
  const std::set<std::string> all = {fingerprint().add(ab).digits(),
                                     fingerprint().add(a).add(b).digits(),
                                     fingerprint().add(ab).add(nothing).digits(),
                                     fingerprint().add(nothing).add(ab).digits(),
                                     fingerprint().add(two).digits(),
                                     fingerprint().add(one).add(rest).digits(),
                                     fingerprint().add(two).add(none).digits()};
  EXPECT_EQ(all.size(), 7u);
}

TEST_F(Fingerprint, NumbersCountByValueNotByType) {
  EXPECT_EQ(fingerprint().add(std::uint8_t{7}).digits(), fingerprint().add(std::uint64_t{7}).digits());
  EXPECT_NE(fingerprint().add(true).digits(), fingerprint().add(false).digits());
}

TEST_F(Fingerprint, AFileIsItsContent) {
  put("x", "content");
  put("y", "content");
  put("z", "Content");
  const auto of = [&](const std::string& name) { return fingerprint().add_file(path(name)).digits(); };
  EXPECT_EQ(of("x"), of("y"));
  EXPECT_NE(of("x"), of("z"));
  EXPECT_THROW(of("none"), std::runtime_error);
}

}  // namespace
}  // namespace ohmic
