// The `compare` kind: the tables of a database against those of a point known to be good, or of a file kept for that.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "check/kinds.h"
#include "check/options.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr uint64_t file_bytes_max = 64 << 20;
constexpr size_t names_shown_max = 20;

struct CompareSpec {
  std::string source, with, file;
  std::vector<std::string> tables;  // empty: all of the reference
  double fall_max = 0;              // of a hundred
  bool is_exact = false;
};

using Json = nlohmann::json;

std::vector<TableState> tables_in(const Json& list) {
  std::vector<TableState> tables;
  for (const Json& table : list)
    tables.push_back(
        {table.at("name").get<std::string>(), table.at("rows").get<uint64_t>(), table.value("digest", "")});
  return tables;
}

// What `holdfast show POINT -o json` writes, or a document that is only {"tables": […]}.
Result<std::vector<TableState>> read_reference(const CheckWorld& world, const CompareSpec& spec) {
  const Bytes text = HF_TRY(read_whole_file(world.fs, spec.file, file_bytes_max));
  try {
    const Json document = Json::parse(as_text(text));
    if (document.contains("tables")) return tables_in(document.at("tables"));
    for (const Json& source : document.at("sources"))
      if (source.at("name") == spec.source) return tables_in(source.at("tables"));
    return Error(Code::NotFound, printable(spec.file) + " has no source " + printable(spec.source));
  } catch (const Json::exception&) {
    return Error(Code::Invalid, printable(spec.file) + " is not a reference")
        .with_hint("holdfast show POINT -o json > FILE writes one");
  }
}

const TableState* find(const std::vector<TableState>& tables, const std::string& name) {
  // `users` means `public.users`, or that of any database, where it is the only one.
  const TableState* found = nullptr;
  for (const TableState& table : tables) {
    if (table.name == name) return &table;
    if (!table.name.ends_with("." + name)) continue;
    if (found != nullptr) return nullptr;
    found = &table;
  }
  return found;
}

std::string difference(const TableState& wanted, const TableState* found, const CompareSpec& spec) {
  const std::string name = printable(wanted.name);
  if (found == nullptr) return name + " is missing";
  const auto rows = [](uint64_t count) { return std::to_string(count); };
  if (spec.is_exact) {
    if (found->rows != wanted.rows) return name + " has " + rows(found->rows) + " rows instead of " + rows(wanted.rows);
    if (wanted.rows == 0) return "";
    // What was not compared is not the same.
    if (found->digest.empty() || wanted.digest.empty()) return name + " has as many rows, but no digest of its content";
    return found->digest != wanted.digest ? name + " has other content" : "";
  }
  const double least = static_cast<double>(wanted.rows) * (1 - spec.fall_max / 100);
  if (static_cast<double>(found->rows) >= least) return "";
  return name + " fell from " + rows(wanted.rows) + " rows to " + rows(found->rows);
}

// The tables of the reference that are asked for. NotFound: it has not all of them.
Result<std::vector<TableState>> wanted_of(const std::vector<TableState>& reference, const CompareSpec& spec) {
  if (spec.tables.empty()) return reference;
  std::vector<TableState> wanted;
  for (const std::string& name : spec.tables) {
    const TableState* table = find(reference, name);
    if (table == nullptr) return Error(Code::NotFound, "the reference has no table " + printable(name));
    wanted.push_back(*table);
  }
  return wanted;
}

Result<Verdict> compare(const CompareSpec& spec, const CheckWorld& world, const Deadline& deadline,
                        std::stop_token stop) {
  const std::vector<TableState> reference =
      HF_TRY(spec.file.empty() ? world.subject.tables_of(spec.with, spec.source) : read_reference(world, spec));
  const std::vector<TableState> wanted = HF_TRY(wanted_of(reference, spec));
  if (wanted.empty()) return Verdict{false, "the reference has no tables", ""};
  const std::vector<TableState> found = HF_TRY(world.subject.tables(spec.source, deadline, std::move(stop)));
  std::vector<std::string> differences;
  for (const TableState& table : wanted) {
    std::string what = difference(table, find(found, table.name), spec);
    if (!what.empty()) differences.push_back(std::move(what));
  }
  if (differences.empty()) return Verdict{true, format_count(wanted.size(), "table", "tables") + " as expected", ""};
  const size_t count = differences.size();
  differences.resize(std::min(count, names_shown_max));
  std::string message = join(differences, "; ");
  if (count > names_shown_max) message += "; and " + std::to_string(count - names_shown_max) + " more";
  return Verdict{false, message, ""};
}

Result<Check> prepare(const CheckOptions& options) {
  CompareSpec spec{.source = text_of(options, "compare"),
                   .with = text_of(options, "with"),
                   .file = text_of(options, "reference"),
                   .tables = list_of(options, "tables"),
                   .is_exact = flag_of(options, "exact")};
  if (spec.with.empty() == spec.file.empty())
    return Error(Code::Invalid, "what it is compared with: one of \"with\" and \"reference\"");
  if (const std::string fall = text_of(options, "fall_max"); !fall.empty())
    spec.fall_max = HF_TRY(parse_percent(fall).during("\"fall_max\""));
  Check check;
  check.what = "compare " + printable(spec.source);
  check.needs_point = !spec.with.empty();
  check.sources = {spec.source};
  check.run = [spec = std::move(spec)](const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
    return compare(spec, world, deadline, std::move(stop));
  };
  return check;
}

}  // namespace

CheckKind compare_check_kind() {
  using Type = CheckOption::Type;
  return {.name = "compare",
          .help = "The tables of a database against known good ones: which are missing, which lost rows.",
          .options = with_common({
              {"compare", "the source whose tables are compared", Type::Source, true},
              {"with", "a point: last-good (the newest other one that is proven), or its first digits"},
              {"reference", "or a file, as `holdfast show POINT -o json` writes it"},
              {"tables", "only these (default: all of the reference)", Type::TextList},
              {"fall_max", "how much of its rows a table may have lost, such as 5% (default: none)"},
              {"exact",
               "numbers of rows and contents must be the same (a PostgreSQL server is asked for numbers only, so it "
               "fails there)",
               Type::Flag},
          }),
          .prepare = prepare};
}

}  // namespace hf
