// What tests of sources share: a directory of their own, the real machine with a clock that can be ahead, and a backup
// in one line.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "source/source.h"
#include "support/no_http.h"
#include "support/recording_sink.h"
#include "sys/posix_fs.h"
#include "sys/real_world.h"

namespace hf {

// The real clock, ahead by so much that files made a moment ago are settled.
class AheadClock final : public Clock {
 public:
  explicit AheadClock(Clock& real) : real_(real) {}
  WallTime wall() const override { return real_.wall() + ahead; }
  MonoTime mono() const override { return real_.mono(); }
  bool sleep_until(MonoTime when, std::stop_token stop) override { return real_.sleep_until(when, stop); }

  Duration ahead = std::chrono::seconds(10);

 private:
  Clock& real_;
};

class SourceTest : public testing::Test {
 protected:
  SourceTest() {
    std::string made = (std::filesystem::temp_directory_path() / "hf-source-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
    top = made;
    std::filesystem::create_directory(top / "data");
  }
  ~SourceTest() override { std::filesystem::remove_all(top); }

  void write(const std::string& name, std::string_view text) {
    const std::filesystem::path path = data() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::filesystem::path data() const { return top / "data"; }
  std::string data(const std::string& name) const { return (data() / name).string(); }

  SourceWorld world(Fs& use) { return {Env{clock, *entropy, meter}, use, *process, http, no_secret}; }
  SourceWorld world() { return world(*fs); }

  Status run(const SourceKind& kind, const SourceOptions& options, RecordingSink& sink,
             const RecordingSink* previous = nullptr, Fs* use = nullptr) {
    const std::unique_ptr<Source> source = HF_TRY(kind.open(world(use ? *use : *fs), "source", options));
    RecordingPrevious before(previous);
    source->start();
    Status status = source->run(sink, before, {});
    EXPECT_EQ(sink.faults, std::vector<std::string>{});
    return status;
  }
  // A run that must succeed.
  RecordingSink backup(const SourceKind& kind, const SourceOptions& options, const RecordingSink* previous = nullptr,
                       Fs* use = nullptr) {
    RecordingSink sink(previous);
    const Status status = run(kind, options, sink, previous, use);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message() + " " + status.error().detail());
    return sink;
  }

  std::filesystem::path top;
  const std::unique_ptr<Clock> real_clock = make_real_clock();
  AheadClock clock{*real_clock};
  const std::unique_ptr<Entropy> entropy = make_real_entropy();
  Meter meter;
  const std::unique_ptr<Fs> fs = make_posix_fs();
  NoHttp http;
  const std::unique_ptr<Process> process = make_posix_process(*real_clock);
};

}  // namespace hf
