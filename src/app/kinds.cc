#include "app/kinds.h"

#include "source/command.h"
#include "source/files.h"
#include "source/postgres.h"
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
    case SourceOption::Type::Flag:
      return config::KindOption::Type::Flag;
    case SourceOption::Type::Size:
      return config::KindOption::Type::Size;
    case SourceOption::Type::Span:
      return config::KindOption::Type::Span;
    case SourceOption::Type::Secret:
      return config::KindOption::Type::Secret;
  }
  return config::KindOption::Type::Text;
}

// For the commented sample: what a reader would have there.
std::string sample_of(std::string_view kind, std::string_view option) {
  if (kind == "files" && option == "paths") return "[/srv/uploads]";
  if (kind == "files" && option == "exclude") return "[\"*.tmp\"]";
  if (kind == "sqlite" && option == "path") return "/srv/app/app.db";
  if (kind == "postgres" && option == "dsn") return "service=app";
  if (kind == "command" && option == "run") return "[hub-cli, export-config]";
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
  return {files_source_kind(), sqlite_source_kind(), postgres_source_kind(), command_source_kind()};
}

std::vector<KeyKind> key_kinds() {
  return {passphrase_key_kind(), file_key_kind(), x25519_key_kind()};
}

config::Schemas config_schemas() {
  config::Schemas schemas;
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
    schemas.targets.push_back(std::move(schema));
  }
  return schemas;
}

}  // namespace hf
