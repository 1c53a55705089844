// NamedFiles: bytes by name, wherever they lie: in a directory, or in a point.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

class NamedFile {
 public:
  virtual ~NamedFile() = default;
  // Fills `out` unless the file ends first; returns how much was read. One thread at a time.
  virtual Result<size_t> read_at(uint64_t offset, BytesSpan out) = 0;
};

// Safe to use from several threads; must outlive its files.
class NamedFiles {
 public:
  virtual ~NamedFiles() = default;
  virtual Result<uint64_t> size(const std::string& name) = 0;  // NotFound
  virtual Result<std::unique_ptr<NamedFile>> open(const std::string& name) = 0;
};

}  // namespace hf
