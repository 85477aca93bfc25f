#include "platform/machine/burst_trace.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace ohmic {
namespace {

std::string name_of(network_port port) {
  return port == port_hbm        ? "hbm"
         : port == port_platform ? "platform"
         : port == port_none     ? "none"
                                 : fmt::format("{}", port);
}

}  // namespace

burst_trace::burst_trace(const std::string& file) : file_(file) {
  file_.write("master,access,target,address,bytes,id,ready,sent,arrived,first,last,response\n");
}

void burst_trace::write(const observed_burst& o) {
  constexpr const char* responses[] = {"okay", "exokay", "slverr", "decerr"};
  line_.clear();
  fmt::format_to(std::back_inserter(line_), "{},{},{},{:#x},{},{},{},{},{},{},{},{}\n", o.master,
                 o.burst.write ? "write" : "read", name_of(o.target), o.burst.addr, o.burst.bytes, o.burst.id, o.ready,
                 o.sent, o.arrived, o.first, o.last, responses[static_cast<unsigned>(o.burst.resp) & 3u]);
  file_.write(line_);
}

void burst_trace::close() {
  if (!std::exchange(closed_, true)) file_.commit();
}

}  // namespace ohmic
