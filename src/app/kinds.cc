#include "app/kinds.h"

#include <algorithm>

#include "app/environments.h"
#include "app/targets.h"
#include "check/kinds.h"
#include "source/command.h"
#include "source/config_names.h"
#include "source/files.h"
#include "source/key_names.h"
#include "source/postgres.h"
#include "source/sql.h"
#include "source/sqlite.h"
#include "store/directory.h"
#include "store/s3.h"

namespace hf {
namespace {

config::KindOption::Type type_of(SourceOption::Type type) {
  switch (type) {
    case SourceOption::Type::Text:
      return config::KindOption::Type::Text;
    case SourceOption::Type::TextList:
      return config::KindOption::Type::TextList;
    case SourceOption::Type::TextOrList:
      return config::KindOption::Type::TextOrList;
    case SourceOption::Type::Flag:
      return config::KindOption::Type::Flag;
    case SourceOption::Type::Size:
      return config::KindOption::Type::Size;
    case SourceOption::Type::Span:
      return config::KindOption::Type::Span;
    case SourceOption::Type::Secret:
      return config::KindOption::Type::Secret;
    case SourceOption::Type::TextOrSecret:
      return config::KindOption::Type::TextOrSecret;
  }
  return config::KindOption::Type::Text;
}

config::KindOption::Type type_of(CheckOption::Type type) {
  switch (type) {
    case CheckOption::Type::Text:
      return config::KindOption::Type::Text;
    case CheckOption::Type::TextOrSecret:
      return config::KindOption::Type::TextOrSecret;
    case CheckOption::Type::TextList:
      return config::KindOption::Type::TextList;
    case CheckOption::Type::Flag:
      return config::KindOption::Type::Flag;
    case CheckOption::Type::Count:
      return config::KindOption::Type::Count;
    case CheckOption::Type::Size:
      return config::KindOption::Type::Size;
    case CheckOption::Type::Span:
      return config::KindOption::Type::Span;
    case CheckOption::Type::Secret:
      return config::KindOption::Type::Secret;
    case CheckOption::Type::Source:
      return config::KindOption::Type::Source;
    case CheckOption::Type::Map:
      return config::KindOption::Type::Map;
  }
  return config::KindOption::Type::Text;
}

config::KindSchema schema_of(const CheckKind& kind) {
  config::KindSchema schema{.name = std::string(kind.name), .help = std::string(kind.help)};
  for (const CheckOption& option : kind.options)
    schema.options.push_back({.name = std::string(option.name),
                              .help = std::string(option.help),
                              .type = type_of(option.type),
                              .required = option.required});
  schema.accepts = [prepare = kind.prepare](const config::KindOptions& options) -> Status {
    HF_TRY(prepare(options));
    return {};
  };
  schema.note = kind.note;
  return schema;
}

// For the commented sample: what a reader would have there.
std::string sample_of(std::string_view kind, std::string_view option) {
  if (kind == "files" && option == "paths") return "[/srv/uploads]";
  if (kind == "files" && option == "exclude") return "[\"*.tmp\"]";
  if (kind == "sqlite" && option == "path") return "/srv/app/app.db";
  if (kind == "postgres" && option == "dsn") return "service=app";
  if (kind == "command" && option == "run") return "[hub-cli, export-config]";
  if (kind == "config" && option == "env_file") return "/srv/app/.env";
  if (kind == "directory" && option == "path") return "/backup/holdfast";
  if (kind == "s3" && option == "bucket") return "example-backups";
  if (kind == "s3" && option == "prefix") return "holdfast";
  if (kind == "s3" && option == "region") return "eu-west-1";
  return {};
}

}  // namespace

std::vector<StoreKind> store_kinds() {
  return {directory_store_kind(), s3_store_kind()};
}

std::vector<SourceKind> source_kinds() {
  return {files_source_kind(),   sqlite_source_kind(), postgres_source_kind(), sql_source_kind(),
          command_source_kind(), config_source_kind(), keys_source_kind()};
}

std::vector<KeyKind> key_kinds() {
  return {passphrase_key_kind(), file_key_kind(), x25519_key_kind()};
}

std::vector<CheckKind> check_kinds() {
  return {http_check_kind(),  sql_check_kind(),     run_check_kind(),   file_check_kind(),
          names_check_kind(), compare_check_kind(), cypher_check_kind()};
}

config::Schemas config_schemas() {
  config::Schemas schemas;
  for (const CheckKind& kind : check_kinds()) schemas.checks.push_back(schema_of(kind));
  schemas.environments = environment_kinds();
  for (const SourceKind& kind : source_kinds()) {
    config::KindSchema schema{.name = std::string(kind.name), .help = std::string(kind.help)};
    for (const SourceOption& option : kind.options)
      schema.options.push_back({.name = std::string(option.name),
                                .help = std::string(option.help),
                                .type = type_of(option.type),
                                .required = option.required,
                                .sample = sample_of(kind.name, option.name)});
    schemas.sources.push_back(std::move(schema));
  }
  for (const StoreKind& kind : store_kinds()) {
    config::KindSchema schema{.name = std::string(kind.name), .help = std::string(kind.help)};
    for (const StoreOption& option : kind.options)
      schema.options.push_back(
          {.name = std::string(option.name),
           .help = std::string(option.help),
           .type = option.secret ? config::KindOption::Type::Secret : config::KindOption::Type::Text,
           .required = option.required,
           .sample = sample_of(kind.name, option.name)});
    for (const config::KindOption& label : label_options())
      if (std::none_of(schema.options.begin(), schema.options.end(),
                       [&](const config::KindOption& option) { return option.name == label.name; }))
        schema.options.push_back(label);
    schemas.targets.push_back(std::move(schema));
  }
  return schemas;
}

}  // namespace hf
