// FuzzReplay: the inputs kept under tests/fuzz/, given to the fuzz targets by an ordinary test.
//
// So every build runs what fuzzing found, without clang. A fuzz_replay_test.cc includes the module's *_fuzz.cc files,
// each with LLVMFuzzerTestOneInput defined as a name of its own. A failure aborts the test, as it aborts the fuzzer.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace hf {

using FuzzTarget = int (*)(const unsigned char* data, size_t size);

// `name`: of the directory below tests/fuzz/, which is that of the target: "repo_leaf_fuzz".
inline void replay(const std::string& name, FuzzTarget target) {
  std::vector<std::filesystem::path> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(HF_FUZZ_INPUTS) / name))
    inputs.push_back(entry.path());
  std::sort(inputs.begin(), inputs.end());
  EXPECT_FALSE(inputs.empty()) << name;
  for (const std::filesystem::path& path : inputs) {
    SCOPED_TRACE(path.string());
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    EXPECT_EQ(target(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()), 0);
  }
  EXPECT_EQ(target(reinterpret_cast<const unsigned char*>(""), 0), 0);
}

}  // namespace hf
