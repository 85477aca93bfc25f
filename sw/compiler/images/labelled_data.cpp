#include "sw/compiler/images/labelled_data.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>

#include "host/checksum.h"
#include "host/gunzip.h"
#include "sw/compiler/images/image.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::string& text) { throw image_error(path + ": " + text); }

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::uint32_t little(const std::string& s, std::size_t at, int bytes, const std::string& path) {
  if (at > s.size() || s.size() - at < static_cast<std::size_t>(bytes)) fail(path, "is cut off");
  std::uint32_t v = 0;
  for (int i = bytes - 1; i >= 0; --i) v = v << 8 | static_cast<std::uint8_t>(s[at + static_cast<std::size_t>(i)]);
  return v;
}

/// `unpack` of compressed data of the file.
template <class F>
std::string unpacked_of(const std::string& path, F&& unpack) {
  try {
    return unpack();
  } catch (const std::runtime_error& error) {
    fail(path, error.what());
  }
}

/// Names and contents of a zip archive without encryption (APPNOTE.TXT 4.3), by its central directory.
std::map<std::string, std::string> unzipped(const std::string& file, const std::string& path) {
  const std::size_t end = file.rfind("PK\5\6");
  if (file.substr(0, 2) != "PK") fail(path, "is no .npz archive");
  constexpr std::size_t end_record = 22;
  if (end == std::string::npos || file.size() - end < end_record)
    fail(path, "is cut off: the archive's directory is missing");
  std::map<std::string, std::string> entries;
  std::size_t at = little(file, end + 16, 4, path);
  for (std::uint32_t left = little(file, end + 10, 2, path); left > 0; --left) {
    if (at > file.size() || file.compare(at, 4, "PK\1\2") != 0) fail(path, "is damaged: its directory is not one");
    const std::uint32_t method = little(file, at + 10, 2, path), size = little(file, at + 20, 4, path);
    const std::uint32_t unpacked = little(file, at + 24, 4, path);
    const std::size_t name = little(file, at + 28, 2, path);
    const std::size_t local = little(file, at + 42, 4, path);
    const std::size_t data = local + 30 + little(file, local + 26, 2, path) + little(file, local + 28, 2, path);
    if (data > file.size() || file.size() - data < size) fail(path, "is cut off");
    const std::string packed = file.substr(data, size);
    if (method != 0 && method != 8) fail(path, "is compressed in a way that is not supported");
    std::string content = method == 0 ? packed : unpacked_of(path, [&] { return inflated(packed); });
    if (content.size() != unpacked) fail(path, "is damaged: a part has another size than its directory says");
    if (little(file, at + 16, 4, path) != crc32_of(content)) fail(path, "is damaged: a part's checksum differs");
    entries[file.substr(at + 46, name)] = std::move(content);
    at += 46 + name + little(file, at + 30, 2, path) + little(file, at + 32, 2, path);
  }
  return entries;
}

struct array {
  std::string type;  ///< "i1"
  std::vector<std::size_t> shape;
  std::string bytes;  ///< with the header
  std::size_t begin = 0;
};

