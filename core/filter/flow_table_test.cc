#include "core/filter/flow_table.h"

#include "gtest/gtest.h"

namespace warren::filter {
namespace {

const Instant kStart = Instant::FromEpoch(absl::Seconds(1));

Flow FlowTo(uint32_t host) {
  return {17,
          {net::IpAddress::V4(0x64400001), 5000},
          {net::IpAddress::V4(host), 53}};
}

TEST(FlowTable, AdmitsOnlyWhatItRemembers) {
  FlowTable table;
  table.Remember(kStart, FlowTo(7));
  EXPECT_TRUE(table.Admit(kStart, FlowTo(7)));
  EXPECT_FALSE(table.Admit(kStart, FlowTo(8)));
  Flow other_protocol = FlowTo(7);
  other_protocol.protocol = 132;
  EXPECT_FALSE(table.Admit(kStart, other_protocol));
}

TEST(FlowTable, ForgetsAFlowFiveMinutesAfterItsLastUse) {
  FlowTable table;
  table.Remember(kStart, FlowTo(7));
  EXPECT_TRUE(table.Admit(kStart + absl::Minutes(4), FlowTo(7)));
  EXPECT_TRUE(table.Admit(kStart + absl::Minutes(9), FlowTo(7)));
  EXPECT_FALSE(table.Admit(kStart + absl::Minutes(15), FlowTo(7)));
}

TEST(FlowTable, MakesRoomByForgettingTheOneUnusedLongest) {
  FlowTable table;
  for (uint32_t i = 0; i < FlowTable::kMaxFlows; ++i) {
    table.Remember(kStart, FlowTo(i));
  }
  EXPECT_TRUE(table.Admit(kStart, FlowTo(0)));  // So 1 is the oldest.
  table.Remember(kStart, FlowTo(1u << 20));
  EXPECT_TRUE(table.Admit(kStart, FlowTo(0)));
  EXPECT_FALSE(table.Admit(kStart, FlowTo(1)));
  EXPECT_TRUE(table.Admit(kStart, FlowTo(2)));
  EXPECT_TRUE(table.Admit(kStart, FlowTo(1u << 20)));
}

TEST(FlowTable, WhatEndedMakesRoomFirst) {
  FlowTable table;
  for (uint32_t i = 0; i < FlowTable::kMaxFlows; ++i) {
    table.Remember(kStart, FlowTo(i));
  }
  table.Retire(FlowTo(70));
  table.Erase(FlowTo(80));
  EXPECT_FALSE(table.Has(FlowTo(80)));
  EXPECT_EQ(table.All().size(), FlowTable::kMaxFlows - 1);
  EXPECT_EQ(table.All().front(), FlowTo(70));
  table.Remember(kStart, FlowTo(1u << 20));  // in the place of 80
  EXPECT_TRUE(table.Has(FlowTo(70)));
  table.Remember(kStart, FlowTo(2u << 20));
  EXPECT_FALSE(table.Has(FlowTo(70)));
  EXPECT_TRUE(table.Has(FlowTo(0)));
  table.Erase(FlowTo(70));  // unknown: nothing
  EXPECT_EQ(table.size(), FlowTable::kMaxFlows);
  EXPECT_EQ(table.All().back(), FlowTo(2u << 20));
}

TEST(FlowTable, StaysBoundedUnderAScan) {
  FlowTable table;
  for (uint32_t i = 0; i < 100'000; ++i) table.Remember(kStart, FlowTo(i));
  EXPECT_EQ(table.size(), FlowTable::kMaxFlows);
  EXPECT_TRUE(table.Admit(kStart, FlowTo(99'999)));
}

}  // namespace
}  // namespace warren::filter
