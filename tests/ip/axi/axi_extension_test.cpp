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
  axi_extension original;
  router_model* const somewhere = reinterpret_cast<router_model*>(&burst);
  original.burst = &burst;
  original.head = 5, original.last = 9, original.source = 3, original.target = 7, original.at = somewhere;
  original.next = &original;
  auto* const copy = static_cast<axi_extension*>(original.clone());
  EXPECT_EQ(copy->burst, &burst);
  EXPECT_EQ(copy->last, 9u);
  EXPECT_EQ(copy->target, 7u);
  EXPECT_EQ(copy->at, nullptr);
  EXPECT_EQ(copy->next, nullptr);
  EXPECT_EQ(copy->partner, &copy->write_address) << "its own address, not the original's";
  EXPECT_EQ(copy->write_address.partner, copy);
  copy->free();
}

}  // namespace
}  // namespace ohmic