/// The NPY format, versions 1 and 2.
array npy(std::string content, const std::string& path) {
  array a;
  if (content.compare(0, 6, "\x93NUMPY") != 0) fail(path, "holds an array that is not in NumPy's format");
  const bool wide = content.size() > 6 && content[6] != 1;
  const std::size_t length = little(content, 8, wide ? 4 : 2, path);
  a.begin = (wide ? 12 : 10) + length;
  if (a.begin > content.size()) fail(path, "is cut off");
  const std::string header = content.substr(wide ? 12 : 10, length);
  const auto after = [&](const std::string& key) {
    const std::size_t at = header.find("'" + key + "':");
    if (at == std::string::npos) fail(path, "holds an array without '" + key + "'");
    return at + key.size() + 3;
  };
  const std::size_t quote = header.find('\'', after("descr"));
  const std::size_t end = quote == std::string::npos ? quote : header.find('\'', quote + 1);
  if (end == std::string::npos) fail(path, "holds an array of records, which is not supported");
  a.type = header.substr(quote + 1, end - quote - 1);
  if (!a.type.empty() && (a.type[0] == '<' || a.type[0] == '|' || a.type[0] == '=')) a.type.erase(0, 1);
  if (header.find("True", after("fortran_order")) == header.find_first_not_of(' ', after("fortran_order")))
    fail(path, "holds an array in Fortran's order, which is not supported");
  std::size_t at = header.find('(', after("shape")) + 1;
  while (at < header.size() && header[at] != ')') {
    char* stop = nullptr;
    const unsigned long long size = std::strtoull(header.c_str() + at, &stop, 10);
    if (stop == header.c_str() + at) {
      ++at;
      continue;
    }
    a.shape.push_back(size);
    at = static_cast<std::size_t>(stop - header.c_str());
  }
  std::size_t elements = 1;
  for (const std::size_t size : a.shape) {
    if (size != 0 && elements > (std::size_t{1} << 40) / size) fail(path, "holds an array of an impossible shape");
    elements *= size;
  }
  const std::size_t each = a.type.size() < 2 ? 0 : static_cast<std::size_t>(std::atoi(a.type.c_str() + 1));
  if (content.size() - a.begin < elements * each) fail(path, "is cut off");
  a.bytes = std::move(content);
  return a;
}

const std::string* first_of(const std::map<std::string, std::string>& entries,
                            std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto found = entries.find(std::string(name) + ".npy"); found != entries.end()) return &found->second;
  return nullptr;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string idx_file(const std::string& path) {
  std::string bytes = bytes_of(path);
  return is_gzipped(bytes) ? unpacked_of(path, [&] { return gunzipped(bytes); }) : bytes;
}

std::uint32_t big(const std::string& s, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<std::uint8_t>(s[at + i]);
  return v;
}

}  // namespace

labelled_data::labelled_data(const std::string& given, const integer_graph& graph)
    : pixels_(graph.pixels),
      channels_(graph.input().channels),
      height_(graph.input().height),
      width_(graph.input().width),
      classes_(graph.output().channels) {
  std::string path = given;
  std::error_code none;
  if (fs::is_directory(path, none)) {
    for (const char* name : {"test_batch.bin", "t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"})
      if (fs::is_regular_file(fs::path(path) / name, none)) {
        path = (fs::path(path) / name).string();
        break;
      }
  } else if (!fs::is_regular_file(path, none)) {
    fail(path, "is neither a file nor a folder");
  }
  if (fs::is_directory(path, none))
    read_folders(path, graph.labels);
  else if (ends_with(path, ".npz"))
    read_npz(path);
  else if (ends_with(path, ".bin"))
    read_cifar(path);
  else if (path.find("idx") != std::string::npos)
    read_idx(path);
  else
    fail(path,
         "is no labelled data; .npz, CIFAR-10's .bin, IDX (images-idx3-ubyte), or a folder of these or with a "
         "folder of pictures per class is expected");
  if (labels.empty()) fail(path, "holds no sample");
  check_labels(path);
}

void labelled_data::check_labels(const std::string& path) const {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= classes_)
      fail(path, "the label of sample " + std::to_string(i) + " is " + std::to_string(labels[i]) +
                     ", but the network has the classes 0 .. " + std::to_string(classes_ - 1));
}

