// A Sink that keeps everything it is given, checks the Sink's contract on the way, and is the Previous of the next one.
#pragma once

#include <map>

#include "source/source.h"

namespace hf {

struct RecordedEntry {
  Entry entry;
  Bytes content;  // with zeros where holes are
  std::vector<DataRange> holes;
  CutHint hint;
  bool is_unchanged = false;  // given by unchanged(): content and holes are the previous recording's
  bool is_whole = false;      // given by file()
};

class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(const RecordingSink* previous = nullptr) : previous_(previous) {}

  Status entry(Entry entry) override;
  Status unchanged(Entry entry) override;
  Status file(Entry entry, Bytes content) override;
  Status begin(std::string_view path, CutHint hint) override;
  Status data(Bytes bytes) override;
  Status hole(uint64_t length) override;
  Status zeros(uint64_t length) override;
  Status end(Entry entry) override;
  void problem(std::string path, std::string what) override { problems.emplace_back(std::move(path), std::move(what)); }
  Result<Bytes> fingerprint(std::string_view name, BytesView value) override;
  Result<std::vector<KeyFact>> keys() override { return key_facts; }
  void table(TableFact table) override { tables.push_back(std::move(table)); }
  void fact(std::string name, std::string value) override { facts[std::move(name)] = std::move(value); }

  // Null if there is none.
  const RecordedEntry* find(std::string_view path) const;
  // The content of a file as text; "<none>" if there is no such file.
  std::string text(std::string_view path) const;
  std::vector<std::string> paths() const;
  // What is recorded of this one source, as prove() is given it.
  RecordedSource recorded(std::string kind) const { return {"source", std::move(kind), tables, facts}; }

  std::vector<RecordedEntry> entries;
  std::vector<std::pair<std::string, std::string>> problems;
  std::vector<TableFact> tables;
  std::map<std::string, std::string> facts;
  std::vector<KeyFact> key_facts;  // what keys() answers
  std::vector<std::string> faults;  // of the source: breaches of the contract
  // data() fails from this many bytes of content on.
  uint64_t fails_after = UINT64_MAX;

 private:
  Status add(RecordedEntry entry);

  const RecordingSink* previous_;
  std::optional<RecordedEntry> open_;
  std::string open_path_;
};

// The Previous over a recording, which refuses questions that are not in canonical order.
class RecordingPrevious final : public Previous {
 public:
  explicit RecordingPrevious(const RecordingSink* recording) : recording_(recording) {}
  Result<const Entry*> find(std::string_view path) override;

 private:
  const RecordingSink* recording_;
  std::optional<std::string> last_;
};

}  // namespace hf
