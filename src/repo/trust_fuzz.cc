// Whatever bytes as the file of what was seen of a repository: what is accepted is the same when written and read.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "repo/trust.h"
#include "sys/posix_fs.h"

namespace hf {
namespace {

// One directory for all inputs, removed at the end.
struct TrustDirectory {
  TrustDirectory() {
    std::string made = (std::filesystem::temp_directory_path() / "hf-trust-fuzz-XXXXXX").string();
    HF_ASSERT(mkdtemp(made.data()) != nullptr);
    path = made;
  }
  ~TrustDirectory() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

void load_and_save(BytesView bytes) {
  static const TrustDirectory directory;
  static const std::unique_ptr<Fs> fs = make_posix_fs();
  const RepositoryId repository;
  std::ofstream(directory.path / (repository.hex() + ".trust"), std::ios::binary) << as_text(bytes);
  Result<Trust> trust = Trust::load(*fs, directory.path, repository);
  if (!trust.ok()) return;
  const SeenHead head{.sequence = 7, .digest = {}};
  trust.value().pin_signer("another");
  trust.value().see_head("another", head);
  HF_ASSERT(trust.value().save(*fs).ok());
  const Result<Trust> again = Trust::load(*fs, directory.path, repository);
  HF_ASSERT(again.ok());
  HF_ASSERT(again.value().signers() == trust.value().signers());
  HF_ASSERT(again.value().head("another") != nullptr);
  HF_ASSERT(again.value().head("another")->sequence == head.sequence);
}

}  // namespace
}  // namespace hf

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  hf::load_and_save(std::as_bytes(std::span(data, size)));
  return 0;
}
