#include "sw/compiler/mapping/deployment_folder.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sw/compiler/mapping/content_hash.h"
#include "sw/compiler/mapping/manifest_json.h"
#include "sw/compiler/mapping/mapping_options.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// The file appears whole or not at all.
void write_file(const fs::path& path, const std::string& bytes) {
  fs::path unfinished = path;
  unfinished += ".part";
  {
    std::ofstream file(unfinished, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      std::error_code ignored;
      fs::remove(unfinished, ignored);
      throw mapping_error("cannot write " + path.string());
    }
  }
  std::error_code error;
  fs::rename(unfinished, path, error);
  if (error) throw mapping_error("cannot write " + path.string() + ": " + error.message());
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw mapping_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
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

std::string read_checked(const fs::path& folder, const char* name, const nlohmann::ordered_json& manifest) {
  const nlohmann::ordered_json& entry = manifest.at("files").at(name);
  std::string bytes = read_file(folder / name);
  const auto size = entry.at("bytes").get<std::uint64_t>();
  if (bytes.size() != size)
    throw mapping_error(
        fmt::format("{} has {} bytes and the manifest says {}", (folder / name).string(), bytes.size(), size));
  if (content_hash(bytes) != entry.at("hash").get<std::string>())
    throw mapping_error((folder / name).string() + " is not the file that the manifest was written for");
  return bytes;
}

}  // namespace

void save_deployment(const deployment& what, const std::string& folder) {
  std::string clusters, weights;
  for (const cluster_image& image : what.clusters) {
    for (std::uint32_t word :
         {image.cluster, image.offset, image.l1_end, static_cast<std::uint32_t>(image.bytes.size())})
      put(clusters, word);
    clusters.append(reinterpret_cast<const char*>(image.bytes.data()), image.bytes.size());
  }
  for (const crossbar_image& image : what.crossbars) {
    for (std::uint32_t word : {image.cluster, image.rows, image.columns}) put(weights, word);
    weights.append(reinterpret_cast<const char*>(image.weights.data()), image.weights.size());
  }
  nlohmann::ordered_json manifest = manifest_of(what);
  manifest["files"] = {{"clusters.bin", {{"bytes", clusters.size()}, {"hash", content_hash(clusters)}}},
                       {"weights.bin", {{"bytes", weights.size()}, {"hash", content_hash(weights)}}}};
  const fs::path path(folder);
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw mapping_error("cannot create folder " + folder + ": " + error.message());
  fs::remove(path / "manifest.json", error);  // an older one must not vouch for the new files
  write_file(path / "clusters.bin", clusters);
  write_file(path / "weights.bin", weights);
  write_file(path / "manifest.json", manifest.dump(1) + "\n");
}

deployment load_deployment(const std::string& folder) {
  const fs::path path(folder), manifest_path = path / "manifest.json";
  deployment what;
  try {
    const auto manifest = nlohmann::ordered_json::parse(read_file(manifest_path));
    const auto version = manifest.at("format_version").get<unsigned>();
    if (version != deployment::format_version)
      throw mapping_error(fmt::format("{}: format version {}, and this program reads version {}",
                                      manifest_path.string(), version, deployment::format_version));
    read_manifest(manifest, what);
    const std::string clusters = read_checked(path, "clusters.bin", manifest);
    for (record_reader in(path / "clusters.bin", clusters); !in.done();) {
      cluster_image image;
      image.cluster = in.word();
      image.offset = in.word();
      image.l1_end = in.word();
      const std::uint32_t size = in.word();
      const char* begin = in.take(size);
      image.bytes.assign(begin, begin + size);
      what.clusters.push_back(std::move(image));
    }
    const std::string weights = read_checked(path, "weights.bin", manifest);
    for (record_reader in(path / "weights.bin", weights); !in.done();) {
      crossbar_image image;
      image.cluster = in.word();
      image.rows = in.word();
      image.columns = in.word();
      const std::uint64_t size = std::uint64_t{image.rows} * image.columns;
      const char* begin = in.take(size);
      image.weights.assign(begin, begin + size);
      what.crossbars.push_back(std::move(image));
    }
  } catch (const nlohmann::json::exception& problem) {
    throw mapping_error(manifest_path.string() + " is not a deployment's manifest: " + problem.what());
  }
  return what;
}

}  // namespace ohmic
