// The JSON Schema (draft 7, which editors know best) and the reference page.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "config/table.h"

namespace hf::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* name_pattern = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$";

Json text_schema(const KeySpec& spec) {
  Json schema{{"type", "string"}, {"minLength", 1}};
  if (!spec.choices.empty()) schema["enum"] = spec.choices;
  return schema;
}

Json schema_of(const KeySpec& spec, const Table& table);

Json section_schema(const KeySpec& spec, const Table& table) {
  Json schema{{"type", "object"}, {"additionalProperties", false}};
  Json properties = Json::object();
  Json required = Json::array();
  for (const KeySpec* row : table.below(spec)) {
    properties[std::string(key_of(*row))] = schema_of(*row, table);
    if (row->required) required.push_back(key_of(*row));
  }
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  for (const std::string& key : spec.one_of) schema["oneOf"].push_back({{"required", {key}}});
  return schema;
}

Json typed_schema(const KeySpec& spec, const Table& table) {
  const Json text = text_schema(spec);
  const Json list{{"type", "array"}, {"items", text}};
  switch (spec.shape) {
    case Shape::Section:
      return section_schema(spec, table);
    case Shape::Names:
      return {{"type", "object"},
              {"additionalProperties", false},
              {"patternProperties", {{name_pattern, schema_of(*table.find(spec.path + ".*"), table)}}}};
    case Shape::Kinded:
    case Shape::Keyed: {
      Json schema{{"type", "object"}};
      if (spec.shape == Shape::Kinded) schema["required"] = {"type"};
      for (const KeySpec* kind : table.below(spec)) schema["oneOf"].push_back(schema_of(*kind, table));
      return schema;
    }
    case Shape::List:
      return {{"type", "array"}, {"minItems", 1}, {"items", schema_of(*table.find(spec.path + ".#"), table)}};
    case Shape::Map:
      return {{"type", "object"}, {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
    case Shape::Text:
    case Shape::TextOrSecret:
      return text;
    case Shape::TextList:
      return list;
    case Shape::TextOrList:
      return {{"oneOf", {text, list}}};
    case Shape::Flag:
      return {{"type", "boolean"}};
    case Shape::Count:
      if (spec.choices.size() == 1) return {{"const", std::stoi(spec.choices[0])}};
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", 1'000'000}};
    case Shape::Span:
      return {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h|d|w|y)$"}};
    case Shape::Size:
      return {{"type", {"string", "integer"}}, {"pattern", "^[0-9]+(B|[kKMGTP]B|[KMGTP]iB)?$"}};
    case Shape::SecretUse:
      return {{"type", "string"}, {"pattern", "^\\$[A-Za-z0-9_][A-Za-z0-9_-]*$"}};
  }
  return {};
}

Json schema_of(const KeySpec& spec, const Table& table) {
  Json schema{{"description", spec.doc}};
  if (!spec.or_section)
    schema.update(typed_schema(spec, table));
  else
    schema["anyOf"] = {typed_schema(spec, table), section_schema(spec, table)};
  return schema;
}

// "sources.*(files).paths" as people write it.
std::string shown_path(std::string path) {
  for (size_t at = path.find('*'); at != std::string::npos; at = path.find('*', at)) path.replace(at, 1, "NAME");
  for (size_t at = path.find(".#"); at != std::string::npos; at = path.find(".#", at)) path.replace(at, 2, "[]");
  if (const size_t open = path.find('('); open != std::string::npos) path.erase(open, path.find(')') - open + 1);
  return path;
}

// A bar would end the cell of a table.
std::string cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, 1, '\\');
  return text;
}

std::string takes(const KeySpec& spec) {
  if (!spec.choices.empty()) return fmt::format("`{}`", fmt::join(spec.choices, "`, `"));
  if (spec.refers.empty() || spec.shape == Shape::SecretUse) return std::string(describe(spec.shape));
  return fmt::format("{} from `{}`", spec.shape == Shape::Text ? "a name" : "names", spec.refers);
}

}  // namespace

std::string schema_json(const Schemas& schemas) {
  const Table table(schemas);
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "holdfast.yaml"}};
  schema.update(schema_of(*table.find(""), table));
  return schema.dump(2) + "\n";
}

std::string reference_markdown(const Schemas& schemas) {
  const Table table(schemas);
  std::string page = "# Keys of holdfast.yaml\n\n" + table.find("")->doc +
                     " `NAME` is a name of your own choice. Bold keys must be there.\n";
  for (const KeySpec& row : table.rows()) {
    if (row.path.empty()) continue;
    // A table for each section and each kind of source and target, and one for the keys of the file itself.
    const bool is_kind = row.shape == Shape::Section && row.path.ends_with(')');
    const std::string told_by = is_kind && table.find(row.path + ".type") != nullptr ? "type" : "with";
    if (row.shape == Shape::Names || is_kind || row.path == "version") {
      page += row.path == "version" ? "\n## The file\n"
              : is_kind ? fmt::format("\n### {}, {} `{}`\n{}\n", shown_path(row.path), told_by, kind_of(row), row.doc)
                        : fmt::format("\n## {}\n{}\n", row.path, row.doc);
      if (row.shape == Shape::Names && table.find(row.path + ".*")->shape == Shape::Kinded) continue;
      if (row.shape == Shape::Names && table.find(row.path + ".*")->shape == Shape::List) continue;
      page += "\n| key | takes | default | |\n|---|---|---|---|\n";
    }
    const bool is_frame = row.path.ends_with(".*") || row.path.ends_with(".#");
    if (row.shape == Shape::Names || has_kinds(row) || is_kind || is_frame) continue;
    const std::string mark = row.required ? "**" : "";
    page += fmt::format("| {}`{}`{} | {} | {} | {} |\n", mark, shown_path(row.path), mark, takes(row), row.fallback,
                        cell(row.doc));
  }
  return page;
}

}  // namespace hf::config
