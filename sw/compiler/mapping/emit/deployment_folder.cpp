#include "sw/compiler/mapping/emit/deployment_folder.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <utility>

#include "host/whole_file.h"
#include "sw/compiler/mapping/emit/content_hash.h"
#include "sw/compiler/mapping/emit/deployment_check.h"
#include "sw/compiler/mapping/emit/manifest_json.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_options.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& bytes) {
  try {
    write_whole_file(path.string(), bytes);
  } catch (const std::runtime_error& error) {
    throw mapping_error(error.what());
  }
}

std::string read_file(const fs::path& path) {
  try {
    return read_whole_file(path.string());
  } catch (const std::runtime_error& error) {
    throw mapping_error(error.what());
  }
}

void put(std::string& bytes, std::uint32_t word) { bytes.append(reinterpret_cast<const char*>(&word), 4); }

/// Reads what put() wrote; the sizes have been checked against the manifest, the records are checked here.
class record_reader {
 public:
  record_reader(const fs::path& path, const std::string& bytes) : path_(path), bytes_(bytes) {}
  bool done() const { return at_ == bytes_.size(); }
  std::uint32_t word() {
    std::uint32_t value;
    std::memcpy(&value, take(4), 4);
    return value;
  }
  const char* take(std::uint64_t size) {
    if (size > bytes_.size() - at_) throw mapping_error(path_.string() + " ends within a record");
    const char* begin = bytes_.data() + at_;
    at_ += size;
    return begin;
  }

 private:
  fs::path path_;
  const std::string& bytes_;
  std::size_t at_ = 0;
};

/// The four files of a deployment.
struct contents {
  std::string manifest, clusters, weights, hbm;
};

void check(const std::string& bytes, const fs::path& folder, const char* name, const nlohmann::ordered_json& manifest) {
  const nlohmann::ordered_json& entry = manifest.at("files").at(name);
  const std::uint64_t size = whole_number(entry.at("bytes"));
  if (bytes.size() != size)
    throw mapping_error(
        fmt::format("{} has {} bytes and the manifest says {}", (folder / name).string(), bytes.size(), size));
  if (content_hash(bytes) != entry.at("hash").get<std::string>())
    throw mapping_error((folder / name).string() + " is not the file that the manifest was written for");
}

contents contents_of(const deployment& what) {
  contents c;
  for (const cluster_image& image : what.clusters) {
    for (std::uint32_t word :
         {image.cluster, image.offset, image.l1_end, static_cast<std::uint32_t>(image.bytes.size())})
      put(c.clusters, word);
    c.clusters.append(reinterpret_cast<const char*>(image.bytes.data()), image.bytes.size());
  }
  for (const crossbar_image& image : what.crossbars) {
    for (std::uint32_t word : {image.cluster, image.first_row, image.first_bitline, image.rows, image.bitlines})
      put(c.weights, word);
    c.weights.append(reinterpret_cast<const char*>(image.weights.data()), image.weights.size());
  }
  for (const hbm_image& image : what.hbm_images) {
    for (const std::uint64_t word : {image.address, image.address >> 32, std::uint64_t{image.bytes.size()}})
      put(c.hbm, static_cast<std::uint32_t>(word));
    c.hbm.append(reinterpret_cast<const char*>(image.bytes.data()), image.bytes.size());
  }
  nlohmann::ordered_json manifest = manifest_of(what);
  manifest["files"] = {{"clusters.bin", {{"bytes", c.clusters.size()}, {"hash", content_hash(c.clusters)}}},
                       {"weights.bin", {{"bytes", c.weights.size()}, {"hash", content_hash(c.weights)}}},
                       {"hbm.bin", {{"bytes", c.hbm.size()}, {"hash", content_hash(c.hbm)}}}};
  c.manifest = manifest.dump(1) + "\n";
  return c;
}

void read_clusters(const fs::path& path, const std::string& bytes, deployment& what) {
  for (record_reader in(path, bytes); !in.done();) {
    cluster_image image;
    image.cluster = in.word();
    image.offset = in.word();
    image.l1_end = in.word();
    const std::uint32_t size = in.word();
    const char* begin = in.take(size);
    image.bytes.assign(begin, begin + size);
    what.clusters.push_back(std::move(image));
  }
}

