#include "pg/toc.h"

#include <nlohmann/json.hpp>

namespace hf {
namespace {

constexpr int format = 1;

nlohmann::ordered_json encode_table(const PgTocTable& table) {
  return {{"schema", table.schema},   {"name", table.name}, {"file", table.file},
          {"columns", table.columns}, {"rows", table.rows}, {"digest", to_hex(table.digest)}};
}

PgTocTable decode_table(const nlohmann::json& json) {
  PgTocTable table;
  json.at("schema").get_to(table.schema);
  json.at("name").get_to(table.name);
  json.at("file").get_to(table.file);
  json.at("columns").get_to(table.columns);
  json.at("rows").get_to(table.rows);
  table.digest = from_hex(json.at("digest").get<std::string>()).value_or(Bytes());
  return table;
}

PgToc decode(const nlohmann::json& json) {
  PgToc toc;
  json.at("database").get_to(toc.database);
  json.at("encoding").get_to(toc.encoding);
  json.at("collate").get_to(toc.collate);
  json.at("ctype").get_to(toc.ctype);
  json.at("server_version").get_to(toc.server_version);
  json.at("snapshot_lsn").get_to(toc.snapshot_lsn);
  json.at("taken").get_to(toc.taken);
  json.at("large_objects").get_to(toc.large_objects);
  json.at("schema").at("bytes").get_to(toc.schema_bytes);
  json.at("schema").at("blake3").get_to(toc.schema_digest);
  for (const nlohmann::json& table : json.at("tables")) toc.tables.push_back(decode_table(table));
  return toc;
}

}  // namespace

std::string encode_toc(const PgToc& toc) {
  nlohmann::ordered_json json{{"format", format},
                              {"database", toc.database},
                              {"encoding", toc.encoding},
                              {"collate", toc.collate},
                              {"ctype", toc.ctype},
                              {"server_version", toc.server_version},
                              {"snapshot_lsn", toc.snapshot_lsn},
                              {"taken", toc.taken},
                              {"large_objects", toc.large_objects},
                              {"schema", {{"bytes", toc.schema_bytes}, {"blake3", toc.schema_digest}}},
                              {"tables", nlohmann::ordered_json::array()}};
  for (const PgTocTable& table : toc.tables) json["tables"].push_back(encode_table(table));
  // Names are UTF-8, or their tables would not be here; a database's own name may be anything.
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<PgToc> decode_toc(std::string_view text) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (json.at("format").get<int>() != format)
      return Error(Code::Unsupported, "toc.json is of a format that this version does not know")
          .with_hint("use the version that wrote it, or a newer one");
    PgToc toc = decode(json);
    for (const PgTocTable& table : toc.tables)
      if (table.digest.size() != 16) return Error(Code::Corrupt, "toc.json has a digest of another length");
    return toc;
  } catch (const nlohmann::json::exception& problem) {
    return Error(Code::Corrupt, "toc.json cannot be read").with_detail(problem.what());
  }
}

}  // namespace hf
