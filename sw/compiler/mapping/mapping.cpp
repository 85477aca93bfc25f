#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

std::vector<channel_range> split_channels(int channels, int bitlines) {
  std::vector<channel_range> splits;
  for (int begin = 0; begin < channels; begin += bitlines)
    splits.push_back({begin, std::min(begin + bitlines, channels)});
  return splits;
}

}  // namespace ohmic