/// Cells and weights of the crossbars that the manifest lists, in its order.
void read_weights(const fs::path& path, const std::string& bytes, deployment& what) {
  std::size_t next = 0;
  for (record_reader in(path, bytes); !in.done(); ++next) {
    const unsigned cluster = in.word();
    if (next == what.crossbars.size() || what.crossbars[next].cluster != cluster)
      throw manifest_error("weights.bin holds other crossbars than the manifest lists");
    crossbar_image& image = what.crossbars[next];
    image.first_row = in.word();
    image.first_bitline = in.word();
    image.rows = in.word();
    image.bitlines = in.word();
    const std::uint64_t size = std::uint64_t{image.rows} * image.bitlines;
    const char* begin = in.take(size);
    image.weights.assign(begin, begin + size);
  }
  if (next != what.crossbars.size()) throw manifest_error("weights.bin holds fewer crossbars than the manifest lists");
}

void read_hbm(const fs::path& path, const std::string& bytes, deployment& what) {
  for (record_reader in(path, bytes); !in.done();) {
    hbm_image image;
    image.address = in.word();
    image.address |= std::uint64_t{in.word()} << 32;
    const std::uint32_t size = in.word();
    const char* begin = in.take(size);
    image.bytes.assign(begin, begin + size);
    what.hbm_images.push_back(std::move(image));
  }
}

/// `more` gives the other files when the manifest has been found to be one that can be read.
deployment read_contents(contents c, const fs::path& path, const std::function<void(contents&)>& more) {
  const fs::path manifest_path = path / "manifest.json";
  deployment what;
  try {
    const auto manifest = nlohmann::ordered_json::parse(c.manifest);
    const auto version = whole_number(manifest.at("format_version"));
    if (version != deployment::format_version)
      throw mapping_error(fmt::format("{}: format version {}, and this program reads version {}",
                                      manifest_path.string(), version, deployment::format_version));
    read_manifest(manifest, what);
    more(c);
    check(c.clusters, path, "clusters.bin", manifest);
    check(c.weights, path, "weights.bin", manifest);
    check(c.hbm, path, "hbm.bin", manifest);
    read_clusters(path / "clusters.bin", c.clusters, what);
    read_weights(path / "weights.bin", c.weights, what);
    read_hbm(path / "hbm.bin", c.hbm, what);
    if (const std::string impossible = what_is_impossible(what); !impossible.empty()) throw manifest_error(impossible);
  } catch (const manifest_error& problem) {
    throw mapping_error(manifest_path.string() + " is not a deployment's manifest: " + problem.what());
  } catch (const nlohmann::json::exception& problem) {
    throw mapping_error(manifest_path.string() + " is not a deployment's manifest: " + problem.what());
  }
  return what;
}

}  // namespace

void save_deployment(const deployment& what, const std::string& folder) {
  const contents c = contents_of(what);
  const fs::path path(folder);
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw mapping_error("cannot create folder " + folder + ": " + error.message());
  try {
    remove_earlier_file(path / "manifest.json");  // an older one must not vouch for the new files
  } catch (const std::runtime_error& problem) {
    throw mapping_error(problem.what());
  }
  write_file(path / "clusters.bin", c.clusters);
  write_file(path / "weights.bin", c.weights);
  write_file(path / "hbm.bin", c.hbm);
  write_file(path / "manifest.json", c.manifest);
}

deployment load_deployment(const std::string& folder) {
  const fs::path path(folder);
  contents c;
  c.manifest = read_file(path / "manifest.json");
  return read_contents(std::move(c), path, [&](contents& rest) {
    rest.clusters = read_file(path / "clusters.bin");
    rest.weights = read_file(path / "weights.bin");
    rest.hbm = read_file(path / "hbm.bin");
  });
}

std::string deployment_bytes(const deployment& what) {
  const contents c = contents_of(what);
  std::string bytes;
  for (const std::string* file : {&c.manifest, &c.clusters, &c.weights, &c.hbm}) {
    put(bytes, static_cast<std::uint32_t>(file->size()));
    bytes += *file;
  }
  return bytes;
}

deployment deployment_from_bytes(const std::string& bytes, const std::string& name) {
  contents c;
  record_reader in(name, bytes);
  for (std::string* file : {&c.manifest, &c.clusters, &c.weights, &c.hbm}) {
    const std::uint32_t size = in.word();
    file->assign(in.take(size), size);
  }
  return read_contents(std::move(c), name, [](contents&) {});
}

}  // namespace ohmic
