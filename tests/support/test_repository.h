// TestRepository: a real repository on any store, opened with a key file, so that no test waits for argon2id.
#pragma once

#include "repo/pipeline.h"
#include "repo/points.h"
#include "support/store_fixture.h"

namespace hf {

class TestRepository {
 public:
  TestRepository() : store_(fixture.make_memory_store()) {}

  StoreFixture fixture;
  Store& store() { return *store_; }
  World world() { return {fixture.env, *fixture.fs, fixture.directory.path()}; }

  static Credentials credentials() {
    Credentials held;
    held.key_file = Passphrase::take(std::vector<unsigned char>(64, 7));
    return held;
  }
  static std::vector<KeyKind> key_kinds() { return {file_key_kind()}; }

  Result<std::unique_ptr<Repository>> create() {
    Repository::Create options{
        .key_kinds = key_kinds(), .credentials = credentials(), .label = "test", .signer = std::nullopt};
    return Repository::create(world(), *store_, std::move(options), fixture.deadline);
  }
  Result<std::unique_ptr<Repository>> open() { return open(*store_); }
  Result<std::unique_ptr<Repository>> open(Store& store) {
    Repository::Open options{
        .key_kinds = key_kinds(), .credentials = credentials(), .signer = std::nullopt, .accept_signer = ""};
    return Repository::open(world(), store, std::move(options), fixture.deadline);
  }

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace hf
