#include "exchange/export_manifest.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

using nlohmann::ordered_json;

constexpr const char* format = "holdfast/export/v1";
constexpr std::array<std::string_view, 5> part_names = {"pg_dump", "globals", "tar", "sqlite", "file"};

// JSON is UTF-8, and names of files need not be: what is not is kept apart.
ordered_json text(const std::string& value) {
  ordered_json plain = value;
  try {
    (void)plain.dump();
    return plain;
  } catch (const nlohmann::json::exception&) {
    return {{"base64", to_base64(as_bytes(value))}};
  }
}

std::string text_of(const nlohmann::json& value) {
  if (!value.is_object()) return value.get<std::string>();
  const auto bytes = from_base64(value.at("base64").get<std::string>());
  return bytes ? to_text(*bytes) : "";
}

ordered_json encode_source(const SourceRecord& source) {
  ordered_json json{
      {"name", text(source.name)}, {"kind", source.kind}, {"status", source.complete ? "complete" : "partial"}};
  if (!source.base.empty()) json["base"] = text(source.base);
  json["entries"] = source.entries;
  json["files"] = source.files;
  json["bytes"] = source.bytes;
  json["problem_count"] = source.problem_count;
  json["problems"] = ordered_json::array();
  for (const ProblemRecord& problem : source.problems)
    json["problems"].push_back({{"path", text(problem.path)}, {"what", text(problem.what)}});
  json["tables"] = ordered_json::array();
  for (const TableRecord& table : source.tables)
    json["tables"].push_back({{"name", text(table.name)}, {"rows", table.rows}, {"digest", to_hex(table.digest)}});
  json["facts"] = ordered_json::object();
  for (const auto& [name, value] : source.facts) json["facts"][printable(name)] = text(value);
  return json;
}

SourceRecord decode_source(const nlohmann::json& json) {
  SourceRecord source;
  source.name = text_of(json.at("name"));
  json.at("kind").get_to(source.kind);
  source.complete = json.at("status").get<std::string>() == "complete";
  if (json.contains("base")) source.base = text_of(json.at("base"));
  json.at("problem_count").get_to(source.problem_count);
  for (const auto& problem : json.at("problems"))
    source.problems.push_back({text_of(problem.at("path")), text_of(problem.at("what"))});
  for (const auto& table : json.at("tables"))
    source.tables.push_back({text_of(table.at("name")), table.at("rows").get<uint64_t>(),
                             from_hex(table.at("digest").get<std::string>()).value_or(Bytes())});
  for (const auto& [name, value] : json.at("facts").items()) source.facts[name] = text_of(value);
  return source;
}

ExportedFile decode_file(const nlohmann::json& json) {
  ExportedFile file;
  file.path = text_of(json.at("path"));
  const auto part = std::find(part_names.begin(), part_names.end(), json.at("part").get<std::string>());
  if (part == part_names.end()) throw nlohmann::json::other_error::create(501, "unknown part", nullptr);
  file.part = static_cast<ExportPart>(part - part_names.begin());
  file.source = text_of(json.at("source"));
  file.inner = text_of(json.at("inner"));
  json.at("bytes").get_to(file.bytes);
  json.at("sha256").get_to(file.sha256);
  return file;
}

ExportManifest decode(const nlohmann::json& json) {
  ExportManifest manifest;
  json.at("point").get_to(manifest.point);
  manifest.set = text_of(json.at("set"));
  manifest.host = text_of(json.at("host"));
  json.at("holdfast").get_to(manifest.version);
  const auto time = [&](const char* name) {
    const Result<WallTime> parsed = parse_time(json.at(name).get<std::string>());
    if (!parsed.ok()) throw nlohmann::json::other_error::create(501, "a time", nullptr);
    return parsed.value();
  };
  manifest.started = time("started");
  manifest.finished = time("finished");
  manifest.complete = json.at("status").get<std::string>() == "complete";
  for (const auto& [name, value] : json.at("tags").items()) manifest.tags[name] = text_of(value);
  for (const auto& source : json.at("sources")) manifest.sources.push_back(decode_source(source));
  for (const auto& file : json.at("files")) manifest.files.push_back(decode_file(file));
  return manifest;
}

// Names lead nowhere but into the export, and every file belongs to a source that is named.
Status check_names(const ExportManifest& manifest) {
  for (const SourceRecord& source : manifest.sources)
    if (source.name.find('/') != source.name.npos || !is_valid_path(source.name) || source.name.empty())
      return Error(Code::Corrupt, "manifest.json has a source whose name is none: " + printable(source.name));
  for (const ExportedFile& file : manifest.files) {
    const bool is_known = std::any_of(manifest.sources.begin(), manifest.sources.end(),
                                      [&](const SourceRecord& source) { return source.name == file.source; });
    if (!is_known)
      return Error(Code::Corrupt, "manifest.json has a file of an unknown source: " + printable(file.path));
    if (file.path.empty() || !is_valid_path(file.path) ||
        (file.part != ExportPart::PgDump && !is_valid_path(file.inner)))
      return Error(Code::Corrupt, "manifest.json has a path that is none: " + printable(file.path));
  }
  return {};
}

}  // namespace

std::string encode_export_manifest(const ExportManifest& manifest) {
  ordered_json json{{"schema", format},
                    {"holdfast", manifest.version},
                    {"point", manifest.point},
                    {"set", text(manifest.set)},
                    {"host", text(manifest.host)},
                    {"started", format_time_rfc3339(manifest.started)},
                    {"finished", format_time_rfc3339(manifest.finished)},
                    {"status", manifest.complete ? "complete" : "partial"}};
  json["tags"] = ordered_json::object();
  for (const auto& [name, value] : manifest.tags) json["tags"][printable(name)] = text(value);
  json["sources"] = ordered_json::array();
  for (const SourceRecord& source : manifest.sources) json["sources"].push_back(encode_source(source));
  json["files"] = ordered_json::array();
  for (const ExportedFile& file : manifest.files)
    json["files"].push_back({{"path", text(file.path)},
                             {"part", part_names[static_cast<size_t>(file.part)]},
                             {"source", text(file.source)},
                             {"inner", text(file.inner)},
                             {"bytes", file.bytes},
                             {"sha256", file.sha256}});
  return json.dump(1) + "\n";
}

Result<ExportManifest> decode_export_manifest(std::string_view text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (json.at("schema").get<std::string>() != format)
      return Error(Code::Unsupported, "manifest.json is of a format that this version does not know");
    ExportManifest manifest = decode(json);
    HF_TRY(check_names(manifest));
    return manifest;
  } catch (const nlohmann::json::exception& problem) {
    return Error(Code::Corrupt, "manifest.json cannot be read").with_detail(problem.what());
  }
}

std::string sum_line(const std::string& sha256, const std::string& path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '\\' || c == '\n') escaped += '\\';
    escaped += c == '\n' ? 'n' : c;
  }
  return (escaped == path ? "" : "\\") + sha256 + "  " + escaped + "\n";
}

}  // namespace hf
