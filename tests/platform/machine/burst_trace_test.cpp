#include "platform/machine/burst_trace.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "host/whole_file.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using BurstTrace = ScratchFolder;

TEST_F(BurstTrace, ALineTellsWhoWhatWhereAndWhen) {
  burst_trace trace(path("bursts.csv"));
  axi_burst read, write;
  read.addr = 0x80001234, read.bytes = 640, read.id = 3;
  write.addr = 0x40200010, write.bytes = 4, write.id = 17, write.write = true, write.resp = axi_resp::slverr;
  trace.write({read, 5, port_hbm, 10, 11, 20, 130, 139});
  trace.write({write, 6, 1, 30, 32, 40, 51, 51});
  write.resp = axi_resp::decerr;
  trace.write({write, 7, port_none, 60, 0, 0, 70, 70});
  trace.write({read, 0, port_platform, 1, 2, 3, 4, 5});
  EXPECT_FALSE(std::filesystem::exists(path("bursts.csv"))) << "it appears whole";
  trace.close();
  trace.close();
  EXPECT_EQ(read_whole_file(path("bursts.csv")),
            "master,access,target,address,bytes,id,ready,sent,arrived,first,last,response\n"
            "5,read,hbm,0x80001234,640,3,10,11,20,130,139,okay\n"
            "6,write,1,0x40200010,4,17,30,32,40,51,51,slverr\n"
            "7,write,none,0x40200010,4,17,60,0,0,70,70,decerr\n"
            "0,read,platform,0x80001234,640,3,1,2,3,4,5,okay\n");
}

TEST_F(BurstTrace, WithoutItsEndThereIsNoFile) {
  {
    burst_trace trace(path("bursts.csv"));
    axi_burst burst;
    trace.write({burst, 0, 0, 0, 0, 0, 0, 0});
  }
  EXPECT_FALSE(std::filesystem::exists(path("bursts.csv")));
  EXPECT_THROW(burst_trace(path("no/such/folder/bursts.csv")), std::runtime_error);
}

}  // namespace
}  // namespace ohmic