/// `shape` without the number of samples.
void labelled_data::set_shape(const std::vector<std::size_t>& shape, const std::string& path) {
  const auto c = static_cast<std::size_t>(channels_), h = static_cast<std::size_t>(height_),
             w = static_cast<std::size_t>(width_);
  using shapes = std::vector<std::size_t>;
  const bool flat = h == 1 && w == 1 && shape == shapes{c};
  if (shape == shapes{c, h, w} || (c == 1 && shape == shapes{h, w}) || flat) {
    channels_last_ = false;
  } else if (shape == shapes{h, w, c}) {
    channels_last_ = true;
  } else {
    std::string text;
    for (const std::size_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
    fail(path, "its samples are " + text + ", but the network takes " + std::to_string(c) + "x" + std::to_string(h) +
                   "x" + std::to_string(w) + " (channels, height, width)");
  }
}

void labelled_data::read_npz(const std::string& path) {
  const std::map<std::string, std::string> entries = unzipped(bytes_of(path), path);
  const std::string* x = first_of(entries, {"x", "images", "data", "x_test"});
  const std::string* y = first_of(entries, {"y", "labels", "y_test"});
  if (x == nullptr || y == nullptr)
    fail(path, "holds no inputs `x` (images, data, x_test) or no labels `y` (labels, y_test)");
  array inputs = npy(*x, path);
  const array targets = npy(*y, path);
  const std::map<std::string, type> types = {
      {"u1", type::uint8}, {"i1", type::int8}, {"f4", type::float32}, {"f8", type::float64}};
  const auto found = types.find(inputs.type);
  if (found == types.end()) fail(path, "its inputs are of type " + inputs.type + "; u1, i1, f4 or f8 is expected");
  type_ = found->second;
  if (inputs.shape.empty() || targets.shape.size() != 1 || inputs.shape[0] != targets.shape[0])
    fail(path, "holds " + std::to_string(inputs.shape.empty() ? 0 : inputs.shape[0]) + " inputs and " +
                   std::to_string(targets.shape.empty() ? 0 : targets.shape[0]) + " labels");
  set_shape({inputs.shape.begin() + 1, inputs.shape.end()}, path);
  const int bytes = targets.type.size() < 2 ? 0 : targets.type[1] - '0';
  const bool is_signed = !targets.type.empty() && targets.type[0] == 'i';
  if ((!is_signed && (targets.type.empty() || targets.type[0] != 'u')) || bytes < 1 || bytes > 8)
    fail(path, "its labels are of type " + targets.type + "; integers are expected");
  for (std::size_t i = 0; i < targets.shape[0]; ++i) {
    std::uint64_t v = 0;
    for (int b = bytes - 1; b >= 0; --b)
      v = v << 8 |
          static_cast<std::uint8_t>(
              targets.bytes[targets.begin + i * static_cast<std::size_t>(bytes) + static_cast<std::size_t>(b)]);
    if (is_signed && bytes < 8 && (v >> (8 * bytes - 1)) != 0) v -= std::uint64_t{1} << (8 * bytes);
    const auto label = static_cast<std::int64_t>(v);
    labels.push_back(label < -1 || label > 1 << 30 ? -1 : static_cast<int>(label));
  }
  const std::size_t each = type_ == type::float32 ? 4 : type_ == type::float64 ? 8 : 1;
  stride_ = static_cast<std::size_t>(channels_) * height_ * width_ * each;
  begin_ = inputs.begin;
  bytes_ = std::move(inputs.bytes);
}

void labelled_data::read_cifar(const std::string& path) {
  bytes_ = bytes_of(path);
  constexpr std::size_t record = 3073;
  if (bytes_.empty() || bytes_.size() % record != 0)
    fail(path, "has " + std::to_string(bytes_.size()) +
                   " bytes; CIFAR-10's records of 3073 are expected (cut off, or of another kind)");
  set_shape({3, 32, 32}, path);
  for (std::size_t i = 0; i < bytes_.size(); i += record) labels.push_back(static_cast<std::uint8_t>(bytes_[i]));
  begin_ = 1;
  stride_ = record;
}

void labelled_data::read_idx(const std::string& path) {
  bytes_ = idx_file(path);
  std::string beside = path;
  const std::size_t at = beside.rfind("images-idx3");
  if (at == std::string::npos) fail(path, "is not named ...images-idx3-ubyte, so its labels cannot be found");
  beside.replace(at, 11, "labels-idx1");
  const std::string targets = idx_file(beside);
  if (bytes_.size() < 16 || big(bytes_, 0) != 0x803) fail(path, "is no IDX file of 8-bit images");
  if (targets.size() < 8 || big(targets, 0) != 0x801) fail(beside, "is no IDX file of labels");
  const std::size_t count = big(bytes_, 4), height = big(bytes_, 8), width = big(bytes_, 12);
  set_shape({height, width}, path);
  if (bytes_.size() != 16 + count * height * width) fail(path, "is cut off, or longer than it says");
  if (targets.size() != 8 + std::size_t{big(targets, 4)}) fail(beside, "is cut off, or longer than it says");
  if (big(targets, 4) != count)
    fail(beside, "has " + std::to_string(big(targets, 4)) + " labels for " + std::to_string(count) + " images");
  for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(targets[8 + i]));
  begin_ = 16;
  stride_ = height * width;
}

