#include "host/attempt.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(Attempt, IsTheLastOneAsFarAsThereIsRoom) {
  EXPECT_STREQ(last_attempt(), "to start");
  attempt("to map a network");
  attempt("to run");
  EXPECT_STREQ(last_attempt(), "to run");
  attempt(std::string(1000, 'x'));
  EXPECT_EQ(std::string(last_attempt()), std::string(255, 'x'));
}

}  // namespace
}  // namespace ohmic
