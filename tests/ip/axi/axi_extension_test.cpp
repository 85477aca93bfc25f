#include "ip/axi/axi_extension.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(AxiExtensionTest, APayloadOfThePoolIsItsBurst) {
  axi_payload_pool pool;
  std::uint8_t data[100];
  axi_burst burst;
  burst.addr = 0x8000'1234, burst.bytes = 100, burst.write = true, burst.data = data;
  tlm::tlm_generic_payload* const payload = pool.acquire(&burst);
  EXPECT_TRUE(payload->is_write());
  EXPECT_EQ(payload->get_address(), 0x8000'1234u);
  EXPECT_EQ(payload->get_data_ptr(), data);
  EXPECT_EQ(payload->get_data_length(), 100u);
  EXPECT_EQ(payload->get_streaming_width(), 100u);
  EXPECT_EQ(payload->get_response_status(), tlm::TLM_INCOMPLETE_RESPONSE);
  EXPECT_EQ(burst_of(*payload), &burst);
  EXPECT_EQ(burst.carrier, payload);
  payload->release();
}

TEST(AxiExtensionTest, PayloadsAreRecycledWhenTheLastReferenceGoes) {
  axi_payload_pool pool;
  std::uint8_t data[4];
  axi_burst write, read;
  write.bytes = read.bytes = 4, write.write = true, write.data = read.data = data;
  tlm::tlm_generic_payload* const first = pool.acquire(&write);
  first->set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  first->acquire();  // as a network does that holds on to it
  first->release();
  tlm::tlm_generic_payload* const second = pool.acquire(&read);
  EXPECT_NE(second, first);
  first->release();
  EXPECT_EQ(pool.acquire(&read), first);
  EXPECT_TRUE(first->is_read());
  EXPECT_EQ(first->get_response_status(), tlm::TLM_INCOMPLETE_RESPONSE);
  EXPECT_EQ(burst_of(*first), &read);
  first->release();
  second->release();
}

TEST(AxiExtensionTest, AForeignPayloadHasNoBurst) {
  tlm::tlm_generic_payload payload;
  EXPECT_EQ(burst_of(payload), nullptr);
}

TEST(AxiExtensionTest, ACopyIsNotInTheNetwork) {
  axi_burst burst;
  axi_transit transit;
  tlm::tlm_generic_payload somebodys;
  axi_extension original;
  original.burst = &burst;
  original.transit = &transit;
  original.foreign = &somebodys;
  auto* const copy = static_cast<axi_extension*>(original.clone());
  EXPECT_EQ(copy->burst, &burst);
  EXPECT_EQ(copy->transit, nullptr);
  EXPECT_EQ(copy->foreign, nullptr);
  copy->free();
}

// What TLM does when payloads are copied: into an extension that is in a network itself.
TEST(AxiExtensionTest, CopyingIntoOneLeavesItInItsNetwork) {
  axi_burst burst, other;
  axi_transit transit;
  axi_extension from, to;
  from.burst = &burst;
  to.burst = &other;
  to.transit = &transit;
  to.copy_from(from);
  EXPECT_EQ(to.burst, &burst);
  EXPECT_EQ(to.transit, &transit);
}

/// An extension of somebody else's.
struct other_extension : tlm::tlm_extension<other_extension> {
  tlm::tlm_extension_base* clone() const override { return new other_extension(*this); }
  void copy_from(const tlm::tlm_extension_base&) override {}
};

TEST(AxiExtensionTest, OtherExtensionsAreNotMistakenForIt) {
  other_extension other;
  tlm::tlm_generic_payload payload;
  payload.set_extension(&other);
  EXPECT_EQ(burst_of(payload), nullptr);
  axi_burst burst;
  axi_extension mine;
  mine.burst = &burst;
  mine.copy_from(other);
  EXPECT_EQ(mine.burst, &burst) << "nothing of it to copy";
  payload.clear_extension(&other);
}

}  // namespace
}  // namespace ohmic
