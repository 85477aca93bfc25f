#pragma once

#include <string>

namespace ohmic {

/// Something that the program needs is not there: what() says what, and how to get it. Exit code 2.
struct missing_file : std::exception {
  explicit missing_file(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// The dataflow executor's ELF: beside the program (build/<preset>/firmware) or installed (share/ohmic/firmware).
std::string dataflow_firmware();

/// Folder of a model that sw/models built: .cache/models/NAME of the project, or below $OHMIC_MODELS. Throws
/// missing_file if there is none, or if a file of it is not as it was built; with `maker`, what builds it.
std::string model_folder(const std::string& name, const std::string& maker);

/// Folder of the project's trained networks, NAME.onnx with NAME.json: sw/models/trained, or installed
/// (share/ohmic/models). It need not be there.
std::string trained_folder();

/// Where calibrations, deployments and reference outputs are kept: $OHMIC_CACHE, else .cache/ohmic of the project,
/// else $XDG_CACHE_HOME/ohmic or ~/.cache/ohmic.
std::string cache_root();

/// Changes whenever the program was built from other sources: part of the name of everything it caches.
const std::string& tool_hash();

}  // namespace ohmic