void labelled_data::read_folders(const std::string& path, const std::vector<std::string>& classes) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  if (names.empty()) fail(path, "holds no folder of pictures per class, and no file of labelled data that is known");
  const bool named = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(classes.begin(), classes.end(), name) != classes.end();
  });
  for (std::size_t n = 0; n < names.size(); ++n) {
    const int label = named ? static_cast<int>(std::find(classes.begin(), classes.end(), names[n]) - classes.begin())
                            : static_cast<int>(n);
    for (const std::string& file : list_images((fs::path(path) / names[n]).string())) {
      pictures_.push_back(file);
      labels.push_back(label);
    }
  }
}

double labelled_data::value(std::size_t sample, std::size_t element) const {
  const char* at = bytes_.data() + begin_ + sample * stride_;
  switch (type_) {
    case type::uint8:
      return static_cast<std::uint8_t>(at[element]);
    case type::int8:
      return static_cast<std::int8_t>(at[element]);
    case type::float32: {
      float v;
      std::memcpy(&v, at + element * 4, 4);
      return double{v};
    }
    case type::float64:
      break;
  }
  double v;
  std::memcpy(&v, at + element * 8, 8);
  return v;
}

std::vector<float> labelled_data::real(std::size_t i) const {
  using order = pixel_conversion::channel_order;
  const auto c_count = static_cast<std::size_t>(channels_), h = static_cast<std::size_t>(height_),
             w = static_cast<std::size_t>(width_);
  std::vector<float> map(c_count * h * w);
  const auto put = [&](auto&& element) {
    for (std::size_t x = 0; x < w; ++x)
      for (std::size_t y = 0; y < h; ++y)
        for (std::size_t c = 0; c < c_count; ++c) {
          const double v = element(x, y, pixels_.channels == order::bgr ? c_count - 1 - c : c);
          const float r = real_input(pixels_, static_cast<int>(c), v);
          if (!std::isfinite(r)) throw image_error("sample " + std::to_string(i) + " holds a value that is not finite");
          map[(x * h + y) * c_count + c] = r;
        }
  };
  if (pictures_.empty()) {
    put([&](std::size_t x, std::size_t y, std::size_t c) {
      return value(i, channels_last_ ? (y * w + x) * c_count + c : (c * h + y) * w + x);
    });
    return map;
  }
  if (channels_ != 1 && channels_ != 3)
    fail(pictures_[i], "pictures give 3 channels or 1, not " + std::to_string(channels_));
  const rgb_image image = fit_image(decode_image(pictures_[i]), width_, height_);
  put([&](std::size_t x, std::size_t y, std::size_t c) {
    const std::uint8_t* p = image.at(static_cast<int>(x), static_cast<int>(y));
    return static_cast<double>(channels_ == 1 ? luma_of(p) : p[c]);
  });
  return map;
}

feature_map labelled_data::quantised(std::size_t i, float scale) const {
  feature_map map(channels_, height_, width_);
  const std::vector<float> values = real(i);
  for (std::size_t e = 0; e < values.size(); ++e) map.data[e] = quantised_input(values[e], scale);
  return map;
}

std::vector<float> real_picture(const integer_graph& graph, const std::string& file) {
  const graph_tensor& in = graph.input();
  if (in.channels != 1 && in.channels != 3)
    fail(file, "pictures give 3 channels or 1, not " + std::to_string(in.channels));
  const rgb_image image = fit_image(decode_image(file), in.width, in.height);
  std::vector<float> map;
  for (int x = 0; x < in.width; ++x)
    for (int y = 0; y < in.height; ++y)
      for (int c = 0; c < in.channels; ++c) {
        const std::uint8_t* p = image.at(x, y);
        const int from = graph.pixels.channels == pixel_conversion::channel_order::bgr ? 2 - c : c;
        map.push_back(real_input(graph.pixels, c, static_cast<double>(in.channels == 1 ? luma_of(p) : p[from])));
      }
  return map;
}

}  // namespace ohmic
