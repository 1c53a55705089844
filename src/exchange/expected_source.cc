#include "exchange/expected_source.h"

#include <algorithm>

namespace hf {
namespace {

// Hands everything on, and remembers tables and facts.
class WatchingSink final : public Sink {
 public:
  explicit WatchingSink(Sink& sink) : sink_(sink) {}
  Status entry(Entry entry) override { return sink_.entry(std::move(entry)); }
  Status unchanged(Entry entry) override { return sink_.unchanged(std::move(entry)); }
  Status file(Entry entry, Bytes content) override { return sink_.file(std::move(entry), std::move(content)); }
  Status begin(std::string_view path, CutHint hint) override { return sink_.begin(path, hint); }
  Status data(Bytes bytes) override { return sink_.data(std::move(bytes)); }
  Status hole(uint64_t length) override { return sink_.hole(length); }
  Status zeros(uint64_t length) override { return sink_.zeros(length); }
  Status end(Entry entry) override { return sink_.end(std::move(entry)); }
  void problem(std::string path, std::string what) override { sink_.problem(std::move(path), std::move(what)); }
  Result<Bytes> fingerprint(std::string_view name, BytesView value) override {
    return sink_.fingerprint(name, value);
  }
  Result<std::vector<KeyFact>> keys() override { return sink_.keys(); }
  void table(TableFact table) override {
    tables.push_back(table);
    sink_.table(std::move(table));
  }
  void fact(std::string name, std::string value) override {
    facts.insert_or_assign(name, value);
    sink_.fact(std::move(name), std::move(value));
  }

  std::vector<TableFact> tables;
  std::map<std::string, std::string> facts;

 private:
  Sink& sink_;
};

class ExpectedSource final : public Source {
 public:
  ExpectedSource(std::unique_ptr<Source> source, SourceRecord recorded)
      : source_(std::move(source)), recorded_(std::move(recorded)) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    WatchingSink watching(sink);
    HF_TRY(source_->run(watching, previous, std::move(stop)));
    HF_TRY(compare(watching.tables));
    for (const auto& [name, value] : recorded_.facts)
      if (!watching.facts.contains(name) || name == "bootstrap_role") sink.fact(name, value);
    for (const ProblemRecord& problem : recorded_.problems) sink.problem(problem.path, problem.what);
    return {};
  }
  std::string base() const override { return recorded_.base; }

 private:
  Status compare(const std::vector<TableFact>& tables) const {
    for (const TableRecord& wanted : recorded_.tables) {
      const auto found =
          std::find_if(tables.begin(), tables.end(), [&](const TableFact& table) { return table.name == wanted.name; });
      if (found == tables.end())
        return Error(Code::Corrupt, "table " + printable(wanted.name) + " of the manifest is missing");
      if (found->rows != wanted.rows || found->digest != wanted.digest)
        return Error(Code::Corrupt, "table " + printable(wanted.name) + " has other rows than its manifest says");
    }
    return {};
  }

  const std::unique_ptr<Source> source_;
  const SourceRecord recorded_;
};

}  // namespace

std::unique_ptr<Source> expect_source(std::unique_ptr<Source> source, SourceRecord recorded) {
  return std::make_unique<ExpectedSource>(std::move(source), std::move(recorded));
}

}  // namespace hf
