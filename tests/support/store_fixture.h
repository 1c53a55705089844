// StoreFixture: what a test of anything that uses a Store begins with: time, chance, a directory of its own, stores.
#pragma once

#include "base/env.h"
#include "store/store.h"
#include "support/no_http.h"
#include "support/seeded_entropy.h"
#include "support/sim_clock.h"
#include "support/temp_directory.h"
#include "sys/fs.h"

namespace hf {

struct StoreFixture {
  SimClock clock;
  SeededEntropy entropy;
  Meter meter;
  Env env{clock, entropy, meter};
  Deadline deadline{clock, std::chrono::hours(1)};
  TempDirectory directory;
  std::unique_ptr<Fs> fs;
  NoHttp http;

  StoreFixture();
  StoreWorld world(Fs& use) {
    return {clock, entropy, use, http, no_secret, [](const char*) { return std::string(); }};
  }
  StoreWorld world() { return world(*fs); }
  std::unique_ptr<Store> make_memory_store();
  // In a new directory `name` of this fixture's, or the one already there.
  std::unique_ptr<Store> open_directory_store(const std::string& name = "repository");
};

// Names of all objects with this prefix, sorted.
std::vector<std::string> names_in(Store& store, std::string_view prefix, const Deadline& deadline);

}  // namespace hf
